"""The codes by which a judge may answer a work order with a short message, as they are when it is sent."""

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.contract.codes import extension_code, short_code
from liaison.db.inbound import open_references
from liaison.db.rulebook import Rulebook
from liaison.db.tables import Message

WORK_ORDER = "work_order"
"""Template of the message that may be answered."""


async def answer_codes(session: AsyncSession, rulebook: Rulebook, message: Message) -> tuple[str, str]:
    """Letters and digits that name the message's request among the open ones of its recipient, and no other."""
    roster = await rulebook.roster(session)
    others = await open_references(session, roster.holders_for(message.recipient))
    _, policy = await rulebook.current(session)
    least = policy.short_messages.least_code_letters
    return short_code(message.reference, others, least), extension_code(message.reference, others)
