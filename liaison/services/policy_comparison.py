"""What a policy would do to open requests: each is planned under it, and nothing is written."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from calendars.core import shanghai_date
from liaison.db.open_plans import open_plans
from liaison.db.tables import Plan, Request
from liaison.policy.ladder import plan_ladder
from liaison.policy.rules import Policy
from liaison.policy.words import Procedure
from liaison.services.platform import Body, Platform

NAMED = 20
"""How many of the requests that would move are named; all are counted."""

_PAGE = 500
_MOMENT = timedelta(microseconds=1)
"""Limits are exclusive: the last moment before one lies on the last day."""


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Body]:
    """Each rule that differs between two policy documents: ``{"rule": place, "before": value, "after": value}``.

    A place is written as in ``ladder.primary[2].business_day``; a value that is absent is null.
    """
    before, after = dict(_rules("", old)), dict(_rules("", new))
    places = [place for place in {**before, **after} if place != "version" and before.get(place) != after.get(place)]
    return [{"rule": place, "before": before.get(place), "after": after.get(place)} for place in places]


def _rules(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every value of a document that is neither table nor list, with its place."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _rules(f"{place}.{name}" if place else name, inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _rules(f"{place}[{number}]", inner)
    else:
        yield place, value


async def comparison(platform: Platform, session: AsyncSession, policy: Policy) -> Body:
    """Plan every open request under the policy: how many have another date, and the first of them.

    Returns:
        ``{"open_requests": n, "moving": n, "references": [...]}``.
    """
    seen, moving, references, last = 0, 0, list[str](), ""
    while rows := await open_plans(session, last, _PAGE):
        for request, plan in rows:
            seen += 1
            if await _moves(platform, session, request, plan, policy):
                moving += 1
                references += [request.reference][: NAMED - len(references)]
        last = rows[-1][0].reference
    return {"open_requests": seen, "moving": moving, "references": references}


async def _moves(platform: Platform, session: AsyncSession, request: Request, plan: Plan, policy: Policy) -> bool:
    ladder = plan_ladder(
        received_at=request.received_at,
        court_level=request.court_level,
        reference=request.reference,
        court=request.court,
        calendar=await platform.rulebook.calendar(session, plan.calendar_version),
        policy=policy,
    )
    if (
        request.procedure is Procedure.SUMMARY
        and shanghai_date(ladder.answer_by - _MOMENT).isoformat() != plan.answer_due_on
    ):
        return True
    # What has fired stays what it was.
    fired = -1 if request.rung is None else request.rung
    planned = {(row["rung"], row["due_at"]) for row in plan.rungs if row["rung"] > fired}
    return planned != {(rung.rung, rung.due_at.isoformat()) for rung in ladder.rungs if rung.rung > fired}
