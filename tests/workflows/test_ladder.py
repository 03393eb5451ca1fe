"""The ladder on virtual time: who was told what, when (Opinions art. 8; issue line L61)."""

from liaison.policy.words import Outcome, Stage
from tests.workflows.conftest import OpenCity


async def test_silence_climbs_to_the_president_of_the_intermediate_court(city_at: OpenCity) -> None:
    async with city_at("2026-09-18 10:00") as city:
        reference = await city.submit()
        await city.advance_to("2026-10-01 12:00")
        rungs = await city.rungs(reference)
        assert [rung.rung for rung in rungs] == [0, 1, 2, 3, 4]
        assert [rung.due_at.isoformat()[:16] for rung in rungs] == [
            "2026-09-21T16:00", "2026-09-22T16:00", "2026-09-24T16:00", "2026-09-29T16:00", "2026-09-30T16:00",
        ]  # fmt: skip
        assert (await city.request(reference)).stage is Stage.AWAITING_REPLY


async def test_a_reply_in_time_tells_no_leader(city_at: OpenCity) -> None:
    async with city_at("2026-09-18 10:00") as city:
        reference = await city.submit()
        await city.advance(hours=2)
        answer = await city.reply(reference)
        assert answer.body["state"] == "accepted", answer
        end = await city.handle(reference).result()
        assert end.outcome is Outcome.REPLIED
        assert await city.rungs(reference) == []
        assert (await city.request(reference)).stage is Stage.CLOSED
