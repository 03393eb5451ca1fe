"""What an ordinary life costs Temporal, on a normal server (issue line L64; design section 6)."""

from collections import Counter

from temporalio.api.enums.v1 import EventType

from liaison.contract.messages import RequestEnd
from liaison.policy.words import Outcome, Stage
from tests.ui.conftest import OpenLiveCity
from tests.ui.waiting import until

MOST_EVENTS = 40
MOST_TRANSITIONS = 16


async def test_an_on_time_ordinary_life_stays_within_budget(live_city: OpenLiveCity) -> None:
    async with live_city() as city, city.working():
        reference = await city.submit()
        await until(lambda: city.is_at(reference, Stage.AWAITING_REPLY))
        answer = await city.reply(reference)
        handle = city.handle(reference)
        assert answer.body["state"] == "accepted"
        assert await handle.result() == RequestEnd(reference, Outcome.REPLIED)

        kinds = Counter([event.event_type async for event in handle.fetch_history_events()])
        transitions = (await handle.describe()).raw_description.workflow_execution_info.state_transition_count
        spent = {EventType.Name(kind).removeprefix("EVENT_TYPE_"): number for kind, number in kinds.items()}
        assert kinds.total() <= MOST_EVENTS, spent
        assert transitions <= MOST_TRANSITIONS, f"{transitions} transitions, {kinds.total()} events: {spent}"
        # The life that was measured is the whole one.
        assert kinds[EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED] == 3, spent
        assert kinds[EventType.EVENT_TYPE_TIMER_STARTED] >= 1, spent
        assert kinds[EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED] == 1, spent
        assert kinds[EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES] == 2, spent
