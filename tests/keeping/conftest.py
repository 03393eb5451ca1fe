from tests.services.conftest import (
    connected_office,
    either,
    either_office,
    office,
    port,
    postgres_home,
    postgres_office,
    postgres_url,
    sqlite_home,
)

__all__ = [
    "connected_office",
    "either",
    "either_office",
    "office",
    "port",
    "postgres_home",
    "postgres_office",
    "postgres_url",
    "sqlite_home",
]
