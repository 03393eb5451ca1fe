"""H05: one spoilt request stops nobody else, stays open, is named by the doctor, and goes on once it is mended."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from liaison.db.reads import RequestFilters
from liaison.keys import KeyRing
from liaison.policy.words import ActionState, EventKind, Stage
from liaison.services.access import scope_of
from liaison.services.show import UNREADABLE
from liaison.services.views import list_requests, supervisions_view
from tests.city import City, open_city, prepare_template, shanghai
from tests.cli.conftest import run

FRIDAY = "2026-09-18 10:00"
WARNING_DUE = shanghai("2026-09-22 00:00")
OFFICER = "0104-l01"

Mend = Callable[[], Awaitable[None]]
Poison = Callable[[City, str], Awaitable[Mend]]


@pytest.fixture(scope="module")
async def template(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """A prepared home folder."""
    home = tmp_path_factory.mktemp("poison") / "home"
    await prepare_template(home)
    yield home


async def _replace(city: City, table: str, column: str, where: dict[str, Any], spoil: Callable[[Any], Any]) -> Mend:
    """Write another value past every check of ours; what is returned writes the old one back."""
    condition = " AND ".join(f"{name} = :{name}" for name in where)

    async def write(value: Any) -> None:
        async with city.tools.db.write() as session:
            connection = await session.connection()
            await connection.execute(text(f"UPDATE {table} SET {column} = :v WHERE {condition}"), {"v": value, **where})

    async with city.tools.db.read() as session:
        connection = await session.connection()
        found = await connection.execute(text(f"SELECT {column} FROM {table} WHERE {condition}"), where)
        whole = found.scalar_one()
    await write(spoil(whole))
    return lambda: write(whole)


async def _unknown_word(city: City, reference: str) -> Mend:
    return await _replace(city, "request", "procedure", {"reference": reference}, lambda _: "semi-ordinary")


async def _unknown_key(city: City, reference: str) -> Mend:
    """The data key is wrapped under a ring that is not ours."""
    bound_to = reference.encode()
    other = KeyRing.generate()
    rewrapped = other.wrap(city.tools.ring.unwrap(await _wrapped(city, reference), bound_to), bound_to)
    return await _replace(city, "data_key", "wrapped", {"reference": reference}, lambda _: rewrapped)


async def _wrapped(city: City, reference: str) -> bytes:
    async with city.tools.db.read() as session:
        connection = await session.connection()
        query = text("SELECT wrapped FROM data_key WHERE reference = :reference")
        return bytes((await connection.execute(query, {"reference": reference})).scalar_one())


async def _truncated(city: City, reference: str) -> Mend:
    return await _replace(city, "party_contact", "sealed", {"reference": reference}, lambda sealed: sealed[:-9])


async def _doctor_says(city: City) -> str:
    """What the doctor finds about requests; empty if all can be read."""
    result = await asyncio.to_thread(run, {"LIAISON_HOME": str(city.home)}, "doctor", "--json")
    [found] = [check for check in json.loads(result.stdout)["checks"] if check["check"] == "requests"]
    assert (found["verdict"] == "ok") == ("can be read" in found["says"] and "cannot" not in found["says"])
    return "" if found["verdict"] == "ok" else str(found["says"])


async def _listed(city: City) -> set[str]:
    clerk = await scope_of(city.platform, city.credentials.clerk_key)
    page = await list_requests(city.platform, clerk, RequestFilters(court="0104"))
    return {item["reference"] for item in page["items"]}


async def _inbox(city: City) -> dict[str, str]:
    officer = await scope_of(city.platform, city.key_of(OFFICER))
    page = await supervisions_view(city.platform, officer)
    return {item["reference"]: item["content"] for item in page["items"]}


@pytest.mark.parametrize("poison", [_unknown_word, _unknown_key, _truncated])
async def test_a_spoilt_request_stops_nobody_else_and_goes_on_when_mended(
    template: Path, tmp_path: Path, poison: Poison
) -> None:
    async with open_city(template, tmp_path / "home", FRIDAY) as city:
        whole, spoilt = await city.submit(), await city.submit()
        await city.advance_to("2026-09-21 23:57")
        async with city.temporal_away():
            spoilt_unstarted, whole_unstarted = await city.submit(), await city.submit()
        mends = [await poison(city, reference) for reference in (spoilt, spoilt_unstarted)]
        await city.advance(seconds=5)
        await city.relay()
        await city.advance_to("2026-09-22 00:11")

        assert [rung.due_at for rung in await city.rungs(whole)] == [WARNING_DUE]
        assert {whole, whole_unstarted} <= await _listed(city)
        assert whole in await _inbox(city)
        assert EventKind.DISPATCHED in await city.kinds(whole_unstarted)
        assert EventKind.DISPATCHED not in await city.kinds(spoilt_unstarted)
        assert (await city.reply(whole_unstarted)).body["state"] == ActionState.ACCEPTED
        said = await _doctor_says(city)
        assert said.startswith("2 ") and spoilt in said and spoilt_unstarted in said

        for mend in mends:
            await mend()
        await city.advance(seconds=40)
        await city.relay()
        await city.advance(seconds=40)
        assert await _doctor_says(city) == ""
        assert [rung.due_at for rung in await city.rungs(spoilt)] == [WARNING_DUE]
        assert (await city.kinds(spoilt_unstarted)).count(EventKind.DISPATCHED) == 1
        for reference, state in ((spoilt, ActionState.LATE), (spoilt_unstarted, ActionState.ACCEPTED)):
            assert (await city.request(reference)).stage is Stage.AWAITING_REPLY
            assert (await city.reply(reference)).body["state"] == state
            await city.handle(reference).result()
            await city.replay(reference)


async def test_a_leader_sees_the_rest_of_his_inbox_beside_a_text_that_cannot_be_opened(
    template: Path, tmp_path: Path
) -> None:
    async with open_city(template, tmp_path / "home", FRIDAY) as city:
        whole, spoilt = await city.submit(), await city.submit()
        await city.advance_to("2026-09-22 00:11")
        content = {"reference": spoilt, "subject": "content"}
        mend = await _replace(city, "request_text", "sealed", content, lambda sealed: sealed[:-9])
        inbox = await _inbox(city)
        assert (inbox[spoilt], inbox[whole] not in ("", UNREADABLE)) == (UNREADABLE, True)
        assert spoilt in await _doctor_says(city)
        await mend()
        assert (await _inbox(city))[spoilt] == inbox[whole]


async def test_a_spoilt_action_holds_up_no_other(template: Path, tmp_path: Path) -> None:
    async with open_city(template, tmp_path / "home", FRIDAY) as city:
        spoilt, whole = await city.submit(), await city.submit()
        await city.advance(minutes=1)
        async with city.temporal_away():
            for reference in (spoilt, whole):
                assert (await city.reply(reference)).status == 202
        mend = await _replace(city, "action", "kind", {"reference": spoilt}, lambda _: "sigh")
        await city.advance(seconds=5)
        await city.relay()
        assert (await city.handle(whole).result()).outcome is not None
        assert (await city.request(spoilt)).stage is Stage.AWAITING_REPLY
        assert spoilt in await _doctor_says(city)
        await mend()
        await city.advance(seconds=11)
        await city.relay()
        assert (await city.handle(spoilt).result()).outcome is not None
