"""What people do to a request: kept in the book first, then handed to its workflow (design sections 3 and 6)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from liaison.contract.errors import ErrorType
from liaison.db.claimed import unsettled_claim
from liaison.db.inbox import (
    action_texts,
    insert_action,
    is_supervised_by,
    offer_of,
    replies_kept,
    settle_action,
    work_order_in_force,
)
from liaison.db.reads import Found
from liaison.db.record import INBOX, append_event, lock_request
from liaison.db.retry import start_over_once
from liaison.db.tables import Action
from liaison.db.texts import CONTENT, data_key, read_text
from liaison.policy.replies import bare
from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, ActionState, EventKind, KeyRole, ReplyKind, SupervisionAct
from liaison.services.action_rules import (
    ON_CLAIM,
    Matter,
    check_right,
    check_state,
    check_target,
    is_clerk,
    not_the_holder,
)
from liaison.services.action_views import as_it_stands
from liaison.services.clock_offset import refuse_if_clock_is_off
from liaison.services.delivery import Delivery, Fate, deliver_and_see
from liaison.services.errors import Fault, Refused, Slug
from liaison.services.finding import refuse_if_erased, visible_request
from liaison.services.idempotency import answered_meanwhile, store_answer, store_final_answer, stored_answer
from liaison.services.platform import Answer, Platform
from liaison.services.reply_rules import reply_faults
from liaison.services.show import PATHS, action_location, show_action

__all__ = ["PATHS", "ActionInput", "take_action"]

NEEDED = dict.fromkeys(
    (ActionKind.TRANSFER, ActionKind.RETURN, ActionKind.PROCEDURE_CHANGE, ActionKind.REVOCATION), "reason"
)
NEEDED_OF_ACT = {SupervisionAct.EXPLAIN.value: "note"}
"""What must be said, by kind of action or act of supervision."""


@dataclass(frozen=True)
class ActionInput:
    """An action as handed in, of the right shape, not yet checked against the request.

    Attributes:
        kind: What is done.
        detail: The procedure changed to, or the act of supervision.
        target: ``{"judge": id}`` or ``{"department": code}`` of a transfer or appointment.
        text: What is said, to be sealed: a reply (see ``reply_faults``), ``{"text"}``, ``{"reason"}`` or ``{"note"}``.
    """

    kind: ActionKind
    detail: str = ""
    target: dict[str, str] | None = None
    text: dict[str, Any] | None = field(default=None, repr=False)


async def take_action(
    platform: Platform, scope: Scope, reference: str, action: ActionInput, idempotency_key: str, fingerprint: str
) -> Answer:
    """Keep an action and hand it to the workflow of its request, for at most two seconds.

    On an attached request it goes to the main one.

    Returns:
        201 with state accepted, late or after_closure; 202 with state pending while Temporal or its workers are away,
        or an earlier action waits; 200 for a repetition, with what has become of the action.

    Raises:
        Refused: ``NOT_FOUND``, ``FORBIDDEN``, ``NOT_THE_HOLDER``, ``CONFLICT``, ``INVALID``, ``KEY_REUSED``,
            ``CLOCK_OFFSET``, ``ERASED``.
    """
    await refuse_if_clock_is_off(platform)
    keeping = _Keeping(platform, scope, reference, action, idempotency_key, fingerprint)
    try:
        answer, row = await start_over_once(keeping.keep)
    except Refused:
        earlier = await answered_meanwhile(platform, scope, idempotency_key, fingerprint)
        if earlier is None:
            raise
        async with platform.db.peek() as session:
            return await as_it_stands(session, earlier)
    if row is None or row.state is not ActionState.PENDING:
        return answer
    delivery = await deliver_and_see(platform, row)
    if delivery.fate is Fate.WAITING:
        return answer
    concluded = await keeping.conclude(row, delivery)
    if delivery.fate is Fate.REFUSED:
        raise _refusal(delivery.error)
    return concluded


class _Keeping:
    """One action on its way into the book."""

    def __init__(
        self, platform: Platform, scope: Scope, reference: str, action: ActionInput, key: str, fingerprint: str
    ) -> None:
        self._platform = platform
        self._scope = scope
        self._reference = reference
        # An answer is a reply in writing by somebody who is not the holder.
        said = {"kind": ReplyKind.TEXT.value, **(action.text or {})}
        self._action = replace(action, text=said) if action.kind is ActionKind.ANSWER else action
        self._key = key
        self._fingerprint = fingerprint

    async def keep(self) -> tuple[Answer, Action | None]:
        """Check everything and write the action with its text, event and answer, in one transaction."""
        scope, action, now = self._scope, self._action, self._platform.clock()
        async with self._platform.db.write() as session:
            if (earlier := await stored_answer(session, scope, self._key, self._fingerprint)) is not None:
                return await as_it_stands(session, earlier), None
            found = await visible_request(session, scope, self._reference)
            matter = await self._matter(session, found, now)
            refuse_if_erased(matter.main)
            check_right(matter, scope, action.kind, action.detail)
            check_state(matter, scope, action.kind, action.detail)
            check_target(matter, action.kind, action.detail, action.target)
            await self._check_text(session, matter)
            if (same := await self._same_reply(session, matter)) is not None:
                answer = self._answer(same, 200)
                await self._store(session, answer, now)
                return answer, None
            row = self._row(matter, now)
            await insert_action(session, self._platform.ring, row, action.text)
            if action.kind is ActionKind.REPLY:
                row = await self._receive_reply(session, matter, row)
            answer = self._answer(row, 202 if row.state is ActionState.PENDING else 201)
            await self._store(session, answer, now)
            return answer, row

    async def conclude(self, row: Action, delivery: Delivery) -> Answer:
        """The answer after delivery; repetitions hear it too."""
        settled = row.model_copy(update={"state": delivery.state, "refusal": delivery.error})
        answer = self._answer(settled, 201)
        async with self._platform.db.write() as session:
            await store_final_answer(session, self._scope, self._key, answer)
        return answer

    async def _matter(self, session: AsyncSession, found: Found, now: datetime) -> Matter:
        rulebook, scope = self._platform.rulebook, self._scope
        main = await lock_request(session, found.main.reference)
        in_chamber = scope.role is KeyRole.CHAMBER
        supervises = self._action.kind is ActionKind.SUPERVISION_ACT
        return Matter(
            own=found.own,
            main=main,
            roster=await rulebook.roster(session),
            policy=await rulebook.policy(session, main.policy_version),
            order=await work_order_in_force(session, main.reference, main.work_order),
            offer=await offer_of(session, main.reference, main.work_order),
            claim=await unsettled_claim(session, main.reference),
            in_inbox=supervises and await is_supervised_by(session, main.reference, scope.staff, chamber=in_chamber),
            now=now,
        )

    async def _check_text(self, session: AsyncSession, matter: Matter) -> None:
        faults = list(await self._text_faults(session, matter))
        if faults:
            raise Refused(Slug.INVALID, "内容有误。", "The action has faults.", tuple(faults))

    async def _text_faults(self, session: AsyncSession, matter: Matter) -> Iterable[Fault]:
        kind, text = self._action.kind, self._action.text or {}
        if kind in (ActionKind.REPLY, ActionKind.ANSWER):
            key = await data_key(session, self._platform.ring, matter.main.reference)
            question = await read_text(session, key, matter.main.reference, CONTENT) or ""
            asked_at = matter.main.received_at
            return reply_faults(text, question, matter.policy, asked_at=asked_at, now=matter.now)
        field = NEEDED.get(kind) or NEEDED_OF_ACT.get(self._action.detail)
        if field is not None and not bare(str(text.get(field, ""))):
            return [Fault(f"/{field}", "不能为空。", "This is needed.")]
        return []

    async def _same_reply(self, session: AsyncSession, matter: Matter) -> Action | None:
        """The reply this one repeats: same holder, same words (issue line L32)."""
        if self._action.kind is not ActionKind.REPLY:
            return None
        kept = await replies_kept(session, matter.main.reference)
        texts = await action_texts(session, self._platform.ring, matter.main.reference, [row.id for row in kept])
        by = self._scope.staff
        holder = self._on_behalf_of(matter) or by
        return next(
            (row for row in kept if (row.on_behalf_of or row.by) == holder and texts.get(row.id) == self._action.text),
            None,
        )

    def _row(self, matter: Matter, now: datetime) -> Action:
        return Action(
            id=str(ULID.from_datetime(now)),
            reference=matter.main.reference,
            kind=self._action.kind,
            by=self._by(),
            key_id=self._scope.key_id,
            on_behalf_of=self._on_behalf_of(matter),
            detail=matter.claim.id if matter.claim and self._action.kind in ON_CLAIM else self._action.detail,
            target=self._action.target,
            received_at=now,
        )

    def _by(self) -> str:
        """Holders and leaders act under their staff ids, clerks and channels under their keys'."""
        staff = None if is_clerk(self._scope) else self._scope.staff
        return staff or self._scope.key_id

    def _on_behalf_of(self, matter: Matter) -> str | None:
        """The holder, where a member of his team acts; of an offer, its taker."""
        if not matter.holds(self._scope):
            taker = matter.offer.holder_id if matter.offer and matter.is_taker(self._scope) else None
            return None if taker == self._scope.staff else taker
        return None if matter.holder == self._scope.staff else matter.holder

    async def _receive_reply(self, session: AsyncSession, matter: Matter, row: Action) -> Action:
        """Record a reply at its receive time; to a closed request it is kept and changes nothing."""
        kind = EventKind.AFTER_CLOSURE if matter.is_closed else EventKind.REPLY_RECEIVED
        detail = {"action": row.id, "kind": self._action.text["kind"] if self._action.text else ""}
        at = row.received_at
        await append_event(session, row.reference, INBOX, kind, at, row.by, detail, recorded_at=matter.now)
        if not matter.is_closed:
            return row
        if await settle_action(session, row.id, ActionState.AFTER_CLOSURE, matter.now):
            await session.refresh(row)
        return row

    def _answer(self, row: Action, status: int) -> Answer:
        location = action_location(self._reference, row.kind, row.id)
        return Answer(status, show_action(row, self._reference, location), location)

    async def _store(self, session: AsyncSession, answer: Answer, now: datetime) -> None:
        kind = self._action.kind.value
        await store_answer(session, self._scope, self._key, self._fingerprint, kind, answer, now)


def _refusal(error: ErrorType | None) -> Refused:
    if error is ErrorType.NOT_THE_HOLDER:
        return not_the_holder()
    return Refused(Slug.CONFLICT, "此操作与诉求当前状态不符。", "The action does not fit the state of the request.")
