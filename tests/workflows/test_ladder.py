"""The ladder on virtual time: who was told, when, of whose silence (Opinions art. 8; issue line L61)."""

from datetime import datetime, timedelta

import pytest

from liaison.contract import search
from liaison.contract.names import rung_cause
from liaison.policy.words import ActionKind, ActionState, EventKind, Outcome, Post, Stage
from tests.calendars.vectors import read_vectors
from tests.city import City, shanghai
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity

SPREAD = timedelta(minutes=10)
FRIDAY = "2026-09-18 10:00"
PRIMARY_ENDS = ["2026-09-22", "2026-09-23", "2026-09-25", "2026-09-30", "2026-10-01"]
"""Midnights at which the limits of a request received at ``FRIDAY`` are over: 2, 3, 5, 7 and 8 business days, where
Sunday the 20th is worked and the 25th to the 27th are Mid-Autumn."""
PLAYED = {"L0137": "23:59:59", "L0144": "make-up day", "L0146": "eve of National Day", "L0147": "in National Day"}


async def _climb(city: City, reference: str) -> list[tuple[str, Post, str | None]]:
    """Every rung recorded: when it was due (Shanghai), to whom it went."""
    rungs = await city.rungs(reference)
    for rung in rungs:
        assert rung.due_at <= rung.recorded_at < rung.due_at + SPREAD + timedelta(seconds=5)
    return [(f"{rung.due_at + timedelta(hours=8):%Y-%m-%d}", rung.post, rung.recipient) for rung in rungs]


