"""Who may do what to a request, and when."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from liaison.contract.reference import new_reference
from liaison.db.access import renew_answer
from liaison.db.inbox import settle_action, work_order_in_force
from liaison.db.record import lock_request
from liaison.db.tables import Action, Request
from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, ActionState, Category, KeyRole, Post, Stage, SupervisionAct
from liaison.services import actions
from liaison.services.content_view import content_view
from liaison.services.errors import Refused, Slug
from tests.city import REPLY
from tests.services.office import (
    HOLDER,
    LEADER,
    MORNING,
    OTHER_JUDGE,
    STRANGER_JUDGE,
    TEAM_MATE,
    Office,
    fresh_key,
)

TEXT = {"kind": "text", "text": REPLY}
GIVEN: dict[ActionKind, dict[str, Any]] = {
    ActionKind.REPLY: {"text": TEXT},
    ActionKind.SIGN_IN: {},
    ActionKind.TRANSFER: {"target": {"judge": OTHER_JUDGE}, "text": {"reason": "案件已移交"}},
    ActionKind.RETURN: {"text": {"reason": "非本庭案件"}},
    ActionKind.WITHDRAWAL: {},
    ActionKind.ANSWER: {"text": {"text": "请携带身份证到窗口办理。"}},
    ActionKind.PROCEDURE_CHANGE: {"detail": "ordinary", "text": {"reason": "涉及实体问题"}},
}
PEOPLE: dict[str, Callable[[Office], Awaitable[Scope]]] = {
    "holder": lambda office: office.judge(HOLDER),
    "team": lambda office: office.judge(TEAM_MATE),
    "same court": lambda office: office.judge(OTHER_JUDGE),
    "other court": lambda office: office.judge(STRANGER_JUDGE),
    "leader": lambda office: office.leader(LEADER),
    "clerk": lambda office: office.clerk(),
    "channel": lambda office: office.channel(),
}
ALLOWED = {
    ActionKind.REPLY: {"holder", "team"},
    ActionKind.SIGN_IN: {"holder", "team"},
    ActionKind.TRANSFER: {"holder", "team", "clerk"},
    ActionKind.RETURN: {"holder", "team"},
    ActionKind.WITHDRAWAL: {"clerk", "channel"},
    ActionKind.ANSWER: {"clerk"},
    ActionKind.PROCEDURE_CHANGE: {"clerk"},
}


async def _refusal(doing: Awaitable[Any]) -> Refused:
    with pytest.raises(Refused) as refused:
        await doing
    return refused.value


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("kind", ALLOWED)
async def test_rights(office: Office, kind: ActionKind, who: str) -> None:
    summary = kind in (ActionKind.ANSWER, ActionKind.PROCEDURE_CHANGE)
    reference = await office.submit(**{"category": Category.CONSULTATION} if summary else {})
    if not summary:
        await office.dispatch(reference)
    scope = await PEOPLE[who](office)
    doing = office.act(scope, reference, kind, **GIVEN[kind])
    if who in ALLOWED[kind]:
        answer = await doing
        assert (answer.status, answer.body["state"]) == (202, "pending")
        return
    refused = await _refusal(doing)
    if who == "other court" or (who == "leader" and summary):
        assert refused.slug is Slug.NOT_FOUND
    else:
        held = kind in (ActionKind.REPLY, ActionKind.SIGN_IN, ActionKind.TRANSFER, ActionKind.RETURN)
        assert refused.slug is (Slug.NOT_THE_HOLDER if held else Slug.FORBIDDEN)
    assert await office.count(Action) == 0


async def test_another_channels_request_does_not_exist(office: Office) -> None:
    reference = await office.submit()
    scope = replace(await office.channel(), key_id="another")
    assert (await _refusal(office.act(scope, reference, ActionKind.WITHDRAWAL))).slug is Slug.NOT_FOUND
    scope = await office.clerk()
    assert (await _refusal(office.act(scope, new_reference(), ActionKind.WITHDRAWAL))).slug is Slug.NOT_FOUND


async def test_everybody_of_a_department_that_holds_may_reply(office: Office) -> None:
    reference = await office.submit()
    await office.dispatch(reference, "0104-d-civil1")
    answer = await office.reply(await office.leader(LEADER), reference)
    assert (answer.body["by"], answer.body["on_behalf_of"]) == (LEADER, "0104-d-civil1")


async def test_a_team_member_acts_in_both_names(office: Office) -> None:
    reference = await office.submit()
    await office.dispatch(reference)
    mate = await office.reply(await office.judge(TEAM_MATE), reference)
    holder = await office.reply(await office.judge(HOLDER), reference, "另一条不同的答复内容。")
    assert (mate.body["by"], mate.body["on_behalf_of"]) == (TEAM_MATE, HOLDER)
    assert (holder.body["by"], holder.body["on_behalf_of"]) == (HOLDER, None)


async def test_the_taker_of_an_offer_signs_in_or_returns_and_does_no_more(office: Office) -> None:
    reference = await office.submit()
    await office.dispatch(reference)
    await office.offer(reference, OTHER_JUDGE)
    taker = await office.judge(OTHER_JUDGE)
    assert (await office.act(taker, reference, ActionKind.SIGN_IN)).status == 202
    assert (await office.act(taker, reference, ActionKind.RETURN, text={"reason": "非本庭案件"})).status == 202
    assert (await _refusal(office.reply(taker, reference))).slug is Slug.NOT_THE_HOLDER


@pytest.mark.parametrize("act", SupervisionAct)
async def test_acts_of_supervision(office: Office, act: SupervisionAct) -> None:
    reference = await office.submit()
    await office.dispatch(reference)
    given: dict[str, Any] = {"detail": act.value, "text": {"note": "请尽快答复"}}
    if act is SupervisionAct.APPOINT:
        given["target"] = {"judge": OTHER_JUDGE}
    leader, holder = await office.leader(LEADER), await office.judge(HOLDER)
    before = await _refusal(office.act(leader, reference, ActionKind.SUPERVISION_ACT, **given))
    await office.supervise(reference, LEADER)
    if act is SupervisionAct.EXPLAIN:
        assert before.slug is Slug.NOT_THE_HOLDER
        assert (await office.act(holder, reference, ActionKind.SUPERVISION_ACT, **given)).status == 202
        blank = await _refusal(office.act(holder, reference, ActionKind.SUPERVISION_ACT, detail=act.value))
        assert [fault.pointer for fault in blank.faults] == ["/note"]
    else:
        assert before.slug is Slug.FORBIDDEN
        assert (await office.act(leader, reference, ActionKind.SUPERVISION_ACT, **given)).body["detail"] == act
        refused = await _refusal(office.act(holder, reference, ActionKind.SUPERVISION_ACT, **given))
        assert refused.slug is Slug.FORBIDDEN


async def test_the_chamber_supervises_what_nobody_is_left_for(office: Office) -> None:
    reference = await office.submit()
    await office.supervise(reference, None, post=Post.CASE_FILING_CHAMBER)
    chamber = Scope(KeyRole.CHAMBER, "chamber")
    assert (await office.act(chamber, reference, ActionKind.SUPERVISION_ACT, detail="urge")).body["by"] == "chamber"


@pytest.mark.parametrize(
    ("target", "pointer"),
    [
        (None, ""),
        ({}, ""),
        ({"judge": OTHER_JUDGE, "department": "0104-d-civil2"}, ""),
        ({"judge": STRANGER_JUDGE}, "/judge"),
        ({"judge": "0104-a01"}, "/judge"),
        ({"judge": "0104-d-civil2"}, "/judge"),
        ({"judge": HOLDER}, "/judge"),
        ({"department": "0105-d-civil1"}, "/department"),
        ({"department": OTHER_JUDGE}, "/department"),
    ],
)
async def test_a_transfer_needs_somebody_else_of_the_court(
    office: Office, target: dict[str, str] | None, pointer: str
) -> None:
    reference = await office.submit()
    await office.dispatch(reference)
    doing = office.act(
        await office.judge(HOLDER), reference, ActionKind.TRANSFER, target=target, text={"reason": "移交"}
    )
    refused = await _refusal(doing)
    assert (refused.slug, [fault.pointer for fault in refused.faults]) == (Slug.INVALID, [pointer])


@pytest.mark.parametrize("kind", [ActionKind.TRANSFER, ActionKind.RETURN])
async def test_passing_a_work_order_on_needs_a_reason(office: Office, kind: ActionKind) -> None:
    reference = await office.submit()
    await office.dispatch(reference)
    given = GIVEN[kind] | {"text": {"reason": " 。 "}}
    refused = await _refusal(office.act(await office.judge(HOLDER), reference, kind, **given))
    assert [fault.pointer for fault in refused.faults] == ["/reason"]


async def test_what_does_not_fit_the_state_is_a_conflict(office: Office) -> None:
    clerk, holder = await office.clerk(), await office.judge(HOLDER)
    fresh = await office.submit()
    held = await office.submit()
    await office.dispatch(held)
    closed = await office.submit()
    await office.dispatch(closed)
    await office.close(closed)
    signed = await office.submit()
    await office.dispatch(signed)
    async with office.platform.db.write() as session:
        order = await work_order_in_force(session, signed, 1)
        assert order is not None
        order.signed_in_at = MORNING
    attempts: list[tuple[Scope, str, ActionKind, dict[str, Any]]] = [
        (clerk, fresh, ActionKind.TRANSFER, GIVEN[ActionKind.TRANSFER]),
        (clerk, held, ActionKind.ANSWER, GIVEN[ActionKind.ANSWER]),
        (clerk, held, ActionKind.PROCEDURE_CHANGE, GIVEN[ActionKind.PROCEDURE_CHANGE]),
        (holder, signed, ActionKind.SIGN_IN, {}),
        (clerk, closed, ActionKind.WITHDRAWAL, {}),
        (holder, closed, ActionKind.RETURN, GIVEN[ActionKind.RETURN]),
    ]
    for scope, reference, kind, given in attempts:
        assert (await _refusal(office.act(scope, reference, kind, **given))).slug is Slug.CONFLICT
    assert await office.count(Action) == 0


async def test_the_same_call_twice_at_one_instant_is_told_of_its_own_effect(
    postgres_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second has found no answer yet when the first closes the request, so that it would be refused."""
    office, held, go_on = postgres_office, asyncio.Event(), asyncio.Event()
    reference, channel, key = await office.submit(), await office.channel(), fresh_key()
    look = actions.visible_request

    async def late(*given: Any) -> Any:
        held.set()
        await go_on.wait()
        return await look(*given)

    monkeypatch.setattr(actions, "visible_request", late)
    second = asyncio.create_task(office.act(channel, reference, ActionKind.WITHDRAWAL, key))
    await held.wait()
    monkeypatch.setattr(actions, "visible_request", look)
    first = await office.act(channel, reference, ActionKind.WITHDRAWAL, key)
    await office.close(reference)
    go_on.set()
    assert ((await second).status, (await second).body["id"]) == (200, first.body["id"])
    with pytest.raises(Refused):
        await office.act(channel, reference, ActionKind.WITHDRAWAL, fresh_key())


