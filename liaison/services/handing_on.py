"""Finding a sender for a message that has none: a notice of its own, or the mailbox of the leader it is for."""

from liaison.contract.starting import hand_on_notice, ring_mailbox
from liaison.db.messages import for_mailbox, mark_handed_on
from liaison.db.tables import Message
from liaison.services.platform import Platform
from liaison.services.starting import TEMPORAL_AWAY


async def hand_on(platform: Platform, message: Message) -> bool:
    """Have a message sent. Returns whether Temporal took it; if not, the relay comes back to it."""
    async with platform.db.read() as session:
        _, policy = await platform.rulebook.current(session)
    try:
        if for_mailbox(message, policy.sending):
            await ring_mailbox(platform.client, message.recipient, policy.sending.gathering)
        else:
            await hand_on_notice(platform.client, message.id, message.send_after, platform.clock())
    except TEMPORAL_AWAY:
        return False
    async with platform.db.write() as session:
        await mark_handed_on(session, [message.id])
    return True
