"""Dates computed by others: the vector files, row by row."""

from datetime import date, datetime

import pytest

from calendars.core import BusinessCalendar, shanghai_date
from tests.calendars.vectors import read_vectors

BEFORE_THE_AMENDMENT, AFTER_THE_AMENDMENT = 3, 4


def _day0(row: dict[str, str]) -> date:
    return shanghai_date(datetime.fromisoformat(row["received_at"]))


def test_every_deadline(calendar: BusinessCalendar) -> None:
    rows = read_vectors("deadline_vectors.csv")
    got = {row["case_id"]: calendar.nth_business_day(_day0(row), int(row["n_business_days"])) for row in rows}
    assert len(got) == len(rows) == 358
    assert got == {row["case_id"]: date.fromisoformat(row["expected_deadline_date"]) for row in rows}
    assert not any(calendar.is_provisional(day) for day in got.values())


@pytest.mark.parametrize("row", read_vectors("amendment_vectors.csv"), ids=lambda row: row["case_id"])
def test_an_amendment_moves_deadlines(versions: list[BusinessCalendar], row: dict[str, str]) -> None:
    before, after = versions[BEFORE_THE_AMENDMENT - 1], versions[AFTER_THE_AMENDMENT - 1]
    assert (before.number, after.number) == (BEFORE_THE_AMENDMENT, AFTER_THE_AMENDMENT)
    n = int(row["n_business_days"])
    assert before.nth_business_day(_day0(row), n) == date.fromisoformat(row["deadline_before"])
    assert after.nth_business_day(_day0(row), n) == date.fromisoformat(row["deadline_after"])


@pytest.mark.parametrize("row", read_vectors("unannounced_vectors.csv"), ids=lambda row: row["case_id"])
def test_past_the_last_announced_day_is_provisional(calendar: BusinessCalendar, row: dict[str, str]) -> None:
    due_on = calendar.nth_business_day(_day0(row), int(row["n_business_days"]))
    if row["expected"] == "UNANNOUNCED":
        assert calendar.is_provisional(due_on)
    else:
        assert (due_on, calendar.is_provisional(due_on)) == (date.fromisoformat(row["expected"]), False)
