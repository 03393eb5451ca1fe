"""A call that changes rules: one transaction, one effect, one answer, however often it is repeated."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.retry import start_over_once
from liaison.policy.scope import Scope
from liaison.services.errors import Refused
from liaison.services.idempotency import answered_meanwhile, store_answer, stored_answer
from liaison.services.platform import Answer, Platform

Effect = Callable[[AsyncSession], Awaitable[Answer]]


@dataclass(frozen=True)
class Call:
    """Who calls, and what tells a repetition from another call.

    Attributes:
        scope: What the key may do.
        key: The caller's ``Idempotency-Key``.
        fingerprint: Keyed hash of the operation and its body.
    """

    scope: Scope
    key: str
    fingerprint: str

    @property
    def person(self) -> str:
        """Whoever stands behind the key: two keys of one member of staff are one person."""
        return self.scope.staff or self.scope.key_id


async def carry_out(platform: Platform, call: Call, operation: str, effect: Effect) -> Answer:
    """Have the effect in one transaction and keep its answer; a repetition gets the kept answer with status 200.

    Args:
        platform: The parts.
        call: Whose call.
        operation: A word for what is done, kept with the answer.
        effect: Writes through the session it is given; whatever it raises undoes everything.

    Raises:
        Refused: ``KEY_REUSED``, and whatever ``effect`` refuses.
    """

    async def attempt() -> Answer:
        async with platform.db.write() as session:
            earlier = await stored_answer(session, call.scope, call.key, call.fingerprint)
            if earlier is not None:
                return earlier
            answer = await effect(session)
            await store_answer(session, call.scope, call.key, call.fingerprint, operation, answer, at=platform.clock())
            return answer

    try:
        return await start_over_once(attempt)
    except Refused:
        earlier = await answered_meanwhile(platform, call.scope, call.key, call.fingerprint)
        if earlier is None:
            raise
        return earlier
