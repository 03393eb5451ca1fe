"""``liaison calendar deadlines`` as a process of its own: the vectors in, one line out for each, faults by sentence."""

import json
import os
import pty
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.calendars.vectors import read_vectors

COMMAND = [sys.executable, "-c", "from liaison.cli.calendar import calendar_app; calendar_app()", "deadlines"]


def run(lines: list[bytes], **environment: str) -> tuple[list[dict[str, Any]], int]:
    done = subprocess.run(
        COMMAND, input=b"\n".join(lines), capture_output=True, timeout=60, env={**os.environ, **environment}
    )
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


def ask(**question: Any) -> bytes:
    return json.dumps(question, ensure_ascii=False).encode()


def test_every_deadline_and_ladder_vector() -> None:
    deadlines, ladders = read_vectors("deadline_vectors.csv"), read_vectors("ladder_vectors.csv")
    questions = [
        ask(id=row["case_id"], received_at=row["received_at"], business_days=int(row["n_business_days"]))
        for row in deadlines
    ] + [ask(id=row["case_id"], received_at=row["received_at"], court_level=row["court_level"]) for row in ladders]
    answers, code = run(questions)
    assert code == 0
    assert answers[: len(deadlines)] == [
        {"id": row["case_id"], "due_on": row["expected_deadline_date"], "provisional": False} for row in deadlines
    ]
    for row, answer in zip(ladders, answers[len(deadlines) :], strict=True):
        due = [row[column] for column in ("t1_date", "t2_date", "t3_date", "t4_date") if row[column]]
        assert answer["id"] == row["case_id"]
        assert [rung["due_on"] for rung in answer["rungs"][1:]] == due


def test_the_shape_of_a_ladder_with_its_warning() -> None:
    answers, code = run([ask(id=7, received_at="2026-12-25T10:00:00+08:00", court_level="intermediate")])
    expected = [
        {"rung": 0, "business_day": 2, "due_on": "2026-12-29", "provisional": False},
        {"rung": 1, "business_day": 3, "due_on": "2026-12-30", "provisional": False},
        {"rung": 2, "business_day": 5, "due_on": "2027-01-04", "provisional": True},
        {"rung": 3, "business_day": 7, "due_on": "2027-01-06", "provisional": True},
    ]
    assert (answers, code) == ([{"id": 7, "rungs": expected}], 0)


RECEIVED = "2026-09-18T10:00:00+08:00"
BAD_LINES: list[tuple[bytes, str | int | None, str]] = [
    (b"{", None, "the line is not JSON"),
    (b'{"id": "\xff"}', None, "the line is not JSON"),
    (b"[" * 100_000, None, "the line is not JSON"),
    (b"[1]", None, "the line is not a JSON object"),
    (ask(received_at=RECEIVED, business_days=3), None, "id must be a text or a whole number"),
    (ask(id=True, received_at=RECEIVED, business_days=3), None, "id must be a text or a whole number"),
    (ask(id="n", received_at=RECEIVED), "n", "give either business_days or court_level, one of the two"),
    (
        ask(id="b", received_at=RECEIVED, business_days=3, court_level="primary"),
        "b",
        "give either business_days or court_level, one of the two",
    ),
    (ask(id="u", received_at=RECEIVED, business_days=3, court="0104"), "u", "unknown fields: court"),
    (ask(id="m", business_days=3), "m", "received_at must be a text such as 2026-09-18T10:00:00+08:00"),
    (ask(id="i", received_at=1, business_days=3), "i", "received_at must be a text such as 2026-09-18T10:00:00+08:00"),
    (
        ask(id="t", received_at="2026-02-30T10:00:00+08:00", business_days=3),
        "t",
        "received_at is not a time such as 2026-09-18T10:00:00+08:00",
    ),
    (
        ask(id="o", received_at="2026-09-18T10:00:00", business_days=3),
        "o",
        "received_at needs its offset from UTC, such as +08:00",
    ),
    (
        ask(id="f", received_at="2018-06-01T10:00:00+08:00", business_days=3),
        "f",
        "2018-06-01 lies before 2018-12-29, the first day of the calendar",
    ),
    (
        ask(id="l", received_at="2041-01-01T10:00:00+08:00", business_days=3),
        "l",
        "2041-01-01 lies after 2040-12-31, the last day of the calendar",
    ),
    (
        ask(id="e", received_at="9999-12-31T23:00:00-12:00", business_days=3),
        "e",
        "the time lies outside the years 1 to 9999",
    ),
    *[
        (
            ask(id="d", received_at=RECEIVED, business_days=days),
            "d",
            "business_days must be a whole number from 1 to 366",
        )
        for days in (0, -1, 367, 3.0, "3", True, None)
    ],
    *[
        (ask(id="c", received_at=RECEIVED, court_level=level), "c", "court_level must be one of primary, intermediate")
        for level in ("supreme", 1, None, ["primary"])
    ],
]


def test_each_fault_has_its_sentence_and_spoils_no_other_line() -> None:
    good = ask(id="好", received_at=RECEIVED, business_days=3)
    answers, code = run([good, *(line for line, _, _ in BAD_LINES), b"", good], LC_ALL="C")
    right = {"id": "好", "due_on": "2026-09-22", "provisional": False}
    assert answers == [right, *({"id": name, "error": error} for _, name, error in BAD_LINES), right]
    assert code == 1


def test_no_line_is_no_fault() -> None:
    assert run([]) == ([], 0)


def test_a_terminal_gets_the_usage() -> None:
    leader, terminal = pty.openpty()
    try:
        done = subprocess.run(COMMAND, stdin=terminal, capture_output=True, timeout=30)
    finally:
        os.close(terminal)
        os.close(leader)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"usage: liaison calendar deadlines")


@pytest.mark.timeout(60)
def test_a_hundred_thousand_lines_in_seconds() -> None:
    line = ask(id="x", received_at=RECEIVED, business_days=3)
    start = time.monotonic()
    answers, code = run([line] * 100_000)
    assert (len(answers), code) == (100_000, 0)
    assert time.monotonic() - start < 20
