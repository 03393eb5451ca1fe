"""H53: what a book full of closed requests costs those that live, and what its lists cost beside the bare SQL."""

import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing

from benchmarks.lives import our_lives
from benchmarks.rounds import Round, median, percentile, run
from benchmarks.sizes import Sizes
from benchmarks.stage import WARM_UP, Stage, open_stage
from benchmarks.table import Line

BATCH = 20_000
LISTS = 50
COURT = "0104"
QUERIES = {
    "of a court": (f"court={COURT}", f"court = '{COURT}'"),
    "of a judge, open": ("holder=0104-j01&stage=awaiting_reply", "holder_id = '0104-j01' AND stage = 'awaiting_reply'"),
    "overdue": ("overdue=true", "stage <> 'closed' AND (next_due_at < datetime('now') OR rung >= 0)"),
}
"""Lists people ask for: the query of the API and the bare condition."""


async def measure(sizes: Sizes) -> list[Line]:
    """The same lives beside an empty book and beside a full one, in alternation; then the lists of the full one."""
    lines = []
    async with open_stage() as empty, open_stage() as full:
        await our_lives(empty, WARM_UP)
        await our_lives(full, WARM_UP)
        for number in sizes.closed:
            fill(full, number)
            rounds: list[tuple[Round, Round]] = []
            for _ in range(sizes.rounds):
                rounds.append((await our_lives(full, sizes.lives), await our_lives(empty, sizes.lives)))
            ours, bare = ([pair[side] for pair in rounds] for side in (0, 1))
            what = f"lives a second, {number} closed requests against none"
            lines.append(Line("H53", what, median(ours, _rate), median(bare, _rate), ">= 0.95"))
            lines += [await _list(full, name, number) for name in QUERIES]
    return lines


def _rate(each: Round) -> float:
    return each.rate


async def _list(stage: Stage, name: str, number: int) -> Line:
    query, condition = QUERIES[name]
    key = stage.platform.credentials["clerk_key"]
    statement = f"SELECT * FROM request WHERE {condition} ORDER BY reference LIMIT 51"

    async def bare(_: int) -> None:
        stage.sql(statement)

    async with stage.callers(1) as (caller,):
        ours = await _p95_ms(lambda _: caller.call("GET", f"/v1/requests?limit=50&{query}", key))
    return Line("H53", f"list {name}, {number} closed, p95 ms", ours, await _p95_ms(bare))


async def _p95_ms(one: Callable[[int], Awaitable[object]]) -> float:
    return 1000 * percentile((await run(LISTS, 1, one)).latencies, 0.95)


def fill(stage: Stage, number: int) -> None:
    """Copy a closed request, every table of it, until there are ``number``: other references, numbers and holders."""
    with closing(sqlite3.connect(stage.book, timeout=30, isolation_level=None)) as book:
        template, have = book.execute("SELECT min(reference), count(*) FROM request WHERE stage = 'closed'").fetchone()
        tables = [name for (name,) in book.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        copies = [copy for name in tables if (copy := _copy_of(book, name)) is not None]
        # Closed long ago: of a million parties nobody is still to be asked.
        book.execute("UPDATE follow_up SET state = 'unrated' WHERE reference = ?", (template,))
        # A batch touches a page once, not once a row: in the order of its references, with room for all it changes.
        book.execute("PRAGMA cache_size = -2000000")
        book.execute("CREATE TEMP TABLE fresh (reference TEXT, place INTEGER PRIMARY KEY AUTOINCREMENT)")
        while have < number:
            book.execute("BEGIN IMMEDIATE")
            book.execute("DELETE FROM fresh")
            book.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
                "INSERT INTO fresh (reference) SELECT hex(randomblob(9)) AS r FROM n ORDER BY r",
                (min(BATCH, number - have),),
            )
            for copy in copies:
                book.execute(copy, (template,))
            book.execute("COMMIT")
            have += BATCH
            # The platform's own writers stand in the same queue.
            time.sleep(0.01)


def _copy_of(book: sqlite3.Connection, table: str) -> str | None:
    """The statement that copies one request's rows of a table to every fresh reference; None if it holds none."""
    columns = [(row[1], row[2], row[5]) for row in book.execute(f"PRAGMA table_info({table})")]
    if "reference" not in {name for name, _, _ in columns}:
        return None
    values = {
        name: _value_of(name, kind, is_key) for name, kind, is_key in columns if not (is_key and kind == "INTEGER"
        and name == "id")
    }  # fmt: skip
    return (
        f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())} "
        f"FROM fresh JOIN {table} AS old ON old.reference = ?"
    )


def _value_of(name: str, kind: str, is_key: int) -> str:
    if name == "reference":
        return "fresh.reference"
    if name == "holder_id":
        return f"'{COURT}-j' || printf('%02d', abs(random()) % 60)"
    if name in ("number_mac", "phone_mac"):
        # Those of years ago are other people's; of a judge's own past the record of the last day is what counts.
        return "hex(randomblob(32))"
    if name == "id" and is_key:
        # In the order of time, as ULIDs are, and older than all that are made meanwhile.
        return "printf('00%010d', fresh.place) || hex(randomblob(7))"
    return "hex(randomblob(13))" if name == "idempotency_key" else f"old.{name}"
