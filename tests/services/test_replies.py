"""What counts as a reply, that twice the same is one, and that nothing said is ever lost."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from liaison.db.tables import Action
from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, ActionState, Category, KeyRole, Procedure
from liaison.services import views
from liaison.services.errors import Refused, Slug
from tests.city import REPLY
from tests.services.office import (
    HOLDER,
    LEADER,
    MORNING,
    OTHER_JUDGE,
    TEAM_MATE,
    Office,
    days,
    fresh_case,
    fresh_key,
    intake,
)

TEXT = {"kind": "text", "text": REPLY}
CALL = {"kind": "call", "number": "13912345678", "time": "2026-09-18T11:00:00+08:00", "gist": "已电话告知开庭时间。"}


async def _refusal(doing: Awaitable[Any]) -> Refused:
    with pytest.raises(Refused) as refused:
        await doing
    return refused.value


@pytest.mark.parametrize(
    ("reply", "pointers"),
    [
        ({"kind": "text", "text": "   "}, ["/text"]),
        ({"kind": "text", "text": "。。。！！！……"}, ["/text"]),
        ({"kind": "text", "text": "知道了"}, ["/text"]),
        ({"kind": "text", "text": "  已收到！  "}, ["/text"]),
        ({"kind": "text", "text": f" {intake().content}！！ "}, ["/text"]),
        ({"kind": "text", "text": intake().content.replace("？", "?").replace("，", " , ")}, ["/text"]),
        (CALL | {"gist": "已告知"}, ["/gist"]),
        (CALL | {"number": "123"}, ["/number"]),
        (CALL | {"time": "2026-09-18T11:00:00"}, ["/time"]),
        (CALL | {"time": "yesterday"}, ["/time"]),
        (CALL | {"time": "2026-09-18T11:06:00+08:00"}, ["/time"]),
        (CALL | {"time": "2026-09-18T09:59:59+08:00"}, ["/time"]),
        (CALL | {"kind": "meeting", "number": "x", "time": "x", "gist": ""}, ["/number", "/time", "/gist"]),
    ],
)
async def test_what_is_no_reply(office: Office, reply: dict[str, str], pointers: list[str]) -> None:
    reference = await office.submit()
    await office.dispatch(reference)
    office.clock.now = MORNING + days(1 / 24)
    refused = await _refusal(office.act(await office.judge(HOLDER), reference, ActionKind.REPLY, text=reply))
    assert (refused.slug, [fault.pointer for fault in refused.faults]) == (Slug.INVALID, pointers)


@pytest.mark.parametrize("reply", [TEXT, {"kind": "text", "text": "下周三开庭"}, CALL, CALL | {"kind": "meeting"}])
async def test_what_is_a_reply(office: Office, reply: dict[str, str]) -> None:
    reference = await office.submit()
    await office.dispatch(reference)
    office.clock.now = MORNING + days(1 / 24)
    doing = office.act(await office.judge(HOLDER), reference, ActionKind.REPLY, text=reply)
    if len(reply.get("text", REPLY)) < 6:
        assert (await _refusal(doing)).slug is Slug.INVALID
        return
    assert (await doing).status == 202
    assert ("inbox", "reply_received") in await office.events(reference)


async def test_the_same_words_twice_are_one_reply(either_office: Office) -> None:
    office = either_office
    reference = await office.submit()
    await office.dispatch(reference)
    holder, before = await office.judge(HOLDER), await office.count(Action)
    first, second = await office.reply(holder, reference), await office.reply(holder, reference)
    by_mate = await office.reply(await office.judge(TEAM_MATE), reference)
    assert (first.status, second.status, by_mate.status) == (202, 200, 200)
    assert first.body["id"] == second.body["id"] == by_mate.body["id"]
    other = await office.reply(holder, reference, "开庭时间改为下周四上午九点。")
    assert other.body["id"] > first.body["id"]
    assert await office.count(Action) == before + 2


async def test_one_key_makes_one_action(either_office: Office) -> None:
    office = either_office
    reference = await office.submit()
    await office.dispatch(reference)
    holder, key, before = await office.judge(HOLDER), fresh_key(), await office.count(Action)
    answers = await asyncio.gather(
        *(office.act(holder, reference, ActionKind.REPLY, key, text=TEXT) for _ in range(10))
    )
    assert sorted(answer.status for answer in answers) == [200] * 9 + [202]
    assert len({answer.location for answer in answers}) == 1
    assert await office.count(Action) == before + 1


async def test_a_reply_to_a_closed_request_is_kept_and_changes_nothing(either_office: Office) -> None:
    office = either_office
    reference = await office.submit()
    await office.dispatch(reference)
    await office.close(reference)
    holder = await office.judge(HOLDER)
    answer = await office.reply(holder, reference)
    assert (answer.status, answer.body["state"]) == (201, "after_closure")
    assert answer.body["settled_at"] is not None
    assert (await office.events(reference))[-1] == ("inbox", "after_closure")
    kept = await views.action_view(office.platform, holder, reference, ActionKind.REPLY, answer.body["id"])
    assert kept["text"] == TEXT
    assert (await office.request(reference)).outcome == "replied"


async def test_an_action_on_an_attached_request_goes_to_the_main_one(office: Office) -> None:
    case = fresh_case()
    main, other = await office.submit(case_number=case), await office.submit(case_number=case)
    await office.dispatch(main)
    answer = await office.reply(await office.judge(HOLDER), other)
    assert answer.location.startswith(f"/v1/requests/{other}/replies/")
    clerk = await office.clerk()
    for reference in (main, other):
        listed = await views.actions_view(office.platform, clerk, reference, ActionKind.REPLY)
        assert [(item["id"], item["reference"]) for item in listed["items"]] == [(answer.body["id"], reference)]


async def test_texts_of_actions_are_for_holder_clerk_supervisor_and_chamber(office: Office) -> None:
    reference = await office.submit()
    await office.dispatch(reference)
    await office.supervise(reference, LEADER)
    given = await office.reply(await office.judge(TEAM_MATE), reference)
    assert "text" not in given.body
    readers = {
        "holder": await office.judge(HOLDER), "clerk": await office.clerk(), "leader": await office.leader(LEADER),
        "chamber": Scope(KeyRole.CHAMBER, "c"), "same court": await office.judge(OTHER_JUDGE),
        "operator": Scope(KeyRole.OPERATOR, "o"), "channel": await office.channel(),
    }  # fmt: skip
    told = set()
    for name, scope in readers.items():
        item = (await views.actions_view(office.platform, scope, reference, ActionKind.REPLY))["items"][0]
        one = await views.action_view(office.platform, scope, reference, ActionKind.REPLY, given.body["id"])
        assert item == one and item["location"] == given.location
        if "text" in item:
            told.add(name)
    assert told == {"holder", "clerk", "leader", "chamber"}
    refused = await _refusal(
        views.action_view(office.platform, readers["clerk"], reference, ActionKind.ANSWER, given.body["id"])
    )
    assert refused.slug is Slug.NOT_FOUND


async def test_without_temporal_an_action_is_kept_pending(office: Office) -> None:
    reference = await office.submit(category=Category.CONSULTATION)
    change: dict[str, Any] = {"detail": Procedure.ORDINARY.value, "text": {"reason": "涉及实体问题"}}
    answer = await office.act(await office.clerk(), reference, ActionKind.PROCEDURE_CHANGE, **change)
    assert answer.status == 202
    shown = await views.action_view(
        office.platform, await office.clerk(), reference, ActionKind.PROCEDURE_CHANGE, answer.body["id"]
    )
    assert (shown["state"], shown["text"]) == (ActionState.PENDING, {"reason": "涉及实体问题"})
