"""H01: worker, API, Temporal's server and supervisor killed at random moments: nothing lost, nothing done twice.

Rungs are lifted by an operator's signals here; rungs that fall due under faults are in ``test_database_faults.py``.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import httpx2
import pytest

from tests.e2e.platform import Running
from tests.faults.crowd import Crowd, crowd_at
from tests.faults.ledger import all_replied_once, one_workflow_each, sent_once
from tests.faults.processes import CHILDREN, SUPERVISOR, kill
from tests.scale import scaled

REQUESTS = scaled(20, 1000)
DECKS = scaled(1, 4)
"""How often each of the four is killed."""
PHASES = 3
REST_SECONDS = 15.0
"""Between kills of more than one deck: a supervisor gives up a child that dies five times within a minute."""

Result = TypeVar("Result")


@pytest.mark.timeout(scaled(240, 3600))
async def test_whoever_is_killed_nothing_is_lost_and_nothing_done_twice(
    platform: Running, http: httpx2.AsyncClient
) -> None:
    seed = random.randrange(2**32)
    crowd = await crowd_at(platform, http, at_once=scaled(4, 16))
    killer = Killer(platform, crowd, random.Random(seed))
    references = await killer.during(crowd.each(crowd.ask, range(REQUESTS)))
    await killer.during(crowd.each(crowd.escalate, references))
    await killer.during(crowd.each(crowd.answer, references))
    assert killer.killed == 4 * DECKS, f"seed {seed}"
    assert killer.in_the_midst >= 2 * DECKS, f"seed {seed}: {killer.in_the_midst} of {killer.killed} kills hit anybody"

    assert len(set(references)) == REQUESTS
    everything = await crowd.settled()
    sent_once(everything, crowd.outbox)
    ledger = everything.of(references)
    all_replied_once(ledger, references, rungs=(1, 2))
    assert ledger.told_parties() == set(references), f"seed {seed}"
    await one_workflow_each(crowd.client, references)


class Killer:
    """kill -9 at moments drawn from the progress of the work, so that a slow machine is hit as well as a fast one."""

    def __init__(self, platform: Running, crowd: Crowd, chance: random.Random) -> None:
        self._platform, self._crowd, self._chance = platform, crowd, chance
        deck = [victim for _ in range(DECKS) for victim in chance.sample((*CHILDREN, SUPERVISOR), 4)]
        self._phases = [deck[phase::PHASES] for phase in range(PHASES)]
        self._last = float("-inf")
        self.killed = self.in_the_midst = 0

    async def during(self, work: Awaitable[list[Result]]) -> list[Result]:
        """The work's result; while it goes on, parts of the platform die."""
        killing = asyncio.create_task(self._kill(self._phases.pop(0)))
        try:
            done = await work
            await killing
        finally:
            killing.cancel()
        return done

    async def _kill(self, victims: Sequence[str]) -> None:
        moments = sorted(self._chance.sample(range(REQUESTS - self._crowd.at_once), len(victims)))
        for victim, moment in zip(victims, moments, strict=True):
            await self._until(moment)
            await asyncio.sleep(self._chance.uniform(0, 0.1))
            self.in_the_midst += self._crowd.done < REQUESTS
            self.killed += 1
            await kill(self._platform, victim)
            self._last = time.monotonic()

    async def _until(self, moment: int) -> None:
        rested = self._last + (REST_SECONDS if DECKS > 1 else 0)
        while self._crowd.done < moment or time.monotonic() < rested:  # noqa: ASYNC110 (the work is elsewhere)
            await asyncio.sleep(0.005)
