"""Fingerprints of workflow code: the calls that give commands to Temporal, function by function, in order."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import workflows

HERE: Final = Path(__file__).parent
CODE: Final = Path(workflows.__file__).parent
BASELINE: Final = HERE / "commands.json"

COMMANDS: Final = frozenset(
    {
        *("execute_activity", "execute_activity_method", "execute_local_activity", "execute_local_activity_method"),
        *("start_activity", "start_activity_method", "start_local_activity", "start_local_activity_method"),
        *("execute_child_workflow", "start_child_workflow", "get_external_workflow_handle", "continue_as_new"),
        *("sleep", "wait_condition", "wait", "as_completed", "upsert_search_attributes", "upsert_memo"),
        *("patched", "deprecate_patch"),
    }
)
"""Functions of ``temporalio.workflow``."""

TIMERS: Final = frozenset({"sleep", "wait_for", "timeout", "timeout_at", "call_later", "call_at"})
"""Functions of ``asyncio`` that are timers in a workflow."""

Fingerprints = dict[str, list[str]]
"""``file::Class.function`` to its calls."""


def fingerprints(folder: Path = CODE) -> Fingerprints:
    """The calls of every function that makes any."""
    found: Fingerprints = {}
    for path in sorted(folder.glob("*.py")):
        for name, call in _calls(ast.parse(path.read_text(encoding="utf-8")), ""):
            found.setdefault(f"{path.name}::{name}", []).append(call)
    return found


def kept_fingerprints() -> Fingerprints:
    """The calls when histories were last recorded."""
    kept: Fingerprints = json.loads(BASELINE.read_text(encoding="utf-8"))
    return kept


def keep_fingerprints() -> None:
    """Make the calls of today those to compare with."""
    BASELINE.write_text(json.dumps(fingerprints(), indent=1) + "\n", encoding="utf-8")


def _calls(node: ast.AST, within: str) -> Iterator[tuple[str, str]]:
    for child in ast.iter_child_nodes(node):
        inside = within
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside = f"{within}.{child.name}".lstrip(".")
        yield from _calls(child, inside)
        if isinstance(child, ast.Call) and (said := _command(child)):
            yield within, said


def _command(call: ast.Call) -> str | None:
    function = call.func
    if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)):
        return None
    module, name = function.value.id, function.attr
    if module == "workflow" and name in COMMANDS:
        return f"{name}{_what(call, name)}"
    return f"asyncio.{name}" if module == "asyncio" and name in TIMERS else None


def _what(call: ast.Call, name: str) -> str:
    """What tells two such calls apart for Temporal: the activity, child or patch; whether there is a timer."""
    if name == "wait_condition":
        return " with timeout" if any(word.arg == "timeout" for word in call.keywords) else " without timeout"
    named = name.startswith(("execute_", "start_")) or name in {"patched", "deprecate_patch"}
    return f" {ast.unparse(call.args[0])}" if named and call.args else ""
