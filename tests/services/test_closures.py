"""A closed hall: clocks run on, unless the Case Filing Chamber says which dates are days off (C30)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from activities.sms import Sender
from calendars.packaged import packaged_notices
from liaison.db.tables import CalendarVersion, Closure, Message, Replan
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.scope import Scope
from liaison.policy.windows import next_opening
from liaison.policy.words import KeyRole, Language
from liaison.services.calendar_diff import courts_of, movable
from liaison.services.calendar_versions import diff_view
from liaison.services.closures import ClosureInput, amend_closure, closure_view, closures_view, enter_closure
from liaison.services.errors import Refused, Slug
from tests.chinese import is_chinese
from tests.keeping.tools import tools_of
from tests.services.office import Office
from tests.services.rules import call, chamber, closure, operator

PACKAGED = len(packaged_notices())
OTHER_COURT = "0105"


async def due_on(office: Office, court: str = "0104", **changes: object) -> list[str]:
    """The dates of a request registered now."""
    body = (await office.accept(court=court, case_number=None, judge=None, **changes)).body
    return [due["due_on"] for due in body["deadlines"]]


async def test_a_closed_hall_alone_changes_no_date(office: Office) -> None:
    before = await due_on(office)
    answer = await enter_closure(office.platform, None, closure(), call(await operator(office)))
    assert (answer.status, answer.body["made_version"], answer.body["days_off"]) == (201, None, [])
    assert (answer.body["from"], answer.body["to"]) == ("2026-09-21T08:00:00+08:00", "2026-09-23T18:00:00+08:00")
    assert await due_on(office) == before
    assert (await office.count(CalendarVersion), await office.count(Replan)) == (PACKAGED, 0)


async def test_days_off_of_one_court_count_for_it_alone(either_office: Office) -> None:
    office = either_office
    city, court = await due_on(office, OTHER_COURT), await due_on(office)
    given = closure("2026-09-21", "2026-09-22")
    answer = await enter_closure(office.platform, "0104", given, call(await chamber(office)))
    number = answer.body["made_version"]
    async with office.platform.db.read() as session:
        version = await session.get_one(CalendarVersion, number)
        assert (await session.get_one(Replan, f"replan-calendar-{number}")).calendar_version == number
    assert version.closures[-1] == {
        "id": answer.body["id"],
        "court": "0104",
        "days": ["2026-09-21", "2026-09-22"],
    }
    assert version.approved_by == "sample-chamber-1"
    assert await due_on(office, OTHER_COURT) == city
    # Friday 18 Sept; Sunday 20 is worked in exchange for National Day, 25 to 27 are off.
    assert court == ["2026-09-21", "2026-09-22", "2026-09-24", "2026-09-29", "2026-09-30"]
    assert await due_on(office) == ["2026-09-23", "2026-09-24", "2026-09-29", "2026-10-08", "2026-10-09"]
    diff = await diff_view(office.platform, number - 1, number)
    assert [(day["on"], day["court"], day["after"]["works"]) for day in diff["days"]] == [
        ("2026-09-21", "0104", False),
        ("2026-09-22", "0104", False),
    ]
    # Ended, for the tests that share this book.
    await amend_closure(office.platform, answer.body["id"], closure(), call(await chamber(office)))
    assert await due_on(office) == court


async def test_a_court_that_stays_closed_when_the_city_opens_is_shown_and_its_requests_stay(
    either_office: Office,
) -> None:
    office, scope = either_office, await chamber(either_office)
    city = await enter_closure(office.platform, None, closure("2026-09-21", "2026-09-22"), call(scope))
    own = await enter_closure(office.platform, "0104", closure("2026-09-21"), call(scope))
    closed, number = own.body["made_version"], own.body["made_version"] + 1
    lifted = await amend_closure(office.platform, city.body["id"], closure("2026-09-22"), call(scope))
    assert lifted.body["made_version"] == number
    diff = await diff_view(office.platform, closed, number)
    assert [(d["on"], d["court"], d["before"]["works"], d["after"]["works"]) for d in diff["days"]] == [
        ("2026-09-21", None, False, True),
        ("2026-09-21", "0104", False, False),
    ]
    assert "停止办公" in diff["days"][1]["after"]["zh"]
    back = await diff_view(office.platform, number, closed)
    assert [(d["court"], d["before"]["works"], d["after"]["works"]) for d in back["days"]] == [
        (None, True, False),
        ("0104", False, False),
    ]
    before = await movable_between(office, closed, number)
    await office.submit(court="0104", case_number=None, judge=None)
    assert await movable_between(office, closed, number) == before
    await office.submit(court=OTHER_COURT, case_number=None, judge=None)
    assert await movable_between(office, closed, number) == before + 1
    # Ended, for the tests that share this book.
    for entered in (lifted, own):
        await amend_closure(office.platform, entered.body["id"], closure(), call(scope))


async def movable_between(office: Office, number: int, other: int) -> int:
    """How many open requests the approver of the one version after the other would be told of."""
    async with office.platform.db.read() as session:
        rows = [await session.get_one(CalendarVersion, each) for each in (number, other)]
        old, new = [await office.platform.rulebook.calendar(session, row.number) for row in rows]
        return await movable(session, old, new, courts_of(*rows))


async def test_the_bell_of_a_closed_court_waits(office: Office) -> None:
    await enter_closure(office.platform, "0104", closure("2026-09-21"), call(await chamber(office)))
    async with office.platform.db.read() as session:
        calendar, policy = await office.platform.rulebook.current(session)
    monday = datetime(2026, 9, 21, 2, tzinfo=UTC)
    opening = {court: next_opening(monday, MessageClass.STAFF, court, calendar, policy) for court in ("0104", "0105")}
    assert opening == {"0104": datetime(2026, 9, 22, 0, 30, tzinfo=UTC), "0105": monday}
    assert next_opening(monday, MessageClass.PARTY, "0104", calendar, policy) == monday


async def test_a_message_reserved_before_waits_for_the_opening_of_a_closed_court(office: Office) -> None:
    """What ``notice-<id>`` runs when it wakes counts with the version approved meanwhile."""
    reference, now = await office.submit(), datetime(2026, 9, 21, 2, tzinfo=UTC)
    message = Message(
        id=f"{reference}-m"[:26], idempotency_key=f"{reference}/m", reference=reference, cause="c",
        message_class=MessageClass.STAFF, template="warning", language=Language.ZH_CN, recipient="0104-j01",
        sealed_params=b"sealed", state=MessageState.RESERVED, reserved_at=office.clock.now, send_after=now,
    )  # fmt: skip
    async with office.platform.db.write() as session:
        session.add(message)
    office.clock.now = now
    sender = Sender(tools_of(office))
    await enter_closure(office.platform, "0104", closure("2026-09-21", "2026-09-22"), call(await chamber(office)))
    progress = await sender.send(message.id)
    assert (progress.state, progress.wait_until) == (MessageState.RESERVED, "2026-09-23T00:30:00+00:00")


async def test_it_is_ended_early_and_amended_again(office: Office) -> None:
    before, scope = await due_on(office), await chamber(office)
    entered = await enter_closure(office.platform, None, closure("2026-09-21", "2026-09-22"), call(scope))
    shorter = closure("2026-09-21", last="2026-09-21")
    amended = await amend_closure(office.platform, entered.body["id"], shorter, call(scope))
    assert (amended.body["replaces"], amended.body["made_version"]) == (entered.body["id"], PACKAGED + 2)
    # The same days, at other hours: no version.
    later = replace(shorter, to_at=datetime(2026, 9, 21, 9, tzinfo=UTC))
    moved = await amend_closure(office.platform, amended.body["id"], later, call(scope))
    assert moved.body["made_version"] is None
    reopened = await amend_closure(office.platform, moved.body["id"], closure(last="2026-09-21"), call(scope))
    assert reopened.body["made_version"] == PACKAGED + 3
    assert await due_on(office) == before
    async with office.platform.db.read() as session:
        first = await session.get_one(CalendarVersion, PACKAGED)
        last = await session.get_one(CalendarVersion, PACKAGED + 3)
    assert (last.closures, last.checksum) == ([], first.checksum)

    listed = (await closures_view(office.platform))["items"]
    assert [item["replaced_by"] for item in listed] == [item["id"] for item in listed[1:]] + [None]
    assert (await closure_view(office.platform, entered.body["id"]))["replaced_by"] == amended.body["id"]


async def test_what_was_replaced_is_not_replaced_again(either_office: Office) -> None:
    office, scope = either_office, await chamber(either_office)
    entered = await enter_closure(office.platform, None, closure(), call(scope))
    amended = await amend_closure(office.platform, entered.body["id"], closure(last="2026-09-22"), call(scope))
    with pytest.raises(Refused) as refused:
        await amend_closure(office.platform, entered.body["id"], closure(), call(scope))
    assert (refused.value.slug, refused.value.en) == (
        Slug.CONFLICT,
        f"It was replaced already, by {amended.body['id']}.",
    )


async def test_only_the_chamber_decides_which_days_count(office: Office) -> None:
    mine = await operator(office)
    for attempt in (
        enter_closure(office.platform, None, closure("2026-09-21"), call(mine)),
        amend_closure(
            office.platform,
            (await enter_closure(office.platform, None, closure("2026-09-22"), call(await chamber(office)))).body["id"],
            closure(),
            call(mine),
        ),
    ):
        with pytest.raises(Refused) as refused:
            await attempt
        assert (refused.value.slug, refused.value.en) == (
            Slug.FORBIDDEN,
            "Only the Case Filing Chamber of the Intermediate Court decides which dates count as days off.",
        )
    assert await office.count(Closure) == 1


@pytest.mark.parametrize(("court", "may"), [("0104", False), ("01", True), (None, True)])
async def test_the_chamber_is_that_of_the_intermediate_court(office: Office, court: str | None, may: bool) -> None:
    scope = Scope(KeyRole.CHAMBER, "chamber", court=court)
    entered = await enter_closure(office.platform, court, closure(), call(scope))
    assert entered.status == 201, "a closure that stops no clock is anybody's"
    amend = amend_closure(office.platform, entered.body["id"], closure("2026-09-21"), call(scope))
    if may:
        assert (await amend).body["made_version"] == PACKAGED + 1
        return
    with pytest.raises(Refused) as refused:
        await amend
    assert refused.value.slug is Slug.FORBIDDEN and is_chinese(refused.value.zh)
    assert await office.count(CalendarVersion) == PACKAGED


@pytest.mark.parametrize(
    ("court", "given", "pointer", "says"),
    [
        (None, closure(last="2026-09-20"), "/to", "The closure ends before it starts."),
        (None, closure("2026-09-24"), "/days_off/0", "2026-09-24 is not touched by the closure."),
        (None, closure("2026-09-21", "2026-09-20"), "/days_off/1", "2026-09-20 is not touched by the closure."),
        (None, closure("2026-09-21", "2026-09-21"), "/days_off", "A date stands there twice."),
        ("9999", closure(), "/court", "There is no court with this code."),
        (
            None,
            closure("2050-01-03", first="2050-01-03", last="2050-01-03"),
            "/days_off",
            "the closure of 2050-01-03 lies outside the calendar",
        ),
        (
            None,
            # A hall that opens again at midnight is not closed on that day.
            ClosureInput(
                datetime(2026, 9, 21, 0, tzinfo=UTC),
                datetime(2026, 9, 21, 16, tzinfo=UTC),
                closure("2026-09-22").days_off,
                "chamber",
                "source",
            ),
            "/days_off/0",
            "2026-09-22 is not touched by the closure.",
        ),
    ],
)
async def test_a_closure_that_cannot_be_is_refused_in_a_sentence(
    office: Office, court: str | None, given: ClosureInput, pointer: str, says: str
) -> None:
    with pytest.raises(Refused) as refused:
        await enter_closure(office.platform, court, given, call(await chamber(office)))
    [fault] = refused.value.faults
    assert (fault.pointer, says in fault.en) == (pointer, True), fault
    assert fault.zh.endswith("。")
    assert (await office.count(Closure), await office.count(CalendarVersion)) == (0, PACKAGED)


async def test_an_unknown_closure_is_not_found(office: Office) -> None:
    nobody, scope = "01J00000000000000000000000", await chamber(office)
    for attempt in (
        closure_view(office.platform, nobody),
        amend_closure(office.platform, nobody, closure(), call(scope)),
    ):
        with pytest.raises(Refused) as refused:
            await attempt
        assert refused.value.slug is Slug.NOT_FOUND
