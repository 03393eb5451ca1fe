"""Short messages that people send us: kept once, matched to a request or laid before a clerk (design section 5).

A reply that came so is a claim: anybody can write a sender's name (ADR 0014).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from liaison.contract.codes import called_by, named_by, read_spoken, spans_of
from liaison.db.directory import NUMBER
from liaison.db.inbound import (
    find_inbound,
    may_be_spoken_of,
    newest_of_party,
    open_references,
    seal_inbound,
    staff_of_number,
    was_closed,
)
from liaison.db.retry import start_over_once
from liaison.db.tables import Action, InboundMessage
from liaison.gateways.phones import e164
from liaison.gateways.sms.port import Inbound
from liaison.policy.matching import Candidate, match, receive_time
from liaison.policy.message_words import InboundState, Mismatch
from liaison.policy.roster import Roster
from liaison.services.claiming import Claimed, claim_reply
from liaison.services.delivery import deliver_in_turn
from liaison.services.follow_up import take_party_message
from liaison.services.not_matched import tell_sender
from liaison.services.platform import Platform

LONGEST_ID = 80


async def take_inbound(platform: Platform, gateway: str, inbound: Inbound, arrived_at: datetime) -> None:
    """Take one short message, once, whatever the provider repeats; a reply is handed to its workflow.

    Args:
        platform: The parts.
        gateway: Which provider it came by; its id and the provider's tell one message from another.
        inbound: The message.
        arrived_at: When it reached us.
    """
    taking = _Taking(platform, gateway, inbound, arrived_at)
    if await taking.answers_follow_up():
        return
    action = await start_over_once(taking.take)
    if action is not None:
        await deliver_in_turn(platform, action)


@dataclass(frozen=True)
class _Sender:
    """Whoever has the number: nobody, or people of the directory."""

    staff: tuple[str, ...]
    court: str | None


class _Taking:
    """One message on its way into the book."""

    def __init__(self, platform: Platform, gateway: str, inbound: Inbound, arrived_at: datetime) -> None:
        self._platform = platform
        self._gateway = gateway
        number = _fit(inbound.number)
        self._inbound = replace(inbound, provider_id=_fit(inbound.provider_id), number=number, text=_fit(inbound.text))
        self._arrived_at = arrived_at
        self._number = e164(number) or number
        self._mac = platform.ring.mac(NUMBER, self._number)
        self._id = str(ULID.from_datetime(platform.clock()))

        self._provider_id = self._inbound.provider_id[:LONGEST_ID]
        self._ids = {self._provider_id, inbound.earlier_id or self._provider_id}

    async def answers_follow_up(self) -> bool:
        """Whether a party answers the follow-up it was asked (issue line M33).

        That is written before the message is, and the same message again is the same answer.
        """
        async with self._platform.db.read() as session:
            known = await find_inbound(session, self._gateway, self._ids)
            sender, sent_at = await self._sender(session), await self._sent_at(session)
        if known is not None or sender.staff:
            return False
        reference = await take_party_message(self._platform, self._mac, self._inbound.text, sent_at)
        if reference is None:
            return False
        async with self._platform.db.write() as session:
            if await find_inbound(session, self._gateway, self._ids) is None:
                row = self._row(self._provider_id, sent_at, InboundState.MATCHED, sender)
                row.reference, row.decided_at = reference, self._platform.clock()
                session.add(row)
        return True

    async def _sent_at(self, session: AsyncSession) -> datetime:
        _, policy = await self._platform.rulebook.current(session)
        return receive_time(self._inbound.sent_at, self._arrived_at, policy.short_messages)

    async def take(self) -> Action | None:
        """Everything in one transaction; the reply it became, None if it is none or is here already."""
        async with self._platform.db.write() as session:
            provider_id = self._provider_id
            if await find_inbound(session, self._gateway, self._ids) is not None:
                return None
            _, policy = await self._platform.rulebook.current(session)
            sent_at = await self._sent_at(session)
            sender = await self._sender(session)
            found, said = await self._match(session, sender, policy.short_messages.least_code_letters)
            if isinstance(found, Candidate):
                claimed = await claim_reply(self._platform, session, found, said, sent_at)
                if isinstance(claimed, Claimed):
                    session.add(self._matched(provider_id, sent_at, found, claimed, sender))
                    return claimed.new
                found = claimed
            session.add(self._unmatched(provider_id, sent_at, found, sender))
            await tell_sender(self._platform, session, self._number, self._mac, next(iter(sender.staff), None))
            return None

    async def _sender(self, session: AsyncSession) -> _Sender:
        staff = tuple(await staff_of_number(session, self._mac))
        if staff:
            person = (await self._platform.rulebook.roster(session)).staff(staff[0])
            return _Sender(staff, person.court if person else None)
        request = await newest_of_party(session, self._mac)
        return _Sender((), request.court if request else None)

    async def _match(self, session: AsyncSession, sender: _Sender, least: int) -> tuple[Candidate | Mismatch, str]:
        """Which request is meant, or why none; and what is said about it."""
        roster, text = await self._platform.rulebook.roster(session), self._inbound.text
        spoken, digits = read_spoken(text, least), self._inbound.code
        letters = spoken.code if spoken else ""
        named: list[Candidate] = []
        closed = False
        for staff in sender.staff:
            holders = roster.holders_for(staff)
            references = await open_references(session, holders)
            by_digits, by_letters = called_by(digits, references), named_by(letters, references)
            # Where digits and letters name different requests both are candidates, and so neither is taken.
            both = [reference for reference in by_digits if reference in by_letters]
            named += [Candidate(staff, reference) for reference in both or [*by_digits, *by_letters]]
            # Digits that letters agree with are not asked what else they may name.
            closed = closed or await was_closed(session, holders, spans_of(letters, "" if both else digits))
        astray = bool(named) and await self._names_others(session, roster, sender, letters, named)
        known, coded = bool(sender.staff), bool(letters or digits)
        found = match(named, known=known, coded=coded, closed=closed, astray=astray)
        is_spoken = isinstance(found, Candidate) and named_by(letters, [found.reference])
        return found, spoken.said if spoken and is_spoken else text.strip()

    async def _names_others(
        self, session: AsyncSession, roster: Roster, sender: _Sender, letters: str, named: Sequence[Candidate]
    ) -> bool:
        """Whether the one code that names no open request of the sender's names another's, or one that he once held.

        A word that only looks like a code names nobody's.
        """
        references, digits = [candidate.reference for candidate in named], self._inbound.code
        spans = spans_of(
            "" if named_by(letters, references) else letters, "" if called_by(digits, references) else digits
        )
        holders = {holder for staff in sender.staff for holder in roster.holders_for(staff)}
        return await may_be_spoken_of(session, holders, spans)

    def _matched(
        self, provider_id: str, sent_at: datetime, found: Candidate, claimed: Claimed, sender: _Sender
    ) -> InboundMessage:
        row = self._row(provider_id, sent_at, InboundState.MATCHED, sender)
        row.staff, row.reference, row.action_id = found.staff, found.reference, claimed.action.id
        row.decided_at = self._platform.clock()
        return row

    def _unmatched(self, provider_id: str, sent_at: datetime, why: Mismatch, sender: _Sender) -> InboundMessage:
        row = self._row(provider_id, sent_at, InboundState.UNMATCHED, sender)
        row.mismatch, row.staff = why, next(iter(sender.staff), None)
        return row

    def _row(self, provider_id: str, sent_at: datetime, state: InboundState, sender: _Sender) -> InboundMessage:
        return InboundMessage(
            id=self._id,
            gateway=self._gateway,
            provider_id=provider_id,
            number_mac=self._mac,
            sealed=seal_inbound(self._platform.ring, self._id, self._number, self._inbound.text),
            sent_at=sent_at,
            received_at=self._arrived_at,
            state=state,
            court=sender.court,
        )


def _fit(text: str) -> str:
    """A text as every database and telephone can hold it: half characters are replaced, NUL goes."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
