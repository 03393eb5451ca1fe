"""Why a deadline is when it is: every day counted and passed over, by the versions the dates were made with (C10)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from calendars.core import BusinessCalendar, CalendarError, shanghai_date
from liaison.db.open_plans import plans_of
from liaison.db.rungs import rung_records
from liaison.db.tables import Plan, RungRecord
from liaison.policy.explain import ExplainedDay, Explanation, Words, explain_answer, explain_deadline, rung_rule
from liaison.policy.rules import Policy
from liaison.policy.scope import Scope
from liaison.policy.windows import at
from liaison.policy.words import CourtLevel, Procedure, Stage
from liaison.services.citing import Cited, cited
from liaison.services.errors import Fault, Refused, Slug
from liaison.services.finding import visible_request
from liaison.services.platform import Body, Platform
from liaison.services.show import shown

_IF_SUMMARY: Final = Words("仅适用于简易程序的诉求", "for a request in the summary procedure only")


async def explain_question(platform: Platform, received_at: datetime, court: str) -> Body:
    """Explain the dates a request of that court would get if it were received then.

    Raises:
        Refused: ``INVALID``: unknown court, or outside the calendar.
    """
    async with platform.db.read() as session:
        calendar, policy = await platform.rulebook.current(session)
        found = (await platform.rulebook.roster(session)).court(court)
        rests_on = await cited(session, calendar.number, court)
    if found is None:
        fault = Fault("/court", "没有此法院代码。", "There is no court with this code.")
        raise Refused(Slug.INVALID, faults=(fault,))
    try:
        day0 = shanghai_date(received_at)
        explained = _explained(calendar.of(court), policy, found.level, day0)
        answer = explain_answer(calendar.of(court), day0, policy)
    except CalendarError as error:
        fault = Fault("/received_at", "该时间不在日历范围内。", f"{error}.")
        raise Refused(Slug.INVALID, faults=(fault,)) from None
    deadlines = [_deadline(rung, explanation, policy) for rung, explanation in explained.items()]
    return {
        "reference": None,
        **_head(received_at, court, found.level, explained, rests_on),
        "policy_version": policy.version,
        "answer": _answer(answer, answer.due_on, answer.provisional, policy, [_IF_SUMMARY], rests_on),
        "deadlines": deadlines,
    }


async def explain_request(platform: Platform, scope: Scope, reference: str) -> Body:
    """Explain the dates of a request by the calendar version of its plan in force, and by its policy.

    A rung that fired stays what it was then; a date that lay in the past when its version came is another, for nothing
    escalates for the past: both are said in ``notes``.

    Raises:
        Refused: ``NOT_FOUND``.
    """
    async with platform.db.read() as session:
        found = await visible_request(session, scope, reference)
        request, plan = found.main, found.plan
        calendar = (await platform.rulebook.calendar(session, plan.calendar_version)).of(request.court)
        # That of the plan, or a newer one that moved none of its dates and may name other people.
        policy = await platform.rulebook.policy(session, request.policy_version)
        rests_on = await cited(session, plan.calendar_version, request.court)
        plans = await plans_of(session, request.reference)
        records = {record.rung: record for record in await rung_records(session, request.reference)}
        older = [await platform.rulebook.policy(session, each.policy_version) for each in plans]
    day0, level = date.fromisoformat(plan.day0), request.court_level
    # A rung that fired stays in the plan even if the policy of today has none of its number.
    explained: dict[int, Explanation] = {}
    for each in (*older, policy):
        explained |= _explained(calendar, each, level, day0)
    explained = {row["rung"]: explained[row["rung"]] for row in plan.rungs}
    summary = request.procedure is Procedure.SUMMARY and request.stage is not Stage.CLOSED
    return {
        "reference": found.own.reference,
        **_head(request.received_at, request.court, level, explained, rests_on),
        "policy_version": request.policy_version,
        "answer": _planned_answer(plan, day0, calendar, policy, rests_on) if summary else None,
        "deadlines": [_planned(row, explained[row["rung"]], plans, records.get(row["rung"])) for row in plan.rungs],
    }


def _explained(calendar: BusinessCalendar, policy: Policy, level: CourtLevel, day0: date) -> dict[int, Explanation]:
    """Each rung's explanation, the warning first."""
    return {
        rule.rung: explain_deadline(calendar, day0, rule.business_day, rung_rule(rule, policy))
        for rule in policy.ladders[level]
    }


def _head(
    received_at: datetime, court: str, level: CourtLevel, explained: Mapping[int, Explanation], rests_on: Cited
) -> Body:
    longest = max(explained.values(), key=lambda explanation: explanation.n)
    return {
        "received_at": shown(received_at),
        "court": court,
        "court_level": level.value,
        "day0": longest.day0.isoformat(),
        "calendar_version": longest.version,
        "days": [_day(day, rests_on) for day in longest.days],
    }


