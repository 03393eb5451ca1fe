"""H04: a worker that stands still in the midst of its work, is given up, and goes on: nothing happens twice."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from activities.sms import GATEWAY_SECONDS
from liaison.db.messages import PARTY
from liaison.policy.message_words import MessageState
from tests.e2e.platform import Running
from tests.faults.crowd import Crowd, crowd_at
from tests.faults.ledger import all_replied_once, sent_once
from tests.faults.processes import freeze, pid_of, say
from tests.scale import scaled

REQUESTS = scaled(32, 200)
AT_ONCE = 16
"""More than the tasks a frozen worker swallows through the polls it left open, so that some lives meet the other."""
FIRST = 70_000
STANDS_STILL_SECONDS = scaled(17, 60)
"""Longer than an activity may take: what the worker had begun is given to another, and finished by both."""
AT_MOST_SECONDS = scaled(90, 180)
"""By then the other worker has finished a life; what the frozen one swallowed of it has its own times to wait out."""


@pytest.mark.timeout(scaled(240, 1800))
async def test_a_worker_that_stood_still_repeats_nothing(platform: Running, http: httpx2.AsyncClient) -> None:
    seed = random.randrange(2**32)
    crowd = await crowd_at(platform, http, at_once=AT_ONCE)
    references = await crowd.each(crowd.ask, range(FIRST, FIRST + REQUESTS))
    with _second_worker(platform):
        standing = asyncio.create_task(_stand_still(platform, crowd, random.Random(seed)))
        await crowd.each(lambda reference: _live_on(crowd, reference), references)
        assert await standing > 0, f"seed {seed}: nothing went on beside the frozen worker"

    everything = await crowd.settled()
    sent_once(everything, crowd.outbox)
    ledger = everything.of(references)
    all_replied_once(ledger, references, rungs=(1, 2))
    to_parties = (message for message in ledger.messages if message.recipient == PARTY)
    unclear = {message.reference for message in to_parties if message.state is MessageState.AMBIGUOUS}
    assert ledger.told_parties() | unclear == set(references)


async def _live_on(crowd: Crowd, reference: str) -> None:
    await crowd.escalate(reference)
    await crowd.answer(reference)


async def _stand_still(platform: Running, crowd: Crowd, chance: random.Random) -> int:
    """Freeze the first worker at a random moment; how many lives were finished meanwhile."""
    moment = chance.randrange(REQUESTS // 4)
    while crowd.done < moment:  # noqa: ASYNC110 (the work is elsewhere)
        await asyncio.sleep(0.005)
    await asyncio.sleep(chance.uniform(0, 0.2))
    await freeze(pid_of(platform, "worker"), platform.home)
    before = crowd.done
    try:
        began = time.monotonic()
        await asyncio.sleep(STANDS_STILL_SECONDS)
        while crowd.done == before and time.monotonic() - began < AT_MOST_SECONDS:  # noqa: ASYNC110 (likewise)
            await asyncio.sleep(0.1)
        return crowd.done - before
    finally:
        say(platform, "worker", signal.SIGCONT)
        # What it had begun, it finishes now, though others did so before: the book is read after that.
        await asyncio.sleep(2 * GATEWAY_SECONDS)


@contextmanager
def _second_worker(platform: Running) -> Iterator[None]:
    """Beside that of the platform."""
    command = [sys.executable, "-P", "-m", "worker"]
    log = platform.home.parent / "second-worker.log"
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=platform.environment, stdout=out, stderr=out)
    until = time.monotonic() + 30
    while "worker polls" not in log.read_text(encoding="utf-8"):
        assert time.monotonic() < until, log.read_text(encoding="utf-8")
        time.sleep(0.1)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0
