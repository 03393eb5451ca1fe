"""Schemathesis over the API's description: no fault of ours, and no answer that the description does not know.

A call is right or wrong as Schemathesis likes. Some of what it makes up is exchanged for what exists, and some callers
are ones who may, so that calls come through to the services and the book: of every operation some must succeed.
"""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import httpx2
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from ulid import ULID

from api.openapi import description_text
from liaison.policy.words import KeyRole
from tests.api.test_access import MAY
from tests.fuzz.ground import BASE, CLOSURE, Ground, open_ground
from tests.scale import FULL, scaled
from tests.services.rules import amendment_2026, policy_document

SCHEMA: Final = schemathesis.openapi.from_dict(json.loads(description_text()))
OPERATIONS: Final = {
    f"{operation.method.upper()} {operation.path}": operation
    for operation in (found.ok() for found in SCHEMA.get_all_operations())
}
CALLS: Final = scaled(4_000, 100_000)
ODDS: Final = (0, 1, 1, 2)
"""Of two: how much of a case is exchanged for what exists. Each case is sent as it was made up, then in part, then
wholly exchanged, by one caller or another: to make a case up takes longer than to send it."""
EACH: Final = -(-CALLS // len(OPERATIONS) // len(ODDS))
"""Cases for each operation."""

CHECKS: Final = [
    *(status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance),
]
AWAY: Final = {"/problems/unavailable"}
"""Of a 503; the book and the clock of these tests are well, so that nothing else may be."""

EXISTING: Final[dict[str, list[Any]]] = {
    "channel": ["web", "hotline"],
    "court": ["0104"],
    "judge": ["0104-j05"],
    "department": ["0104-d-civil1"],
    "holder": ["0104-j01"],
    "about": [[], ["0104-j04"]],
    "phone": ["13800138000", "+86 139 1234 5678"],
    "case_number": [None, "（2026）粤0104民初1234号"],
    "received_at": [None],
    "text": ["您的案件定于下周一开庭。"],
    "reason": ["原承办法官外出开庭"],
    "time": ["2026-09-18T09:30:00+08:00"],
    "rating": [2],
    "no_answer": [False],
    "note": ["请今日答复当事人。"],
    "slug": ["not-found", "invalid-request"],
    "number": [1, 2],
    "source": ["notice", "invented"],
    "document": [amendment_2026(), policy_document() | {"spread_minutes": 12}],
    "cites": [None],
    **{name: [value] for name, value in CLOSURE.items() if name != "source"},
}
ASKED_FOR: Final = {
    **EXISTING,
    "received_at": ["2026-09-18T09:30:00+08:00"],
    "due_before": ["2026-09-18T09:30:00Z"],
    "cursor": [None],
    "after": [None],
    "to": [1],
}
"""The same in a query, where None is left out."""

LANGUAGES: Final = st.text(st.characters(max_codepoint=255, categories=["L", "N", "P"]), max_size=20)
WRONG_KEYS: Final = (None, "", "Bearer", "Bearer jl_nobody_00", "Basic eA==", "Bearer \xff")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with open_ground(tmp_path_factory.mktemp("fuzz") / "home") as opened:
        yield opened


def test_the_calls_are_as_many_as_promised() -> None:
    assert EACH * len(ODDS) * len(OPERATIONS) >= CALLS


@pytest.mark.timeout(scaled(120, 7200))
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_fault_of_ours_and_no_answer_unheard_of(name: str, ground: Ground) -> None:
    operation, answers = OPERATIONS[name], Counter[int]()
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @settings(
        max_examples=EACH,
        derandomize=not FULL,
        database=None,
        deadline=None,
        print_blob=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, data=st.data())
    def calls(case: Case, data: st.DataObject) -> None:
        for odds in ODDS:
            make_plausible(case, data, ground, odds)
            answer = ground.call(prepare(case))
            answers[answer.status_code] += 1
            check(case, answer)

    calls()
    assert answers.total() >= EACH * len(ODDS)
    assert name == "GET /readyz" or any(status < 300 for status in answers), answers


def make_plausible(case: Case, data: st.DataObject, ground: Ground, odds: int) -> None:
    """Exchange some of what was made up for what exists, and let somebody call."""
    ready = ground.ready.get(case.operation.path.split("/")[4] if case.operation.path.count("/") > 3 else "")
    in_path = {"reference": [ready.reference], "action_id": [ready.action_id]} if ready and odds == max(ODDS) else {}
    exchange(case.path_parameters, {"reference": ground.references, **EXISTING, **ground.ids, **in_path}, data, odds)
    exchange(case.query, ASKED_FOR, data, odds)
    exchange(case.body, {**EXISTING, "reference": ground.references}, data, odds)
    if ready and ready.body and case.method == "POST" and odds == max(ODDS) and data.draw(st.booleans()):
        # A body made up of parts that exist may still be none that could be taken.
        case.body = copy.deepcopy(ready.body)
    if case.method == "POST" and odds:
        case.headers["Idempotency-Key"] = str(ULID())
    case.headers["Accept-Language"] = data.draw(LANGUAGES)
    caller = f"Bearer {ready.key}" if ready and odds == max(ODDS) else data.draw(callers(case, ground))
    case.headers.pop("Authorization", None)
    if caller is not None:
        case.headers["Authorization"] = caller


def exchange(value: Any, existing: dict[str, Any], data: st.DataObject, odds: int) -> None:
    """In place, at any depth."""
    if isinstance(value, dict):
        for field, inner in value.items():
            if field in existing and data.draw(st.integers(1, 2)) <= odds:
                # A copy: the next exchange of the same case may reach into it.
                value[field] = copy.deepcopy(data.draw(st.sampled_from(existing[field])))
            else:
                exchange(inner, existing, data, odds)


def callers(case: Case, ground: Ground) -> st.SearchStrategy[str | None]:
    """Mostly one whose role may call the operation, else anybody, else nobody we know."""
    roles = MAY.get((case.method, case.operation.path), set(KeyRole))
    may = [f"Bearer {key}" for role in KeyRole if role in roles for key in ground.keys[role]]
    anybody = [f"Bearer {key}" for keys in ground.keys.values() for key in keys]
    return st.sampled_from([*may * (40 // len(may)), *anybody, *WRONG_KEYS])


def prepare(case: Case) -> requests.PreparedRequest:
    """The call as the library would send it."""
    return requests.Request(**case.as_transport_kwargs(base_url=BASE)).prepare()


def check(case: Case, answer: httpx2.Response) -> None:
    """Whatever was sent, the answer is one that the description knows, and in its shape."""
    if answer.status_code == 503 and case.operation.path != "/readyz":
        assert answer.json()["type"] in AWAY, answer.text
        assert int(answer.headers["retry-after"]) > 0
    else:
        assert answer.status_code < 500 or case.operation.path == "/readyz", (case.as_curl_command(), answer.text)
    case.validate_response(answer, checks=CHECKS)
