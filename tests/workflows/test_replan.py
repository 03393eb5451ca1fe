"""A new calendar version moves running deadlines, with the reason on record (issue lines C20, C21)."""

from typing import Any

from liaison.contract import search
from liaison.db.tables import Plan
from liaison.policy.words import EventKind
from tests.city import City, shanghai
from tests.rules import approve, forget_notices_after, notices_until, replan_of
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity

BEFORE, AFTER = "2019-11-21", "2020-01-27"


@WITH_AND_WITHOUT_CACHE
async def test_open_deadlines_move_with_the_reason_on_record(city_at: OpenCity, cached: int) -> None:
    async with city_at("2020-01-22 10:00", cached=cached, replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        reference = await city.submit()
        await city.advance_to("2020-01-27 07:53")
        await approve(city, number + 1, notices_until(AFTER))
        await city.advance(minutes=2)
        done = await replan_of(city, number + 1)
        assert (done.finished_at is not None, done.moved, done.untouched, done.remaining) == (True, 1, 0, 0)
        first, second = await city.rows(Plan, reference)
        assert [row["due_on"] for row in first.rungs][:2] == ["2020-01-31", "2020-02-01"]
        assert [row["due_on"] for row in second.rungs][:2] == ["2020-02-03", "2020-02-04"]
        [event] = [event for event in await city.events(reference) if event.kind is EventKind.REPLANNED]
        assert event.detail["calendar_version"] == {"before": 3, "after": 4}
        assert event.detail["because"] == ["国务院办公厅关于延长2020年春节假期的通知 国办发明电〔2020〕1号"]
        assert second.reason == f"calendar version 4: {event.detail['because'][0]}"
        assert event.detail["rungs"][0] == {
            "rung": 0, "before": "2020-01-31", "after": "2020-02-03", "business_days": 1,
        }  # fmt: skip
        details = await city.details(reference)
        assert "dates moved by calendar version 4" in details and "warning 2020-01-31 -> 2020-02-03" in details
        assert "skips 24 Jan - 2 Feb (Spring Festival, notice 2020-01-27)" in details
        shown = await _attributes(city, reference)
        assert (shown[search.CALENDAR_VERSION], shown[search.PROVISIONAL]) == (4, False)
        assert shown[search.NEXT_DEADLINE] == shanghai("2020-02-04 00:00")
        await city.advance_to("2020-02-10 12:00")
        assert [rung.due_at for rung in await city.rungs(reference)] == [
            shanghai("2020-02-04 00:00"), shanghai("2020-02-05 00:00"), shanghai("2020-02-07 00:00"),
        ]  # fmt: skip
        await city.replay(reference)


async def _attributes(city: City, reference: str) -> dict[Any, Any]:
    description = await city.handle(reference).describe()
    return {pair.key: pair.value for pair in description.typed_search_attributes}
