"""Every router of the API, in the order of its description."""

from typing import Final

from api.routers import actions, calendar, health, messages, problems, requests, supervisions

ROUTERS: Final = (
    requests.router,
    actions.router,
    supervisions.router,
    messages.router,
    calendar.router,
    problems.router,
    health.router,
)
