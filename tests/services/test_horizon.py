"""Every morning somebody looks for next year's notice: in the log, in the metrics, in the run's result (C31)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from activities.horizon import CalendarHorizon
from liaison.contract.schedules import CALENDAR_HORIZON, put_schedules
from liaison.policy.horizon import Urgency
from liaison.services.calendar_now import calendar_view
from tests.keeping.tools import tools_of
from tests.services.office import Office
from tests.services.temporal import temporal_at, until, worker_of


@pytest.mark.parametrize(
    ("today", "urgency", "level"),
    [
        (datetime(2026, 10, 24, 1, tzinfo=UTC), Urgency.NONE, "info"),
        (datetime(2026, 10, 25, 1, tzinfo=UTC), Urgency.NOTE, "info"),
        (datetime(2026, 12, 1, 1, tzinfo=UTC), Urgency.WARNING, "warning"),
        (datetime(2026, 12, 15, 1, tzinfo=UTC), Urgency.ALARM, "error"),
    ],
)
async def test_the_log_grows_more_urgent(office: Office, today: datetime, urgency: Urgency, level: str) -> None:
    office.clock.now = today
    with capture_logs() as lines:
        seen = await CalendarHorizon(tools_of(office)).look_at_horizon()
    assert (seen.urgency, seen.missing_year, seen.announced_until) == (urgency, 2027, "2026-12-31")
    [line] = lines
    assert (line["log_level"], line["urgency"], line["missing_year"]) == (level, urgency, 2027)
    shown = (await calendar_view(office.platform))["next_notice"]
    assert (shown["urgency"], shown["year"]) == (urgency, 2027)


async def test_the_schedule_looks_at_nine_in_the_morning(connected_office: Office, port: int) -> None:
    office = connected_office
    office.clock.now = datetime(2026, 12, 16, 1, tzinfo=UTC)
    client = office.platform.client
    async with temporal_at(port), worker_of(office):
        await put_schedules(client)
        handle = client.get_schedule_handle(CALENDAR_HORIZON.id)
        next_morning = (await handle.describe()).info.next_action_times[0]
        assert next_morning.astimezone(UTC).hour == 1
        await handle.trigger()
        ran: list[Any] = []

        async def has_run() -> bool:
            ran[:] = (await handle.describe()).info.recent_actions
            return bool(ran)

        await until(has_run)
        result = await client.get_workflow_handle(ran[0].action.workflow_id).result()
    assert (result["urgency"], result["missing_year"]) == ("alarm", 2027)
    assert "www.gov.cn" in result["says"]
