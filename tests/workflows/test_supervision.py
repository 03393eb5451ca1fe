"""Leaders: the request lies in their inbox, they press for a reply, the holder explains (art. 8; issue line L35)."""

from datetime import datetime
from typing import Any

from activities.messaging import Messaging
from activities.supervision import Supervision
from liaison.contract.messages import RungDue
from liaison.db.tables import WorkOrder
from liaison.policy.message_words import MessageState
from liaison.policy.words import ActionKind, ActionState, Category, EventKind, Outcome, SupervisionAct
from liaison.services.access import scope_of
from liaison.services.supervision_views import supervisions_view
from tests.city import QUESTION, REPLY, City, shanghai
from tests.workflows.conftest import OpenCity

FRIDAY = "2026-09-18 10:00"


async def _inbox(city: City, leader: str) -> list[dict[str, Any]]:
    view = await supervisions_view(city.platform, await scope_of(city.platform, city.key_of(leader)))
    items: list[dict[str, Any]] = view["items"]
    return items


async def _act(city: City, reference: str, by: str, act: SupervisionAct, **given: Any) -> None:
    answer = await city.act(city.key_of(by), reference, ActionKind.SUPERVISION_ACT, detail=act.value, **given)
    assert answer.body["state"] == ActionState.ACCEPTED
    await city.advance(minutes=1)


async def _delivered(city: City, reference: str, template: str) -> list[str]:
    """To whom messages of one kind went."""
    messages = [m for m in await city.messages(reference) if m.template == template]
    assert all(m.state is MessageState.DELIVERED for m in messages)
    return [m.recipient for m in messages]


async def test_a_rung_before_the_first_work_order_warns_the_department_it_is_for(city_at: OpenCity) -> None:
    """As when a withdrawal ends an outage in which the request climbed."""
    async with city_at(FRIDAY) as city:
        async with city.temporal_away():
            reference = await city.submit(category=Category.CONSULTATION, judge=None)
        await city.advance_to("2026-09-22 09:00")
        await Supervision(city.tools, Messaging(city.tools)).record_rung(RungDue(reference, stream=1, seq=9, rung=0))
        [rung] = await city.rungs(reference)
        assert rung.charged_to is None
        warned = {message.recipient for message in await city.messages(reference)}
        assert warned == {"desk:0104-d-service", "0104-l01"}


async def test_a_rung_that_newer_rules_no_longer_have_is_not_climbed(city_at: OpenCity) -> None:
    """An operator lifted it, and a policy without it came first: nobody is told, and nothing stands still."""
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        lifted = RungDue(reference, stream=1, seq=9, rung=9, escalated_by="operator-1", reason="第1次")
        told = await Supervision(city.tools, Messaging(city.tools)).record_rung(lifted)
        assert told.moved is not None and 9 not in {rung.rung for rung in told.moved.rungs}
        assert await city.rungs(reference) == []


async def test_a_late_reply_is_told_once_to_a_leader_of_two_rungs(city_at: OpenCity) -> None:
    """He is liaison officer and leads the department, and has heard of neither when the reply comes."""
    async with city_at(FRIDAY) as city:
        reference = await city.submit(court="0112", category=Category.COMPLAINT, judge=None)
        await city.advance_to("2026-09-21 23:59")
        await city.handle(reference).signal("escalate", {"by": "operator-1", "reason": "第1次"})
        await city.advance_to("2026-09-22 00:20")
        assert [rung.recipient for rung in await city.rungs(reference)] == ["0112-l01"] * 2
        reply = {"kind": "text", "text": REPLY}
        answer = await city.act(city.key_of("0112-l01"), reference, ActionKind.REPLY, text=reply)
        assert (answer.status, answer.body["state"]) == (201, ActionState.LATE)
        await city.advance_to("2026-09-22 18:00")
        assert (await city.request(reference)).outcome is Outcome.REPLIED
        late = [message for message in await city.messages(reference) if message.template == "answered_late"]
        assert [message.recipient for message in late] == ["0112-l01"]


