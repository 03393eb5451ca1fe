"""Every router of the API, in the order of its description."""

from typing import Final

from api.routers import actions, calendar, events, health, messages, problems, requests, rungs, supervisions

ROUTERS: Final = (
    requests.router,
    actions.router,
    supervisions.router,
    messages.router,
    rungs.router,
    events.router,
    calendar.router,
    problems.router,
    health.router,
)
