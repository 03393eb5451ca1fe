"""What answers to a work order need, and what those hear whose short message could not be matched (M31)."""

import re

from liaison.contract.codes import short_code
from liaison.db.tables import InboundMessage, Message
from liaison.gateways.sms.port import Inbound
from liaison.policy.message_words import InboundState, MessageState
from liaison.policy.words import ActionKind, Stage
from liaison.services.inbound import take_inbound
from tests.city import City
from tests.workflows.conftest import OpenCity

FRIDAY = "2026-09-18 10:00"
HOLDER, MOBILE = "0104-j01", "+8613900001027"
STRANGER = "+8613800139999"
SAID = "已联系当事人，定于下周三上午开庭。"


async def _text(city: City, provider_id: str, number: str, text: str) -> None:
    now = city.platform.clock()
    await take_inbound(city.platform, "outbox", Inbound(provider_id, number, text, now), now)


async def test_the_work_order_says_how_to_answer_and_the_answer_is_understood(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        [order] = [line for line in city.sent() if line["template"] == "work_order"]
        assert order["to"] == MOBILE
        [shown] = re.findall(r"：([0-9A-Z]+) 答复内容", order["text"])
        assert shown == short_code(reference, [], 4)
        # Carriers refuse it, and it would be no offer to unsubscribe from.
        assert "拒收" not in order["text"]
        await _text(city, "in-1", MOBILE, f"{shown} {SAID}")
        await city.advance(minutes=1)
        assert (await city.request(reference)).stage is Stage.CONFIRMING
        await city.act(city.key_of(HOLDER), reference, ActionKind.CONFIRMATION)
        await city.handle(reference).result()
        [answer] = [line for line in city.sent() if line["template"] == "answer"]
        # The party reads what the judge wrote, without the code.
        assert answer["text"].endswith(f"：{SAID}")


async def test_who_cannot_be_matched_is_told_so_by_day(city_at: OpenCity) -> None:
    """At night the message waits; the relay hands it on, and it is about no request."""
    async with city_at("2026-09-18 22:00") as city:
        for number in range(3):
            await _text(city, f"in-{number}", STRANGER, "你好，请问")
        [message] = await city.rows(Message, "")
        assert message.state is MessageState.RESERVED
        await city.advance(seconds=31)
        await city.relay()
        await city.advance_to("2026-09-19 07:59")
        assert city.sent() == []
        await city.advance_to("2026-09-19 08:01")
        [line] = city.sent()
        assert (line["to"], line["template"]) == (STRANGER, "message_not_matched")
        assert "12368" in line["text"]
        [message] = await city.rows(Message, "")
        assert message.state is MessageState.DELIVERED
        rows = await city.rows(InboundMessage, None)  # type: ignore[arg-type]
        assert {row.state for row in rows} == {InboundState.UNMATCHED}


async def test_after_a_long_outage_nobody_hears_of_it_any_more(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        await _text(city, "in-1", STRANGER, "你好，请问")
        city.world.beside = None  # no relay runs
        await city.advance_to("2026-09-25 10:00")
        await city.relay()
        await city.advance(minutes=1)
        assert city.sent() == []
        [message] = await city.rows(Message, "")
        assert message.state is MessageState.EXPIRED
