"""What a policy would do to open requests: each is counted anew as its re-plan would, and nothing is written."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.replans import Candidate, Target, candidates
from liaison.policy.recount import Rules, recount
from liaison.policy.rules import Policy
from liaison.services.platform import Body, Platform

NAMED = 20
"""How many of the requests that would move are named; all are counted."""

_PAGE = 500


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
    """Count every open request anew by the policy and the newest calendar: how many move, and the first of them.

    Returns:
        ``{"open_requests": n, "moving": n, "references": [...]}``, those that fall due next first.
    """
    calendar, _ = await platform.rulebook.current(session)
    rules = Rules(calendar, policy)
    seen, moving, references, after = 0, 0, list[str](), ""
    while True:
        page, after = await candidates(session, Target(calendar.number, policy.version), None, after, _PAGE)
        for each in page:
            seen += 1
            if await _moves(platform, session, each, rules):
                moving += 1
                references += [each.request.reference][: NAMED - len(references)]
        if not after:
            return {"open_requests": seen, "moving": moving, "references": references}


async def _moves(platform: Platform, session: AsyncSession, each: Candidate, rules: Rules) -> bool:
    request = each.request
    before = await platform.rulebook.policy(session, request.policy_version)
    of_court = Rules(rules.calendar.of(request.court), rules.policy)
    return recount(request, each.plan, each.recorded, before, of_court, platform.clock()).moved
