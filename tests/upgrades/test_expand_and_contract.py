"""H11: a revision takes nothing away that the release before it still reads or writes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from liaison.db.schema import sync_url, upgrade
from tests.upgrades.books import insert, releases, restore, rows_of
from tests.upgrades.compatible import breaches

NewUrl = Callable[[str], str]
SUPPORTED = 1
"""Releases whose programs may still run beside the newest; what was dropped longer ago may be gone."""


@pytest.fixture
def at(tmp_path: Path) -> NewUrl:
    """Makes the URL of an SQLite database by its name."""
    return lambda name: f"sqlite+aiosqlite:///{tmp_path / name}.db"


@pytest.mark.parametrize("revision", releases()[-SUPPORTED:])
def test_the_last_release_can_go_on_with_the_newest_schema(revision: str, at: NewUrl) -> None:
    restore(at("before"), revision)
    upgrade(at("after"))
    assert breaches(at("before"), at("after")) == []


@pytest.mark.parametrize("revision", releases()[-SUPPORTED:])
def test_what_the_last_release_writes_is_accepted_by_the_newest_schema(revision: str, at: NewUrl) -> None:
    upgrade(at("after"))
    insert(at("after"), rows_of(revision))


BEFORE = (
    "CREATE TABLE request (reference VARCHAR(20) NOT NULL PRIMARY KEY, stage VARCHAR(32) NOT NULL, judge VARCHAR(40))"
)


@pytest.mark.parametrize(
    ("change", "breach"),
    [
        ("ALTER TABLE request DROP COLUMN judge", "request.judge is gone"),
        ("ALTER TABLE request RENAME COLUMN stage TO phase", "request.stage is gone"),
        ("ALTER TABLE request RENAME TO matter", "request is gone"),
        ("CREATE UNIQUE INDEX one ON request (judge)", "request has a new key on judge"),
        (
            f"DROP TABLE request; {BEFORE.replace('judge VARCHAR(40)', 'judge VARCHAR(10)')}",
            "request.judge is shorter than it was",
        ),
        (
            f"DROP TABLE request; {BEFORE.replace('judge VARCHAR(40)', 'judge VARCHAR(40) NOT NULL')}",
            "request.judge may no longer be null",
        ),
        (
            f"DROP TABLE request; {BEFORE.replace('judge VARCHAR(40)', 'judge INTEGER')}",
            "request.judge was VARCHAR(40) and is INTEGER",
        ),
        (
            f"DROP TABLE request; {BEFORE.removesuffix(')')}, rated INTEGER NOT NULL)",
            "request.rated is new and needs a value",
        ),
    ],
)
def test_each_breach_is_noticed(change: str, breach: str, at: NewUrl) -> None:
    _execute(at("before"), BEFORE)
    _execute(at("after"), BEFORE, *change.split(";"))
    assert breach in breaches(at("before"), at("after"))


def test_what_only_adds_is_no_breach(at: NewUrl) -> None:
    _execute(at("before"), BEFORE)
    additions = (
        "ALTER TABLE request ADD COLUMN rated INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE request ADD COLUMN note VARCHAR(200)",
        "CREATE INDEX by_stage ON request (stage)",
        "CREATE TABLE rating (id INTEGER PRIMARY KEY)",
    )
    _execute(at("after"), BEFORE, *additions)
    assert breaches(at("before"), at("after")) == []


def _execute(url: str, *statements: str) -> None:
    engine = create_engine(sync_url(url))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
