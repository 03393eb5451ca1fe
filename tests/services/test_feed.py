"""The feed: every line a key may see, once and in order, whatever is committed when."""

import asyncio
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from liaison.db.feed import PATIENCE_SECONDS, events_between
from liaison.db.record import append_event
from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, EventKind, KeyRole
from liaison.services.errors import Refused, Slug
from liaison.services.feed import feed_view
from liaison.services.views import events_view
from tests.services.office import HOLDER, LEADER, PRESIDENT, STRANGER_JUDGE, Office, fresh_case

OPERATOR = Scope(KeyRole.OPERATOR, "operator")
STREAM = "test"


async def follow(office: Office, scope: Scope, after: str | None = None, limit: int = 50) -> tuple[list[Any], str]:
    """All that is new, over as many pages as it takes, and where it ended."""
    items: list[Any] = []
    while True:
        part = await feed_view(office.platform, scope, after, limit)
        items += part["items"]
        if part["next_cursor"] == after:
            return items, after
        after = part["next_cursor"]


async def now(office: Office, scope: Scope = OPERATOR) -> str:
    """Where the feed ends."""
    return (await follow(office, scope))[1]


async def lines(office: Office, scope: Scope, reference: str) -> list[Any]:
    """The record of one request, by its own route."""
    items: list[Any] = (await events_view(office.platform, scope, reference, limit=200))["items"]
    return items


async def test_a_channel_follows_what_it_submitted_as_each_record_shows_it(either_office: Office) -> None:
    office, channel, case = either_office, await either_office.channel(), fresh_case()
    begun = await now(office, channel)
    main, other, attached = (
        *(await office.submit(case_number=case), await office.submit()),
        await office.submit(case_number=case),
    )
    await office.act(await office.clerk(), main, ActionKind.WITHDRAWAL, text={"reason": "已解决"})
    seen, _ = await follow(office, channel, begun, limit=2)
    shown = await lines(office, channel, attached)
    assert {line["reference"] for line in shown} == {main, attached}
    assert [line for line in seen if line["reference"] != other] == shown
    assert [line for line in seen if line["reference"] == other] == await lines(office, channel, other)
    assert {line["kind"] for line in seen} >= {"registered", "attached"}


async def test_the_end_of_the_feed_is_where_it_goes_on(either_office: Office) -> None:
    office, channel = either_office, await either_office.channel()
    end = await now(office, channel)
    empty = await feed_view(office.platform, channel, end)
    assert empty == {"items": [], "next_cursor": end}
    reference = await office.submit()
    [registered] = (await feed_view(office.platform, channel, end))["items"]
    assert (registered["reference"], registered["kind"]) == (reference, "registered")


async def test_a_feed_of_nothing_has_a_cursor_too(office: Office) -> None:
    empty = await feed_view(office.platform, OPERATOR)
    assert empty["items"] == []
    reference = await office.submit()
    assert {line["reference"] for line in (await follow(office, OPERATOR, empty["next_cursor"]))[0]} == {reference}


async def test_what_is_not_ones_own_is_passed_over_and_not_searched_twice(either_office: Office) -> None:
    office = either_office
    stranger, begun = Scope(KeyRole.CHANNEL, "another-key"), await now(office)
    await office.submit()
    part = await feed_view(office.platform, stranger, begun)
    assert part["items"] == []
    assert part["next_cursor"] == await now(office)


async def test_everybody_follows_what_he_may_see(either_office: Office) -> None:
    office, begun = either_office, await now(either_office)
    reference = await office.submit()
    await office.dispatch(reference)
    await office.supervise(reference, PRESIDENT)
    see = {
        "clerk": await office.clerk(),
        "holder": await office.judge(HOLDER),
        "his leader": await office.leader(LEADER),
        "supervisor": await office.leader(PRESIDENT),
        "operator": OPERATOR,
    }
    for who, scope in see.items():
        assert {line["reference"] for line in (await follow(office, scope, begun))[0]} == {reference}, who
    for scope in (await office.judge(STRANGER_JUDGE), Scope(KeyRole.CHANNEL, "another-key")):
        assert (await follow(office, scope, begun))[0] == []