async def test_what_was_called_accepted_and_could_not_take_effect_says_so_when_repeated(office: Office) -> None:
    reference, judge, key = await office.submit(), await office.judge(HOLDER), fresh_key()
    await office.dispatch(reference)
    given: dict[str, Any] = {"key": key, "text": {"reason": "不属本庭"}}
    first = await office.act(judge, reference, ActionKind.RETURN, **given)
    accepted = first.body | {"state": ActionState.ACCEPTED}
    async with office.platform.db.write() as session:
        await renew_answer(session, judge.key_id, key, accepted)
    assert (await office.act(judge, reference, ActionKind.RETURN, **given)).body["state"] == ActionState.ACCEPTED
    async with office.platform.db.write() as session:
        await settle_action(session, first.body["id"], ActionState.REFUSED, office.clock.now, "nobody is left")
    again = await office.act(judge, reference, ActionKind.RETURN, **given)
    assert (again.status, again.body["state"], again.body["refusal"]) == (200, "refused", "nobody is left")


REASON: dict[str, Any] = {"text": {"reason": "承办过该案"}}


async def test_who_is_complained_of_neither_reads_nor_answers_the_complaint(office: Office) -> None:
    """His department holds it, and he is of the department."""
    reference = await office.submit(category=Category.COMPLAINT, about=(HOLDER,))
    await office.dispatch(reference, "0104-d-civil1")
    accused, mate = await office.judge(HOLDER), await office.judge(TEAM_MATE)
    assert (await content_view(office.platform, mate, reference))["content"]
    with pytest.raises(Refused) as unread:
        await content_view(office.platform, accused, reference)
    said: dict[str, Any] = {"text": {"kind": "text", "text": REPLY}}
    for kind, given in (
        (ActionKind.REPLY, said),
        (ActionKind.SIGN_IN, {}),
        (ActionKind.RETURN, {"text": {"reason": "x"}}),
    ):
        with pytest.raises(Refused) as refused:
            await office.act(accused, reference, kind, **given)
        assert refused.value.slug is Slug.NOT_THE_HOLDER
    with pytest.raises(Refused) as given_to_him:
        await office.act(mate, reference, ActionKind.TRANSFER, target={"judge": HOLDER}, text={"reason": "承办过该案"})
    assert (unread.value.slug, given_to_him.value.slug) == (Slug.FORBIDDEN, Slug.INVALID)
    assert (await office.act(mate, reference, ActionKind.REPLY, **said)).status == 202


async def test_what_was_read_before_the_lock_was_had_is_not_believed(postgres_office: Office) -> None:
    office = postgres_office
    reference = await office.submit()
    async with office.platform.db.write() as session:
        assert (await session.get_one(Request, reference)).stage is not Stage.CLOSED
        await office.close(reference)
        assert (await lock_request(session, reference)).stage is Stage.CLOSED
