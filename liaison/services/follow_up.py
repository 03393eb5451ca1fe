"""Follow-up 回访: what the party thinks of the answer, by short message or through a channel."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from liaison.db.follow_ups import asked_by_number, first_asked, follow_up_of
from liaison.db.messages import FOLLOW_UP, supersede, unsent
from liaison.db.record import INBOX, append_clerk_item, append_event, hold_request, last_seq, lock_request
from liaison.db.tables import FollowUp, Request
from liaison.db.texts import data_key, read_text, write_text
from liaison.policy.follow_up import Verdict, verdict_of
from liaison.policy.message_words import FollowUpState
from liaison.policy.scope import Scope
from liaison.policy.words import EventKind, Outcome
from liaison.services.clock_offset import refuse_if_clock_is_off
from liaison.services.errors import Refused, Slug
from liaison.services.finding import refuse_if_erased, visible_request
from liaison.services.once import Call, carry_out
from liaison.services.platform import Answer, Body, Platform
from liaison.services.readers import may_read
from liaison.services.show import shown_or_none

OPERATION = "rate"
BY_PARTY = "party"
GIVEN_UP = (FollowUpState.UNRATED, FollowUpState.UNREACHABLE)
"""States in which nobody is asked any more, though nobody has answered."""
REDO = "the party says that there was no answer: offer a redo 当事人反映未得到答复，请提供重新办理"


@dataclass(frozen=True)
class Rating:
    """What a party thinks of the answer, and its own words, if it gave any."""

    verdict: Verdict
    comment: str | None = field(default=None, repr=False)


async def take_party_message(platform: Platform, phone_mac: str, text: str, sent_at: datetime) -> str | None:
    """Take a party's short message as the answer to the one follow-up its number was asked and has not answered.

    Where the tries are over it is a late one, as long as the number can have been asked nothing else since: what it
    says is kept, and the follow-up stays unrated or unreachable.

    Args:
        platform: The parts.
        phone_mac: Keyed hash of the number, as ``party_contact.phone_mac``.
        text: What it says.
        sent_at: When, by the provider; the same message again is taken once. From before the first question it is no
            answer; later ones may have been asked until we hear of it.

    Returns:
        The reference of the request; None where it answers no follow-up, or nobody can tell which.
    """
    async with platform.db.write() as session:
        asked = await asked_by_number(session, phone_mac)
        if (again := next((row for row in asked if row.answered_at == sent_at), None)) is not None:
            return again.reference
        _, policy = await platform.rulebook.current(session)
        meant = _meant(asked, sent_at - timedelta(days=policy.follow_up.quiet_days))
        verdict = verdict_of(text, policy.follow_up)
        if verdict is None or len(meant) != 1:
            return None
        await hold_request(session, meant[0].reference)
        row, first = await follow_up_of(session, meant[0].reference), await first_asked(session, meant[0].reference)
        if row is None or first is None or sent_at < first:
            return None
        if row.answered_at is not None:
            # Answered while we waited for the lock: by this very message, told twice at once, or by another.
            return row.reference if row.answered_at == sent_at else None
        await _take(platform, session, row, Rating(verdict, text), sent_at, late=row.state in GIVEN_UP)
        return row.reference


def _meant(asked: Sequence[FollowUp], since: datetime) -> list[FollowUp]:
    """The follow-ups that an answer may be to: those under way, else those that ended without one and were asked after
    an instant."""
    open_ = [row for row in asked if row.state is FollowUpState.ASKING]
    late = (row for row in asked if row.state in GIVEN_UP and row.answered_at is None)
    return open_ or [row for row in late if row.asked_at is not None and row.asked_at > since]


async def rate(platform: Platform, reference: str, rating: Rating, call: Call) -> Answer:
    """Take what a party thinks of the answer through a channel, or told to a clerk, whether it was asked or not.

    Returns:
        201 with the follow-up, or 200 with the stored answer to a repetition.

    Raises:
        Refused: ``NOT_FOUND``, ``CONFLICT`` before an answer and after a rating, ``ERASED``, ``KEY_REUSED``,
            ``CLOCK_OFFSET``.
    """
    await refuse_if_clock_is_off(platform)

    async def effect(session: AsyncSession) -> Answer:
        found = await visible_request(session, call.scope, reference)
        main, now = await lock_request(session, found.main.reference), platform.clock()
        refuse_if_erased(main)
        row = await _to_be_rated(session, main, now)
        await _take(platform, session, row, rating, now)
        return Answer(201, _show(row, found.own.reference), f"/v1/requests/{found.own.reference}/ratings")

    return await carry_out(platform, call, OPERATION, effect)


async def ratings_view(platform: Platform, scope: Scope, reference: str) -> Body:
    """The follow-up of a request: a page of one item, or of none where nobody was asked and nobody has rated.

    Items: ``{reference, state, tries, asked_at, rating, answered_at, redo_offered_at}``; ``text`` holds the party's
    own words for those who may read them.
    """
    async with platform.db.peek() as session:
        found = await visible_request(session, scope, reference)
        row = await session.get(FollowUp, found.main.reference)
        if row is None:
            return {"items": [], "next_cursor": None}
        body, roster = _show(row, found.own.reference), await platform.rulebook.roster(session)
        readable = found.main.erased_at is None and await may_read(session, roster, scope, found)
        if row.said_under is not None and readable:
            key = await data_key(session, platform.ring, row.reference)
            body["text"] = await read_text(session, key, row.reference, row.said_under)
    return {"items": [body], "next_cursor": None}


async def _to_be_rated(session: AsyncSession, main: Request, now: datetime) -> FollowUp:
    if main.outcome not in (Outcome.REPLIED, Outcome.ANSWERED):
        raise Refused(Slug.CONFLICT, "诉求尚未答复。", "The request has no answer yet.")
    row = await follow_up_of(session, main.reference)
    if row is None:
        row = FollowUp(reference=main.reference, since=now)
        session.add(row)
    if row.answered_at is not None:
        raise Refused(Slug.CONFLICT, "当事人已作出评价。", "The party has rated the answer already.")
    return row


async def _take(
    platform: Platform, session: AsyncSession, row: FollowUp, rating: Rating, at: datetime, *, late: bool = False
) -> None:
    now, verdict = platform.clock(), rating.verdict
    row.answered_at, row.rating = at, verdict.rating
    if not late:
        row.state = FollowUpState.NOT_ANSWERED if verdict.rating is None else FollowUpState.RATED
    # Who has answered is not asked once more by a question that waits for its window.
    for question in await unsent(session, row.reference, FOLLOW_UP):
        supersede(question, now)
    if rating.comment:
        row.said_under = str(ULID.from_datetime(now))
        key = await data_key(session, platform.ring, row.reference)
        await write_text(session, key, row.reference, row.said_under, rating.comment, now)
    kind = EventKind.REDO_OFFERED if verdict.rating is None else EventKind.RATED
    detail: dict[str, Any] = {} if verdict.rating is None else {"rating": verdict.rating}
    detail |= {"late": True} if late else {}
    await append_event(session, row.reference, INBOX, kind, at, BY_PARTY, detail, recorded_at=now)
    if verdict.rating is None:
        row.redo_offered_at = now
        seq = await last_seq(session, row.reference, INBOX)
        await append_clerk_item(session, row.reference, INBOX, seq, REDO, now)


def _show(row: FollowUp, reference: str) -> Body:
    return {
        "reference": reference,
        "state": row.state.value,
        "tries": row.tries,
        "asked_at": shown_or_none(row.asked_at),
        "rating": row.rating,
        "answered_at": shown_or_none(row.answered_at),
        "redo_offered_at": shown_or_none(row.redo_offered_at),
    }
