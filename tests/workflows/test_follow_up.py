"""Follow-up: three days at most; rated, offered a redo; unrated and unreachable kept apart (issue line M33)."""

import pytest
from temporalio.client import WorkflowExecutionStatus

from liaison.contract.aftercare import Asked
from liaison.contract.names import follow_up_workflow_id
from liaison.db.tables import ClerkItem, FollowUp, PartyContact
from liaison.policy.message_words import FollowUpState
from liaison.policy.words import ActionKind, EventKind
from liaison.services.access import scope_of
from liaison.services.follow_up import ratings_view, take_party_message
from tests.city import City, shanghai
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity
from tests.workflows.gateways import Moody, be_away, deliver, refuse

FRIDAY = "2026-09-18 10:00"


async def _replied(city: City, **changes: str) -> str:
    reference = await city.submit(**changes)
    await city.advance(minutes=1)
    await city.reply(reference)
    await city.handle(reference).result()
    return reference


async def _row(city: City, reference: str) -> FollowUp:
    [row] = await city.rows(FollowUp, reference)
    return row


async def _says(city: City, reference: str, text: str) -> str | None:
    """The party sends a short message."""
    [contact] = await city.rows(PartyContact, reference)
    return await take_party_message(city.platform, contact.phone_mac, text, city.world.now())


async def _end(city: City, reference: str) -> Asked:
    asked: Asked = await city.client.get_workflow_handle(follow_up_workflow_id(reference), result_type=Asked).result()
    return asked


async def _ask(city: City) -> None:
    """The next morning the relay starts what is to be asked."""
    await city.advance_to("2026-09-19 10:00")
    await city.relay()
    await city.advance(minutes=1)


def _asked(city: City) -> int:
    return [line["template"] for line in city.sent()].count("follow_up")


