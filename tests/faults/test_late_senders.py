"""A sender that stood still until another one had settled its message: what is settled is not sent again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from activities.messaging import Messaging
from activities.sms import Sender
from liaison.db.tables import Message
from liaison.gateways.sms.port import GatewayUnavailable, ShortMessage, Submission
from liaison.policy.message_words import MessageState
from tests.city import open_city, prepare_template
from tests.workflows.gateways import Moody, be_away, deliver


@pytest.mark.parametrize(
    ("mood", "in_the_end", "sent"), [(be_away, MessageState.SUBMITTED, 1), (deliver, MessageState.AMBIGUOUS, 2)]
)
async def test_a_sender_given_up_and_overtaken(
    tmp_path: Path, mood: Callable[[ShortMessage], None], in_the_end: MessageState, sent: int
) -> None:
    await prepare_template(tmp_path / "template")
    async with open_city(tmp_path / "template", tmp_path / "home", "2026-09-18 10:00", gateways=(Moody(),)) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        async with city.tools.db.write() as session:
            await Messaging(city.tools).reserve(session, await city.request(reference), "test", "0104-j02", "urge", {})
        async with city.tools.db.read() as session:
            message = (await session.exec(select(Message).where(Message.template == "urge"))).one()
        other = Sender(city.tools)

        class Slow(Moody):
            async def submit(self, message: ShortMessage) -> Submission:
                assert (await other.send(message.id)).state is MessageState.SUBMITTED
                return await super().submit(message)

        slow = Slow(mood=mood)
        try:
            await Sender(replace(city.tools, gateways=(slow,))).send(message.id)
        except GatewayUnavailable:
            assert mood is be_away
        async with city.tools.db.read() as session:
            assert (await session.get_one(Message, message.id)).state is in_the_end
        assert isinstance(city.tools.gateways[0], Moody)
        taken = [*slow.taken, *city.tools.gateways[0].taken]
        assert [each.id for each in taken].count(message.id) == sent
