"""The demo in words: a heading for each day and a line for each happening, in the terminal's language."""

from collections.abc import Iterator
from typing import Final

from liaison.cli.demo_play import Day, Happening, moment
from liaison.cli.demo_record import Record, Sent
from liaison.cli.language import say
from liaison.cli.output import when
from liaison.db.messages import PARTY, department_of
from liaison.policy.roster import Roster, Staff
from liaison.policy.titles import TITLES
from liaison.policy.words import EventKind, Post
from liaison.services.platform import Body

_WEEKDAYS: Final = tuple(zip("一二三四五六日", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))
_SATURDAY: Final = 5
_TOLD_BY_ITS_EFFECT: Final = (EventKind.STARTED, EventKind.MESSAGE_SENT)
"""Lines of the record that another line tells better: the work order, the outbox's own log."""


class Story:
    """Turns what was read into sentences; people go by their ids and posts, never by their names."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def opening(self, record: Record) -> str:
        """What is going to be told."""
        registered = next(event for event in record.events if event["kind"] == EventKind.REGISTERED)
        court = self._roster.court(registered["detail"]["court"])
        name_zh, name_en = (court.name_zh, court.name_en) if court else ("", "")
        reference = record.request["reference"]
        return say(
            f"演示：向{name_zh}提出的诉求 {reference}，以虚拟时间推演。",
            f"Demo: request 诉求 {reference} to {name_en} {name_zh}, played on virtual time.",
        )

    def day(self, day: Day, record: Record) -> Iterator[str]:
        """A heading, then what happened."""
        yield _heading(day)
        for happening in day.happenings:
            sentence = self._sentence(happening, record)
            if sentence is not None:
                yield f"  {moment(happening):%H:%M}  {sentence}"

    def _sentence(self, happening: Happening, record: Record) -> str | None:
        if isinstance(happening, Sent):
            who = self._who(happening.to)
            return say("短信 → ", "SMS 短信 -> ") + f"{who} {happening.number}: {happening.text}"
        kind, told = EventKind(happening["kind"]), happening["detail"]
        if kind in _TOLD_BY_ITS_EFFECT:
            return None
        match kind:
            case EventKind.REGISTERED:
                return _registered(record)
            case EventKind.DISPATCHED:
                return say("工单派至 ", "Work order 工单 to ") + self._who(told["holder"])
            case EventKind.WARNED:
                return _warning(told, _dates(told, record))
            case EventKind.RUNG_RECORDED:
                return self._rung(told, _dates(told, record))
            case EventKind.REPLY_RECEIVED:
                return say("收到答复：", "Reply 答复 by ") + self._who(happening["actor"])
            case EventKind.CLOSED:
                return _closed(told)
        return f"{kind.value} {told}"

    def _rung(self, told: Body, dates: Body) -> str:
        who, post = self._who(told["recipient"]), TITLES[Post(told["post"])]
        stead = told["in_place_of"] and say(f"（代 {told['in_place_of']}）", f" in place of {told['in_place_of']}")
        return say(
            f"第 {told['rung']} 级督办：{_silence(dates)}，诉求全文送达收件箱：{post} {who}{stead or ''}",
            f"Rung {told['rung']} 督办: {_silence(dates)}; full text in the inbox of the {post}: {who}{stead or ''}",
        )

    def _who(self, recipient: str | None) -> str:
        """A staff id, desk or party with its post; the Case Filing Chamber where a rung found nobody."""
        if recipient == PARTY:
            return say("当事人", "party 当事人")
        code = department_of(recipient) if recipient else self._roster.case_filing_chamber().code
        if code is not None:
            desk = next(department for department in self._roster.departments if department.code == code)
            return say(f"{desk.name_zh}值班电话", f"duty desk 值班电话, {desk.name_en} {desk.name_zh}")
        person = self._roster.staff(recipient or "")
        return f"{recipient} ({self._post(person)})" if person else str(recipient)

    def _post(self, person: Staff) -> str:
        place = self._roster.department(person.court, person.department or "") or self._roster.court(person.court)
        zh, en = (place.name_zh, place.name_en) if place else ("", "")
        return say(f"{zh}{person.position_zh}", f"{person.position_en}, {en} {zh}{person.position_zh}")


def _heading(day: Day) -> str:
    zh, en = _WEEKDAYS[day.date.weekday()]
    return " · ".join((f"{day.date} {say(f'周{zh}', en)}", *_notes(day)))


def _notes(day: Day) -> Iterator[str]:
    weekend = day.date.weekday() >= _SATURDAY
    if day.is_receipt:
        yield say("收到之日，不计入", "day of receipt, not counted")
    if day.business_day is not None:
        yield say(f"第 {day.business_day} 个工作日", f"business day 工作日 {day.business_day}")
    if day.is_worked and weekend:
        yield say("调休上班", "make-up working day 调休上班")
    if not day.is_worked:
        yield say("周末", "weekend") if weekend else say("放假", "public holiday 放假")
    if day.is_provisional:
        yield say("暂定：放假安排尚未公布", "provisional 暂定: not announced yet")


def _registered(record: Record) -> str:
    received, due_on = when(record.request["received_at"]), record.request["deadlines"][0]["due_on"]
    return say(
        f"登记，{received} 收到，普通程序，应于 {due_on} 结束前答复",
        f"Registered 登记, received {received}, ordinary 普通: reply due by the end of {due_on}",
    )


def _warning(told: Body, dates: Body) -> str:
    return say(
        f"预警：{_silence(dates)}，进入督办流程；告知 {told['posts']}",
        f"Warning 预警: {_silence(dates)}; supervision 督办 begins; told: {told['posts']}",
    )


def _closed(told: Body) -> str:
    late = say("（逾期）", ", late") if told["late"] else say("（按期）", ", on time")
    return say(f"办结{late}", f"Closed 办结: {told['outcome']}{late}")


def _silence(dates: Body) -> str:
    day, due_on = dates["business_day"], dates["due_on"]
    return say(f"至第 {day} 个工作日 {due_on} 结束仍未答复", f"no reply by the end of business day {day}, {due_on}")


def _dates(told: Body, record: Record) -> Body:
    found: Body = next(rung for rung in record.request["deadlines"] if rung["rung"] == told["rung"])
    return found
