"""The plan in force as its workflow knows it."""

from datetime import date, datetime
from functools import lru_cache

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.tools import Tools
from calendars.core import BusinessCalendar
from liaison.contract.plans import Planned, Rung
from liaison.db.tables import Plan, Request
from liaison.policy.explain import Explanation, Words, explain_answer, explain_deadline, rung_rule
from liaison.policy.explain_line import explanation_line
from liaison.policy.recount import answer_due_at
from liaison.policy.titles import titles


async def planned_for(tools: Tools, session: AsyncSession, request: Request, plan: Plan, says: str = "") -> Planned:
    """A request's plan in force, and what is to be said of it."""
    policy = await tools.rulebook.policy(session, request.policy_version)
    calendar = (await tools.rulebook.calendar(session, plan.calendar_version)).of(request.court)
    day0, answer = date.fromisoformat(plan.day0), date.fromisoformat(plan.answer_due_on)
    rules = {rule.rung: rule for rule in policy.ladders[request.court_level]}
    return Planned(
        calendar_version=request.calendar_version,
        policy_version=request.policy_version,
        answer_due_on=plan.answer_due_on,
        answer_due_at=answer_due_at(plan, policy).isoformat(),
        answer_act_at=tools.for_workflow(plan.answer_act_at),
        rungs=[
            Rung(
                rung=row["rung"],
                business_day=row["business_day"],
                due_on=row["due_on"],
                due_at=row["due_at"],
                act_at=tools.for_workflow(datetime.fromisoformat(row["act_at"])),
                provisional=row["provisional"],
                # A rung that fired stays in the plan even if the policy of today has none of its number.
                post=titles(rule.informs) if (rule := rules.get(row["rung"])) else "",
                counted=_counted(
                    calendar, day0, rule.business_day, rung_rule(rule, policy), date.fromisoformat(row["due_on"])
                )
                if rule
                else "",
            )
            for row in plan.rungs
        ],
        says=says,
        answer_provisional=calendar.is_provisional(answer),
        answer_counted=_line(explain_answer(calendar, day0, policy), answer),
    )


@lru_cache(maxsize=1_024)
def _counted(calendar: BusinessCalendar, day0: date, business_day: int, rule: Words, due_on: date) -> str:
    """How a rung's date was counted; thousands of one day are moved together."""
    return _line(explain_deadline(calendar, day0, business_day, rule), due_on)


def _line(found: Explanation, due_on: date) -> str:
    """How a date was counted, in short; nothing for one that was counted by older rules or kept out of the past."""
    if found.due_on != due_on:
        return ""
    line = explanation_line(found)
    return f"{line.en} {line.zh}"
