"""Short messages that could not be matched: a clerk assigns each to a request or dismisses it, and says why."""

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.contract.codes import named_by, read_spoken
from liaison.db.inbound import decide, lock_unmatched, open_inbound, unmatched
from liaison.db.tables import Action, InboundMessage, Request
from liaison.keys import KeysError
from liaison.policy.matching import Candidate
from liaison.policy.message_words import InboundState, Mismatch
from liaison.policy.scope import Scope
from liaison.policy.words import HolderKind, Stage
from liaison.services.claiming import Claimed, claim_reply
from liaison.services.delivery import deliver_in_turn
from liaison.services.errors import Refused, Slug
from liaison.services.finding import not_found, visible_request
from liaison.services.once import Call, carry_out
from liaison.services.paging import DEFAULT_LIMIT, key_of, page
from liaison.services.platform import Answer, Body, Platform
from liaison.services.show import UNREADABLE, shown, shown_or_none

PATH = "/v1/unmatched-messages"

_WHY_NOT = {
    Mismatch.CLOSED: ("诉求已办结或尚未派单。", "The request is closed, or nobody holds it."),
    Mismatch.UNKNOWN_CODE: ("承办人已变更。", "Somebody else holds the request."),
    Mismatch.NO_REPLY: ("短信内容不构成答复。", "What the message says is no reply in the sense of the rules."),
    Mismatch.AMBIGUOUS: ("该诉求已有答复待确认。", "Another reply to this request waits to be confirmed."),
}


async def unmatched_view(
    platform: Platform, scope: Scope, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Body:
    """Messages that wait for the caller, oldest first, with numbers and texts; a clerk sees those of his court."""
    async with platform.db.read() as session:
        rows = await unmatched(session, scope.court, key_of(cursor), limit + 1)
    return page(rows, limit, lambda row: row.id, lambda row: _show(row) | _said(platform, row))


async def assign_message(platform: Platform, call: Call, inbound_id: str, reference: str, reason: str) -> Answer:
    """Let a message be the reply to a request: it is claimed, as if it had been matched.

    Raises:
        Refused: ``NOT_FOUND`` for message or request, ``CONFLICT``: decided already, of somebody who is neither the
            holder nor of his team, closed, no reply, or another reply waits; ``KEY_REUSED``.
    """
    given: list[Action] = []

    async def effect(session: AsyncSession) -> Answer:
        given.clear()
        inbound = await _waiting(session, call.scope, inbound_id)
        found = await visible_request(session, call.scope, reference)
        candidate = await _candidate(platform, session, inbound, found.main)
        said = _without_code(platform, inbound, found.main.reference)
        claimed = await claim_reply(platform, session, candidate, said, inbound.sent_at)
        if not isinstance(claimed, Claimed):
            raise Refused(Slug.CONFLICT, *_WHY_NOT[claimed])
        inbound.reference, inbound.action_id, inbound.staff = (
            found.main.reference,
            claimed.action.id,
            candidate.staff,
        )
        decide(inbound, InboundState.ASSIGNED, call.person, platform.clock(), reason)
        given.extend([claimed.new] if claimed.new else [])
        return _answer(inbound)

    answer = await carry_out(platform, call, "assign_message", effect)
    for action in given:
        await deliver_in_turn(platform, action)
    return answer


async def dismiss_message(platform: Platform, call: Call, inbound_id: str, reason: str) -> Answer:
    """Put on record that a message is no reply to anything.

    Raises:
        Refused: ``NOT_FOUND``, ``CONFLICT``: decided already; ``KEY_REUSED``.
    """

    async def effect(session: AsyncSession) -> Answer:
        inbound = await _waiting(session, call.scope, inbound_id)
        decide(inbound, InboundState.DISMISSED, call.person, platform.clock(), reason)
        return _answer(inbound)

    return await carry_out(platform, call, "dismiss_message", effect)


async def _waiting(session: AsyncSession, scope: Scope, inbound_id: str) -> InboundMessage:
    inbound = await lock_unmatched(session, scope.court, inbound_id)
    if inbound is None or inbound.state is InboundState.MATCHED:
        raise not_found()
    if inbound.state is not InboundState.UNMATCHED:
        raise Refused(Slug.CONFLICT, "该短信已处理。", "This message has been decided on already.")
    return inbound


async def _candidate(platform: Platform, session: AsyncSession, inbound: InboundMessage, request: Request) -> Candidate:
    """In whose name it counts: the sender's, if he may act; of an unknown number the judge's, who will be asked."""
    if request.stage is Stage.CLOSED or request.holder_id is None:
        raise Refused(Slug.CONFLICT, *_WHY_NOT[Mismatch.CLOSED])
    roster = await platform.rulebook.roster(session)
    if inbound.staff is None and request.holder_kind is HolderKind.JUDGE:
        return Candidate(request.holder_id, request.reference)
    if inbound.staff is not None and request.holder_id in roster.holders_for(inbound.staff):
        return Candidate(inbound.staff, request.reference)
    zh, en = (
        "发送人不是该诉求的承办人或其团队成员。",
        "The sender is neither the holder nor of his team.",
    )
    raise Refused(Slug.CONFLICT, zh, en)


def _without_code(platform: Platform, inbound: InboundMessage, reference: str) -> str:
    said = open_inbound(platform.ring, inbound)
    text = said[1] if said else ""
    spoken = read_spoken(text, 1)
    return spoken.said if spoken and named_by(spoken.code, [reference]) else text.strip()


def _answer(inbound: InboundMessage) -> Answer:
    return Answer(201, _show(inbound), f"{PATH}/{inbound.id}")


def _show(inbound: InboundMessage) -> Body:
    return {
        "id": inbound.id,
        "gateway": inbound.gateway,
        "sent_at": shown(inbound.sent_at),
        "received_at": shown(inbound.received_at),
        "state": inbound.state.value,
        "mismatch": inbound.mismatch.value if inbound.mismatch else None,
        "court": inbound.court,
        "staff": inbound.staff,
        "reference": inbound.reference,
        "action": inbound.action_id,
        "decided_by": inbound.decided_by,
        "decided_at": shown_or_none(inbound.decided_at),
        "reason": inbound.reason,
    }


def _said(platform: Platform, inbound: InboundMessage) -> Body:
    try:
        said = open_inbound(platform.ring, inbound)
    except KeysError:
        return {"phone": "", "text": UNREADABLE}
    return {"phone": said[0], "text": said[1]} if said else {}
