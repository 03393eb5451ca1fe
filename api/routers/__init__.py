"""Every router of the API, in the order of its description."""

from typing import Final

from api.routers import (
    actions,
    aftercare,
    calendar,
    callbacks,
    clerk_items,
    closures,
    events,
    health,
    messages,
    problems,
    proposals,
    register,
    replans,
    requests,
    rungs,
    supervisions,
    unmatched,
    versions,
)

ROUTERS: Final = (
    requests.router,
    actions.router,
    aftercare.router,
    aftercare.calls_router,
    supervisions.router,
    messages.router,
    unmatched.router,
    clerk_items.router,
    rungs.router,
    register.router,
    events.router,
    calendar.router,
    versions.calendar_router,
    proposals.calendar_router,
    closures.router,
    replans.router,
    versions.policy_router,
    proposals.policy_router,
    callbacks.router,
    problems.router,
    health.router,
)
