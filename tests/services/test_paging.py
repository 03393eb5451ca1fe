"""No cursor that no page gave reaches a database, of either kind."""

import base64
from collections.abc import Awaitable, Callable

import pytest

from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, KeyRole
from liaison.services import views
from liaison.services.errors import Refused, Slug
from liaison.services.feed import feed_view
from liaison.services.platform import Body
from tests.services.office import Office

KEYS = [b"\x00", b"A\x00", b"\x1b[2J", b"\n", b" ", b"\x7f", b"A" * 65, "诉".encode(), b"\xff", b"%", b"-1", b"9" * 18]
OPERATOR = Scope(KeyRole.OPERATOR, "operator", scopes=frozenset({"messages:read"}))
CHAMBER = Scope(KeyRole.CHAMBER, "chamber")

LISTS: dict[str, Callable[[Office, str, str], Awaitable[Body]]] = {
    "requests": lambda office, _, cursor: views.list_requests(
        office.platform, OPERATOR, views.RequestFilters(), cursor
    ),
    "events": lambda office, reference, cursor: views.events_view(office.platform, OPERATOR, reference, cursor),
    "actions": lambda office, reference, cursor: views.actions_view(
        office.platform, OPERATOR, reference, ActionKind.REPLY, cursor
    ),
    "messages": lambda office, reference, cursor: views.messages_view(office.platform, OPERATOR, reference, cursor),
    "feed": lambda office, _, cursor: feed_view(office.platform, OPERATOR, cursor),
    "supervisions": lambda office, _, cursor: views.supervisions_view(office.platform, CHAMBER, cursor),
}


def _cursors() -> list[str]:
    encoded = [base64.urlsafe_b64encode(key).decode() for key in KEYS]
    return [*encoded, "%", "A", "AA", "诉", "\x00", "AAAA=", "====", "\ud800", "QQ==\n"]


@pytest.mark.parametrize("name", LISTS)
async def test_a_cursor_is_one_a_page_gave_or_it_is_refused(either_office: Office, name: str) -> None:
    office = either_office
    reference = await office.submit()
    for cursor in _cursors():
        try:
            listed = await LISTS[name](office, reference, cursor)
        except Refused as refused:
            assert refused.slug is Slug.INVALID
            assert [fault.pointer for fault in refused.faults] == ["/after" if name == "feed" else "/cursor"]
        else:
            assert set(base64.urlsafe_b64decode(cursor)) <= set(range(0x21, 0x7F)), cursor
            assert listed["next_cursor"] is None or listed["items"]


async def test_a_number_no_row_can_have_is_no_cursor_of_the_record(either_office: Office) -> None:
    reference = await either_office.submit()
    for number in (2**31, 2**63, 10**63):
        cursor = base64.urlsafe_b64encode(str(number).encode()).decode()
        with pytest.raises(Refused):
            await LISTS["events"](either_office, reference, cursor)