@WITH_AND_WITHOUT_CACHE
async def test_silence_climbs_to_the_president_of_the_intermediate_court(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await city.submit()
        await city.advance_to("2026-10-02 12:00")
        people = ["0104-l01", "0104-l02", "0104-v01", "0104-p01", "01-p01"]
        posts = [
            Post.LIAISON_OFFICER, Post.DEPARTMENT_LEADER, Post.DEPUTY_PRESIDENT,
            Post.PRESIDENT, Post.INTERMEDIATE_PRESIDENT,
        ]  # fmt: skip
        # Independent of our calendar: 2+1 business days, then 2, 2 and 1 more, over a holiday and a make-up Sunday.
        assert await _climb(city, reference) == list(zip(PRIMARY_ENDS, posts, people, strict=True))
        request = await city.request(reference)
        assert (request.stage, request.rung, request.supervisor) == (Stage.AWAITING_REPLY, 4, "01-p01")
        described = await city.handle(reference).describe()
        assert (request.next_due_at, described.typed_search_attributes.get(search.NEXT_DEADLINE)) == (None, None)
        assert described.typed_search_attributes.get(search.RUNG) == 4
        assert "nobody above is left" in await city.details(reference)
        await city.replay(reference)


@WITH_AND_WITHOUT_CACHE
async def test_a_reply_ends_the_climb_wherever_it_stands(city_at: OpenCity, cached: int) -> None:
    """Before the warning, and between each pair of rungs: what was silent before it stays, nothing follows."""
    replies = ["2026-09-21 15:00", "2026-09-22 12:00", "2026-09-24 12:00", "2026-09-29 12:00", "2026-09-30 12:00"]
    async with city_at(FRIDAY, cached=cached) as city:
        references = [await city.submit() for _ in replies]
        for day, reference in zip(replies, references, strict=True):
            await city.advance_to(day)
            answer = await city.reply(reference)
            late = day >= PRIMARY_ENDS[0]
            assert answer.body["state"] == (ActionState.LATE if late else ActionState.ACCEPTED)
        await city.advance_to("2026-10-02 12:00")
        for number, reference in enumerate(references):
            assert [due for due, _, _ in await _climb(city, reference)] == PRIMARY_ENDS[:number]
            assert (await city.handle(reference).result()).outcome is Outcome.REPLIED
            kinds = await city.kinds(reference)
            assert kinds.count(EventKind.RUNG_RECORDED) == max(number - 1, 0)
            assert kinds[kinds.index(EventKind.CLOSED) :].count(EventKind.CLOSED) == 1
            assert not {EventKind.WARNED, EventKind.RUNG_RECORDED} & set(kinds[kinds.index(EventKind.CLOSED) :])
            await city.replay(reference)


async def test_the_intermediate_court_has_no_one_above_its_president(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(court="01", judge="01-j01")
        await city.advance_to("2026-10-02 12:00")
        climbed = [(post, person) for _, post, person in await _climb(city, reference)]
        # The leader is his department's liaison officer himself (art. 9).
        assert climbed == [
            (Post.LIAISON_OFFICER, "01-l02"),
            (Post.DEPARTMENT_LEADER, "01-l02"),
            (Post.DEPUTY_PRESIDENT, "01-v01"),
            (Post.PRESIDENT, "01-p01"),
        ]


async def test_dates_equal_the_vectors(city_at: OpenCity) -> None:
    """Receipt on a holiday, on a make-up day, at 23:59:59, at both court levels: played, not only counted."""
    rows = [row for row in read_vectors("ladder_vectors.csv") if row["case_id"] in PLAYED]
    assert len(rows) == len(PLAYED)
    assert {row["court_level"] for row in rows} == {"primary", "intermediate"}
    async with city_at("2026-04-28 12:00") as city:
        played = []
        for row in rows:
            await city.advance_to(row["received_at"][:19])
            received_at = datetime.fromisoformat(row["received_at"])
            court, judge = ("0104", "0104-j01") if row["court_level"] == "primary" else ("01", "01-j01")
            played.append((row, await city.submit(court=court, judge=judge, received_at=received_at)))
        await city.advance_to("2026-10-17 12:00")
        for row, reference in played:
            ends = [row[name] for name in ("t1_date", "t2_date", "t3_date", "t4_date") if row[name]]
            # A limit that ends with a day is over when the next begins.
            expected = [shanghai(f"{day} 00:00") + timedelta(days=1) for day in ends]
            assert [rung.due_at for rung in (await city.rungs(reference))[1:]] == expected, row


async def test_receipt_on_a_make_up_sunday_counts_from_monday(city_at: OpenCity) -> None:
    async with city_at("2026-09-20 09:00") as city:
        reference = await city.submit()
        await city.advance_to("2026-09-24 12:00")
        assert [due for due, _, _ in await _climb(city, reference)] == ["2026-09-23", "2026-09-24"]


@pytest.mark.parametrize("rung", [0, 2])
async def test_a_withdrawal_ends_the_climb_and_its_record_stays(city_at: OpenCity, rung: int) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to(f"{PRIMARY_ENDS[rung]} 10:00")
        answer = await city.act(city.credentials.channel_key, reference, ActionKind.WITHDRAWAL)
        assert (answer.status, answer.body["state"]) == (201, ActionState.ACCEPTED)
        await city.advance_to("2026-10-02 12:00")
        assert (await city.handle(reference).result()).outcome is Outcome.WITHDRAWN
        assert len(await _climb(city, reference)) == rung + 1
        assert EventKind.RUNG_ANNULLED not in await city.kinds(reference)


async def test_two_cities_of_requests_never_fire_a_rung_twice(city_at: OpenCity) -> None:
    """Many at one instant, spread over ten minutes: one record, one event and one bell for each."""
    async with city_at(FRIDAY) as city:
        references = [await city.submit() for _ in range(8)]
        await city.advance_to("2026-09-22 09:00")
        records = [(await city.rungs(reference))[0].recorded_at for reference in references]
        assert len(set(records)) == len(records)
        for reference in references:
            assert (await city.kinds(reference)).count(EventKind.WARNED) == 1
            bells = {m.recipient: m.template for m in await city.messages(reference) if m.cause == rung_cause(0)}
            assert bells == {
                "0104-j01": "warning", "desk:0104-d-civil1": "warning", "0104-l01": "warning_to_leader",
            }  # fmt: skip
