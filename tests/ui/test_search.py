"""Search attributes as operators filter by them, and the list queries of the README."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from liaison.contract import search
from liaison.db.claims import newest_plan
from liaison.policy.words import Category
from tests.city import City, shanghai
from tests.ui.conftest import OpenCity, OpenLiveCity
from tests.ui.list_queries import QUERIES, queries_of
from tests.ui.operator import temporal_json
from tests.ui.waiting import until

OPENED = "2026-09-18 10:00"
WARNING = "2026-09-22 00:00"


async def attributes_of(city: City, reference: str) -> Mapping[str, Any]:
    """What is stored, once everything under way is done."""
    await city.advance(seconds=1)
    found = (await city.handle(reference).describe()).typed_search_attributes
    return {pair.key.name.removeprefix("Liaison"): pair.value for pair in found if pair.key in search.ALL}


async def test_attributes_of_an_ordinary_life(city_at: OpenCity) -> None:
    async with city_at(OPENED) as city:
        reference = await city.submit()
        always = {
            "Court": "0104", "Channel": "hotline", "Category": "judge_contact", "Procedure": "ordinary",
            "CalendarVersion": 10, "PolicyVersion": 1, "Provisional": False, "Emergency": False,
        }  # fmt: skip
        held = {"Department": "0104-d-civil1", "Judge": "0104-j01"}
        waiting = always | held | {"Stage": "awaiting_reply"}
        assert await attributes_of(city, reference) == waiting | {"Rung": -1, "NextDeadline": shanghai(WARNING)}

        await city.advance_to("2026-09-25 09:00")
        after = await attributes_of(city, reference)
        assert after == waiting | {"Rung": 2, "NextDeadline": shanghai("2026-09-30 00:00")}

        await city.advance_to("2026-10-09 09:00")
        assert await attributes_of(city, reference) == waiting | {"Rung": 4}

        await city.reply(reference)
        await city.handle(reference).result()
        assert await attributes_of(city, reference) == always | held | {"Stage": "closed", "Rung": 4}


async def test_attributes_of_a_summary_request_that_is_not_answered(city_at: OpenCity) -> None:
    async with city_at(OPENED) as city:
        reference = await city.submit(category=Category.CONSULTATION, judge=None)
        answering = await attributes_of(city, reference)
        assert (answering["Procedure"], answering["Stage"]) == ("summary", "answering")
        assert answering["NextDeadline"] == shanghai("2026-09-19 00:00")
        assert not {"Department", "Judge"} & answering.keys()

        await city.advance_to("2026-09-19 09:00")
        ordinary = await attributes_of(city, reference)
        assert (ordinary["Procedure"], ordinary["Stage"]) == ("ordinary", "awaiting_reply")
        assert ordinary["NextDeadline"] == shanghai(WARNING)
        assert ordinary["Department"] == "0104-d-service" and "Judge" not in ordinary


async def test_attributes_before_a_worker_has_seen_the_request(live_city: OpenLiveCity) -> None:
    async with live_city() as city:
        reference = await city.submit()
        found = (await city.handle(reference).describe()).typed_search_attributes
        assert found[search.STAGE] == "registered" and found[search.RUNG] == -1
        assert found[search.NEXT_DEADLINE] > datetime.now(UTC)
        assert {pair.key for pair in found} == {*search.ALL} - {search.JUDGE, search.DEPARTMENT}


async def listed(city: City, looked_for: str) -> set[str]:
    """References that the real command lists."""
    query = QUERIES[looked_for].format(instant=city.world.now().isoformat(timespec="seconds"))
    rows = await temporal_json(city.client, "workflow", "list", "--limit", "100", "--query", query)
    return {row["execution"]["workflowId"].removeprefix("request-") for row in rows}


async def expect(city: City, wanted: Mapping[str, set[str]]) -> None:
    """Every query finds what it should, as soon as the list has caught up with the histories."""
    assert wanted.keys() == QUERIES.keys()
    found: dict[str, set[str]] = {}

    async def agrees() -> bool:
        found.update({name: await listed(city, name) for name in wanted})
        return found == wanted

    try:
        await until(agrees)
    except TimeoutError:
        assert found == wanted


async def rung_2_of(city: City, reference: str) -> tuple[datetime, datetime]:
    """When the deputy president's limit is over, and when this request's share of the work comes."""
    async with city.tools.db.read() as session:
        plan = await newest_plan(session, await city.request(reference))
    rung = next(rung for rung in plan.rungs if rung["rung"] == 2)
    return datetime.fromisoformat(rung["due_at"]), datetime.fromisoformat(rung["act_at"])


def test_the_readme_names_these_queries() -> None:
    assert queries_of("README.md") == QUERIES


async def test_the_list_queries_of_operators(city_at: OpenCity) -> None:
    async with city_at("2026-12-17 10:00") as city:
        silent = {await city.submit(phone=f"1391234560{number}") for number in range(2)}
        closed = await city.submit(phone="13912345604")
        elsewhere = await city.submit(court="0105", judge="0105-j01", phone="13912345605")
        await city.advance_to("2026-12-24 10:00")
        await city.reply(closed)
        complaint = await city.submit(category=Category.COMPLAINT, judge="0104-j04", phone="13912345606")
        await city.advance_to("2026-12-24 22:00")
        at_night = await city.submit(category=Category.DOCUMENTS, judge=None, phone="13912345607")
        found = {
            "due before an instant": set[str](),
            "warned, or climbed further, and open": silent | {elsewhere},
            "climbed to a deputy president or higher": set[str](),
            "one department of one court": silent | {closed},
            "one judge, by id": silent,
            "waiting to be answered on the spot": {at_night},
            "dates that may still move": {complaint, at_night},
            "complaints by hotline": {complaint},
            "counted with an older calendar or policy": set[str](),
        }
        await expect(city, found)

        # The limit is over; the share of the ten minutes in which it is recorded has not yet come.
        instants = {reference: await rung_2_of(city, reference) for reference in silent}
        last, (due_at, act_at) = max(instants.items(), key=lambda item: item[1][1])
        await city.world.advance_to(due_at + (act_at - due_at) / 2)
        assert last in await listed(city, "due before an instant")

        await city.advance_to("2026-12-25 09:00")
        changed = {
            "climbed to a deputy president or higher": silent | {elsewhere},
            "waiting to be answered on the spot": set[str](),
        }
        await expect(city, found | changed)
