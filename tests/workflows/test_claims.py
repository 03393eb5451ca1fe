"""Claimed replies: they stop the ladder at their receipt, and wait for the judge or for an hour of silence (M32)."""

from itertools import count

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.claims import Claims
from activities.messaging import Messaging
from activities.opening import action_message
from liaison.contract import search
from liaison.contract.claims import ClaimReply, RevokeClaim
from liaison.contract.names import QUERY_STATE
from liaison.db.inbox import settle_action
from liaison.db.tables import Action, ClerkItem, InboundMessage
from liaison.gateways.sms.port import Inbound
from liaison.policy.message_words import InboundState, MessageState, Mismatch
from liaison.policy.words import ActionKind, ActionState, ClaimFate, EventKind, Outcome, Stage
from liaison.services.access import scope_of
from liaison.services.clerk_items import clerk_items_view
from liaison.services.errors import Refused, Slug
from liaison.services.inbound import take_inbound
from liaison.services.repair import repair
from tests.city import City, shanghai
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity
from tests.workflows.gateways import Moody, be_away, deliver
from workflows.state import RequestState

FRIDAY = "2026-09-18 10:00"
WARNED = "2026-09-22 00:00"
"""When the warning of a request received on Friday 18 September falls due."""
HOLDER, TEAM_MATE, OTHER = "0104-j01", "0104-j02", "0104-j04"
MOBILES = {HOLDER: "13900001027", TEAM_MATE: "13900001028", OTHER: "13900001030"}
SAID = "已联系当事人，定于下周三上午开庭。"
"""Clear of the rule against short replies."""
_numbers = count(1)


async def _held(city: City) -> str:
    """A request whose work order is out."""
    reference = await city.submit()
    await city.advance(minutes=1)
    return reference


async def _text(city: City, reference: str, staff: str = HOLDER, said: str = SAID, sent_at: str = "") -> None:
    """A short message from somebody's mobile, as a gateway tells of it."""
    now = city.platform.clock()
    sent = shanghai(sent_at) if sent_at else now
    inbound = Inbound(f"in-{next(_numbers)}", MOBILES[staff], f"{reference[:4].lower()} {said}", sent)
    await take_inbound(city.platform, "outbox", inbound, now)


async def _claim(city: City, reference: str) -> Action:
    return next(row for row in await city.rows(Action, reference) if row.claimed)


async def _confirm(city: City, reference: str, staff: str = HOLDER) -> ActionState:
    answer = await city.act(city.key_of(staff), reference, ActionKind.CONFIRMATION)
    return ActionState(answer.body["state"])


async def _revoke(city: City, reference: str, bearer: str = "") -> ActionState:
    key = bearer or city.key_of(HOLDER)
    answer = await city.act(key, reference, ActionKind.REVOCATION, text={"reason": "非本人所发"})
    return ActionState(answer.body["state"])


