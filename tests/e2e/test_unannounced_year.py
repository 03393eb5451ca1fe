"""Supervisor, API, worker and command line in a year that nobody has announced (issue line C31)."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.city import REPLY, prepare_template
from tests.e2e.platform import running


def test_nothing_fails_to_start_or_to_work_for_a_missing_year(tmp_path: Path) -> None:
    """Twice: a book is also opened again, with a request of the unannounced year open in it."""
    home = tmp_path / "home"
    home.mkdir()
    asyncio.run(prepare_template(home))
    announced_until = _forget_notices_of_this_year(home)
    assert announced_until < str(datetime.now(UTC).year)
    with running(home) as platform:
        reference = platform.submit("question")["reference"]
        platform.wait_for(reference, lambda shown: shown["stage"] == "awaiting_reply")
    with running(home) as platform:
        shown: dict[str, Any] = platform.show(reference)
        assert [due["provisional"] for due in shown["deadlines"]] == [True] * 5
        reply, judge = f"/v1/requests/{reference}/replies", platform.credentials["judge_keys"]["0104-j01"]
        given = platform.call("POST", reply, judge, {"kind": "text", "text": REPLY}, "reply")
        assert given.status_code in (201, 202), given.text
        closed = platform.wait_for(reference, lambda shown: shown["stage"] == "closed")
        assert closed["outcome"] == "replied"
        explained = platform.liaison("calendar", "explain", reference)
        assert explained.returncode == 0 and "provisional" in explained.stdout, explained.stderr
        looked = platform.liaison("doctor")
        assert announced_until in looked.stdout, looked.stdout + looked.stderr


def _forget_notices_of_this_year(home: Path) -> str:
    """Make it a book in which people decide, and none has decided on a notice of this year. Its last announced day."""
    with closing(sqlite3.connect(home / "liaison.db")) as book, book:
        book.execute("DELETE FROM calendar_version WHERE final_until >= ?", (str(datetime.now(UTC).year),))
        book.execute("UPDATE calendar_version SET approved_by = 'operator-2'")
        [[until]] = book.execute("SELECT max(final_until) FROM calendar_version")
    return str(until)
