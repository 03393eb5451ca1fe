"""Who is told a date past the last announced day is told that it is provisional (issue line C31, design section 4)."""

from liaison.gateways.sms.port import ShortMessage
from liaison.policy.words import Category, Language
from tests.city import City
from tests.rules import approve, forget_notices_after, notices_until
from tests.workflows.conftest import OpenCity
from tests.workflows.gateways import Moody

BEFORE, AFTER = "2024-12-31", "2025-12-31"
"""Without the notice for 2026, and with it: its 2 January is off, its 4 January, a Sunday, is worked."""


def _about(gateway: Moody, reference: str, template: str) -> list[ShortMessage]:
    return [short for short in gateway.taken if (short.params["reference"], short.template) == (reference, template)]


def _text(gateway: Moody, reference: str, template: str) -> str:
    [short] = _about(gateway, reference, template)
    return short.text


async def test_judge_party_and_clerk_hear_that_a_date_is_provisional(city_at: OpenCity) -> None:
    """The notice for 2027 is not out, and every date lies past it or is final."""
    gateway = Moody()
    async with city_at("2026-12-30 10:00", gateways=(gateway,)) as city:
        reference, english = await city.submit(), await city.submit(language=Language.EN)
        landline = await city.submit(phone="020-83210001")
        await city.advance(minutes=1)
        assert "并在2027-01-04（暂定）结束前答复" in _text(gateway, reference, "work_order")
        assert "2027-01-04（暂定）结束前答复您" in _text(gateway, reference, "received")
        assert "received on 2026-12-30 and" in (received := _text(gateway, english, "received"))
        assert "by the end of 2027-01-04 (provisional)." in received
        [[told]] = [item["news"] for item in await city.calls() if item["reference"] == landline]
        assert "2027-01-04（暂定）结束前答复您" in told["text"]
        # A provider that knows templates only is given the words with the date, and no parameter of ours besides.
        [order] = _about(gateway, reference, "work_order")
        assert order.params.keys() == {"reference", "due_on", "code"}
        assert order.params["due_on"] == "2027-01-04（暂定）"
        await city.advance_to("2027-01-05 09:00")
        warnings = _about(gateway, reference, "warning")
        assert warnings and all("至2027-01-04（暂定）尚未答复" in short.text for short in warnings)


async def test_a_final_date_is_told_as_it_is(city_at: OpenCity) -> None:
    gateway = Moody()
    async with city_at("2026-12-28 10:00", gateways=(gateway,)) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        assert "并在2026-12-30结束前答复" in _text(gateway, reference, "work_order")
        assert "2026-12-30结束前答复您" in _text(gateway, reference, "received")


async def _announce(city: City, number: int) -> None:
    """The notice is approved, and what it moves is handed on."""
    await approve(city, number + 1, notices_until(AFTER))
    await city.advance(minutes=1)
    await city.relay()


async def test_news_says_that_the_date_people_knew_was_provisional(city_at: OpenCity) -> None:
    gateway = Moody()
    async with city_at("2025-12-30 10:00", gateways=(gateway,), replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        reference = await city.submit()
        await city.advance_to("2026-01-02 10:00")
        assert "2026-01-02（暂定）结束前答复您" in _text(gateway, reference, "received")
        # Of one that is to be answered at once no plan says how sure its limit is; its calendar does.
        at_once = await city.submit(category=Category.CONSULTATION, judge=None)
        await city.advance(minutes=1)
        await city.relay()
        await city.advance(minutes=30)
        assert "2026-01-02（暂定）结束前答复您" in _text(gateway, at_once, "registered")
        await _announce(city, number)
        await city.advance_to("2026-01-04 09:00")
        news = [*_about(gateway, reference, "date_moved"), *_about(gateway, at_once, "date_moved")]
        assert ["由2026-01-02（暂定）改为2026-01-04。" in short.text for short in news] == [True] * 3


async def test_what_had_not_gone_tells_the_date_that_is_final_now(city_at: OpenCity) -> None:
    gateway = Moody()
    async with city_at("2025-12-30 22:00", gateways=(gateway,), replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        reference = await city.submit()
        await city.advance(minutes=1)
        await _announce(city, number)
        await city.advance_to("2025-12-31 09:00")
        assert "2026-01-04结束前答复您" in _text(gateway, reference, "received")
        assert "并在2026-01-04结束前答复" in _text(gateway, reference, "work_order")