def _day(day: ExplainedDay, rests_on: Cited) -> Body:
    words = rests_on.words(day)
    return {
        "on": day.date.isoformat(),
        "counted": day.counted,
        "reason": day.reason.value,
        "zh": words.zh,
        "en": words.en,
        "notice": rests_on.notice(day),
        "closure": rests_on.closure(day),
        "announced": day.announced,
    }


def _answer(
    explanation: Explanation, due_on: date, provisional: bool, policy: Policy, notes: list[Words], rests_on: Cited
) -> Body:
    """The limit of a summary request, on which it becomes ordinary; its days begin with that of receipt."""
    limit = _date(explanation, due_on.isoformat(), shown(at(due_on, policy.cut_off)), provisional, notes)
    return limit | {"days": [_day(day, rests_on) for day in explanation.days]}


def _planned_answer(plan: Plan, day0: date, calendar: BusinessCalendar, policy: Policy, rests_on: Cited) -> Body:
    explanation, due_on = explain_answer(calendar, day0, policy), date.fromisoformat(plan.answer_due_on)
    counted = explanation.due_on
    notes = [] if due_on == counted else [_put_off(calendar.number, counted, plan.answer_due_on)]
    return _answer(explanation, due_on, calendar.is_provisional(due_on), policy, notes, rests_on)


def _deadline(rung: int, explanation: Explanation, policy: Policy) -> Body:
    due_on = explanation.due_on
    return _shown(
        rung, explanation, due_on.isoformat(), shown(at(due_on, policy.cut_off)), explanation.provisional, []
    )  # fmt: skip


def _planned(
    row: Mapping[str, Any], explanation: Explanation, plans: Sequence[Plan], record: RungRecord | None
) -> Body:
    due_at = datetime.fromisoformat(row["due_at"]) if record is None else record.due_at
    due_on = row["due_on"] if record is None else _due_on_then(record, plans, row)
    notes = _notes(explanation, due_on, plans, record)
    return _shown(row["rung"], explanation, due_on, shown(due_at), row["provisional"] and record is None, notes)


def _shown(
    rung: int, explanation: Explanation, due_on: str, due_at: str, provisional: bool, notes: list[Words]
) -> Body:
    return {"rung": rung, "business_day": explanation.n, **_date(explanation, due_on, due_at, provisional, notes)}


def _date(explanation: Explanation, due_on: str, due_at: str, provisional: bool, notes: list[Words]) -> Body:
    """A date, how sure it is and what it rests on; one that is not what was counted has no bounds but itself."""
    stands = due_on == explanation.due_on.isoformat()
    return {
        "due_on": due_on,
        "due_at": due_at,
        "provisional": provisional,
        "earliest": explanation.earliest.isoformat() if stands else due_on,
        "latest": explanation.latest.isoformat() if stands else due_on,
        "rule": {"zh": explanation.rule.zh, "en": explanation.rule.en},
        "notes": [{"zh": note.zh, "en": note.en} for note in notes],
    }


def _notes(explanation: Explanation, due_on: str, plans: Sequence[Plan], record: RungRecord | None) -> list[Words]:
    """What the count alone does not tell."""
    stands = due_on == explanation.due_on.isoformat()
    counted, version = explanation.due_on, explanation.version
    if record is None:
        if stands:
            return []
        return [_put_off(version, counted, due_on)]
    notes = [_fired(record, plans)]
    if not stands:
        notes.append(Words(f"按第{version}版应为 {counted}", f"by version {version} it would be {counted}"))
    return notes


def _put_off(version: int, counted: date, due_on: str) -> Words:
    return Words(
        f"按第{version}版应为 {counted}，该版生效时已过，故以 {due_on} 为期限",
        f"by version {version} it would be {counted}, past already when that came: so it is {due_on}",
    )


def _fired(record: RungRecord, plans: Iterable[Plan]) -> Words:
    on = shown(record.recorded_at)[:16].replace("T", " ")
    if record.escalated_by is not None:
        return Words(f"{on} 由人工提前报送", f"raised by hand on {on}")
    then = next((plan.calendar_version for plan in plans if _due(plan, record.rung) == record.due_at), None)
    annulled = record.annulled_at is not None
    return Words(
        f"{on} 已报送，按第{then}版无误" + ("，后因及时答复撤销" if annulled else ""),
        f"fired on {on}, right under version {then}" + (", annulled by a timely reply" if annulled else ""),
    )


def _due_on_then(record: RungRecord, plans: Iterable[Plan], row: Mapping[str, Any]) -> str:
    """The date a fired rung had when it fired."""
    rows = (planned for plan in plans for planned in plan.rungs if planned["rung"] == record.rung)
    then = (planned["due_on"] for planned in rows if datetime.fromisoformat(planned["due_at"]) == record.due_at)
    return str(next(then, row["due_on"]))


def _due(plan: Plan, rung: int) -> datetime | None:
    found = next((row for row in plan.rungs if row["rung"] == rung), None)
    return None if found is None else datetime.fromisoformat(found["due_at"])
