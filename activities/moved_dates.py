"""Telling people of a date that moved: once, and nobody of a date that is no more (issue line C21, ADR 0018)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.answer_codes import WORK_ORDER
from activities.judge_notification import recipient_name
from activities.messaging import Messaging
from activities.tools import Tools
from liaison.contract.names import plan_cause
from liaison.db.messages import DATE_MOVED, PARTY, RECEIVED, REGISTERED, SAYS, read_params, supersede, unsent
from liaison.db.tables import Message, Plan, Request
from liaison.policy.ladder import spread_of
from liaison.policy.told_dates import PROVISIONAL, ToldDate, date_in, date_params, due_date
from liaison.policy.words import Procedure

TELL_THE_LIMIT: Final = (WORK_ORDER, RECEIVED)
"""Templates whose ``due_on`` is the limit of the reply, the first rung of a plan. A bell is none of them: what has
fired keeps its date. That of ``REGISTERED`` is the limit to answer on the spot."""

Dates = tuple[ToldDate, ToldDate]
"""The day by whose end somebody had to act next, and the one by which he must now."""


@dataclass(frozen=True)
class Moved:
    """A request's plan and the one that follows it; ``recorded`` are the rungs that fired."""

    before: Plan
    after: Plan
    recorded: Collection[int]


class MovedDates:
    """Reserves what is told of a plan, in the transaction that makes it; the relay finds it a sender."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        self._tools = tools
        self._messaging = messaging

    async def tell(self, session: AsyncSession, request: Request, moved: Moved) -> None:
        """Have party and holder told once, whatever number of plans there was since they last heard of a date."""
        # Thousands move at once: their dates first, what is told of them after (ADR 0018).
        policy = await self._tools.rulebook.policy(session, request.policy_version)
        later = self._tools.clock() + spread_of(request.reference, policy.spread)
        waiting = await unsent(session, request.reference, *TELL_THE_LIMIT, REGISTERED, DATE_MOVED)
        was, will_be = [
            await self._next_limit(session, request, plan, moved.recorded) for plan in (moved.before, moved.after)
        ]
        dates = None if was is None or will_be is None or was.day == will_be.day else (was, will_be)
        hear_it = await self._tell_limits(session, request, waiting, _moved_limits(request, moved, dates), later)
        if dates is not None:
            await self._tell_news(session, request, waiting, dates, hear_it, later)

    async def _next_limit(
        self, session: AsyncSession, request: Request, plan: Plan, recorded: Collection[int]
    ) -> ToldDate | None:
        """The day by whose end somebody must act next."""
        if request.procedure is Procedure.SUMMARY:
            calendar = (await self._tools.rulebook.calendar(session, plan.calendar_version)).of(request.court)
            return ToldDate(plan.answer_due_on, calendar.is_provisional(date.fromisoformat(plan.answer_due_on)))
        return next((due_date(row) for row in plan.rungs if row["rung"] not in recorded), None)

    async def _tell_limits(
        self,
        session: AsyncSession,
        request: Request,
        waiting: Iterable[Message],
        limits: Mapping[str, ToldDate],
        later: datetime,
    ) -> set[str]:
        """Have what was to tell an old limit, and has not gone, tell the new one of its template.

        Returns who hears it by that.
        """
        orders = [message for message in waiting if message.template in limits]
        for message in orders:
            supersede(message, self._tools.clock())
        # Of several to one person, as after a change of procedure and back, the newest says all.
        newest = {message.recipient: message for message in orders}
        for recipient, message in newest.items():
            params = await read_params(session, self._tools.ring, message)
            stay = {name: value for name, value in params.items() if name not in (SAYS, PROVISIONAL)}
            dates = date_params(due_on=limits[message.template])
            not_before = max(later, message.send_after)
            await self._reserve(session, request, recipient, message.template, stay | dates, not_before)
        return set(newest)

    async def _tell_news(
        self,
        session: AsyncSession,
        request: Request,
        waiting: Iterable[Message],
        dates: Dates,
        hear_it: Collection[str],
        later: datetime,
    ) -> None:
        """Have the others told that the date is another than the one they know, if it is."""
        news = {message.recipient: message for message in waiting if message.template == DATE_MOVED}
        for message in news.values():
            supersede(message, self._tools.clock())
        was, will_be = dates
        for recipient in _people(request):
            known = was
            if recipient in news:
                known = date_in(await read_params(session, self._tools.ring, news[recipient]), "was")
            if recipient not in hear_it and known.day != will_be.day:
                params = date_params(was=known, due_on=will_be)
                await self._reserve(session, request, recipient, DATE_MOVED, params, later)

    async def _reserve(
        self,
        session: AsyncSession,
        request: Request,
        recipient: str,
        template: str,
        params: Mapping[str, str],
        later: datetime,
    ) -> None:
        cause = plan_cause(request.plan)
        if recipient == PARTY:
            await self._messaging.tell_party(session, request, cause, template, params, later, relayed=True)
        else:
            await self._messaging.reserve(
                session, request, cause, recipient, template, params, not_before=later, relayed=True
            )


def _people(request: Request) -> list[str]:
    people = [PARTY]
    if request.holder_id and request.holder_kind:
        people.append(recipient_name(request.holder_id, request.holder_kind))
    return people


def _moved_limits(request: Request, moved: Moved, dates: Dates | None) -> dict[str, ToldDate]:
    """The new limits, by the templates that tell them."""
    limit = _moved_limit(moved)
    limits = {} if limit is None else dict.fromkeys(TELL_THE_LIMIT, limit)
    return limits if dates is None or request.procedure is Procedure.ORDINARY else limits | {REGISTERED: dates[1]}


def _moved_limit(moved: Moved) -> ToldDate | None:
    """The day by whose end a reply is due, where that moved and nobody was warned of the old one."""
    before, after = moved.before.rungs[0], moved.after.rungs[0]
    stays = before["rung"] in moved.recorded or before["due_on"] == after["due_on"]
    return None if stays else due_date(after)
