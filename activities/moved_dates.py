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
from liaison.db.messages import DATE_MOVED, PARTY, RECEIVED, SAYS, read_params, supersede, unsent
from liaison.db.tables import Message, Plan, Request
from liaison.policy.ladder import spread_of
from liaison.policy.told_dates import PROVISIONAL, ToldDate, date_in, date_params, due_date
from liaison.policy.words import Procedure

TELL_THE_LIMIT: Final = (WORK_ORDER, RECEIVED)
"""Templates whose ``due_on`` is the limit of the reply, the first rung of a plan. A bell is none of them: what has
fired keeps its date."""


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
        limit, waiting = _moved_limit(moved), await unsent(session, request.reference, *TELL_THE_LIMIT, DATE_MOVED)
        hear_it = set() if limit is None else await self._tell_limit(session, request, waiting, limit, later)
        was, will_be = [
            await self._next_limit(session, request, plan, moved.recorded) for plan in (moved.before, moved.after)
        ]
        if was is not None and will_be is not None and was.day != will_be.day:
            await self._tell_news(session, request, waiting, (was, will_be), hear_it, later)

    async def _next_limit(
        self, session: AsyncSession, request: Request, plan: Plan, recorded: Collection[int]
    ) -> ToldDate | None:
        """The day by whose end somebody must act next."""
        if request.procedure is Procedure.SUMMARY:
            calendar = (await self._tools.rulebook.calendar(session, plan.calendar_version)).of(request.court)
            return ToldDate(plan.answer_due_on, calendar.is_provisional(date.fromisoformat(plan.answer_due_on)))
        return next((due_date(row) for row in plan.rungs if row["rung"] not in recorded), None)

    async def _tell_limit(
        self, session: AsyncSession, request: Request, waiting: Iterable[Message], limit: ToldDate, later: datetime
    ) -> set[str]:
        """Have what was to tell the old limit, and has not gone, tell the new one. Returns who hears it by that."""
        orders = [message for message in waiting if message.template in TELL_THE_LIMIT]
        for message in orders:
            supersede(message, self._tools.clock())
        # Of several to one person, as after a change of procedure and back, the newest says all.
        newest = {message.recipient: message for message in orders}
        for recipient, message in newest.items():
            params = await read_params(session, self._tools.ring, message)
            stay = {name: value for name, value in params.items() if name not in (SAYS, PROVISIONAL)}
            await self._reserve(session, request, recipient, message.template, stay | date_params(due_on=limit), later)
        return set(newest)

    async def _tell_news(
        self,
        session: AsyncSession,
        request: Request,
        waiting: Iterable[Message],
        was_and_will_be: tuple[ToldDate, ToldDate],
        hear_it: Collection[str],
        later: datetime,
    ) -> None:
        """Have the others told that the date is another than the one they know, if it is."""
        news = {message.recipient: message for message in waiting if message.template == DATE_MOVED}
        for message in news.values():
            supersede(message, self._tools.clock())
        was, will_be = was_and_will_be
        for recipient in _people(request):
            known = was
            if recipient in news:
                known = date_in(await read_params(session, self._tools.ring, news[recipient]), "was")
            if recipient not in hear_it and known.day != will_be.day:
                dates = date_params(was=known, due_on=will_be)
                await self._reserve(session, request, recipient, DATE_MOVED, dates, later)

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


def _moved_limit(moved: Moved) -> ToldDate | None:
    """The day by whose end a reply is due, where that moved and nobody was warned of the old one."""
    before, after = moved.before.rungs[0], moved.after.rungs[0]
    stays = before["rung"] in moved.recorded or before["due_on"] == after["due_on"]
    return None if stays else due_date(after)
