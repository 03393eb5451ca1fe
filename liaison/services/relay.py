"""The relay: a task in every worker that does what a dead or absent part left undone (design section 3).

It starts requests that have no run, works off what gateways told us, delivers actions that wait in the inbox, hands on
messages nobody sends, and now and then starts re-plans that nobody runs, and what closed requests still wait for. All
are idempotent, so relays of several workers, and a relay that dies half-way, do no harm.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import count

import structlog
from sqlalchemy.exc import SQLAlchemyError

from liaison.db.errors import DatabaseError
from liaison.db.leases import (
    HANDING_ON,
    is_alone,
    keep_started,
    keep_taken,
    lease_pending_actions,
    lease_unstarted,
    messages_left,
)
from liaison.db.tables import Action, Plan, Request
from liaison.services.aftercare import start_aftercare_left
from liaison.services.callbacks import work_off_left_over
from liaison.services.delivery import ATTEMPT, Delivery, Fate, deliver
from liaison.services.handing_on import hand_on
from liaison.services.platform import Platform
from liaison.services.replanning import start_replans_left
from liaison.services.starting import start_request

ROUND_SECONDS = 1.0
BATCH = 16
START_AFTER = timedelta(seconds=3)
DELIVER_AFTER = timedelta(seconds=3)
HAND_ON_AFTER = timedelta(seconds=30)

REPLANS_EVERY = 15
"""Rounds; starting a re-plan that runs changes nothing, but it is asked of Temporal."""

PATIENCE = timedelta(minutes=10)
"""How long Temporal may hold a started workflow or a taken action before anybody asks again."""

_log = structlog.get_logger()


async def run_relay(platform: Platform, stop: asyncio.Event, name: str) -> None:
    """Work once a second until ``stop`` is set; whatever one round meets, the next one comes.

    Args:
        platform: The parts.
        stop: Set by the worker when it drains; the batch under way is finished.
        name: Which relay speaks in the log.
    """
    rounds = count()
    while not stop.is_set():
        try:
            await relay_once(platform, stop, with_replans=next(rounds) % REPLANS_EVERY == 0)
        except Exception as error:
            # A dead database above all; but nobody would notice a relay that ended by anything else either.
            _log.warning("relay starts over", component=name, error_type=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), ROUND_SECONDS)


async def relay_once(platform: Platform, stop: asyncio.Event | None = None, *, with_replans: bool = True) -> None:
    """One round: batch after batch as long as batches are full and Temporal takes them, and ``stop`` is not set.

    Raises:
        SQLAlchemyError: the book is away, and the round is over.
        Exception: what a step met that nobody foresaw; the steps behind it have had their turn.
    """
    steps = [start_left_over, work_off_left_over, deliver_left_over, hand_on_left_over]
    faults = []
    for step in [*steps, _start_replans, start_aftercare_left] if with_replans else steps:
        try:
            while not (stop is not None and stop.is_set()) and await step(platform):
                pass
        except SQLAlchemyError:
            raise
        except Exception as fault:
            faults.append(fault)
    if faults:
        raise faults[0]


async def _start_replans(platform: Platform) -> bool:
    await start_replans_left(platform, platform.clock() - START_AFTER)
    return False


async def start_left_over(platform: Platform) -> bool:
    """Start a batch of requests without a run. Returns whether there may be more to do at once."""
    now = platform.clock()
    async with platform.db.write() as session:
        leased = await lease_unstarted(session, now, now - START_AFTER, now + ATTEMPT, BATCH)
    started = await asyncio.gather(*(_start(platform, request, plan) for request, plan in leased))
    references = [reference for reference in started if reference is not None]
    if references:
        async with platform.db.write() as session:
            await keep_started(session, references, now + PATIENCE)
    return len(references) == BATCH


async def deliver_left_over(platform: Platform) -> bool:
    """Deliver a batch of pending actions, those of one request one after the other."""
    now = platform.clock()
    async with platform.db.write() as session:
        leased = await lease_pending_actions(session, now, now - DELIVER_AFTER, now + ATTEMPT, BATCH)
    delivered = await asyncio.gather(*(_deliver_in_order(platform, batch) for batch in _by_request(leased)))
    fates = [(action.id, delivery.fate) for batch in delivered for action, delivery in batch]
    taken = [action_id for action_id, fate in fates if fate is Fate.TAKEN]
    if taken:
        async with platform.db.write() as session:
            await keep_taken(session, taken, now + PATIENCE)
    return len(fates) == BATCH and all(fate is not Fate.WAITING for _, fate in fates)


async def hand_on_left_over(platform: Platform, after: timedelta = HAND_ON_AFTER) -> bool:
    """Find senders for a batch of messages that have none ``after`` they were reserved; one relay does so at a time.

    Returns whether there were any, and Temporal took them all: then there may be more.
    """
    async with platform.db.read() as session:
        if not await is_alone(session, HANDING_ON):
            return False
        messages = await messages_left(session, platform.clock() - after, BATCH)
        return bool(messages) and await hand_on(platform, messages)


async def _start(platform: Platform, request: Request, plan: Plan) -> str | None:
    return request.reference if await start_request(platform, request, plan) else None


def _by_request(actions: Iterable[Action]) -> list[list[Action]]:
    batches: dict[str, list[Action]] = defaultdict(list)
    for action in actions:
        batches[action.reference].append(action)
    return list(batches.values())


async def _deliver_in_order(platform: Platform, actions: Sequence[Action]) -> list[tuple[Action, Delivery]]:
    delivered = []
    for action in actions:
        try:
            delivery = await deliver(platform, action)
        except (DatabaseError, SQLAlchemyError) as error:
            # Its request cannot be read until somebody mends it, or is locked; nobody else's action waits for that.
            _log.warning("an action waits", reference=action.reference, error_type=type(error).__name__)
            break
        delivered.append((action, delivery))
        if delivery.fate is Fate.WAITING:
            # A later action must not overtake an earlier one.
            break
    return delivered
