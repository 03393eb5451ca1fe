"""What gateways tell us: on disk first, then answered, then worked off (issue line M30).

A call is worked off at once, in the background of the process that took it, and by the relay where that process died or
had no time. Everything in a call is idempotent by the provider's ids, so that it may be worked off twice.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from ulid import ULID

from liaison.db.callbacks import (
    find_live_token,
    keep_callback,
    lease_callbacks,
    open_callback,
    postpone_callback,
    settle_callback,
)
from liaison.db.tables import Callback
from liaison.gateways.sms.port import Inbound, Receipt, Unreadable
from liaison.keys import hash_secret
from liaison.policy.message_words import CallbackKind
from liaison.services.inbound import take_inbound
from liaison.services.platform import Platform
from liaison.services.receipts import take_receipt

BATCH: Final = 16
AT_ONCE: Final = 16
"""Calls that wait in one process to be worked off; what comes beyond them is left to the relay."""

LEFT_AFTER: Final = timedelta(seconds=3)
ATTEMPT: Final = timedelta(seconds=10)

NO_CLOCK: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before it there is no time of a receipt, only a clock that was never set."""

LONGEST_FAILURE: Final = 200

_log = structlog.get_logger()


class Desk:
    """Where one gateway's calls are put; a ``CallbackDesk`` of the port."""

    def __init__(self, platform: Platform, gateway: str) -> None:
        self._platform = platform
        self._gateway = gateway

    async def keep(self, kind: CallbackKind, raw: bytes) -> None:
        """Have a call on disk, and work it off in the background."""
        platform, now = self._platform, self._platform.clock()
        platform.storage.refuse_if_full()
        async with platform.db.write() as session:
            callback_id = str(ULID.from_datetime(now))
            callback = await keep_callback(session, platform.ring, callback_id, self._gateway, kind, raw, now)
        _work_off_soon(platform, callback)


async def is_address(platform: Platform, gateway: str, token: str) -> bool:
    """Whether a gateway's address is good: known, and not revoked."""
    async with platform.db.peek() as session:
        return await find_live_token(session, gateway, hash_secret(token)) is not None


async def work_off_left_over(platform: Platform) -> bool:
    """A step of the relay: a batch of calls nobody has worked off. Returns whether there may be more to do at once."""
    now = platform.clock()
    async with platform.db.write() as session:
        leased = await lease_callbacks(session, now, now - LEFT_AFTER, now + ATTEMPT, BATCH)
    settled = [await work_off(platform, callback) for callback in leased]
    return len(leased) == BATCH and all(settled)


async def work_off(platform: Platform, callback: Callback) -> bool:
    """Let everything in a call take effect; False if something in it must be tried again later."""
    failure, done = None, True
    try:
        items = _read(platform, callback)
        failure = _unread(items)
        taken = [await _take(platform, callback, item) for item in items if not isinstance(item, Unreadable)]
        done = all(taken)
    except Unreadable as unreadable:
        failure = str(unreadable)[:LONGEST_FAILURE]
    except Exception as error:
        # What breaks us here must not keep the calls behind it waiting.
        _log.warning("a gateway's call waits", callback=callback.id, error_type=type(error).__name__)
        done = False
    if failure is not None:
        _log.warning("a gateway's call cannot be read", gateway=callback.gateway, callback=callback.id)
    now = platform.clock()
    async with platform.db.write() as session:
        if done:
            await settle_callback(session, callback.id, now, failure)
        else:
            await postpone_callback(session, callback, now, ATTEMPT, failure)
    return done


def _read(platform: Platform, callback: Callback) -> Sequence[Inbound | Receipt | Unreadable]:
    shapes, raw = platform.shapes_of(callback.gateway), open_callback(platform.ring, callback)
    if shapes is None:
        raise Unreadable("no gateway of this name is known any more")
    return shapes.read_replies(raw) if callback.kind is CallbackKind.REPLIES else shapes.read_receipts(raw)


def _unread(items: Sequence[Inbound | Receipt | Unreadable]) -> str | None:
    """How many of a call could not be read, and which; None if all could."""
    faults = [str(item) for item in items if isinstance(item, Unreadable)]
    return f"{len(faults)} of {len(items)}: {'; '.join(faults)}"[:LONGEST_FAILURE] if faults else None


async def _take(platform: Platform, callback: Callback, item: Inbound | Receipt) -> bool:
    """Take one message or receipt of a call; one that breaks us keeps no other from being heard."""
    try:
        if isinstance(item, Receipt):
            return await take_receipt(platform, callback.gateway, _timed(item, callback.received_at))
        await take_inbound(platform, callback.gateway, item, callback.received_at)
    except Exception as error:
        _log.warning("part of a gateway's call waits", callback=callback.id, error_type=type(error).__name__)
        return False
    return True


def _timed(receipt: Receipt, received_at: datetime) -> Receipt:
    return receipt if receipt.at >= NO_CLOCK else replace(receipt, at=received_at)


def _work_off_soon(platform: Platform, callback: Callback) -> None:
    if len(platform.background) >= AT_ONCE:
        return
    task = asyncio.create_task(_work_off_quietly(platform, callback))
    platform.background.add(task)
    task.add_done_callback(platform.background.discard)


async def _work_off_quietly(platform: Platform, callback: Callback) -> None:
    try:
        # One after the other: a provider that calls meanwhile waits for one transaction, not for all of them.
        async with platform.in_turn:
            await work_off(platform, callback)
    except Exception as error:
        # A dead database above all. The relay works it off.
        _log.warning("a gateway's call is left to the relay", callback=callback.id, error_type=type(error).__name__)