async def test_a_rung_lays_the_full_text_into_the_leaders_inbox(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-23 00:11")
        assert await _inbox(city, "0104-v01") == []
        await city.advance_to("2026-09-23 09:00")
        [item] = await _inbox(city, "0104-l02")
        assert (item["reference"], item["content"], item["rung"]) == (reference, QUESTION, 1)
        # Business days 20, 21, 22 and 23 September since receipt; the limit was the 21st.
        assert (item["days_since_receipt"], item["days_overdue"]) == (4, 2)
        assert item["holder"]["id"] == "0104-j01"
        sent, opened = datetime.fromisoformat(item["sent_at"]), datetime.fromisoformat(item["opened_at"])
        assert shanghai("2026-09-23 00:00") <= sent < shanghai("2026-09-23 00:11")
        assert opened >= shanghai("2026-09-23 09:00")
        await city.advance(hours=1)
        assert (await _inbox(city, "0104-l02"))[0]["opened_at"] == item["opened_at"]
        await city.reply(reference)
        await city.handle(reference).result()
        assert await _inbox(city, "0104-l02") == []


async def test_an_urge_reaches_the_holder_and_an_explanation_comes_back(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-23 09:00")
        await _act(city, reference, "0104-l02", SupervisionAct.ACKNOWLEDGE)
        await _act(city, reference, "0104-l02", SupervisionAct.URGE)
        assert await _delivered(city, reference, "urge") == ["0104-j01"]
        await _act(city, reference, "0104-l02", SupervisionAct.ASK_WHY)
        assert await _delivered(city, reference, "ask_why") == ["0104-j01"]
        await _act(city, reference, "0104-j02", SupervisionAct.EXPLAIN, text={"note": "承办法官外出开庭，明日答复。"})
        # Everybody who has it in his inbox hears, he who asked among them.
        assert sorted(await _delivered(city, reference, "explanation")) == ["0104-l01", "0104-l02"]
        request = await city.request(reference)
        assert (request.last_act, request.rung) == ("explain", 1)
        acts = [event.detail["act"] for event in await city.events(reference) if event.kind is EventKind.SUPERVISED]
        assert acts == ["acknowledge", "urge", "ask_why", "explain"]
        # Pressing is no reply: the next rung comes on its day.
        await city.advance_to("2026-09-25 00:11")
        assert len(await city.rungs(reference)) == 3
        await city.replay(reference)


async def test_a_leader_appoints_and_the_appointed_takes_over_by_signing_in(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-23 09:00")
        await _act(city, reference, "0104-l02", SupervisionAct.APPOINT, target={"judge": "0104-j03"})
        assert (await city.request(reference)).holder_id == "0104-j01"
        assert await _delivered(city, reference, "work_order_offered") == ["0104-j03"]
        await city.act(city.key_of("0104-j03"), reference, ActionKind.SIGN_IN)
        await city.advance(minutes=1)
        assert (await city.request(reference)).holder_id == "0104-j03"
        assert [order.given_by for order in await city.rows(WorkOrder, reference)] == ["platform", "0104-l02"]
        assert (await city.reply(reference, judge="0104-j03")).body["state"] == ActionState.LATE


async def test_after_the_last_rung_it_stays_on_every_informed_leaders_list(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-10-20 09:00")
        # Since Monday the 21st: 3 business days, 3 after Mid-Autumn, 3 after National Day, then 5 and 2.
        for leader in ("0104-l01", "0104-l02", "0104-v01", "0104-p01", "01-p01"):
            [item] = await _inbox(city, leader)
            assert (item["reference"], item["days_overdue"]) == (reference, 16), leader
        await _act(city, reference, "01-p01", SupervisionAct.URGE)
        assert await _delivered(city, reference, "urge") == ["0104-j01"]
        assert (await city.reply(reference)).body["state"] == ActionState.LATE
        await city.handle(reference).result()
        assert await _inbox(city, "01-p01") == []


async def test_an_urge_at_night_rings_in_the_morning(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-23 20:00")
        await _act_at_night(city, reference)
        await city.advance_to("2026-09-24 08:29")
        assert "urge" not in [line["template"] for line in city.sent()]
        await city.advance_to("2026-09-24 08:31")
        assert await _delivered(city, reference, "urge") == ["0104-j01"]


async def _act_at_night(city: City, reference: str) -> None:
    key = city.key_of("0104-l02")
    await city.act(key, reference, ActionKind.SUPERVISION_ACT, detail=SupervisionAct.URGE.value)