@WITH_AND_WITHOUT_CACHE
async def test_a_party_is_asked_the_next_day_and_rates(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await _replied(city)
        assert await _says(city, reference, "1") is None, "nobody has asked yet"
        await city.advance_to("2026-09-19 09:59")
        assert _asked(city) == 0
        await _ask(city)
        assert (_asked(city), (await _row(city, reference)).tries) == (1, 1)
        assert await _says(city, reference, "请问我的另一个案件何时开庭") is None, "about something else: never guessed"
        assert await _says(city, reference, " １，谢谢") == reference
        row = await _row(city, reference)
        assert (row.state, row.rating) == (FollowUpState.RATED, 1)
        await city.advance(days=2)
        assert await _end(city, reference) == Asked(FollowUpState.RATED)
        assert _asked(city) == 1
        assert EventKind.RATED in await city.kinds(reference)


async def test_no_answer_is_attached_and_offered_as_a_redo(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _replied(city)
        await _ask(city)
        words = "未答复，法官没有说何时开庭"
        sent_at = city.world.now()
        [contact] = await city.rows(PartyContact, reference)
        for _ in range(2):
            assert await take_party_message(city.platform, contact.phone_mac, words, sent_at) == reference
        row = await _row(city, reference)
        assert (row.state, row.rating) == (FollowUpState.NOT_ANSWERED, None)
        assert row.redo_offered_at is not None
        assert (await city.kinds(reference)).count(EventKind.REDO_OFFERED) == 1
        assert ["redo" in item.reason for item in await city.rows(ClerkItem, reference)] == [True]
        clerk = await scope_of(city.platform, city.credentials.clerk_key)
        [shown] = (await ratings_view(city.platform, clerk, reference))["items"]
        assert shown["text"] == words
        operator = await scope_of(city.platform, city.credentials.channel_key)
        assert "text" not in (await ratings_view(city.platform, operator, reference))["items"][0]


async def test_three_tries_on_different_days_then_unrated(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _replied(city)
        await _ask(city)
        await city.advance_to("2026-09-23 10:00")
        days = [line["at"][:10] for line in city.sent() if line["template"] == "follow_up"]
        assert days == ["2026-09-19", "2026-09-20", "2026-09-21"]
        assert await _end(city, reference) == Asked(FollowUpState.UNRATED)


async def test_an_answer_heard_after_the_next_question_is_one_and_none_from_before_the_first(
    city_at: OpenCity,
) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _replied(city)
        before = city.world.now()
        await _ask(city)
        await city.advance_to("2026-09-19 20:00")
        sent_at, [contact] = city.world.now(), await city.rows(PartyContact, reference)
        await city.advance_to("2026-09-20 10:05")
        assert (await _row(city, reference)).tries == 2
        assert await take_party_message(city.platform, contact.phone_mac, "3", before) is None
        assert await take_party_message(city.platform, contact.phone_mac, "1", sent_at) == reference
        row = await _row(city, reference)
        assert (row.state, row.rating, row.answered_at) == (FollowUpState.RATED, 1, sent_at)


@pytest.mark.parametrize(("said", "rating", "kind"), [("1", 1, EventKind.RATED), ("4", None, EventKind.REDO_OFFERED)])
async def test_an_answer_after_the_last_try_is_kept_and_kept_apart(
    city_at: OpenCity, said: str, rating: int | None, kind: EventKind
) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _replied(city)
        await _ask(city)
        await city.advance_to("2026-09-23 10:00")
        sent_at, [contact] = city.world.now(), await city.rows(PartyContact, reference)
        for _ in range(2):
            assert await take_party_message(city.platform, contact.phone_mac, said, sent_at) == reference
        row = await _row(city, reference)
        assert (row.state, row.rating, row.redo_offered_at is not None) == (
            FollowUpState.UNRATED,
            rating,
            rating is None,
        )
        [late] = [event for event in await city.events(reference) if event.kind is kind]
        assert late.detail["late"] is True
        await city.advance(minutes=1)
        assert await _says(city, reference, "3") is None, "answered already"


async def test_what_comes_when_the_number_may_be_asked_anew_answers_nothing(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _replied(city)
        await _ask(city)
        await city.advance_to("2026-10-22 10:00")
        assert await _says(city, reference, "1") is None
        assert (await _row(city, reference)).rating is None


@pytest.mark.timeout(300)
async def test_after_an_outage_of_days_a_party_is_asked_once(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=((gateway := Moody()),)) as city:
        reference = await _replied(city)
        gateway.mood = be_away
        await _ask(city)
        await city.advance_to("2026-09-21 10:30")
        assert (await _row(city, reference)).tries == 3
        gateway.mood = deliver
        await city.advance(minutes=30)
        assert [message.template for message in gateway.taken].count("follow_up") == 1


async def test_whoever_no_message_reached_is_unreachable(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=(Moody(refuse),)) as city:
        reference = await _replied(city)
        await _ask(city)
        await city.advance_to("2026-09-23 10:00")
        assert await _end(city, reference) == Asked(FollowUpState.UNREACHABLE)


async def test_a_number_is_asked_about_one_request_in_thirty_days(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        first, second = await _replied(city), await _replied(city)
        other = await _replied(city, phone="13911110001")
        landline = await _replied(city, phone="020-83210001")
        assert [len(await city.rows(FollowUp, r)) for r in (first, second, other, landline)] == [1, 0, 1, 0]
        await city.advance_to("2026-10-20 09:00")
        third = await city.submit()
        await city.advance(minutes=1)
        await city.reply(third)
        await city.handle(third).result()
        assert len(await city.rows(FollowUp, third)) == 1


async def test_what_was_withdrawn_is_not_followed_up(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await city.act(city.credentials.channel_key, reference, ActionKind.WITHDRAWAL)
        await city.handle(reference).result()
        assert await city.rows(FollowUp, reference) == []


async def test_a_lost_follow_up_is_started_anew_and_asks_no_day_twice(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _replied(city)
        await _ask(city)
        run = city.client.get_workflow_handle(follow_up_workflow_id(reference))
        await run.terminate()
        assert (await run.describe()).status is WorkflowExecutionStatus.TERMINATED
        await city.advance_to("2026-09-24 09:00")
        await city.relay()
        assert _asked(city) == 1
        await city.advance(minutes=1)
        assert (await _row(city, reference)).tries == 2
        assert (await _row(city, reference)).asked_at > shanghai("2026-09-24 09:00")
