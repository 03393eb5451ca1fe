"""Alembic's entry: one revision chain for SQLite and PostgreSQL."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, create_engine, text
from sqlmodel.sql.sqltypes import AutoString

from liaison.db.tables import metadata
from liaison.db.types import Instant, Word

ADVISORY_LOCK = 20_200_078  # 穗中法〔2020〕78号


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our column types into revisions as plain SQLAlchemy, so that revisions outlive the classes."""
    if kind != "type":
        return False
    if isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Word):
        return "sa.String(length=32)"
    if isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


def _take_lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})


def migrate() -> None:
    """Run the wanted revisions in one transaction."""
    engine = create_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            compare_type=True,
            compare_server_default=True,
            render_item=render_item,
        )
        with context.begin_transaction():
            _take_lock(connection)
            context.run_migrations()
    engine.dispose()


migrate()
