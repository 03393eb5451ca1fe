"""Which message a gateway speaks of when it says what became of one."""

from sqlalchemy import and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.messages import gateway_key
from liaison.db.tables import Message
from liaison.policy.message_words import MessageState


async def taken_as(session: AsyncSession, gateway: str, provider_id: str) -> Message | None:
    """The newest message that a gateway took under this id of its own, locked; None if it is not (yet) known.

    An SMSC whose ids begin anew gives them twice, and speaks of what it took last.
    """
    found = await session.exec(
        select(Message)
        .where(Message.gateway == gateway, Message.provider_id == provider_id)
        .order_by(col(Message.submitted_at).desc().nulls_last(), col(Message.id).desc())
        .limit(1)
        .with_for_update()
    )
    return found.first()


async def taken_nameless(session: AsyncSession, gateway: str, key: str) -> Message | None:
    """The message of this key (see ``gateway_key``) that a gateway may have taken under an id it has not told, locked.

    One whose sender still waits for the answer is not among them: he is about to hear it. Few are at a time, so the key
    needs no column.
    """
    in_doubt = col(Message.state) == MessageState.AMBIGUOUS
    looked_up = and_(col(Message.state) == MessageState.SUBMITTED, col(Message.provider_id).is_(None))
    nameless = select(Message).where(Message.gateway == gateway, or_(in_doubt, looked_up))
    found = await session.exec(nameless.with_for_update())
    return next((message for message in found if gateway_key(message) == key), None)
