"""Registration books of earlier releases: their rows as JSON, put back at the revision that wrote them.

Schemas are not kept, for revisions never change: ``books/0001.json`` holds what the code of revision 0001 stored.
"""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from alembic import command
from sqlalchemy import JSON, Connection, DateTime, LargeBinary, MetaData, create_engine, func, select, text
from sqlalchemy.types import TypeEngine

from liaison.db.schema import _config, sync_url

BOOKS: Final = Path(__file__).parent / "books"
KEY_RING: Final = Path(__file__).parent / "test-key-ring.json"
"""Opens every book here and nothing else."""

Rows = dict[str, list[dict[str, Any]]]


def releases() -> list[str]:
    """Revisions of which a book is kept, oldest first."""
    return sorted(path.stem for path in BOOKS.glob("*.json"))


def rows_of(revision: str) -> Rows:
    """The rows of a book by table, columns as JSON has them."""
    content: Rows = json.loads((BOOKS / f"{revision}.json").read_text(encoding="utf-8"))
    return content


def restore(url: str, revision: str) -> None:
    """Fill an empty database with a book, at its revision."""
    command.upgrade(_config(url), revision)
    insert(url, rows_of(revision))


def insert(url: str, rows: Rows) -> None:
    """Insert rows with the columns they name, whatever else the tables have by now."""
    engine = create_engine(sync_url(url))
    with engine.begin() as connection:
        tables = _tables(connection)
        for name, table in tables.items():
            for row in rows.get(name, []):
                values = {column: _stored(table.c[column].type, value) for column, value in row.items()}
                connection.execute(table.insert().values(values))
            if connection.dialect.name == "postgresql":
                _continue_numbers(connection, name)
    engine.dispose()


def dump(url: str) -> Rows:
    """Every row of a database by table."""
    engine = create_engine(sync_url(url))
    with engine.connect() as connection:
        found = {
            name: [{k: _as_json(v) for k, v in row.items()} for row in connection.execute(select(table)).mappings()]
            for name, table in _tables(connection).items()
        }
    engine.dispose()
    return {name: rows for name, rows in found.items() if rows}


def _tables(connection: Connection) -> dict[str, Any]:
    """Tables as they are now, those that others refer to first."""
    reflected = MetaData()
    reflected.reflect(connection)
    return {table.name: table for table in reflected.sorted_tables if table.name != "alembic_version"}


def _as_json(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, datetime | date) else value


def _stored(kind: TypeEngine[Any], value: Any) -> Any:
    if value is None or isinstance(kind, JSON):
        return value
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    if isinstance(kind, DateTime):
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return value


def _continue_numbers(connection: Connection, table: str) -> None:
    """Numbers given by PostgreSQL go on after those inserted."""
    for column in _numbered(connection, table):
        highest = connection.scalar(select(func.max(text(column))).select_from(text(table)))
        if highest is not None:
            sequence = func.pg_get_serial_sequence(table, column)
            connection.execute(select(func.setval(sequence, highest)))


def _numbered(connection: Connection, table: str) -> Iterator[str]:
    query = text(
        "SELECT column_name FROM information_schema.columns WHERE table_name = :t AND column_default LIKE 'nextval%'"
    )
    yield from connection.scalars(query, {"t": table})
