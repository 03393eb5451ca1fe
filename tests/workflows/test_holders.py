"""Holders: to whom the work order goes, who may act for him, how it changes hands (art. 5; issue line L30)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from liaison.contract.names import rung_cause
from liaison.db.tables import Action, DirectoryLoad, Fault, StaffRow, WorkOrder
from liaison.policy.words import ActionKind, ActionState, AsksFor, Category, EventKind, Outcome
from liaison.services.errors import Refused, Slug
from tests.city import City
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity

FRIDAY = "2026-09-18 10:00"
CASE_OF_J02 = "（2026）粤0104民初77号"
TRANSFER = {"target": {"judge": "0104-j04"}, "text": {"reason": "该案由民二庭审理"}}

DISPATCH: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("the judge named", {}, "0104-j01", None),
    ("the judge named before the case's", {"case_number": CASE_OF_J02}, "0104-j01", None),
    ("the case's judge", {"judge": None, "case_number": CASE_OF_J02, "phone": "13912340001"}, "0104-j02", None),
    ("the department named", {"judge": None, "department": "0104-d-civil2"}, "0104-d-civil2", None),
    ("litigation service", {"judge": None}, "0104-d-service", None),
    ("a leader with a team of his own", {"judge": "0104-l05"}, "0104-l05", None),
    ("the department of a judge who is away", {"court": "0111", "judge": "0111-j01"}, "0111-d-civil1", "absent"),
    (
        "never the judge complained of",
        {"category": Category.COMPLAINT, "about": ("0104-j01",)}, "0104-d-civil1", None,
    ),
    ("the Intermediate Court's Case Filing Chamber", {"court": "01", "judge": None}, "01-d-filing", None),
]  # fmt: skip


async def _do(city: City, reference: str, by: str, kind: ActionKind, **given: Any) -> ActionState:
    """Act as a judge or leader; a moment later, so that what was done before has taken effect."""
    await city.advance(minutes=10)
    state = (await city.act(city.key_of(by), reference, kind, **given)).body["state"]
    await city.advance(minutes=10)
    return ActionState(state)


async def _orders(city: City, reference: str) -> list[tuple[str, bool, bool, bool]]:
    """Each work order: its holder, whether it was signed for, ever in force, and ended."""
    return [
        (order.holder_id, order.signed_in_at is not None, order.held_from is not None, order.ended_at is not None)
        for order in await city.rows(WorkOrder, reference)
    ]


async def test_the_work_order_goes_to_whom_it_belongs(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        references = [await city.submit(asks_for=AsksFor.JUDGE, **given) for _, given, _, _ in DISPATCH]
        await city.advance(minutes=10)
        for reference, (why, _, holder, fault) in zip(references, DISPATCH, strict=True):
            request = await city.request(reference)
            assert request.holder_id == holder, why
            assert [f.reason for f in await city.rows(Fault, reference)] == ([fault] if fault else []), why
            [told] = [m for m in await city.messages(reference) if m.template == "work_order"]
            assert told.recipient == (f"desk:{holder}" if "-d-" in holder else holder), why
            assert str(request.holder_post) in await city.details(reference)


async def test_signing_in_is_recorded_and_is_no_reply(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        assert await _do(city, reference, "0104-j02", ActionKind.SIGN_IN) == ActionState.ACCEPTED
        [order] = await city.rows(WorkOrder, reference)
        assert order.signed_in_by == "0104-j02"
        await city.advance_to("2026-09-22 00:11")
        assert [rung.charged_to for rung in await city.rungs(reference)] == ["0104-j01"]


@WITH_AND_WITHOUT_CACHE
async def test_the_giver_holds_until_the_taker_signs_in(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await city.submit()
        assert await _do(city, reference, "0104-j01", ActionKind.TRANSFER, **TRANSFER) == ActionState.ACCEPTED
        assert await _orders(city, reference) == [("0104-j01", False, True, False), ("0104-j04", False, False, False)]
        with pytest.raises(Refused) as refused:
            await city.reply(reference, judge="0104-j04")
        assert refused.value.slug is Slug.NOT_THE_HOLDER
        assert "Offered to" in await city.details(reference)
        assert await _do(city, reference, "0104-j04", ActionKind.SIGN_IN) == ActionState.ACCEPTED
        given, taken = await city.rows(WorkOrder, reference)
        # Shares of the one clock: what the giver held ends where the taker's begins.
        assert (given.ended_at, taken.ended_at) == (taken.held_from, None)
        with pytest.raises(Refused):
            await city.reply(reference, judge="0104-j01")
        assert (await city.reply(reference, judge="0104-j04")).body["state"] == ActionState.ACCEPTED
        await city.handle(reference).result()
        taken = (await city.rows(WorkOrder, reference))[1]
        assert taken.ended_at is not None
        changes = [EventKind.TRANSFER_OFFERED, EventKind.TRANSFERRED, EventKind.CLOSED]
        assert [kind for kind in await city.kinds(reference) if kind in changes] == changes
        await city.replay(reference)


async def test_the_giver_can_still_reply(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await _do(city, reference, "0104-j01", ActionKind.TRANSFER, **TRANSFER)
        assert (await city.reply(reference)).body["state"] == ActionState.ACCEPTED
        await city.handle(reference).result()
        assert all(ended for _, _, _, ended in await _orders(city, reference))


async def test_a_transfer_moves_no_date_and_the_new_holder_is_charged(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference, undisturbed = await city.submit(), await city.submit()
        await city.advance_to("2026-09-22 09:00")
        await _do(city, reference, "0104-j01", ActionKind.TRANSFER, **TRANSFER)
        await _do(city, reference, "0104-j04", ActionKind.SIGN_IN)
        await city.advance_to("2026-10-02 12:00")
        moved, unmoved = await city.rungs(reference), await city.rungs(undisturbed)
        assert [rung.due_at for rung in moved] == [rung.due_at for rung in unmoved]
        assert [rung.charged_to for rung in moved] == ["0104-j01"] + 4 * ["0104-j04"]
        # The taker sits in another chamber: its leader is told.
        assert (unmoved[1].recipient, moved[1].recipient) == ("0104-l02", "0104-l03")
        await city.replay(reference)


async def test_the_taker_returns_what_was_offered(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await _do(city, reference, "0104-j01", ActionKind.TRANSFER, **TRANSFER)
        back = {"text": {"reason": "该案不由我承办"}}
        assert await _do(city, reference, "0104-j04", ActionKind.RETURN, **back) == ActionState.ACCEPTED
        assert await _orders(city, reference) == [("0104-j01", False, True, False), ("0104-j04", False, False, True)]
        assert "work_order_returned" in [m.template for m in await city.messages(reference)]
        with pytest.raises(Refused):
            await _do(city, reference, "0104-j04", ActionKind.SIGN_IN)
        assert (await city.reply(reference)).body["state"] == ActionState.ACCEPTED


async def test_what_the_holder_returns_goes_to_litigation_service_then_to_the_chamber(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        back = {"text": {"reason": "不属于本庭职责范围"}}
        hands = [("0104-j01", "0104-l01"), ("0104-l01", "01-l01")]
        for giver, taker in hands:
            assert await _do(city, reference, giver, ActionKind.RETURN, **back) == ActionState.ACCEPTED
            assert await _do(city, reference, taker, ActionKind.SIGN_IN) == ActionState.ACCEPTED
        assert (await city.request(reference)).holder_id == "01-d-filing"
        # Nobody is left behind the Case Filing Chamber; no request is ever dropped.
        with pytest.raises(Refused) as refused:
            await _do(city, reference, "01-l01", ActionKind.RETURN, **back)
        assert refused.value.slug is Slug.CONFLICT
        assert [action.state for action in await city.rows(Action, reference)][-1] is ActionState.REFUSED
        assert (await city.request(reference)).holder_id == "01-d-filing"
        await city.advance_to("2026-09-23 00:11")
        assert len(await city.rungs(reference)) == 2


async def test_a_second_transfer_lapses_the_first(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await _do(city, reference, "0104-j01", ActionKind.TRANSFER, **TRANSFER)
        second = {"target": {"department": "0104-d-criminal"}, "text": {"reason": "应由刑事审判庭答复"}}
        clerk = city.credentials.clerk_key
        assert (await city.act(clerk, reference, ActionKind.TRANSFER, **second)).body["state"] == ActionState.ACCEPTED
        await city.advance(minutes=1)
        with pytest.raises(Refused):
            await _do(city, reference, "0104-j04", ActionKind.SIGN_IN)
        assert await _do(city, reference, "0104-j07", ActionKind.SIGN_IN) == ActionState.ACCEPTED
        holders = [("0104-j01", False, True, True), ("0104-j04", False, False, True)]
        assert await _orders(city, reference) == [*holders, ("0104-d-criminal", True, True, False)]
        # Anybody of the department may reply for it; both names are kept.
        assert (await city.reply(reference, judge="0104-j06")).body["state"] == ActionState.ACCEPTED
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED
        [reply] = [row for row in await city.rows(Action, reference) if row.kind is ActionKind.REPLY]
        assert (reply.by, reply.on_behalf_of) == ("0104-j06", "0104-d-criminal")


async def _leave(city: City, staff: str) -> None:
    """A person leaves the directory."""
    async with city.tools.db.write() as session:
        await session.delete(await session.get_one(StaffRow, staff))
        session.add(DirectoryLoad(loaded_at=city.world.now(), loaded_by="test"))


async def test_a_holder_who_left_the_directory_stops_nothing(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await _leave(city, "0104-j01")
        await city.advance_to("2026-09-22 09:00")
        assert [rung.charged_to for rung in await city.rungs(reference)] == ["0104-j01"]
        faults = [(fault.subject, fault.reason) for fault in await city.rows(Fault, reference)]
        assert faults == [("0104-j01", "vacant")]
        # Who is warned in his place is warned as a leader.
        assert {m.recipient: m.template for m in await city.messages(reference) if m.cause == rung_cause(0)} == {
            "0104-l02": "warning_to_leader", "desk:0104-d-civil1": "warning", "0104-l01": "warning_to_leader",
        }  # fmt: skip
        clerk = city.credentials.clerk_key
        assert (await city.act(clerk, reference, ActionKind.TRANSFER, **TRANSFER)).body["state"] == ActionState.ACCEPTED
        assert await _do(city, reference, "0104-j04", ActionKind.SIGN_IN) == ActionState.ACCEPTED
        assert (await city.reply(reference, judge="0104-j04")).body["state"] == ActionState.LATE


async def _come(city: City, staff: str, team: str, department: str) -> None:
    """A person joins a team and its department."""
    async with city.tools.db.write() as session:
        person = await session.get_one(StaffRow, staff)
        person.team, person.department = team, department
        session.add(DirectoryLoad(loaded_at=city.world.now(), loaded_by="test"))


async def _sent_to_judge(city: City) -> str:
    return await city.submit()


async def _sent_to_department(city: City) -> str:
    return await city.submit(judge=None, department="0104-d-civil1")


@pytest.mark.parametrize("sent", [_sent_to_judge, _sent_to_department], ids=["team", "department"])
async def test_somebody_who_has_come_to_the_team_since_may_reply(
    city_at: OpenCity, sent: Callable[[City], Awaitable[str]]
) -> None:
    """The run knows the members of the day the work order went out, the book those of today."""
    async with city_at(FRIDAY) as city:
        reference = await sent(city)
        await city.advance(minutes=1)
        with pytest.raises(Refused):
            await city.reply(reference, judge="0104-j05")
        await _come(city, "0104-j05", team="t1", department="0104-d-civil1")
        assert (await city.reply(reference, judge="0104-j05")).body["state"] == ActionState.ACCEPTED
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED


async def test_who_has_come_to_the_takers_team_since_may_sign_in_for_him(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await _do(city, reference, "0104-j01", ActionKind.TRANSFER, **TRANSFER)
        await _come(city, "0104-j06", team="t3", department="0104-d-civil2")
        assert await _do(city, reference, "0104-j06", ActionKind.SIGN_IN) == ActionState.ACCEPTED
        assert (await city.request(reference)).holder_id == "0104-j04"
        await _come(city, "0104-j06", team="t5", department="0104-d-criminal")
        with pytest.raises(Refused) as refused:
            await city.reply(reference, judge="0104-j06")
        assert refused.value.slug is Slug.NOT_THE_HOLDER


async def test_a_taker_who_left_meanwhile_is_refused_on_record(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        async with city.temporal_away():
            await city.act(city.key_of("0104-j01"), reference, ActionKind.TRANSFER, **TRANSFER)
        await _leave(city, "0104-j04")
        await city.advance(minutes=1)
        await city.relay()
        await city.advance(minutes=1)
        [transfer] = await city.rows(Action, reference)
        assert (transfer.state, transfer.refusal) == (ActionState.REFUSED, "the directory no longer knows the taker")
        assert EventKind.ACTION_REFUSED in await city.kinds(reference)
        assert (await city.reply(reference)).body["state"] == ActionState.ACCEPTED


@pytest.mark.parametrize(
    ("given", "told", "in_place_of", "faults"),
    [
        ({"court": "0118", "judge": "0118-j01"}, ["0118-l01", "0118-l02", "0118-p01", "0118-p01", "01-p01"],
         [None, None, "0118-v01", None, None], [("0118-v01", "vacant", 2)]),
        ({"court": "0106", "judge": "0106-j01"}, ["0106-l01", "0106-j02", "0106-v01", "0106-p01", "01-p01"],
         [None, "0106-l02", None, None, None], [("0106-l02", "absent", 1)]),
        ({"judge": "0104-l05"}, ["0104-l01", "0104-v02", "0104-v02", "0104-p01", "01-p01"],
         [None, "0104-l05", None, None, None], []),
        ({"category": Category.COMPLAINT, "about": ("0104-l02",)},
         ["0104-l01", "0104-v01", "0104-v01", "0104-p01", "01-p01"], [None, "0104-l02", None, None, None], []),
    ],
    ids=["vacant deputy", "absent leader with a stand-in", "leader who holds", "leader complained of by name"],
)  # fmt: skip
async def test_rungs_pass_over_whom_they_cannot_reach(
    city_at: OpenCity,
    given: dict[str, Any],
    told: list[str],
    in_place_of: list[str | None],
    faults: list[tuple[str, str, int]],
) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(**given)
        await city.advance_to("2026-10-02 12:00")
        rungs = await city.rungs(reference)
        assert [rung.recipient for rung in rungs] == told
        assert [rung.in_place_of for rung in rungs] == in_place_of
        recorded = [(fault.subject, fault.reason, fault.rung) for fault in await city.rows(Fault, reference)]
        assert recorded == faults
