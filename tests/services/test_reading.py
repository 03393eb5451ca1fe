"""What every request asks of the book is found by an index: it must not grow with the years the book is kept."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

from sqlalchemy import event
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.inbound import open_references
from liaison.db.messages import fits_from
from liaison.db.reads import find_request
from tests.services.office import LEADER, Office


async def test_of_a_number_only_its_last_day_is_read(office: Office) -> None:
    now = office.clock.now
    assert await _steps(office, lambda session: fits_from(session, "a number", 40, "a message", now)) == [
        "SEARCH message USING INDEX ix_message_open (state=?)",
        "SEARCH message USING INDEX ix_message_number (number_mac=? AND submitted_at>?)",
    ]


async def test_of_a_holder_only_open_requests_are_read(office: Office) -> None:
    steps = await _steps(office, lambda session: open_references(session, ["0104-j01", "0104-d-civil1"]))
    assert steps[0] == "SEARCH request USING INDEX ix_request_holder (holder_id=? AND stage=?)"


async def test_to_show_a_request_nothing_is_read_through(office: Office) -> None:
    for scope in (await office.judge("0104-j01"), await office.leader(LEADER)):
        steps = await _steps(office, lambda session, scope=scope: find_request(session, scope, "7K3M-9QXF-2T4W-Z"))
        assert any("work_order" in step for step in steps)
        assert not [step for step in steps if step.startswith("SCAN")]


async def _steps(office: Office, ask: Callable[[AsyncSession], Awaitable[object]]) -> list[str]:
    """How SQLite goes about whatever is asked, without any figures about its tables."""
    asked: list[tuple[str, Any]] = []
    async with office.platform.db.write() as session:
        connection = await session.connection()

        def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            asked.append((statement, parameters))

        event.listen(connection.sync_connection, "before_cursor_execute", listen)
        await ask(session)
    with closing(sqlite3.connect(office.home / "liaison.db")) as book:
        return [
            step[3] for question in asked for step in book.execute(f"EXPLAIN QUERY PLAN {question[0]}", question[1])
        ]
