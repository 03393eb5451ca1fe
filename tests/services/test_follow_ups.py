"""A follow-up is answered once, whoever else answers it at the same time (issue line M33)."""

from datetime import datetime

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.record import MESSAGES, append_event
from liaison.db.tables import FollowUp, PartyContact
from liaison.policy.words import EventKind
from liaison.services import follow_up
from liaison.services.follow_up import take_party_message
from tests.services.office import Office, days


async def _asked(office: Office, phone: str) -> tuple[str, str]:
    """A request whose party is being asked, and the keyed hash of its number."""
    reference = await office.submit(phone=phone)
    await office.close(reference)
    async with office.platform.db.write() as session:
        asked_at = office.clock.now - days(1)
        session.add(FollowUp(reference=reference, since=asked_at, asked_at=asked_at))
        kind = EventKind.FOLLOW_UP_ASKED
        await append_event(session, reference, MESSAGES, kind, asked_at, "platform", recorded_at=asked_at)
        contact = (await session.exec(select(PartyContact).where(PartyContact.reference == reference))).one()
        return reference, str(contact.phone_mac)


@pytest.mark.parametrize("same", [True, False], ids=["the same message twice", "two messages"])
async def test_of_two_answers_at_once_one_is_taken(
    postgres_office: Office, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    """The other is taken between our first look and the lock. SQLite lets nobody write in between."""
    office = postgres_office
    reference, phone_mac = await _asked(office, "+8613800137001" if same else "+8613800137002")
    sent_at, hold, taken = office.clock.now, follow_up.hold_request, list[str | None]()

    async def other_first(session: AsyncSession, held: str) -> None:
        monkeypatch.setattr(follow_up, "hold_request", hold)
        other_at: datetime = sent_at if same else sent_at - days(0.1)
        taken.append(await take_party_message(office.platform, phone_mac, "1", other_at))
        await hold(session, held)

    monkeypatch.setattr(follow_up, "hold_request", other_first)
    taken.append(await take_party_message(office.platform, phone_mac, "3", sent_at))
    assert taken == [reference, reference if same else None]
    async with office.platform.db.read() as session:
        assert (await session.get_one(FollowUp, reference)).rating == 1
    assert [kind for _, kind in await office.events(reference)].count(EventKind.RATED.value) == 1
