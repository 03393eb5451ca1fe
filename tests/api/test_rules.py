"""Rules over HTTP: who may, what is refused in which language, what a repetition hears (C02, C30, C32, C43)."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from api.models.explanation_views import ExplanationView
from api.models.rule_views import (
    CalendarView,
    ClosureView,
    DiffView,
    NoticeProposalView,
    PolicyProposalView,
    ProposalLine,
    ProposalSummary,
    VersionView,
    WholePolicyVersionView,
    WholeVersionView,
)
from api.models.views import Page
from tests.api.conftest import City, open_city
from tests.calendars.ics import many_years_with_2027
from tests.services.rules import amendment_2026, invented_2027, policy_document

CLOSURE: dict[str, Any] = {
    "from": "2026-09-21T08:00:00+08:00",
    "to": "2026-09-21T18:00:00+08:00",
    "decided_by": "Case Filing Chamber",
    "source": "invented",
}
PROPOSALS, CLOSURES, POLICIES = "/v1/calendar/proposals", "/v1/calendar/closures", "/v1/policy/proposals"


@pytest_asyncio.fixture
async def rules_city(tmp_path: Path) -> AsyncIterator[City]:
    """A city whose rules a test may change."""
    async with open_city(tmp_path / "home", lambda: datetime.now(UTC)) as opened:
        yield opened


def operators(city: City) -> tuple[str, str]:
    first, second = city.credentials.operator_keys.values()
    return first, second


async def proposed(city: City, document: dict[str, Any]) -> str:
    body = {"source": "notice", "document": document}
    answer = await city.post(PROPOSALS, body, key=operators(city)[0])
    assert answer.status_code == 201, answer.text
    ProposalSummary.model_validate(answer.json())
    assert answer.headers["location"] == f"{PROPOSALS}/{answer.json()['id']}"
    return str(answer.json()["id"])


async def test_the_whole_way_of_a_notice(rules_city: City, body: dict[str, Any]) -> None:
    city, (first, second) = rules_city, operators(rules_city)
    reference = (await city.send(body)).json()["reference"]
    proposal = await proposed(city, invented_2027())
    review = (await city.get(f"{PROPOSALS}/{proposal}", key=second)).json()
    assert NoticeProposalView.model_validate(review).comparison is not None
    listed = (await city.get(f"{PROPOSALS}?state=proposed", key=first)).json()
    assert [item["id"] for item in Page[ProposalLine].model_validate(listed).model_dump()["items"]] == [proposal]

    own = await city.post(f"{PROPOSALS}/{proposal}/approvals", {}, key=first, **{"Accept-Language": "zh-CN"})
    assert (own.status_code, own.json()["detail"]) == (403, "提出人不得自行批准，须由另一人批准。")
    approved = await city.post(f"{PROPOSALS}/{proposal}/approvals", {}, key=second, once="approve-it")
    again = await city.post(f"{PROPOSALS}/{proposal}/approvals", {}, key=second, once="approve-it")
    assert (approved.status_code, again.status_code, again.json()) == (201, 200, approved.json())
    other = await city.post(f"{PROPOSALS}/{proposal}/approvals", {"reason": "x"}, key=second)
    assert (other.status_code, other.json()["errors"][0]["pointer"]) == (422, "/reason")

    versions = (await city.get("/v1/calendar/versions", key=first)).json()
    last = Page[VersionView].model_validate(versions).items[-1]
    assert last.number == approved.json()["made_version"] == 11
    whole = (await city.get("/v1/calendar/versions/11", key=first)).json()
    assert WholeVersionView.model_validate(whole).notices[-1]["year"] == 2027
    diff = (await city.get("/v1/calendar/versions/10/diff?to=11", key=first)).json()
    assert len(DiffView.model_validate(diff).days) == 16
    now = CalendarView.model_validate((await city.get("/v1/calendar", key=first)).json())
    assert (now.calendar_version, now.announced_until.isoformat()) == (11, "2027-12-31")
    explained = (await city.get(f"/v1/requests/{reference}/deadlines", key=first)).json()
    assert ExplanationView.model_validate(explained).calendar_version == 10


async def test_the_whole_way_of_a_policy(rules_city: City) -> None:
    city, (first, _) = rules_city, operators(rules_city)
    chamber, _ = city.credentials.chamber_keys.values()
    document = policy_document(rung_4=8) | {"spread_minutes": 12}
    proposal = (await city.post(POLICIES, {"document": document}, key=first)).json()["id"]
    review = (await city.get(f"{POLICIES}/{proposal}", key=chamber)).json()
    comparison = PolicyProposalView.model_validate(review).comparison
    assert comparison is not None
    assert [(change.rule, change.before, change.after) for change in comparison.changes] == [("spread_minutes", 10, 12)]
    operators_try = await city.post(f"{POLICIES}/{proposal}/approvals", {}, key=first)
    assert (operators_try.status_code, operators_try.json()["type"]) == (403, "/problems/forbidden")
    words = await city.post(f"{POLICIES}/{proposal}/approvals", {"open_requests": "yes"}, key=chamber)
    assert (words.status_code, words.json()["errors"][0]["pointer"]) == (422, "/open_requests")
    approved = await city.post(f"{POLICIES}/{proposal}/approvals", {"open_requests": True}, key=chamber)
    assert (approved.status_code, approved.headers["location"]) == (201, "/v1/policy/versions/2")
    whole = (await city.get("/v1/policy/versions/2", key=first)).json()
    assert WholePolicyVersionView.model_validate(whole).document["spread_minutes"] == 12


async def test_the_whole_way_of_a_closure(rules_city: City) -> None:
    city, (operator, _) = rules_city, operators(rules_city)
    chamber, _ = city.credentials.chamber_keys.values()
    entered = await city.post(CLOSURES, CLOSURE, key=operator)
    assert (entered.status_code, ClosureView.model_validate(entered.json()).days_off) == (201, [])
    counting = CLOSURE | {"days_off": ["2026-09-21"]}
    path = f"{CLOSURES}/{entered.json()['id']}/amendments"
    refused = await city.post(path, counting, key=operator)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
    amended = await city.post(path, counting, key=chamber)
    assert (amended.status_code, amended.json()["made_version"]) == (201, 11)
    late = await city.post(path, counting, key=chamber)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/conflict")
    old = (await city.get(f"{CLOSURES}/{entered.json()['id']}", key=operator)).json()
    assert old["replaced_by"] == amended.json()["id"]
    assert len((await city.get(CLOSURES, key=operator)).json()["items"]) == 2


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        (PROPOSALS, {"source": "rumour"}, "/source"),
        (PROPOSALS, {"document": {}}, "/source"),
        (PROPOSALS, {"source": "notice", "document": []}, "/document"),
        (PROPOSALS, {"source": "notice", "document": {"year": 2027}}, "/document"),
        (PROPOSALS, {"source": "holidays", "year": 2027}, "/published_on"),
        (PROPOSALS, {"source": "holidays", "year": "2027", "published_on": "2026-12-01"}, "/year"),
        (PROPOSALS, {"source": "json_feed", "text": "[]", "published_on": "2026-12-01"}, "/document"),
        (PROPOSALS, {"source": "icalendar", "text": "x", "year": 2027, "published_on": "today"}, "/published_on"),
        (POLICIES, {"document": {"version": 1}}, "/document"),
        (POLICIES, {"document": policy_document(rung_1=4)}, "/document"),
        (POLICIES, {"document": {}, "cites": ""}, "/cites"),
        (CLOSURES, CLOSURE | {"from": "2026-09-22T08:00:00+08:00"}, "/to"),
        (CLOSURES, CLOSURE | {"from": "2026-09-21"}, "/from"),
        (CLOSURES, CLOSURE | {"days_off": ["tomorrow"]}, "/days_off/0"),
        (CLOSURES, CLOSURE | {"court": "9999"}, "/court"),
        (CLOSURES, {name: value for name, value in CLOSURE.items() if name != "decided_by"}, "/decided_by"),
    ],
)
async def test_a_fault_is_told_by_its_place_and_nothing_changes(
    city: City, path: str, body: dict[str, Any], pointer: str
) -> None:
    key = operators(city)[0]
    for language in ("en", "zh-CN"):
        answer = await city.post(path, body, key=key, **{"Accept-Language": language})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer], answer.text
        assert answer.headers["content-language"] == language
    for listed in (PROPOSALS, POLICIES, CLOSURES):
        assert (await city.get(listed, key=key)).json()["items"] == []


async def test_a_file_of_many_years_is_read(rules_city: City) -> None:
    content, key = many_years_with_2027(), operators(rules_city)[0]
    assert len(content) > 200_000
    file = {"source": "icalendar", "text": content, "year": 2027, "published_on": "2026-11-30"}
    answer = await rules_city.post(PROPOSALS, json.dumps(file).encode(), key=key)
    assert answer.status_code == 201, answer.text
    own = await rules_city.post(POLICIES, {"document": policy_document() | {"a": "x" * 70_000}}, key=key)
    assert own.status_code == 413, "a body without a file"
    large = {"source": "json_feed", "text": "[" + " " * 1_000_000, "published_on": "2026-12-01"}
    answer = await rules_city.post(PROPOSALS, large, key=key)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/text")


async def test_a_feed_that_is_too_large_is_not_read(city: City) -> None:
    feed = {"source": "json_feed", "text": " " * 50_000_000, "published_on": "2026-12-01"}
    answer = await city.post(PROPOSALS, feed, key=operators(city)[0])
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
    assert answer.json()["detail"] == "A body may have at most 65,536 bytes, and a file in it 1 MB."
    assert (await city.get(PROPOSALS, key=operators(city)[0])).json()["items"] == []


async def test_an_outdated_proposal_says_what_to_do(rules_city: City) -> None:
    city, (_, second) = rules_city, operators(rules_city)
    outdated, newer = await proposed(city, invented_2027()), await proposed(city, amendment_2026())
    await city.post(f"{PROPOSALS}/{newer}/approvals", {}, key=second)
    answer = await city.post(f"{PROPOSALS}/{outdated}/approvals", {}, key=second)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")
    assert answer.json()["detail"].endswith("propose again.")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/calendar/versions/99",
        "/v1/calendar/versions/1/diff?to=99",
        "/v1/policy/versions/99",
        f"{PROPOSALS}/01J00000000000000000000000",
        f"{POLICIES}/nobody",
        f"{CLOSURES}/01J00000000000000000000000",
    ],
)
async def test_what_is_not_there_is_not_found(city: City, path: str) -> None:
    answer = await city.get(path, key=operators(city)[0])
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert answer.json()["detail"].startswith("There is no such ")
