"""The contract's stubs and the activities behind them say the same (issue line L31)."""

import inspect
import typing
from collections.abc import Callable
from typing import Any, cast

import pytest

from activities.registry import activities_of
from activities.tools import Tools
from liaison.contract import activities as stubs


def _named(functions: typing.Iterable[Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    return {getattr(function, "__temporal_activity_definition").name: function for function in functions}


IMPLEMENTED = _named(activities_of(cast(Tools, None)))
DECLARED = _named(stubs.ALL)


def _signature(function: Callable[..., Any]) -> list[tuple[str, Any]]:
    types = typing.get_type_hints(function)
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    return [(name, types[name]) for name in names] + [("return", types["return"])]


def test_every_stub_is_implemented_and_nothing_else() -> None:
    assert IMPLEMENTED.keys() == DECLARED.keys()
    assert len(stubs.ALL) == len(DECLARED)
    module = {value for value in vars(stubs).values() if hasattr(value, "__temporal_activity_definition")}
    assert module == set(stubs.ALL)


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_signatures_agree(name: str) -> None:
    stub, implementation = DECLARED[name], IMPLEMENTED[name]
    assert [kind for _, kind in _signature(stub)] == [kind for _, kind in _signature(implementation)]
    assert inspect.getdoc(stub) == inspect.getdoc(implementation)