async def test_a_cursor_that_is_none_is_told_by_the_parameters_name(office: Office) -> None:
    with pytest.raises(Refused) as refused:
        await feed_view(office.platform, OPERATOR, "AA==")
    assert (refused.value.slug, [fault.pointer for fault in refused.value.faults]) == (Slug.INVALID, ["/after"])


async def write_line(
    office: Office, reference: str, seq: int, committed: asyncio.Event, written: asyncio.Event
) -> None:
    """A transaction that writes one line, then stays open until it is told to commit."""
    at = office.clock.now + timedelta(seconds=seq)
    async with office.platform.db.write() as session:
        await append_event(session, reference, STREAM, EventKind.MESSAGE_SENT, at, "platform", recorded_at=at, seq=seq)
        written.set()
        await committed.wait()


class TwoWriters:
    """Two transactions on PostgreSQL: the first to get its number is the last to commit."""

    def __init__(self, office: Office, first: str, second: str) -> None:
        self.office, self.first, self.second = office, first, second
        self.commit = asyncio.Event()
        self.slow: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Write the first line and keep it open, then write and commit the second."""
        written, at_once = asyncio.Event(), asyncio.Event()
        self.slow = asyncio.create_task(write_line(self.office, self.first, 1, self.commit, written))
        await written.wait()
        at_once.set()
        await write_line(self.office, self.second, 1, at_once, asyncio.Event())

    async def end(self) -> None:
        """Commit the first."""
        self.commit.set()
        assert self.slow is not None
        await self.slow


@pytest.fixture
async def race(postgres_office: Office) -> TwoWriters:
    return TwoWriters(postgres_office, await postgres_office.submit(), await postgres_office.submit())


def of_test(items: list[Any]) -> list[str]:
    """References of the lines of this test."""
    return [line["reference"] for line in items if line["stream"] == STREAM]


async def test_a_line_that_commits_late_is_waited_for_and_never_skipped(race: TwoWriters) -> None:
    office, begun = race.office, await now(race.office)
    await race.begin()
    async with office.platform.db.read() as session:
        seen = await events_between(session, OPERATOR, 0, 2**31 - 1, 10_000)
        assert [line.reference for line in seen if line.stream == STREAM][-1] == race.second, "out of order, seen so"
    started = monotonic()
    held_back = await feed_view(office.platform, OPERATOR, begun)
    assert held_back == {"items": [], "next_cursor": begun}
    assert PATIENCE_SECONDS <= monotonic() - started < PATIENCE_SECONDS + 5
    await race.end()
    items, _ = await follow(office, OPERATOR, held_back["next_cursor"])
    assert of_test(items) == [race.first, race.second]


async def test_a_reader_waits_for_a_writer_who_is_about_to_end(race: TwoWriters) -> None:
    office, begun = race.office, await now(race.office)
    await race.begin()
    reading = asyncio.create_task(feed_view(office.platform, OPERATOR, begun))
    await asyncio.sleep(0.1)
    await race.end()
    assert of_test((await reading)["items"]) == [race.first, race.second]


async def test_a_number_that_never_comes_holds_nothing_up(race: TwoWriters) -> None:
    office, begun = race.office, await now(race.office)
    await race.begin()
    assert race.slow is not None
    race.slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await race.slow
    assert of_test((await follow(office, OPERATOR, begun))[0]) == [race.second]


async def test_many_writers_and_a_reader_who_never_rests(either_office: Office) -> None:
    office, begun = either_office, await now(either_office)
    references = [await office.submit() for _ in range(4)]
    done, go = asyncio.Event(), asyncio.Event()
    go.set()

    async def write(reference: str) -> None:
        for seq in range(1, 26):
            await write_line(office, reference, seq, go, asyncio.Event())

    async def read() -> list[str]:
        items, cursor = await follow(office, OPERATOR, begun, limit=7)
        while not done.is_set():
            more, cursor = await follow(office, OPERATOR, cursor, limit=7)
            items += more
        return of_test(items + (await follow(office, OPERATOR, cursor))[0])

    reading = asyncio.create_task(read())
    await asyncio.gather(*map(write, references))
    done.set()
    seen = await reading
    assert {reference: seen.count(reference) for reference in references} == dict.fromkeys(references, 25)