@WITH_AND_WITHOUT_CACHE
async def test_claimed_then_confirmed(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await _held(city)
        await city.advance_to("2026-09-21 09:00")
        await _text(city, reference)
        await city.advance(minutes=1)
        request, claim = await city.request(reference), await _claim(city, reference)
        assert (request.stage, request.next_due_at, claim.state) == (Stage.CONFIRMING, None, ActionState.CLAIMED)
        described = await city.handle(reference).describe()
        assert described.typed_search_attributes.get(search.STAGE) == Stage.CONFIRMING
        assert "待确认" in await city.details(reference)
        # Nothing is the party's yet.
        assert [m.template for m in await city.messages(reference)] == ["work_order", "received", "reply_claimed"]
        assert await _confirm(city, reference) is ActionState.ACCEPTED
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED
        kinds = await city.kinds(reference)
        assert (
            kinds.index(EventKind.REPLY_CLAIMED)
            < kinds.index(EventKind.REPLY_CONFIRMED)
            < kinds.index(EventKind.CLOSED)
        )
        assert (await _claim(city, reference)).state is ActionState.ACCEPTED
        assert [line["text"] for line in city.sent() if SAID in line["text"]]
        await city.replay(reference)


@WITH_AND_WITHOUT_CACHE
async def test_a_working_hour_of_silence_confirms(city_at: OpenCity, cached: int) -> None:
    """Claimed on Friday at 17:00: half an hour is left of the day, the other half is Sunday's first,
    a make-up day."""
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await _held(city)
        await city.advance_to("2026-09-18 17:00")
        await _text(city, reference)
        await city.advance_to("2026-09-20 08:55")
        assert (await city.request(reference)).stage is Stage.CONFIRMING
        await city.advance_to("2026-09-20 09:02")
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED
        confirmed = [e for e in await city.events(reference) if e.kind is EventKind.REPLY_CONFIRMED]
        assert [(e.actor, e.detail["confirmation"]) for e in confirmed] == [("platform", None)]
        await city.replay(reference)


@WITH_AND_WITHOUT_CACHE
async def test_no_rung_fires_while_a_reply_in_time_waits(city_at: OpenCity, cached: int) -> None:
    """Received at 23:50, ten minutes before the warning; its giver can be told only in the morning."""
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await _held(city)
        await city.advance_to("2026-09-21 23:50")
        await _text(city, reference)
        await city.advance_to("2026-09-22 08:31")
        assert await city.rungs(reference) == []
        assert await _confirm(city, reference, TEAM_MATE) is ActionState.ACCEPTED
        await city.handle(reference).result()
        assert await city.rungs(reference) == []
        assert (await _claim(city, reference)).state is ActionState.ACCEPTED


@WITH_AND_WITHOUT_CACHE
async def test_revoked_before_the_instant_the_ladder_goes_on(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await _held(city)
        await city.advance_to("2026-09-21 09:00")
        await _text(city, reference)
        await city.advance_to("2026-09-21 09:30")
        assert await _revoke(city, reference, city.credentials.clerk_key) is ActionState.ACCEPTED
        await city.advance(minutes=1)
        request, claim = await city.request(reference), await _claim(city, reference)
        assert (request.stage, request.next_due_at) == (Stage.AWAITING_REPLY, shanghai(WARNED))
        assert (claim.state, claim.refusal) == (ActionState.REFUSED, "revoked")
        await city.advance_to("2026-09-21 23:59")
        assert await city.rungs(reference) == []
        await city.advance_to("2026-09-22 00:11")
        [warning] = await city.rungs(reference)
        assert warning.due_at == shanghai(WARNED)
        assert (await city.reply(reference)).body["state"] == ActionState.LATE
        await city.handle(reference).result()
        await city.replay(reference)


@WITH_AND_WITHOUT_CACHE
async def test_revoked_after_the_instant_it_fires_at_once_with_its_own_date(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await _held(city)
        await city.advance_to("2026-09-21 23:50")
        await _text(city, reference)
        await city.advance_to("2026-09-22 08:40")
        assert await city.rungs(reference) == []
        assert await _revoke(city, reference) is ActionState.ACCEPTED
        await city.advance(minutes=1)
        [warning] = await city.rungs(reference)
        assert warning.due_at == shanghai(WARNED)
        assert shanghai("2026-09-22 08:40") <= warning.recorded_at < shanghai("2026-09-22 08:42")
        kinds = await city.kinds(reference)
        assert kinds.index(EventKind.REPLY_REVOKED) < kinds.index(EventKind.WARNED)
        await city.advance_to("2026-09-23 00:11")
        assert [rung.due_at for rung in await city.rungs(reference)][1] == shanghai("2026-09-23 00:00")
        await city.replay(reference)


async def test_claimed_after_the_instant_silence_stays_on_record(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        # After the instant and before the timer, which is spread over ten minutes.
        await city.advance_to(WARNED)
        await _text(city, reference)
        await city.advance(minutes=15)
        [warning] = await city.rungs(reference)
        assert warning.due_at == shanghai(WARNED)
        assert (await city.request(reference)).stage is Stage.CONFIRMING
        await city.advance_to("2026-09-22 08:45")
        await _confirm(city, reference)
        await city.handle(reference).result()
        assert (await _claim(city, reference)).state is ActionState.LATE
        assert [rung.annulled_at for rung in await city.rungs(reference)] == [None]


async def test_what_the_provider_was_slow_to_tell_annuls_the_rung(city_at: OpenCity) -> None:
    """Sent before the instant, told of after the rung was recorded."""
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        await city.advance_to("2026-09-22 00:20")
        assert len(await city.rungs(reference)) == 1
        await _text(city, reference, sent_at="2026-09-21 23:58")
        await city.advance_to("2026-09-22 08:45")
        await _confirm(city, reference)
        await city.handle(reference).result()
        assert [rung.annulled_at is not None for rung in await city.rungs(reference)] == [True]
        assert (await _claim(city, reference)).state is ActionState.ACCEPTED


async def test_a_second_claim_is_laid_before_a_clerk(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        await _text(city, reference)
        await _text(city, reference)
        await _text(city, reference, said="另请当事人携带身份证原件。")
        await city.advance(minutes=1)
        assert len([row for row in await city.rows(Action, reference) if row.claimed]) == 1
        first, again = await city.rows(InboundMessage, reference)
        assert {first.state, again.state} == {InboundState.MATCHED}
        assert first.action_id == again.action_id
        [other] = await city.rows(InboundMessage, None)  # type: ignore[arg-type]
        assert (other.state, other.mismatch) == (InboundState.UNMATCHED, Mismatch.AMBIGUOUS)


async def test_a_stranger_can_neither_confirm_nor_revoke(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        with pytest.raises(Refused) as none_waits:
            await _confirm(city, reference)
        assert none_waits.value.slug is Slug.CONFLICT
        await _text(city, reference, TEAM_MATE)
        await city.advance(minutes=1)
        claim = await _claim(city, reference)
        assert (claim.by, claim.on_behalf_of) == (TEAM_MATE, HOLDER)
        for kind, text in ((ActionKind.CONFIRMATION, None), (ActionKind.REVOCATION, {"reason": "不属实"})):
            with pytest.raises(Refused) as refused:
                await city.act(city.key_of(OTHER), reference, kind, text=text)
            assert refused.value.slug is Slug.NOT_THE_HOLDER
        assert (await city.request(reference)).stage is Stage.CONFIRMING
        # The judge in whose team's name it came is the one who may.
        assert await _confirm(city, reference, HOLDER) is ActionState.ACCEPTED
        await city.handle(reference).result()


@WITH_AND_WITHOUT_CACHE
async def test_claimed_while_the_worker_is_down(city_at: OpenCity, cached: int) -> None:
    """Claim and revocation lie in the inbox and arrive in their order; the rung waits for neither too long."""
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await _held(city)
        await city.advance_to("2026-09-21 23:40")
        await city.stop_worker()
        async with city.temporal_away():
            await _text(city, reference)
            assert (await _claim(city, reference)).state is ActionState.PENDING
            assert await _revoke(city, reference) is ActionState.PENDING
        await city.start_worker()
        await city.advance(seconds=5)
        await city.relay()
        await city.advance(seconds=30)
        await city.relay()
        await city.advance(minutes=1)
        kinds = await city.kinds(reference)
        assert kinds.index(EventKind.REPLY_CLAIMED) < kinds.index(EventKind.REPLY_REVOKED)
        assert {row.kind: row.state for row in await city.rows(Action, reference)} == {
            ActionKind.REPLY: ActionState.REFUSED,
            ActionKind.REVOCATION: ActionState.ACCEPTED,
        }
        await city.advance_to("2026-09-22 00:11")
        assert len(await city.rungs(reference)) == 1


async def test_a_word_given_in_time_counts_however_late_it_arrives(city_at: OpenCity) -> None:
    """The hour ends while the revocation lies in the inbox: silence it was not."""
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        await _text(city, reference)
        await city.advance(minutes=50)
        async with city.temporal_away():
            assert await _revoke(city, reference) is ActionState.PENDING
        await city.advance(minutes=20)
        assert (await city.request(reference)).stage is Stage.CONFIRMING
        await city.relay()
        await city.advance(minutes=1)
        assert (await city.request(reference)).stage is Stage.AWAITING_REPLY


async def test_transferred_meanwhile(city_at: OpenCity) -> None:
    """Who takes the work order over may set the reply aside, and not confirm it; who gave it may do both."""
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        giver, taker = city.key_of(HOLDER), city.key_of(OTHER)
        await city.act(giver, reference, ActionKind.TRANSFER, target={"judge": OTHER}, text={"reason": "另案由其审理"})
        await _text(city, reference)
        await city.act(taker, reference, ActionKind.SIGN_IN)
        await city.advance(minutes=1)
        request = await city.request(reference)
        assert (request.stage, request.holder_id) == (Stage.CONFIRMING, OTHER)
        with pytest.raises(Refused) as refused:
            await _confirm(city, reference, OTHER)
        assert refused.value.slug is Slug.NOT_THE_HOLDER
        assert await _confirm(city, reference, HOLDER) is ActionState.ACCEPTED
        await city.handle(reference).result()


async def test_who_cannot_be_told_has_not_kept_silent(city_at: OpenCity) -> None:
    """The gateway is down all day: after four working hours the claim lapses, and a clerk hears of it."""
    gateway = Moody(deliver)
    async with city_at(FRIDAY, gateways=(gateway,)) as city:
        reference = await _held(city)
        gateway.mood = be_away
        await _text(city, reference)
        await city.advance_to("2026-09-18 15:59")
        assert (await city.request(reference)).stage is Stage.CONFIRMING
        await city.advance_to("2026-09-18 16:05")
        request, claim = await city.request(reference), await _claim(city, reference)
        assert (request.stage, claim.state) == (Stage.AWAITING_REPLY, ActionState.REFUSED)
        clerk = await scope_of(city.platform, city.credentials.clerk_key)
        [item] = (await clerk_items_view(city.platform, clerk))["items"]
        assert (item["reference"], item["kind"], "set aside" in item["reason"]) == (reference, "reply_revoked", True)
        told = [m for m in await city.messages(reference) if m.template == "reply_claimed"]
        assert [m.state for m in told] == [MessageState.SUPERSEDED]


async def test_setting_a_claim_aside_twice_is_setting_it_aside_once(
    city_at: OpenCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies between the transaction and the messages: the step is done again, and the clerks hear once."""
    gateway, hand_on, broken = Moody(deliver), Messaging.hand_on, count()

    async def breaks_once(self: Messaging, session: AsyncSession, reference: str, cause: str) -> None:
        if cause.startswith("aside-") and next(broken) == 0:
            raise RuntimeError("the worker died")
        await hand_on(self, session, reference, cause)

    monkeypatch.setattr(Messaging, "hand_on", breaks_once)
    async with city_at(FRIDAY, gateways=(gateway,)) as city:
        reference = await _held(city)
        gateway.mood = be_away
        await _text(city, reference)
        await city.advance_to("2026-09-18 16:05")
        assert (await city.request(reference)).stage is Stage.AWAITING_REPLY
        assert next(broken) > 1, "it was not done again"
        assert len(await city.rows(ClerkItem, reference)) == 1
        kinds = await city.kinds(reference)
        assert kinds.count(EventKind.REPLY_REVOKED) == 1


async def test_what_sets_a_claim_aside_too_late_leaves_a_closed_request_alone(city_at: OpenCity) -> None:
    """An attempt that stood still wakes when the request has long been closed."""
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        await _text(city, reference)
        await city.advance(minutes=1)
        state: RequestState = await city.handle(reference).query(QUERY_STATE, result_type=RequestState)
        assert state.claimed is not None
        await city.reply(reference)
        await city.handle(reference).result()
        before = await city.request(reference)
        order = RevokeClaim(reference, before.stream, 99, state.claimed)
        await Claims(city.tools, Messaging(city.tools)).revoke_claim(order)
        after = await city.request(reference)
        assert (after.stage, after.next_due_at) == (Stage.CLOSED, before.next_due_at)
        assert await city.rows(ClerkItem, reference) == []
        assert EventKind.REPLY_REVOKED not in await city.kinds(reference)


async def test_a_proper_reply_overtakes_the_claim(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        await _text(city, reference)
        await city.advance(minutes=1)
        assert (await city.reply(reference)).body["state"] == ActionState.ACCEPTED
        await city.handle(reference).result()
        assert (await _claim(city, reference)).state is ActionState.AFTER_CLOSURE
        answers = [m for m in await city.messages(reference) if m.template == "answer"]
        assert len(answers) == 1


async def test_a_plain_signal_waits_to_be_confirmed_where_the_setting_says_so(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, plain_signals_accepted=False, plain_signals_confirmed=True) as city:
        reference = await _held(city)
        await city.handle(reference).signal("reply", {"judge": HOLDER, "text": SAID})
        await city.handle(reference).signal("reply", {"judge": HOLDER, "text": "第二次答复，内容另有不同。"})
        await city.advance(minutes=1)
        assert (await city.request(reference)).stage is Stage.CONFIRMING
        assert "waits to be confirmed" in await city.details(reference)
        await city.relay()
        await city.advance(minutes=1)
        assert await _confirm(city, reference) is ActionState.ACCEPTED
        await city.handle(reference).result()
        states = sorted(row.state for row in await city.rows(Action, reference) if row.kind is ActionKind.REPLY)
        assert states == [ActionState.ACCEPTED, ActionState.REFUSED]
        await city.replay(reference)


async def test_a_claim_that_was_settled_before_it_was_on_record_lapses(city_at: OpenCity) -> None:
    """Nobody was asked about it, and the steps behind it go on."""
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        async with city.temporal_away():
            await _text(city, reference)
        claim = await _claim(city, reference)
        async with city.tools.db.write() as session:
            await settle_action(session, claim.id, ActionState.REFUSED, city.world.now(), "NotTheHolder")
        order = ClaimReply(reference, 1, 99, action_message(claim))
        seen = await Claims(city.tools, Messaging(city.tools)).claim_reply(order)
        assert seen.fate is ClaimFate.LAPSED
        assert (await city.request(reference)).stage is Stage.AWAITING_REPLY


async def test_a_claim_that_comes_after_the_closing_opens_nothing(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        async with city.temporal_away():
            await _text(city, reference)
        claim = await _claim(city, reference)
        await city.act(city.credentials.channel_key, reference, ActionKind.WITHDRAWAL)
        await city.handle(reference).result()
        order = ClaimReply(reference, 1, 99, action_message(claim))
        await Claims(city.tools, Messaging(city.tools)).claim_reply(order)
        assert (await city.request(reference)).stage is Stage.CLOSED
        assert (await _claim(city, reference)).state is ActionState.AFTER_CLOSURE


async def test_escalation_waits_for_the_judge(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        await _text(city, reference)
        await city.advance(minutes=1)
        await city.handle(reference).signal("escalate", {"by": "operator-1", "reason": "当事人来电"})
        await city.advance(minutes=1)
        assert await city.rungs(reference) == []
        assert "revoke it first" in await city.details(reference)


async def test_a_word_on_a_reply_that_was_refused_is_refused_too(city_at: OpenCity) -> None:
    """Both lay in the inbox, and by the time they arrive the reply is not the holder's."""
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        async with city.temporal_away():
            await _text(city, reference)
            assert await _confirm(city, reference) is ActionState.PENDING
        async with city.tools.db.write() as session:
            (await session.get_one(Action, (await _claim(city, reference)).id)).by = OTHER
        await city.advance(seconds=10)
        await city.relay()
        states = {row.kind: (row.state, row.refusal) for row in await city.rows(Action, reference)}
        assert states == {
            ActionKind.REPLY: (ActionState.REFUSED, "NotTheHolder"),
            ActionKind.CONFIRMATION: (ActionState.REFUSED, "OutOfTurn"),
        }


async def test_a_repaired_run_refuses_the_second_of_two_words_on_its_claim(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        await _text(city, reference)
        await city.advance(minutes=1)
        await city.handle(reference).terminate()
        await repair(city.platform, reference)
        await city.advance(minutes=1)
        claim = await _claim(city, reference)
        state: RequestState = await city.handle(reference).query(QUERY_STATE, result_type=RequestState)
        assert state.taken == {claim.id: ActionState.CLAIMED}
        async with city.temporal_away():
            assert await _revoke(city, reference) is ActionState.PENDING
            assert await _confirm(city, reference) is ActionState.PENDING
        await city.advance(seconds=10)
        await city.relay()
        await city.advance(seconds=30)
        states = {row.kind: (row.state, row.refusal) for row in await city.rows(Action, reference)}
        assert states == {
            ActionKind.REPLY: (ActionState.REFUSED, "revoked"),
            ActionKind.REVOCATION: (ActionState.ACCEPTED, None),
            ActionKind.CONFIRMATION: (ActionState.REFUSED, "OutOfTurn"),
        }


async def test_a_repaired_run_goes_on_with_the_claim(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        await _text(city, reference)
        await city.advance(minutes=1)
        await city.handle(reference).terminate()
        await repair(city.platform, reference)
        await city.advance(minutes=1)
        assert (await city.request(reference)).stage is Stage.CONFIRMING
        await city.advance(minutes=70)
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED
