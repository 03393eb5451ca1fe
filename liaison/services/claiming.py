"""Keeping a reply that came by short message: in the inbox like any other, and marked as claimed (ADR 0014)."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from liaison.db.claimed import unsettled_claim
from liaison.db.inbox import action_texts, insert_action, replies_kept
from liaison.db.record import INBOX, append_event, lock_request
from liaison.db.tables import Action, Request
from liaison.db.texts import CONTENT, data_key, read_text
from liaison.policy.matching import Candidate
from liaison.policy.message_words import Mismatch
from liaison.policy.recipients import accused_by
from liaison.policy.replies import flaw_of
from liaison.policy.words import ActionKind, EventKind, ReplyKind, Stage
from liaison.services.platform import Platform

SHORT_MESSAGE = "sms"
"""What stands for an API key in the record of such a reply."""


@dataclass(frozen=True)
class Claimed:
    """The reply a short message became, or repeats; ``new`` is to be handed to the workflow."""

    action: Action
    new: Action | None


async def claim_reply(
    platform: Platform, session: AsyncSession, found: Candidate, said: str, received_at: datetime
) -> Claimed | Mismatch:
    """Keep what was said as a claimed reply, in the caller's transaction.

    Returns:
        Why it is none, if it is none: ``CLOSED`` meanwhile, ``NO_REPLY`` in the sense of the rules, or ``AMBIGUOUS``
        while another reply waits to be confirmed, for nobody knows which of the two is meant, or ``UNKNOWN_CODE`` where
        somebody else has come to hold the request.
    """
    request = await lock_request(session, found.reference)
    if request.stage is Stage.CLOSED or request.holder_id is None:
        return Mismatch.CLOSED
    roster = await platform.rulebook.roster(session)
    holds = request.holder_id in (found.staff, *roster.holders_for(found.staff))
    if not holds or found.staff in accused_by(request):
        return Mismatch.UNKNOWN_CODE
    text = {"kind": ReplyKind.TEXT.value, "text": said}
    if (same := await _same_reply(platform, session, request, found, text)) is not None:
        return Claimed(same, None)
    if await unsettled_claim(session, request.reference) is not None:
        return Mismatch.AMBIGUOUS
    policy = await platform.rulebook.policy(session, request.policy_version)
    key = await data_key(session, platform.ring, request.reference)
    question = await read_text(session, key, request.reference, CONTENT) or ""
    if flaw_of(said, question, policy) is not None:
        return Mismatch.NO_REPLY
    action = _action(request, found, received_at, platform.clock())
    await insert_action(session, platform.ring, action, text)
    await append_event(
        session, request.reference, INBOX, EventKind.REPLY_RECEIVED, received_at, found.staff,
        {"action": action.id, "way": SHORT_MESSAGE}, recorded_at=platform.clock(),
    )  # fmt: skip
    return Claimed(action, action)


async def _same_reply(
    platform: Platform, session: AsyncSession, request: Request, found: Candidate, text: dict[str, str]
) -> Action | None:
    """The reply this one repeats: same holder, same words (issue line L32)."""
    kept = await replies_kept(session, request.reference)
    texts = await action_texts(session, platform.ring, request.reference, [row.id for row in kept])
    holders = (request.holder_id, found.staff)
    return next((row for row in kept if (row.on_behalf_of or row.by) in holders and texts.get(row.id) == text), None)


def _action(request: Request, found: Candidate, received_at: datetime, now: datetime) -> Action:
    return Action(
        id=str(ULID.from_datetime(now)),
        reference=request.reference,
        kind=ActionKind.REPLY,
        by=found.staff,
        key_id=SHORT_MESSAGE,
        on_behalf_of=request.holder_id if request.holder_id != found.staff else None,
        claimed=True,
        received_at=received_at,
    )
