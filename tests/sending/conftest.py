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
from tests.workflows.conftest import city_at, template

__all__ = [
    "city_at",
    "connected_office",
    "either",
    "either_office",
    "office",
    "port",
    "postgres_home",
    "postgres_office",
    "postgres_url",
    "sqlite_home",
    "template",
]
