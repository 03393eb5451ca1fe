"""When a missing notice is worth a note, a warning, an alarm (C31)."""

from datetime import date, timedelta

import pytest

from liaison.policy.horizon import Urgency, horizon

LAST = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("today", "urgency"),
    [
        ("2025-12-31", Urgency.NONE),
        ("2026-10-24", Urgency.NONE),
        ("2026-10-25", Urgency.NOTE),
        ("2026-11-30", Urgency.NOTE),
        ("2026-12-01", Urgency.WARNING),
        ("2026-12-14", Urgency.WARNING),
        ("2026-12-15", Urgency.ALARM),
        ("2026-12-31", Urgency.ALARM),
        ("2027-01-01", Urgency.ALARM),
        ("2027-06-01", Urgency.ALARM),
    ],
)
def test_urgency_grows_as_the_year_ends(today: str, urgency: Urgency) -> None:
    seen = horizon(LAST, date.fromisoformat(today))
    assert (seen.urgency, seen.missing_year, seen.final_until) == (urgency, 2027, LAST)


def test_urgency_never_falls_before_the_notice_comes() -> None:
    order = list(Urgency)
    days = [LAST - timedelta(days=300 - number) for number in range(600)]
    found = [order.index(horizon(LAST, day).urgency) for day in days]
    assert found == sorted(found)
    assert {horizon(date(2027, 12, 31), day).urgency for day in days if day.year == 2026} == {Urgency.NONE}


def test_what_is_said_names_year_and_date_in_both_languages() -> None:
    seen = horizon(LAST, date(2026, 12, 2))
    for sentence in (seen.zh, seen.en):
        assert "2027" in sentence and "2026-12-31" in sentence
    assert horizon(LAST, date(2026, 3, 1)).en == "The calendar is announced until 2026-12-31."
