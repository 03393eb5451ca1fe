"""Calendar versions: a notice is proposed, checked, compared, approved by somebody else (issue lines C01 to C03)."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from calendars.checks import check_proposal
from calendars.core import build_calendar
from calendars.faults import NoticeError
from calendars.notice import Notice, notice_document, parse_notice
from liaison.db.proposals import proposals_from
from liaison.db.rulebook import NotSeeded, approved_calendar, calendar_of
from liaison.db.tables import CalendarVersion, Proposal
from liaison.db.versions import add_calendar_version, calendar_version, calendar_versions, lock_rules, newest_calendar
from liaison.policy.words import ProposalKind, ProposalState
from liaison.services.calendar_diff import courts_of, difference, movable
from liaison.services.deciding import (
    PACKAGED,
    PLATFORM,
    decide,
    keep_proposal,
    location,
    makes_room,
    proposal_of,
    proposal_to_approve,
    refuse_outdated,
    show_proposal,
)
from liaison.services.errors import Refused, Slug
from liaison.services.notice_sources import NoticeInput, Opinion, compared, read_notice, refusal_of, second_opinion
from liaison.services.once import Call, carry_out
from liaison.services.paging import DEFAULT_LIMIT, number_of, page
from liaison.services.platform import Answer, Body, Platform
from liaison.services.replanning import start_replan
from liaison.services.show import shown


async def propose_notice(platform: Platform, given: NoticeInput, call: Call) -> Answer:
    """Check a notice in every step and keep it with what was found, for somebody else to approve.

    Returns:
        201 with the proposal.

    Raises:
        Refused: ``INVALID``, a sentence for each fault; ``KEY_REUSED``.
    """
    notice = await read_notice(given)
    opinion = await asyncio.to_thread(second_opinion, notice.year, given.source)

    async def effect(session: AsyncSession) -> Answer:
        await lock_rules(session)
        proposal = await _keep(session, notice, opinion, given.source, call.person, platform.clock())
        return Answer(201, show_proposal(proposal), location(proposal))

    return await carry_out(platform, call, "propose_notice", effect)


async def propose_packaged_notices(session: AsyncSession, notices: tuple[Notice, ...], at: datetime) -> None:
    """Propose notices of the program that the calendar in force does not rest on, each once.

    One that was rejected stays so; one that has become outdated makes room for a proposal on the version in force.

    Raises:
        Refused: ``INVALID``: a notice contradicts what people approved.
    """
    newest = await _newest(session)
    earlier = await proposals_from(session, ProposalKind.NOTICE, PACKAGED)
    for notice in notices:
        document = notice_document(notice)
        same = [each for each in earlier if each.document["published_on"] == document["published_on"]]
        if makes_room(same, newest.number, at):
            await _keep(session, notice, second_opinion(notice.year, PACKAGED), PACKAGED, PLATFORM, at)


async def notice_proposal_view(platform: Platform, proposal_id: str) -> Body:
    """A proposal and, while it is open, which days it changes and how many open requests it may move.

    Raises:
        Refused: ``NOT_FOUND``.
    """
    async with platform.db.read() as session:
        proposal = await proposal_of(session, ProposalKind.NOTICE, proposal_id)
        body = show_proposal(proposal)
        newest = await _newest(session)
        if proposal.state is not ProposalState.PROPOSED or proposal.base_version != newest.number:
            return {**body, "comparison": None}
        old, new = calendar_of(newest), calendar_of(_version(newest, proposal, PLATFORM, platform.clock()))
        courts = courts_of(newest)
        count = await movable(session, old, new, courts)
        return {**body, "comparison": {**difference(old, new, courts), "open_requests": count}}


async def approve_notice(platform: Platform, proposal_id: str, call: Call) -> Answer:
    """Make a calendar version of a proposal and have open requests brought to it. Approving twice changes nothing.

    Raises:
        Refused: ``NOT_FOUND``; ``FORBIDDEN``, it is his own; ``CONFLICT``, rejected or outdated; ``KEY_REUSED``.
    """

    async def effect(session: AsyncSession) -> Answer:
        proposal = await proposal_to_approve(session, ProposalKind.NOTICE, proposal_id, call)
        if proposal.state is ProposalState.PROPOSED:
            newest = await _newest(session)
            refuse_outdated(proposal, newest.number)
            version = _version(newest, proposal, call.person, platform.clock())
            await add_calendar_version(session, version)
            decide(proposal, ProposalState.APPROVED, call.person, platform.clock())
            proposal.made_version = version.number
        return Answer(201, show_proposal(proposal), f"/v1/calendar/versions/{proposal.made_version}")

    answer = await carry_out(platform, call, "approve_notice", effect)
    await start_replan(platform, calendar=answer.body["made_version"], policy=None)
    return answer


async def versions_view(platform: Platform, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Body:
    """Every calendar version in short, the oldest first."""
    async with platform.db.read() as session:
        rows = await calendar_versions(session, number_of(cursor), limit + 1)
    return page(rows, limit, lambda row: row.number, _show)


async def version_view(platform: Platform, number: int) -> Body:
    """One calendar version with the closures and notices it rests on, and who entered and approved each notice.

    Raises:
        Refused: ``NOT_FOUND``.
    """
    async with platform.db.read() as session:
        row = await _existing(session, number)
        brought_by = _brought_by(await calendar_versions(session, 0, number))
    notices = [{**document, **brought_by[document["published_on"]]} for document in row.notices]
    return {**_show(row), "notices": notices, "closures": row.closures}


async def diff_view(platform: Platform, number: int, other: int) -> Body:
    """Each day that differs between two versions, see ``difference``.

    Raises:
        Refused: ``NOT_FOUND``.
    """
    async with platform.db.read() as session:
        rows = [await _existing(session, number), await _existing(session, other)]
        old, new = [await platform.rulebook.calendar(session, row.number) for row in rows]
    return difference(old, new, courts_of(*rows))


async def _keep(
    session: AsyncSession, notice: Notice, opinion: Opinion, source: str, by: str, at: datetime
) -> Proposal:
    newest = await _newest(session)
    known = [parse_notice(document) for document in newest.notices]
    return await keep_proposal(
        session,
        ProposalKind.NOTICE,
        source=source,
        document=notice_document(notice),
        findings=_findings(notice, known, opinion),
        base_version=newest.number,
        by=by,
        at=at,
    )


def _findings(notice: Notice, known: list[Notice], opinion: Opinion) -> list[dict[str, Any]]:
    """Whatever the approver must weigh.

    Raises:
        Refused: ``INVALID``, a sentence for each fault.
    """
    try:
        found = check_proposal(notice, known)
        calendar = build_calendar([*known, notice], len(known) + 1)
    except NoticeError as fault:
        raise refusal_of(fault) from None
    return [*map(asdict, found), *compared(calendar, notice.year, opinion)]


def _version(newest: CalendarVersion, proposal: Proposal, approved_by: str, now: datetime) -> CalendarVersion:
    notice = parse_notice(proposal.document)
    version = CalendarVersion(
        number=newest.number + 1,
        notices=[*newest.notices, proposal.document],
        closures=newest.closures,
        final_until="",
        checksum="",
        made_at=now,
        reason=f"{notice.title} {notice.doc_no}"[:400],
        proposal=proposal.id,
        proposed_by=proposal.proposed_by,
        approved_by=approved_by,
    )
    calendar = calendar_of(version)
    version.final_until, version.checksum = calendar.final_until.isoformat(), calendar.checksum
    return version


def _show(row: CalendarVersion) -> Body:
    return {
        "number": row.number,
        "announced_until": row.final_until,
        "checksum": row.checksum,
        "made_at": shown(row.made_at),
        "reason": row.reason,
        "proposal": row.proposal,
        "proposed_by": row.proposed_by,
        "approved_by": row.approved_by,
    }


def _brought_by(versions: Sequence[CalendarVersion]) -> dict[str, Body]:
    """Who entered and who approved each notice, by date of publication: whoever made the first version with it."""
    found: dict[str, Body] = {}
    for version in versions:
        people = {"entered_by": version.proposed_by, "approved_by": version.approved_by}
        found = {document["published_on"]: people for document in version.notices} | found
    return found


async def _newest(session: AsyncSession) -> CalendarVersion:
    newest = await newest_calendar(session)
    if newest is None:
        raise NotSeeded("no calendar version is stored")
    # What is built on a damaged version would have a checksum of its own, and hide the damage.
    approved_calendar(newest)
    return newest


async def _existing(session: AsyncSession, number: int) -> CalendarVersion:
    row = await calendar_version(session, number)
    if row is None:
        raise Refused(Slug.NOT_FOUND, "没有此日历版本。", "There is no such calendar version.")
    return row
