"""API keys, and the answers kept under idempotency keys (design section 8)."""

from datetime import datetime
from typing import Any

from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.tables import ApiKey, Idempotency


async def find_api_key(session: AsyncSession, key_id: str) -> ApiKey | None:
    """The key with this id, expired ones included."""
    return await session.get(ApiKey, key_id)


async def find_answer(session: AsyncSession, key_id: str, key: str) -> Idempotency | None:
    """What an API key's ``Idempotency-Key`` stood for."""
    return await session.get(Idempotency, (key_id, key))


async def keep_answer(
    session: AsyncSession,
    *,
    key_id: str,
    key: str,
    operation: str,
    fingerprint: str,
    location: str,
    answer: dict[str, Any],
    at: datetime,
) -> None:
    """Keep an answer for repetitions. It is stored in the clear, so it holds no text and no personal data.

    Raises:
        IntegrityError: Another transaction has just used the key (PostgreSQL).
    """
    session.add(
        Idempotency(
            key_id=key_id,
            key=key,
            operation=operation,
            fingerprint=fingerprint,
            location=location,
            answer=answer,
            created_at=at,
        )
    )
    await session.flush()


async def renew_answer(session: AsyncSession, key_id: str, key: str, answer: dict[str, Any]) -> None:
    """Put what the caller was told in the end in place of the first answer."""
    kept = (col(Idempotency.key_id) == key_id, col(Idempotency.key) == key)
    await session.exec(update(Idempotency).where(*kept).values(answer=answer))
