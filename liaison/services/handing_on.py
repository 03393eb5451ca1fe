"""Finding senders for messages that have none: a notice of its own, or the mailbox of the leader it is for."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from liaison.contract.starting import hand_on_notice, ring_mailbox
from liaison.db.messages import for_mailbox, mark_handed_on
from liaison.db.tables import Message
from liaison.policy.sending_rules import SendingRules
from liaison.services.platform import Platform
from liaison.services.starting import TEMPORAL_AWAY


async def hand_on(platform: Platform, messages: Sequence[Message]) -> bool:
    """Have messages sent; a leader is rung once for all of his.

    Returns:
        Whether Temporal took them all; to what it did not, the relay comes back.
    """
    async with platform.db.peek() as session:
        _, policy = await platform.rulebook.current(session)
    by_sender: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        by_sender[message.recipient if for_mailbox(message, policy.sending) else message.id].append(message)
    taken = await asyncio.gather(*(_ask(platform, each[0], policy.sending) for each in by_sender.values()))
    handed_on = [
        message.id for each, is_taken in zip(by_sender.values(), taken, strict=True) if is_taken for message in each
    ]
    if handed_on:
        async with platform.db.write() as session:
            await mark_handed_on(session, handed_on)
    return len(handed_on) == len(messages)


async def _ask(platform: Platform, message: Message, rules: SendingRules) -> bool:
    """Whether Temporal took it."""
    try:
        if for_mailbox(message, rules):
            await ring_mailbox(platform.client, message.recipient, rules.gathering)
        else:
            await hand_on_notice(platform.client, message.id, message.send_after, platform.clock())
    except TEMPORAL_AWAY:
        return False
    return True
