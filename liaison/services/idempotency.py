"""One ``Idempotency-Key``, one effect, one answer (design section 8)."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.access import find_answer, keep_answer, renew_answer
from liaison.policy.scope import Scope
from liaison.services.errors import Refused, Slug
from liaison.services.platform import Answer, Platform


async def stored_answer(session: AsyncSession, scope: Scope, key: str, fingerprint: str) -> Answer | None:
    """The answer this key got before, with status 200; None for a new key.

    Raises:
        Refused: ``KEY_REUSED``, the key was used for another body or operation.
    """
    kept = await find_answer(session, scope.key_id, key)
    if kept is None:
        return None
    if kept.fingerprint != fingerprint:
        raise Refused(
            Slug.KEY_REUSED,
            "该 Idempotency-Key 已用于另一请求。",
            "This Idempotency-Key was used for another request.",
        )
    return Answer(200, kept.answer or {}, kept.location)


async def answered_meanwhile(platform: Platform, scope: Scope, key: str, fingerprint: str) -> Answer | None:
    """The answer of a refused call that came twice at one instant; None if it came once.

    On PostgreSQL the second has waited for the first, and met its own effect.
    """
    async with platform.db.peek() as session:
        return await stored_answer(session, scope, key, fingerprint)


async def store_answer(
    session: AsyncSession, scope: Scope, key: str, fingerprint: str, operation: str, answer: Answer, at: datetime
) -> None:
    """Keep the answer in the transaction that has the effect."""
    await keep_answer(
        session,
        key_id=scope.key_id,
        key=key,
        operation=operation,
        fingerprint=fingerprint,
        location=answer.location,
        answer=answer.body,
        at=at,
    )


async def store_final_answer(session: AsyncSession, scope: Scope, key: str, answer: Answer) -> None:
    """Replace the answer kept at first by the one the caller heard in the end."""
    await renew_answer(session, scope.key_id, key, answer.body)
