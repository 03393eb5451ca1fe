"""Actions over HTTP: what each list takes, whom it refuses, and that the workflow being away loses nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from temporalio.client import Client, RPCTimeoutOrCancelledError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from liaison.db.tables import Request, WorkOrder
from liaison.policy.words import HolderKind, Stage
from tests.api.conftest import City

CALL = {"kind": "call", "number": "13800138000", "time": "2026-09-18T09:30:00+08:00", "gist": "已告知开庭时间"}
TEXT = {"kind": "text", "text": "您的案件定于下周一开庭。"}


@pytest.fixture
def city(either_city: City) -> City:
    """On both databases."""
    return either_city


async def held(city: City, body: dict[str, Any], by: str = "") -> tuple[str, str, str]:
    """A request dispatched to a judge, as the workflow would: its reference, the judge (``by``), another judge."""
    reference = (await city.send(body)).json()["reference"]
    roster = await roster_of(city)
    judges = [name for name in city.credentials.judge_keys if name.startswith("0104")]
    holder = roster.staff(by or judges[0])
    stranger = next(j for j in judges if j != holder.id and j not in {mate.id for mate in roster.team_of(holder.id)})
    now = datetime.now(UTC)
    order = WorkOrder(
        reference=reference,
        number=1,
        holder_id=holder.id,
        holder_kind=HolderKind.JUDGE,
        court=holder.court,
        department=holder.department,
        post="Judge",
        team=holder.team,
        given_by="platform",
        sent_at=now,
        held_from=now,
    )
    async with city.platform.db.write() as session:
        request = await session.get_one(Request, reference)
        request.holder_id, request.holder_kind, request.holder_post = holder.id, HolderKind.JUDGE, "Judge"
        request.holder_team, request.department = holder.team, holder.department
        request.work_order, request.stage, request.run_id = 1, Stage.AWAITING_REPLY, "a-run"
        session.add_all([request, order])
    return reference, holder.id, stranger


async def roster_of(city: City) -> Any:
    """Who is who."""
    async with city.platform.db.read() as session:
        return await city.platform.rulebook.roster(session)


@pytest.mark.parametrize(
    ("path", "sent", "pointer"),
    [
        ("replies", {"text": "x"}, "/kind"),
        ("replies", {"kind": "shout", "text": "x"}, "/kind"),
        ("replies", {"kind": "text"}, "/text"),
        ("replies", {"kind": "text", "text": ""}, "/text"),
        ("replies", {"kind": "text", "text": " \n"}, "/text"),
        ("replies", {"kind": "text", "text": "请" * 5001}, "/text"),
        ("replies", {"kind": "text", "text": "好的\x00"}, "/text"),
        ("replies", {"kind": "text", "text": "x", "number": "1"}, "/number"),
        ("replies", {**CALL, "time": "yesterday"}, "/time"),
        ("replies", {**CALL, "kind": "meeting", "gist": ""}, "/gist"),
        ("sign-ins", {"note": "here"}, "/note"),
        ("sign-ins", [], ""),
        ("transfers", {"reason": "不归我管"}, ""),
        ("transfers", {"reason": "不归我管", "judge": "a", "department": "b"}, ""),
        ("transfers", {"judge": "0104-j01"}, "/reason"),
        ("returns", {"reason": "  "}, "/reason"),
        ("supervision-acts", {"act": "scold"}, "/act"),
        ("supervision-acts", {"act": "appoint"}, ""),
        ("supervision-acts", {"act": "urge", "judge": "0104-j01"}, ""),
        ("supervision-acts", {"act": "explain"}, ""),
    ],
)
async def test_a_faulty_action_is_told_by_its_place_and_nothing_changes(
    city: City, body: dict[str, Any], path: str, sent: Any, pointer: str
) -> None:
    reference, holder, _ = await held(city, body)
    before = await city.counts()
    answer = await city.post(f"/v1/requests/{reference}/{path}", sent, key=city.credentials.judge_keys[holder])
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert await city.counts() == before


@pytest.mark.parametrize("text", ["好的。", "请问我的案件何时开庭？？？", "请 问 我 的 案 件 何 时 开 庭"])
async def test_what_is_no_reply_is_refused(city: City, body: dict[str, Any], text: str) -> None:
    reference, holder, _ = await held(city, body)
    answer = await city.post(
        f"/v1/requests/{reference}/replies", {"kind": "text", "text": text}, key=city.credentials.judge_keys[holder]
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/text")


async def test_the_holder_replies_once_and_others_may_not(city: City, body: dict[str, Any]) -> None:
    reference, holder, stranger = await held(city, body)
    path, keys = f"/v1/requests/{reference}/replies", city.credentials.judge_keys
    refused = await city.post(path, TEXT, key=keys[stranger])
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-the-holder")
    given = await city.post(path, TEXT, key=keys[holder])
    again = await city.post(path, TEXT, key=keys[holder])
    assert (given.status_code, given.json()["state"], again.status_code) == (202, "pending", 200)
    assert given.json()["id"] == again.json()["id"]
    assert (await city.get(given.headers["location"], key=keys[holder])).json()["text"] == TEXT
    assert "text" not in (await city.get(given.headers["location"], key=city.credentials.channel_key)).json()


async def test_a_call_on_record_counts_as_a_reply(city: City, body: dict[str, Any]) -> None:
    reference, holder, _ = await held(city, body)
    call = {**CALL, "time": datetime.now(UTC).isoformat()}
    given = await city.post(f"/v1/requests/{reference}/replies", call, key=city.credentials.judge_keys[holder])
    assert given.status_code == 202, given.text


async def test_a_leader_who_hears_cases_replies_with_his_own_key(city: City, body: dict[str, Any]) -> None:
    reference, holder, _ = await held(city, body, by="0104-l05")
    path, keys = f"/v1/requests/{reference}", city.credentials.leader_keys
    read = await city.get(f"{path}/content", key=keys[holder])
    assert (read.status_code, read.json()["content"]) == (200, body["content"])
    signed = await city.post(f"{path}/sign-ins", {}, key=keys[holder])
    given = await city.post(f"{path}/replies", TEXT, key=keys[holder])
    assert (signed.status_code, given.status_code) == (202, 202), given.text
    assert (given.json()["by"], given.json()["on_behalf_of"]) == (holder, None)
    refused = await city.post(f"{path}/replies", TEXT, key=keys["0104-p01"])
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-the-holder")


class Overloaded:
    """A Temporal client whose updates end as they do under load; stands in for it and for its handles."""

    def __init__(self, fault: Exception) -> None:
        self.fault, self.asked = fault, 0

    def get_workflow_handle(self, _workflow_id: str) -> "Overloaded":
        return self

    async def execute_update(self, *_given: Any, **_named: Any) -> None:
        self.asked += 1
        raise self.fault


@pytest.mark.parametrize(
    "fault",
    [
        WorkflowUpdateRPCTimeoutOrCancelledError(),
        RPCTimeoutOrCancelledError(),
        RPCError("too busy", RPCStatusCode.RESOURCE_EXHAUSTED, b""),
        RuntimeError("Failed client connect"),
        TimeoutError(),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_temporal_overloaded_is_temporal_away(
    city: City, body: dict[str, Any], fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, holder, _ = await held(city, body)
    overloaded = Overloaded(fault)
    platform = replace(city.platform, client=cast(Client, overloaded))
    monkeypatch.setattr("api.deps.platform_of", lambda _: platform)
    given = await city.post(f"/v1/requests/{reference}/replies", TEXT, key=city.credentials.judge_keys[holder])
    assert (given.status_code, given.json()["state"], overloaded.asked) == (202, "pending", 1), given.text
    kept = await city.get(given.headers["location"], key=city.credentials.judge_keys[holder])
    assert kept.json()["state"] == "pending"
