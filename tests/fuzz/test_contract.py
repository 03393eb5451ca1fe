"""Nothing that a release has promised over HTTP is taken back (``docs/released``)."""

import copy
import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from api.openapi import description_text
from tests.docs.markdown import ROOT
from tests.fuzz.breaking import Document, breaking

RELEASED: Final = sorted((ROOT / "docs/released").glob("openapi-*.json"))
REQUESTS, REQUEST = "/v1/requests", "/v1/requests/{reference}"


@pytest.fixture(scope="module")
def served() -> Document:
    """The description of this program."""
    document: Document = json.loads(description_text())
    return document


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.stem)
def test_what_was_released_still_holds(released: Any, served: Document) -> None:
    assert breaking(json.loads(released.read_text(encoding="utf-8")), served) == []


def test_there_is_a_release_to_hold_to(served: Document) -> None:
    assert RELEASED
    assert breaking(served, served) == []


def schema(document: Document, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


def parameter(document: Document, name: str) -> dict[str, Any]:
    each: list[dict[str, Any]] = document["paths"][REQUESTS]["get"]["parameters"]
    return next(parameter for parameter in each if parameter["name"] == name)


def made_nullable(document: Document) -> None:
    schema(document, "RequestView")["properties"]["received_at"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}


BREAKS: Final[dict[str, Callable[[Document], Any]]] = {
    "GET /v1/messages: gone": lambda d: d["paths"].pop("/v1/messages"),
    "POST /v1/requests: gone": lambda d: d["paths"][REQUESTS].pop("post"),
    "POST /v1/requests 201: gone": lambda d: d["paths"][REQUESTS]["post"]["responses"].pop("201"),
    "GET /v1/requests ?court: gone": lambda d: d["paths"][REQUESTS]["get"]["parameters"].remove(parameter(d, "court")),
    "GET /v1/requests ?court: now required": lambda d: parameter(d, "court").update(required=True),
    "GET /v1/requests ?limit: tighter maximum": lambda d: parameter(d, "limit")["schema"].update(maximum=100),
    "GET /v1/requests ?limit: tighter minimum": lambda d: parameter(d, "limit")["schema"].update(minimum=2),
    "POST /v1/requests body.court: gone": lambda d: schema(d, "RequestIn")["properties"].pop("court"),
    "POST /v1/requests body.judge: now required": lambda d: schema(d, "RequestIn")["required"].append("judge"),
    "POST /v1/requests body.party.name: tighter maxLength": lambda d: schema(d, "PartyIn")["properties"]["name"].update(
        maxLength=50
    ),
    "POST /v1/requests body.channel: hall is gone": lambda d: schema(d, "Channel")["enum"].remove("hall"),
    "POST /v1/requests body.court: another type": lambda d: schema(d, "RequestIn")["properties"]["court"].update(
        type="integer"
    ),
    "POST /v1/requests/{reference}/replies body #/components/schemas/SpokenReply: gone": lambda d: d["paths"][
        f"{REQUEST}/replies"
    ]["post"]["requestBody"]["content"]["application/json"]["schema"]["oneOf"].pop(),
    "GET /v1/requests/{reference} 200.stage: gone": lambda d: schema(d, "RequestView")["properties"].pop("stage"),
    "GET /v1/requests 200.items[].stage: no longer sure": lambda d: schema(d, "RequestView")["required"].remove(
        "stage"
    ),
    "GET /v1/requests/{reference} 200.received_at null: not known before": made_nullable,
}


@pytest.mark.parametrize("told", BREAKS)
def test_a_break_is_told(told: str, served: Document) -> None:
    changed = copy.deepcopy(served)
    BREAKS[told](changed)
    assert told in breaking(served, changed)


GROWTH: Final[dict[str, Callable[[Document], Any]]] = {
    "a new operation": lambda d: d["paths"].update({"/v1/new": d["paths"]["/v1/messages"]}),
    "a new answer": lambda d: d["paths"][REQUESTS]["get"]["responses"].update({"410": {"description": "Gone"}}),
    "a new parameter": lambda d: d["paths"][REQUESTS]["get"]["parameters"].append(
        parameter(d, "court") | {"name": "judge"}
    ),
    "a new property to send": lambda d: schema(d, "RequestIn")["properties"].update(urgent={"type": "boolean"}),
    "a wider bound": lambda d: parameter(d, "limit")["schema"].update(maximum=500),
    "a new property shown": lambda d: schema(d, "RequestView")["properties"].update(urgent={"type": "boolean"}),
    "a new property always shown": lambda d: schema(d, "RequestView")["required"].append("attached_to"),
    "a new value shown": lambda d: schema(d, "EventKind")["enum"].append("praised"),
    "never null any more": lambda d: schema(d, "Page_RequestView_")["properties"]["next_cursor"]["anyOf"].pop(),
}


@pytest.mark.parametrize("grown", GROWTH)
def test_growth_is_no_break(grown: str, served: Document) -> None:
    changed = copy.deepcopy(served)
    GROWTH[grown](changed)
    assert changed != served
    assert breaking(served, changed) == []
