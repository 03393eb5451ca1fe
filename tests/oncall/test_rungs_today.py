"""Did all of today's rungs fire? Due against recorded against told, each miss with its reason (H33)."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from liaison.db.figures import GRACE
from liaison.db.tables import AnswerDelivery, Plan
from liaison.policy.message_words import DeliveryState, MessageState
from liaison.policy.words import ActionState
from liaison.services.platform import Body
from liaison.services.rungs_today import BELL_GRACE, rungs_view
from tests.e2e.platform import Running
from tests.oncall.lateness import Rung, new_rung, unmade_answer
from tests.services.office import Office, days

MINUTE = timedelta(minutes=1)


async def day_of(office: Office, rung: Rung) -> Body:
    return await rungs_view(office.platform, (rung.due_at + timedelta(hours=8)).date())


def reasons_of(view: Body, rung: Rung) -> list[str]:
    return [miss["reason"] for miss in view["misses"] if miss["reference"] == rung.reference]


async def test_a_rung_that_the_policy_in_force_no_longer_has_is_counted(office: Office) -> None:
    rung = await new_rung(office)
    last = rung.due_at + days(30)
    async with office.platform.db.write() as session:
        plan = await session.get_one(Plan, (rung.reference, 1))
        plan.rungs = [
            *plan.rungs,
            {**plan.rungs[-1], "rung": 9, "due_at": last.isoformat(), "act_at": last.isoformat()},
        ]
    view = await rungs_view(office.platform, (last + timedelta(hours=8)).date())
    assert (view["due"], view["to_come"]) == (1, 1)


async def test_every_state_a_rung_can_be_in(either_office: Office) -> None:
    office = either_office
    rungs = [await new_rung(office, claimed=number != 1) for number in range(9)]
    fired, never_started, lost, in_time, annulled, mute, failed, doubtful, waiting = rungs
    before = await day_of(office, fired)
    for rung in (fired, annulled, mute, failed, doubtful, waiting):
        await rung.record()
    await fired.ring(MessageState.DELIVERED)
    await in_time.reply(in_time.due_at - MINUTE, ActionState.PENDING)
    await lost.reply(lost.due_at, ActionState.PENDING)
    await annulled.annul()
    await failed.ring(MessageState.FAILED, "no telephone number")
    await doubtful.ring(MessageState.AMBIGUOUS)
    await waiting.ring(MessageState.RESERVED)
    office.clock.now = max(rung.act_at for rung in rungs) + BELL_GRACE + MINUTE
    view = await day_of(office, fired)

    assert {rung.reference: reasons_of(view, rung) for rung in rungs} == {
        fired.reference: [],
        never_started.reference: ["not_started"],
        lost.reference: ["not_recorded"],
        in_time.reference: [],
        annulled.reference: [],
        mute.reference: ["nobody_told"],
        failed.reference: ["bell_failed"],
        doubtful.reference: ["bell_ambiguous"],
        waiting.reference: ["bell_overdue"],
    }
    grown = {name: view[name] - before[name] for name in ("recorded", "annulled", "answered_in_time", "missed")}
    if not office.platform.db.is_sqlite:
        # The shared book holds requests of other tests, and the clock was moved past their limits too.
        grown["missed"] = sum(bool(reasons_of(view, rung)) for rung in rungs)
    assert grown == {"recorded": 6, "annulled": 1, "answered_in_time": 1, "missed": 6}
    assert view["due"] == before["due"] - 1
    assert view["bells"]["sent"] >= 1 and view["bells"]["waiting"] >= 1
    assert not view["all_fired"]
    told = next(miss for miss in view["misses"] if miss["reason"] == "bell_failed")
    assert "no telephone number" in told["detail"]


async def test_before_its_instant_nothing_is_missed_and_afterwards_the_bell_may_wait(office: Office) -> None:
    rung = await new_rung(office)
    office.clock.now = rung.act_at - MINUTE
    early = await day_of(office, rung)
    assert (early["due"], early["to_come"], early["missed"], early["all_fired"]) == (1, 1, 0, True)
    await rung.record()
    await rung.ring(MessageState.RESERVED)
    office.clock.now = rung.act_at + MINUTE
    late = await day_of(office, rung)
    assert (late["recorded"], late["to_come"], late["missed"]) == (1, 0, 0)
    assert late["bells"]["waiting"] == 1
    assert late["all_fired"]


async def test_a_rung_belongs_to_the_day_on_which_it_falls_due(office: Office) -> None:
    rung = await new_rung(office)
    office.clock.now = rung.act_at + days(3)
    on = (rung.due_at + timedelta(hours=8)).date()
    per_day = [(await rungs_view(office.platform, on + days(number)))["due"] for number in (-1, 0, 1)]
    assert per_day[1] == 1
    assert per_day[0] == 0
    today = await rungs_view(office.platform, None)
    assert today["on"] == (on + days(3)).isoformat()


async def test_closed_after_the_instant_without_a_record_is_a_miss_and_before_it_is_none(office: Office) -> None:
    late, early = await new_rung(office), await new_rung(office)
    office.clock.now = early.due_at - MINUTE
    await office.close(early.reference)
    office.clock.now = late.due_at + timedelta(hours=9)
    await office.close(late.reference)
    view = await day_of(office, late)
    assert reasons_of(view, late) == ["not_recorded"]
    assert reasons_of(view, early) == []
    assert view["due"] == 1


async def test_a_closed_request_owes_the_rung_that_waits_for_its_answer(either_office: Office) -> None:
    """Art. 8: the reply ended the ladder two days before, and nobody has made it to the party (ADR 0015)."""
    office = either_office
    rung = await unmade_answer(office, closed_before=days(2))
    office.clock.now = rung.due_at - MINUTE
    before = await day_of(office, rung)
    office.clock.now = rung.act_at + GRACE
    after = await day_of(office, rung)
    assert (before["to_come"], before["missed"], after["missed"]) == (1, 0, 1)
    assert reasons_of(after, rung) == ["not_recorded"]

    async with office.platform.db.write() as session:
        delivery = await session.get_one(AnswerDelivery, rung.reference)
        delivery.state, delivery.made_at = DeliveryState.MADE, rung.due_at
    assert reasons_of(await day_of(office, rung), rung) == ["not_recorded"], "made at the instant is made too late"
    async with office.platform.db.write() as session:
        delivery = await session.get_one(AnswerDelivery, rung.reference)
        delivery.made_at = rung.due_at - MINUTE
    made = await day_of(office, rung)
    assert (reasons_of(made, rung), made["due"], made["answered_in_time"]) == ([], 0, 1)


async def test_thousands_are_counted_and_a_few_are_listed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison.db.day_of_rungs.BATCH", 7)
    monkeypatch.setattr("liaison.services.rungs_today.SHOWN", 5)
    rungs = [await new_rung(office) for _ in range(20)]
    office.clock.now = max(rung.act_at for rung in rungs) + timedelta(hours=1)
    view = await day_of(office, rungs[0])
    assert (view["due"], view["missed"], len(view["misses"])) == (20, 20, 5)


@pytest.mark.timeout(120)
def test_the_command(watched: Running) -> None:
    quiet = watched.liaison("rungs")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert "No rung fell due" in quiet.stdout, "nothing is due on the day on which everything was registered"
    reference = watched.submit("rungs", case_number="（2026）粤0104民初3029号")["reference"]
    due_at = watched.show(reference)["deadlines"][0]["due_at"]
    shown = watched.liaison("rungs", "--on", due_at[:10], "--json")
    assert shown.returncode == 0
    found = json.loads(shown.stdout)
    # Other tests' requests of today are due on the same day.
    assert found["due"] == found["to_come"] >= 1
    assert (found["on"], found["all_fired"]) == (due_at[:10], True)
    told = watched.liaison("rungs", "--on", due_at[:10]).stdout
    assert "to come" in told
    assert "All fired" not in told, "nothing has fired yet"
    assert watched.liaison("rungs", "--on", "yesterday").returncode == 1
    assert watched.liaison("rungs", "--as", "clerk").returncode == 1
    day = _let_it_have_been_due(watched.home, reference)
    missed = watched.liaison("rungs", "--on", day.isoformat(), "--json")
    assert missed.returncode == 1, missed.stderr
    assert [miss["reason"] for miss in json.loads(missed.stdout)["misses"]] == ["not_recorded"]
    _let_it_have_been_annulled(watched.home, reference)
    assert "All fired" in watched.liaison("rungs", "--on", day.isoformat()).stdout


def _let_it_have_been_annulled(home: Path, reference: str) -> None:
    """Change the book so that the warning is on record, and annulled, which needs no bell."""
    now = str(datetime.now(UTC).replace(tzinfo=None))
    with closing(sqlite3.connect(home / "liaison.db", timeout=20)) as book, book:
        book.execute(
            "INSERT INTO rung_record (reference, round, rung, post, due_at, recorded_at, annulled_at)"
            " VALUES (?, 1, 0, 'holder', ?, ?, ?)",
            (reference, now, now, now),
        )


def _let_it_have_been_due(home: Path, reference: str) -> date:
    """Change the book so that the request's warning fell due two days ago, and never fired; the day."""
    due_at = datetime.now(UTC).replace(hour=16, minute=0, second=0, microsecond=0) - timedelta(days=3)
    with closing(sqlite3.connect(home / "liaison.db", timeout=20)) as book, book:
        (rungs,) = book.execute("SELECT rungs FROM plan WHERE reference = ?", (reference,)).fetchone()
        changed = json.loads(rungs)
        changed[0] |= {"due_at": due_at.isoformat(), "act_at": due_at.isoformat()}
        book.execute("UPDATE plan SET rungs = ? WHERE reference = ?", (json.dumps(changed), reference))
        received = str(due_at.replace(tzinfo=None) - timedelta(days=4))
        book.execute("UPDATE request SET received_at = ? WHERE reference = ?", (received, reference))
    return (due_at + timedelta(hours=8)).date()
