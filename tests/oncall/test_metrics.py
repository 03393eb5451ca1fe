"""``/metrics`` on its own port in API and worker: the book's figures and the SDK's own (H30)."""

import socket
import time
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from liaison.db.figures import COUNTED_FOR, GRACE, read_figures
from liaison.db.tables import RungRecord
from liaison.metrics import CODEC_FAILURES, DAMAGED, UNKNOWN_KEY, Endpoint
from liaison.policy.message_words import MessageState
from liaison.policy.words import ActionState, Post
from liaison.settings import Settings, SettingsError, load_settings
from liaison.temporal import measured_runtime
from tests.e2e.platform import Running
from tests.oncall.lateness import new_rung, unmade_answer
from tests.oncall.scraping import names, scraped, value, without_values
from tests.services.office import HOLDER, Office

SPREAD = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


async def figures(office: Office) -> Any:
    async with office.platform.db.read() as session:
        return await read_figures(session, office.clock(), SPREAD)


async def test_figures_of_the_book(either_office: Office) -> None:
    office = either_office
    before = await figures(office)
    waiting, answered, fired = [await new_rung(office, claimed=number > 0) for number in range(3)]
    office.clock.now += timedelta(minutes=3)
    pending = await figures(office)
    assert pending.open_requests == before.open_requests + 3
    assert pending.pending_starts == before.pending_starts + 1
    assert pending.oldest_pending_start >= timedelta(minutes=3)

    office.clock.now = waiting.due_at + SPREAD
    assert (await figures(office)).unfired == before.unfired
    office.clock.now += GRACE + MINUTE
    assert (await figures(office)).unfired == before.unfired + 3
    await office.change(fired.reference, next_due_at=fired.due_at + timedelta(days=1))
    await answered.reply(answered.due_at - MINUTE, ActionState.PENDING)
    late = await figures(office)
    assert late.unfired == before.unfired + 1
    assert late.waiting_actions == before.waiting_actions + 1
    assert late.oldest_action >= SPREAD + GRACE
    assert before.sends_frozen is False


async def test_an_answer_that_is_not_made_is_a_rung_unfired(either_office: Office) -> None:
    office = either_office
    rung = await unmade_answer(office, closed_before=timedelta(days=2))
    office.clock.now = rung.due_at + SPREAD
    before = (await figures(office)).unfired
    office.clock.now += GRACE + MINUTE
    assert (await figures(office)).unfired == before + 1
    async with office.platform.db.write() as session:
        session.add(
            RungRecord(
                reference=rung.reference, round=1, rung=4, post=Post.INTERMEDIATE_PRESIDENT, recipient=HOLDER,
                due_at=rung.due_at, recorded_at=rung.act_at,
            )
        )  # fmt: skip
    assert (await figures(office)).unfired == before


async def test_messages_are_counted_by_state_and_settled_ones_for_a_day(office: Office) -> None:
    rung = await new_rung(office)
    for state in (MessageState.RESERVED, MessageState.DELIVERED):
        other = await new_rung(office)
        await other.ring(state)
    office.clock.now = rung.act_at + timedelta(hours=2)
    now = await figures(office)
    assert (now.messages[MessageState.RESERVED], now.messages[MessageState.DELIVERED]) == (1, 1)
    assert now.oldest_message >= timedelta(hours=1)
    office.clock.now += COUNTED_FOR
    later = await figures(office)
    assert (later.messages[MessageState.RESERVED], later.messages[MessageState.DELIVERED]) == (1, 0)


@pytest.mark.parametrize(("state", "waits"), [(MessageState.SUBMITTING, True), (MessageState.AMBIGUOUS, False)])
async def test_a_message_whose_sender_stopped_or_heard_nothing_is_seen(
    office: Office, state: MessageState, waits: bool
) -> None:
    rung = await new_rung(office)
    await rung.ring(state, settled=False)
    office.clock.now = rung.act_at + COUNTED_FOR + timedelta(hours=2)
    now = await figures(office)
    assert now.messages[state] == 1
    assert (now.oldest_message >= timedelta(hours=1)) is waits


def test_what_is_scraped_beside_a_running_platform(watched: Running, troubled: str) -> None:
    api, worker = scraped(watched, "API"), scraped(watched, "WORKER")
    for page in (api, worker):
        assert len(list(text_string_to_metric_families(page))) > 20
        assert value(page, "liaison_book_up") == 1
        assert value(page, "liaison_open_requests") >= 1
        assert value(page, "liaison_rungs_unfired") == 0
        assert abs(value(page, "liaison_clock_offset_seconds")) < 5
        states = {value(page, "liaison_messages", f'state="{state}"') for state in MessageState}
        assert states and min(states) >= 0
        assert value(page, "liaison_codec_failures_total", f'reason="{UNKNOWN_KEY}"') == 0
    assert {"temporal_num_pollers", "temporal_request_total"} <= names(worker)
    assert "temporal_request_latency_seconds_bucket" in names(api)
    assert value(worker, "liaison_timer_lateness_seconds_count") >= 0
    for secret in (troubled, "0104", watched.credentials["channel_key"].split("_")[1]):
        assert secret not in without_values(api) + without_values(worker)


def test_a_line_of_the_record_written_in_the_background_is_measured(watched: Running, troubled: str) -> None:
    before = value(scraped(watched, "WORKER"), "liaison_projection_lag_seconds_count")
    watched.temporal("workflow", "signal", "--workflow-id", f"request-{troubled}", "--name", "nonsense")
    until = time.monotonic() + 20
    while value(page := scraped(watched, "WORKER"), "liaison_projection_lag_seconds_count") == before:
        assert time.monotonic() < until, page[-500:]
        time.sleep(0.2)


def test_other_addresses_are_not_served_and_the_port_is_free_again() -> None:
    endpoint = Endpoint("127.0.0.1", 0, None)
    base = f"http://127.0.0.1:{endpoint.port}"
    assert httpx2.get(base + "/", trust_env=False).status_code == 404
    assert "liaison_codec_failures_total" in httpx2.get(base + "/metrics", trust_env=False).text
    endpoint.close()
    with socket.create_server(("127.0.0.1", endpoint.port)):
        pass


def test_a_taken_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=r"^LIAISON_WORKER_METRICS_PORT cannot be listened on: 127\.0\.0\.1"):
            measured_runtime(Settings(worker_metrics_port=port), "worker")


def test_off_until_a_port_is_set_and_no_port_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert (settings.api_metrics_port, settings.worker_metrics_port) == (None, None)
    assert measured_runtime(settings, "api")[1] is None
    monkeypatch.setenv("LIAISON_API_METRICS_PORT", "8400")
    with pytest.raises(SettingsError, match="LIAISON_API_PORT and LIAISON_API_METRICS_PORT are both 8400"):
        load_settings()
    monkeypatch.setenv("LIAISON_API_METRICS_PORT", "9464")
    monkeypatch.setenv("LIAISON_METRICS_HOST", "0.0.0.0")
    with pytest.raises(SettingsError, match="LIAISON_METRICS_HOST must be 127"):
        load_settings()


def test_reasons_of_the_codec_are_shown_before_the_first() -> None:
    shown = {sample.labels["reason"] for family in CODEC_FAILURES.collect() for sample in family.samples}
    assert shown == {UNKNOWN_KEY, DAMAGED}
