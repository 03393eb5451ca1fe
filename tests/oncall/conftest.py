"""The services' offices, for the tests of what the person on call sees."""

from tests.services.conftest import connected_office as connected_office
from tests.services.conftest import either as either
from tests.services.conftest import either_office as either_office
from tests.services.conftest import office as office
from tests.services.conftest import port as port
from tests.services.conftest import postgres_home as postgres_home
from tests.services.conftest import postgres_office as postgres_office
from tests.services.conftest import postgres_url as postgres_url
from tests.services.conftest import sqlite_home as sqlite_home
