"""Policy versions: proposed with what they would move, approved by the Case Filing Chamber (issue line C32)."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.proposals import proposals_from
from liaison.db.replans import moving_policies
from liaison.db.rulebook import NotSeeded
from liaison.db.tables import PolicyVersion, Proposal
from liaison.db.versions import (
    add_policy_version,
    lock_rules,
    newest_policy,
    policy_version,
    policy_versions,
)
from liaison.policy.laxity import laxities
from liaison.policy.policy import PolicyError, PolicyFaults, parse_policy, stored_policy
from liaison.policy.rules import Policy
from liaison.policy.words import ProposalKind, ProposalState
from liaison.services.deciding import (
    PACKAGED,
    PLATFORM,
    decide,
    decides_for_the_city,
    keep_proposal,
    location,
    makes_room,
    proposal_of,
    proposal_to_approve,
    refuse_outdated,
    show_proposal,
)
from liaison.services.errors import Fault, Refused, Slug
from liaison.services.once import Call, carry_out
from liaison.services.paging import DEFAULT_LIMIT, number_of, page
from liaison.services.platform import Answer, Body, Platform
from liaison.services.policy_comparison import changes, comparison
from liaison.services.policy_reach import calendar_to_move_to, hold_for_open_requests, refuse_to_take_back
from liaison.services.replanning import start_replan
from liaison.services.show import shown


async def propose_policy(platform: Platform, document: dict[str, Any], cites: str | None, call: Call) -> Answer:
    """Keep a policy that somebody else shall approve.

    Args:
        platform: The parts.
        document: The policy, in the form of ``policy.toml``; it gets the next number whatever it says.
        cites: The document that allows a policy laxer than the Opinions.
        call: Whose call.

    Raises:
        Refused: ``INVALID``, it cannot stand, or is laxer and cites nothing; ``KEY_REUSED``.
    """

    async def effect(session: AsyncSession) -> Answer:
        await lock_rules(session)
        newest = await _newest(session)
        whole = _numbered(document, newest.number + 1, cites)
        parsed = _parsed(whole)
        if parsed == stored_policy({**newest.policy, "version": parsed.version}):
            zh, en = "与现行规则相同。", "This is the policy in force."
            raise Refused(Slug.INVALID, faults=(Fault("/document", zh, en),))
        proposal = await _keep(session, whole, newest.number, "policy", call.person, platform.clock())
        return Answer(201, show_proposal(proposal), location(proposal))

    return await carry_out(platform, call, "propose_policy", effect)


async def propose_packaged_policy(session: AsyncSession, document: Mapping[str, Any], at: datetime) -> None:
    """Propose the policy that came with the program, unless it was rejected.

    One that has become outdated makes room for a proposal on the version in force.

    Raises:
        Refused: ``INVALID``, it cannot stand.
    """
    newest = await _newest(session)
    whole = _numbered(document, newest.number + 1, None)
    earlier = await proposals_from(session, ProposalKind.POLICY, PACKAGED)
    same = [each for each in earlier if {**each.document, "version": 0} == {**whole, "version": 0}]
    if makes_room(same, newest.number, at):
        await _keep(session, whole, newest.number, PACKAGED, PLATFORM, at)


async def policy_proposal_view(platform: Platform, proposal_id: str) -> Body:
    """A proposal and, while it is open, which rules it changes and which open requests would move under it.

    Raises:
        Refused: ``NOT_FOUND``.
    """
    async with platform.db.read() as session:
        proposal = await proposal_of(session, ProposalKind.POLICY, proposal_id)
        body = show_proposal(proposal)
        newest = await _newest(session)
        if proposal.state is not ProposalState.PROPOSED or proposal.base_version != newest.number:
            return {**body, "comparison": None}
        moving = await comparison(platform, session, stored_policy(proposal.document))
        return {**body, "comparison": {"changes": changes(newest.policy, proposal.document), **moving}}


async def approve_policy(platform: Platform, proposal_id: str, open_requests: bool, call: Call) -> Answer:
    """Make a version of a proposal: for new requests, and for open ones only where the approver says so.

    Approving twice changes nothing, unless the second approval is the first to say that it holds for open requests:
    then they are brought to it, while it is in force.

    Raises:
        Refused: ``NOT_FOUND``; ``FORBIDDEN``, it is his own or he is not of the Intermediate Court's Case Filing
            Chamber; ``CONFLICT``, rejected or outdated, or it would take open requests out again; ``KEY_REUSED``.
    """

    replan_with: int | None = None

    async def effect(session: AsyncSession) -> Answer:
        nonlocal replan_with
        if not await decides_for_the_city(platform, session, call.scope):
            zh = "仅市中级人民法院立案庭可批准规则。"
            en = "Only the Case Filing Chamber of the Intermediate Court approves a policy."
            raise Refused(Slug.FORBIDDEN, zh, en)
        proposal = await proposal_to_approve(session, ProposalKind.POLICY, proposal_id, call)
        calendar = await calendar_to_move_to(session, proposal) if open_requests else None
        if proposal.state is ProposalState.PROPOSED:
            newest = await _newest(session)
            refuse_outdated(proposal, newest.number)
            await add_policy_version(session, _version(proposal, call.person, platform.clock()), calendar)
            decide(proposal, ProposalState.APPROVED, call.person, platform.clock())
            proposal.made_version = newest.number + 1
        elif calendar is not None:
            await hold_for_open_requests(session, proposal, calendar, call.person, platform.clock())
        elif not open_requests:
            await refuse_to_take_back(session, proposal)
        replan_with = calendar
        return Answer(201, show_proposal(proposal), f"/v1/policy/versions/{proposal.made_version}")

    answer = await carry_out(platform, call, "approve_policy", effect)
    if replan_with is not None:
        await start_replan(platform, calendar=replan_with, policy=answer.body["made_version"])
    return answer


async def policy_versions_view(platform: Platform, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Body:
    """Every policy version, without its document."""
    async with platform.db.read() as session:
        rows = await policy_versions(session, number_of(cursor), limit + 1)
        moving = await moving_policies(session, [row.number for row in rows])
    return page(rows, limit, lambda row: row.number, lambda row: _show(row, row.number in moving))


async def policy_version_view(platform: Platform, number: int) -> Body:
    """One policy version with its document.

    Raises:
        Refused: ``NOT_FOUND``.
    """
    async with platform.db.read() as session:
        row = await policy_version(session, number)
        moving = await moving_policies(session, [number])
    if row is None:
        raise Refused(Slug.NOT_FOUND, "没有此规则版本。", "There is no such policy version.")
    return {**_show(row, number in moving), "document": row.policy}


def _show(row: PolicyVersion, open_requests: bool) -> Body:
    return {
        "number": row.number,
        "made_at": shown(row.made_at),
        "cites": row.cites,
        "proposal": row.proposal,
        "proposed_by": row.proposed_by,
        "approved_by": row.approved_by,
        "open_requests": open_requests,
    }


async def _newest(session: AsyncSession) -> PolicyVersion:
    newest = await newest_policy(session)
    if newest is None:
        raise NotSeeded("no policy version is stored")
    return newest


async def _keep(
    session: AsyncSession, document: dict[str, Any], base_version: int, source: str, by: str, at: datetime
) -> Proposal:
    return await keep_proposal(
        session,
        ProposalKind.POLICY,
        source=source,
        document=document,
        findings=_findings(_parsed(document)),
        base_version=base_version,
        by=by,
        at=at,
    )


def _version(proposal: Proposal, approved_by: str, now: datetime) -> PolicyVersion:
    policy = _parsed(proposal.document)
    return PolicyVersion(
        number=policy.version,
        policy=proposal.document,
        made_at=now,
        cites=policy.cited_document,
        proposal=proposal.id,
        proposed_by=proposal.proposed_by,
        approved_by=approved_by,
    )


def _numbered(document: Mapping[str, Any], number: int, cites: str | None) -> dict[str, Any]:
    whole = {**deepcopy(dict(document)), "version": number}
    if cites is not None and isinstance(whole.get("ladder"), dict):
        whole["ladder"]["cited_document"] = cites
    return whole


def _parsed(document: dict[str, Any]) -> Policy:
    try:
        return parse_policy(document)
    except PolicyError as fault:
        faults = fault.faults if isinstance(fault, PolicyFaults) else (fault,)
        raise Refused(Slug.INVALID, faults=tuple(map(_told, faults))) from None


def _told(fault: PolicyError) -> Fault:
    return Fault("/document", f"规则文件未通过检查：{fault.zh}。", f"{fault.en}.")


def _findings(policy: Policy) -> list[dict[str, Any]]:
    """What the approver must know: in what the policy is laxer, and which document is cited for it."""
    return [
        {
            "step": "laxity",
            "zh": f"{laxity.zh}；依据：{policy.cited_document}。",
            "en": f"{laxity.en}; cited: {policy.cited_document}.",
        }
        for laxity in laxities(policy)
    ]
