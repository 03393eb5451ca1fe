"""What people hear instead of a bell that is not rung: a line, never silence (design section 4)."""

from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from activities.tools import Tools
from liaison.contract.names import rung_cause
from liaison.db.messages import Draft, desk, reserve
from liaison.db.rungs import rung_records
from liaison.db.tables import Message, Request
from liaison.policy.sending import useful_until
from liaison.policy.windows import next_opening
from liaison.policy.words import Outcome

INSTEAD_OF_THE_BELL: Final = {
    Outcome.REPLIED: "answered_late",
    Outcome.ANSWERED: "answered_late",
    Outcome.WITHDRAWN: "withdrawn",
}
"""Templates."""


async def tell_instead(tools: Tools, session: AsyncSession, bell: Message, request: Request) -> None:
    """Reserve the line for a bell that a gateway gave back after the closing, in the transaction that supersedes it;
    the relay hands it on, a leader's to his mailbox.

    Nothing is said of a rung that was annulled, nor to the holder, whose own answer it was.
    """
    holder = request.holder_id or ""
    standing = {
        rung_cause(record.rung)
        for record in await rung_records(session, request.reference)
        if record.annulled_at is None
    }
    if request.outcome is None or bell.cause not in standing or bell.recipient in (holder, desk(holder)):
        return
    now, (calendar, policy) = tools.clock(), await tools.rulebook.current(session)
    send_after = next_opening(now, bell.message_class, request.court, calendar, policy)
    draft = Draft(
        id=str(ULID.from_datetime(now)),
        reference=request.reference,
        cause=f"instead-{bell.cause}",
        recipient=bell.recipient,
        message_class=bell.message_class,
        template=INSTEAD_OF_THE_BELL[request.outcome],
        language=bell.language,
        params={"reference": request.reference},
        send_after=send_after,
        useful_until=useful_until(send_after, bell.message_class, request.court, calendar, policy.sending),
    )
    await reserve(session, tools.ring, draft, now)
