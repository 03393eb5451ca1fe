"""The rules in force, and whether somebody must look for next year's notice (issue line C31)."""

from calendars.core import shanghai_date
from liaison.policy.horizon import horizon
from liaison.services.platform import Body, Platform


async def calendar_view(platform: Platform) -> Body:
    """Calendar and policy in force, how far the calendar is announced, and how urgently its next notice is missed.

    Returns:
        ``{"calendar_version", "policy_version", "announced_until", "next_notice": {"year", "urgency", "zh", "en"}}``.
    """
    async with platform.db.read() as session:
        calendar, policy = await platform.rulebook.current(session)
    seen = horizon(calendar.final_until, shanghai_date(platform.clock()))
    return {
        "calendar_version": calendar.number,
        "policy_version": policy.version,
        "announced_until": calendar.final_until.isoformat(),
        "next_notice": {
            "year": seen.missing_year,
            "urgency": seen.urgency.value,
            "zh": seen.zh,
            "en": seen.en,
        },
    }
