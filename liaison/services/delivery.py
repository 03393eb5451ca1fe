"""Delivering an action of the inbox to its request's workflow: by the service at once, by the relay until done."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from liaison.contract.errors import ErrorType, error_type_of
from liaison.contract.messages import Action as ActionMessage
from liaison.contract.messages import Receipt
from liaison.contract.names import request_workflow_id
from liaison.db.inbox import find_action, is_closed, kept_action, settle_action
from liaison.db.leases import comes_after_another
from liaison.db.record import INBOX, append_event, hold_request
from liaison.db.tables import Action
from liaison.policy.words import ActionKind, ActionState, EventKind, SupervisionAct
from liaison.services.action_rules import HOLDERS_KINDS, ON_CLAIM
from liaison.services.platform import Platform
from liaison.services.starting import TEMPORAL_AWAY

DELIVERY_SECONDS = 2.0
ATTEMPT = timedelta(seconds=10)
"""The relay leases an action for one attempt; what failed is tried again when that has run out."""

TASK_SECONDS, LOOK_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 0.02, 0.2
"""First pauses between tries: each try of an update costs the workflow a task, each look into the book one row."""


class Fate(StrEnum):
    """What delivery came to."""

    TAKEN = "taken"
    """The workflow has it in its history; the action is settled in the book when it takes effect."""
    REFUSED = "refused"
    AFTER_CLOSURE = "after_closure"
    WAITING = "waiting"


@dataclass(frozen=True)
class Delivery:
    """The fate of an action; ``state`` is what the giver hears."""

    fate: Fate
    state: ActionState
    error: ErrorType | None = None


_WAITING = Delivery(Fate.WAITING, ActionState.PENDING)


async def deliver(platform: Platform, action: Action) -> Delivery:
    """Hand an action to the workflow; repeating it is harmless, for the update's id is the action's.

    Neither Temporal away nor a missing worker is an error: the action stays pending.
    """
    try:
        receipt = await _update(platform, action)
    except WorkflowUpdateFailedError as error:
        return await _refused(platform, action, error_type_of(error.cause))
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            # The request is closed, or its run is not started yet, or lost and to be repaired.
            return await _if_closed(platform, action)
        return _WAITING
    except TEMPORAL_AWAY:
        return _WAITING
    return Delivery(Fate.TAKEN, receipt.state)


async def deliver_in_turn(platform: Platform, action: Action) -> Delivery:
    """Deliver an action that was given just now; if an earlier one is left to the relay, so is this one.

    Those given within the time of one delivery may be on their way at once: neither is the earlier one.
    """
    now = platform.clock()
    async with platform.db.peek() as session:
        if await comes_after_another(session, action, now - timedelta(seconds=DELIVERY_SECONDS), now + ATTEMPT):
            return _WAITING
    return await deliver(platform, action)


async def deliver_and_see(platform: Platform, action: Action) -> Delivery:
    """Deliver an action whose giver waits, and see it settled in the book, so that he reads what he has written.

    Both within the same two seconds: what was taken in them and takes effect later is as good as settled.
    """
    until = time.monotonic() + DELIVERY_SECONDS
    delivery = await deliver_in_turn(platform, action)
    if delivery.fate is not Fate.TAKEN:
        return delivery
    for pause in _pauses(LOOK_SECONDS):
        async with platform.db.peek() as session:
            settled = await find_action(session, action.reference, action.id)
        if settled is not None and settled.state is not ActionState.PENDING:
            return _settled(settled.state)
        if time.monotonic() + pause > until:
            break
        await asyncio.sleep(pause)
    return delivery


def _settled(state: ActionState) -> Delivery:
    if state is ActionState.REFUSED:
        # The workflow took it, and then it could not take effect: nobody is left to return it to, say.
        return Delivery(Fate.REFUSED, state, ErrorType.OUT_OF_TURN)
    return Delivery(Fate.TAKEN, state)


def _pauses(first: float) -> Iterator[float]:
    pause = first
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def _update(platform: Platform, action: Action) -> Receipt:
    pauses = _pauses(TASK_SECONDS)
    async with asyncio.timeout(DELIVERY_SECONDS):
        while True:
            try:
                return await _update_once(platform, action)
            except WorkflowUpdateFailedError as error:
                if error_type_of(error.cause) is not ErrorType.NOT_SETTLED or await _speaks_in_vain(platform, action):
                    raise
            # An earlier step has reached the book and not yet the workflow: a matter of milliseconds.
            await asyncio.sleep(next(pauses))


async def _speaks_in_vain(platform: Platform, action: Action) -> bool:
    """Whether this is a word on a claimed reply that was settled without the run that hears it: it will never wait."""
    if action.kind not in ON_CLAIM:
        return False
    async with platform.db.peek() as session:
        claim = await find_action(session, action.reference, action.detail)
    return claim is None or claim.state not in (ActionState.PENDING, ActionState.CLAIMED)


async def _update_once(platform: Platform, action: Action) -> Receipt:
    handle = platform.client.get_workflow_handle(request_workflow_id(action.reference))
    receipt: Receipt = await handle.execute_update(
        action.kind.value,
        message_of(action),
        id=action.id,
        result_type=Receipt,
        rpc_timeout=timedelta(seconds=DELIVERY_SECONDS),
    )
    return receipt


def message_of(action: Action) -> ActionMessage:
    """The action as the workflow hears it: ids and words, no text."""
    # A clerk acts under his key's id, holder and team under their staff ids.
    by_holder = action.kind in HOLDERS_KINDS and action.by != action.key_id
    explains = action.kind is ActionKind.SUPERVISION_ACT and action.detail == SupervisionAct.EXPLAIN
    as_holder = by_holder or explains
    return ActionMessage(
        action_id=action.id,
        kind=action.kind,
        by=action.by,
        received_at=action.received_at.isoformat(),
        detail=action.detail,
        as_holder=as_holder,
        claimed=action.claimed,
        holder=(action.on_behalf_of or action.by) if as_holder else "",
    )


async def _refused(platform: Platform, action: Action, error: ErrorType | None) -> Delivery:
    if error is ErrorType.ALREADY_CLOSED:
        # Perhaps by this very action, which is then settled when the closing takes effect in the book.
        return await _if_closed(platform, action)
    if error is ErrorType.NOT_SETTLED:
        # A word on a reply that no run will ever have waiting.
        closed = await _if_closed(platform, action)
        if closed is not _WAITING:
            return closed
        error = ErrorType.OUT_OF_TURN
    if error is None:
        # Not a refusal of ours: an action is never lost for a fault of the program.
        return _WAITING
    refused = Delivery(Fate.REFUSED, ActionState.REFUSED, error)
    return await _settle(platform, action, refused, EventKind.ACTION_REFUSED)


async def _if_closed(platform: Platform, action: Action) -> Delivery:
    async with platform.db.peek() as session:
        closed = await is_closed(session, action.reference)
    return await _after_closure(platform, action) if closed else _WAITING


async def _after_closure(platform: Platform, action: Action) -> Delivery:
    late = Delivery(Fate.AFTER_CLOSURE, ActionState.AFTER_CLOSURE)
    return await _settle(platform, action, late, EventKind.AFTER_CLOSURE)


async def _settle(platform: Platform, action: Action, delivery: Delivery, kind: EventKind) -> Delivery:
    """Write down what became of an action; or find what became of it before, if we stood still and it was delivered by
    somebody else."""
    now = platform.clock()
    async with platform.db.write() as session:
        await hold_request(session, action.reference)
        if not await settle_action(session, action.id, delivery.state, now, delivery.error):
            return _settled((await kept_action(session, action.id)).state)
        detail = {"action": action.id, "kind": action.kind.value}
        if delivery.error is not None:
            detail["error"] = delivery.error.value
        await append_event(session, action.reference, INBOX, kind, now, action.by, detail, recorded_at=now)
    return delivery
