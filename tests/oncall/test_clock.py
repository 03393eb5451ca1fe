"""While the API's clock is over five minutes from Temporal's nothing gets a wrong time: nothing is taken (design 4)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient, Response

from api.app import create_app
from liaison.policy.words import ActionKind
from liaison.services.clock_offset import MOST, read_clock, refuse_if_clock_is_off
from liaison.services.errors import Refused, Slug
from liaison.services.platform import TRUSTED_SECONDS, Platform, TemporalClock
from tests.city import REPLY
from tests.e2e.platform import EXAMPLE
from tests.services.office import HOLDER, Office, fresh_key
from tests.services.temporal import temporal_at

pytestmark = pytest.mark.timeout(60)


@asynccontextmanager
async def api_of(office: Office) -> AsyncIterator[AsyncClient]:
    """The API on the office's platform, its clock included."""

    @asynccontextmanager
    async def parts() -> AsyncIterator[Platform]:
        yield office.platform

    app = create_app(parts, show_openapi=False)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://liaison.test") as http,
    ):
        yield http


async def post(http: AsyncClient, path: str, bearer: str, body: Any, language: str = "en") -> Response:
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": fresh_key(), "Accept-Language": language}
    return await http.post(path, headers=headers, json=body)


@pytest.mark.parametrize("shift", [timedelta(hours=2), timedelta(hours=-2), timedelta(minutes=6)])
async def test_a_clock_that_is_off_takes_nothing_and_shows_everything(
    connected_office: Office, port: int, shift: timedelta
) -> None:
    office, keys = connected_office, connected_office.credentials
    reference = await office.submit()
    before = await office.request(reference)
    async with temporal_at(port), api_of(office) as http:
        office.clock.now += shift
        intake = await post(http, "/v1/requests", keys.channel_key, EXAMPLE, "zh-CN")
        reply = await post(
            http,
            f"/v1/requests/{reference}/replies",
            keys.judge_keys[HOLDER],
            {"kind": "text", "text": REPLY},
        )
        shown = await http.get(f"/v1/requests/{reference}", headers={"Authorization": f"Bearer {keys.channel_key}"})
        office.clock.now -= shift
        later = await post(http, "/v1/requests", keys.channel_key, EXAMPLE)
    for refused in (intake, reply):
        assert refused.status_code == 503
        assert refused.json()["type"] == "/problems/clock-offset"
        assert int(refused.headers["Retry-After"]) > 0
    assert intake.json()["title"] == "平台时钟有误"
    assert reply.json()["title"] == "The platform's clock is wrong"
    assert shown.status_code == 200
    assert later.status_code == 201
    assert await office.request(reference) == before


async def test_a_clock_wrong_from_the_start_is_noticed_before_the_first_call(
    connected_office: Office, port: int
) -> None:
    office = connected_office
    async with temporal_at(port):
        office.clock.now += timedelta(days=1)
        async with api_of(office) as http:
            intake = await post(http, "/v1/requests", office.credentials.channel_key, EXAMPLE)
    assert (intake.status_code, intake.json()["type"]) == (503, "/problems/clock-offset")


async def test_five_minutes_are_borne_and_a_temporal_that_is_away_says_nothing(
    connected_office: Office, port: int
) -> None:
    office = connected_office
    office.clock.now += timedelta(hours=3)
    await read_clock(office.platform)
    assert office.platform.temporal_clock.offset(office.clock()) is None
    await refuse_if_clock_is_off(office.platform)
    office.clock.now -= timedelta(hours=3)
    async with temporal_at(port):
        await read_clock(office.platform)
    offset = office.platform.temporal_clock.offset(office.clock())
    assert offset is not None
    # The office's clock stands still, and the server was started meanwhile.
    assert timedelta(0) <= -offset < timedelta(seconds=30)
    office.clock.now += MOST - timedelta(seconds=1)
    await refuse_if_clock_is_off(office.platform)
    office.clock.now += timedelta(minutes=1)
    with pytest.raises(Refused) as refused:
        await office.act(await office.judge(HOLDER), await office.submit(), ActionKind.SIGN_IN)
    assert refused.value.slug is Slug.CLOCK_OFFSET


async def test_a_machine_that_slept_is_looked_at_again_before_anything_is_refused(
    connected_office: Office, port: int
) -> None:
    clock = connected_office.platform.temporal_clock
    async with temporal_at(port):
        await read_clock(connected_office.platform)
        now = connected_office.clock()
        # Asleep for an hour: the reading is as old as the monotonic clock says, and an hour short.
        shown = now - timedelta(hours=1)
        clock.set(shown, clock._read_at - 10)
        assert (offset := clock.offset(now)) is not None and offset > MOST
        await refuse_if_clock_is_off(connected_office.platform)
    assert (offset := clock.offset(now)) is not None and abs(offset) < MOST


def test_an_old_reading_says_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = TemporalClock()
    assert clock.offset(office.clock()) is None
    monkeypatch.setattr("liaison.services.platform.time.monotonic", lambda: 1_000.0)
    clock.set(office.clock(), 990.0)
    assert clock.offset(office.clock() + timedelta(seconds=10)) == timedelta(0)
    clock.set(office.clock(), 1_000.0 - TRUSTED_SECONDS - 1)
    assert clock.offset(office.clock()) is None
