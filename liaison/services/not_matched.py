"""Telling whoever sent us a short message that it could not be matched: he must not wait for what nobody reads.

At most once a day to one number, whatever it sends, and to mobile numbers only: another machine that answers ours hears
nothing that it could answer again.
"""

from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from calendars.core import shanghai_date
from liaison.db.messages import NO_REQUEST, SENDER, Draft, reserve
from liaison.gateways.phones import e164
from liaison.policy.message_words import MessageClass
from liaison.policy.sending import useful_until
from liaison.policy.windows import next_opening
from liaison.policy.words import Language
from liaison.services.platform import Platform

TEMPLATE = "message_not_matched"


async def tell_sender(
    platform: Platform, session: AsyncSession, number: str, number_mac: str, staff: str | None
) -> None:
    """Reserve the message in the transaction that found the sender's own unmatched; the relay hands it on."""
    if e164(number, mobile_only=True) is None:
        return
    now = platform.clock()
    calendar, policy = await platform.rulebook.current(session)
    message_class = MessageClass.STAFF if staff else MessageClass.PARTY
    send_after = next_opening(now, message_class, NO_REQUEST, calendar, policy)
    draft = Draft(
        id=str(ULID.from_datetime(now)),
        reference=NO_REQUEST,
        # The reason is a day of one number: it makes one message, and the table no more.
        cause=f"not-matched-{shanghai_date(now)}-{number_mac[:24]}",
        recipient=staff or SENDER,
        message_class=message_class,
        template=TEMPLATE,
        language=Language.ZH_CN,
        params={"to": number},
        send_after=send_after,
        useful_until=useful_until(send_after, message_class, NO_REQUEST, calendar, policy.sending),
    )
    await reserve(session, platform.ring, draft, now)
