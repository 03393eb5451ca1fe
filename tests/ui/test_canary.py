"""Marker persons live through everything; nothing of them can be read in Temporal or a log (issue lines L50, L08)."""

import io
import json
import logging
import sys
import warnings
from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest
import structlog
from temporalio.client import Client

from liaison.codec import EncryptingCodec
from liaison.gateways.sms.outbox import EmbeddedOutbox
from liaison.gateways.sms.port import ShortMessage, Submission
from liaison.logs import configure_logs
from tests.city import City
from tests.ui import lives, markers
from tests.ui.conftest import OpenCity
from tests.ui.dump import Piece, everything, pieces_of_history
from tests.ui.markers import Markers

FAILS_EVERY = 5


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Every line of this process, down to debug, as a worker writes it."""
    root, hook, showing = logging.getLogger(), sys.excepthook, warnings.showwarning
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("worker", form="json", level="debug", stream=stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:], sys.excepthook, warnings.showwarning = handlers, hook, showing
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def talkative_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter that breaks now and then, and says whose number it was about."""
    submit, calls = EmbeddedOutbox.submit, count()

    async def fails_at_times(outbox: EmbeddedOutbox, message: ShortMessage) -> Submission:
        if next(calls) % FAILS_EVERY == 0:
            raise OSError(f"no route to {message.to}")
        return await submit(outbox, message)

    monkeypatch.setattr(EmbeddedOutbox, "submit", fails_at_times)


async def test_nothing_of_a_person_can_be_read_in_temporal_or_in_a_log(
    city_at: OpenCity, logs: io.StringIO, talkative_gateway: None
) -> None:
    async with city_at("2026-09-18 10:00") as city:
        plain = await Client.connect(city.client.service_client.config.target_host)
        signalled = await lives.signalled(city, plain)
        others = [
            await lives.answered_by_machine(city),
            await lives.answered_by_clerk(city),
            await lives.withdrawn(city),
            await lives.reached_by_telephone(city),
            await lives.climbed_and_transferred(city),
        ]
        await city.advance(days=1)
        pieces = [piece async for piece in everything(plain)]
        opened = [piece for reference in others async for piece in opened_history(city, plain, reference)]
        sent = "".join(message["to"] + message["text"] for message in city.sent())

    # The markers did go through: what the telephone network was given holds them.
    assert all(said in sent for said in (markers.LATE_REPLY, markers.ANSWER, markers.PROVEN_PHONE, markers.CASE_STATE))
    secrets = Markers([*markers.persons(), *city.credentials.all_keys()])
    assert secrets.found_in(pieces) == set()
    # Texts do not even travel encrypted, but for what people type into signals.
    assert secrets.found_in(opened) == set()
    # The one documented exception, and proof that a marker is found where there is one.
    place = f"request-{signalled} WORKFLOW_EXECUTION_SIGNALED"
    assert Markers([markers.PLAIN_REPLY]).found_in(pieces) == {(place, markers.PLAIN_REPLY)}

    lines = [json.loads(line) for line in logs.getvalue().splitlines()]
    assert {line.get("reference") for line in lines} >= {signalled, *others}
    assert any("no route to [mobile]" in line.get("exception", "") for line in lines)
    assert secrets.found_in([("log", logs.getvalue().encode())]) == set()


async def opened_history(city: City, plain: Client, reference: str) -> AsyncIterator[Piece]:
    """What a holder of the keys reads in the history of a request."""
    codec = EncryptingCodec(city.tools.ring)
    history = await plain.get_workflow_handle(f"request-{reference}").fetch_history()
    for place, payload in pieces_of_history(f"request-{reference}", history):
        opened = (await codec.decode([payload]))[0].data
        # What a key opens must be something: an encrypted payload that stays shut would hide its text.
        assert payload.metadata["encoding"] != b"binary/encrypted" or opened != payload.data
        yield place, opened


def test_a_marker_is_found_however_it_is_spelt() -> None:
    name = "金丝雀"
    spellings = [
        name.encode(),
        json.dumps(name).encode(),
        repr(name.encode()).encode(),
        json.dumps(repr(name.encode())).encode(),
        "".join(f"\\{byte:03o}" for byte in name.encode()).encode(),
    ]
    for spelt in spellings:
        assert Markers([name]).found_in([("here", b"before " + spelt + b" after")]) == {("here", name)}, spelt
    assert Markers([name]).found_in([("here", "金丝燕".encode())]) == set()
