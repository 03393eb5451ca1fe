"""What a message says and to which number it goes, read when it is sent."""

from dataclasses import dataclass, field

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.answer_codes import WORK_ORDER, answer_codes
from activities.tools import Tools
from liaison.db.directory import desk_contact, staff_contact
from liaison.db.mailboxes import references_in, told_by
from liaison.db.messages import DIGEST, PARTY, department_of, gateway_key, read_params
from liaison.db.rungs import supervised_by, supervised_by_chamber
from liaison.db.tables import Message, Request
from liaison.db.texts import read_contact
from liaison.gateways.sms.port import Capabilities, ShortMessage
from liaison.gateways.sms.templates import render
from liaison.policy.overdue import business_days_past, limit_day_of
from liaison.policy.told_dates import in_words

SUPERVISION = "supervision"
"""The leaders' bell, whose figures are taken when it rings."""

WARNING = "warning"
"""Rung 0, to the holder and to duty desks."""

WARNING_TO_LEADER = "warning_to_leader"
"""The same to a leader: a kind of its own, for his mailbox; alone it reads like any other."""

DIGEST_EXPLAINED = "digest_explained"
"""The digest that tells of holders who have explained."""

DIGEST_SETTLED = "digest_settled"
"""The digest of a leader with whom nothing lies any more."""

WORK_ORDER_TO_DESK = "work_order_to_desk"
"""The same for a duty desk, which must log in: nobody can tell who has its telephone in hand."""


@dataclass(frozen=True)
class Addressed:
    """A number, its keyed hash, and the template's parameters."""

    number: str = field(repr=False)
    number_mac: str
    params: dict[str, str] = field(repr=False)


async def address(tools: Tools, session: AsyncSession, message: Message) -> Addressed | None:
    """Where a message goes; None if nobody's number is known."""
    params = await read_params(session, tools.ring, message)
    number = params.pop("to", None) or await _number(tools, session, message)
    return None if number is None else Addressed(number, tools.ring.mac("phone", number), params)


async def compose(
    tools: Tools, session: AsyncSession, message: Message, to: Addressed, can: Capabilities
) -> ShortMessage:
    """The message as a gateway that ``can`` do this takes it."""
    template, params, code = message.template, in_words(to.params, message.language), ""
    if template in (SUPERVISION, DIGEST):
        template, figures = await _bell(tools, session, message)
        params = params | figures
    elif template == WARNING_TO_LEADER:
        template = WARNING
    elif template == WORK_ORDER and department_of(message.recipient) is not None:
        template = WORK_ORDER_TO_DESK
    elif template == WORK_ORDER:
        letters, code = await answer_codes(session, tools.rulebook, message)
        params = params | {"code": letters}
    return ShortMessage(
        id=message.id,
        key=gateway_key(message),
        to=to.number,
        template=template,
        language=message.language,
        params=params,
        text=render(tools.templates, template, message.language, params),
        code=code if can.extension_codes else "",
        # A sender that died has left no instant: then some time since it was due.
        went=(message.submitted_at or message.send_after, message.submitted_at or tools.clock()),
    )


async def _bell(tools: Tools, session: AsyncSession, bell: Message) -> tuple[str, dict[str, str]]:
    """Template and figures of a leader's bell: how many requests lie with him, how many business days the oldest is
    late, and of a digest how many were settled before it rang, and how many explained.

    Days are those of the court whose request the bell rings for: most leaders have no other.
    """
    # No leader is left where it rings at a desk: then the request lies with the Case Filing Chamber.
    to_desk = department_of(bell.recipient) is not None
    if to_desk:
        count, since = await supervised_by_chamber(session)
    else:
        count, since = await supervised_by(session, bell.recipient, await references_in(session, bell))
    request = await session.get_one(Request, bell.reference)
    calendar, _ = await tools.rulebook.current(session)
    now = tools.clock()
    days = business_days_past(calendar.of(request.court), limit_day_of(since), now) if since is not None else 0
    figures = {"count": str(count), "days": str(days)}
    if bell.template == SUPERVISION:
        return SUPERVISION, figures
    late, withdrawn, explained = await told_by(session, bell.id)
    figures |= {"late": str(late), "withdrawn": str(withdrawn), "explained": str(explained)}
    if count == 0:
        return DIGEST_SETTLED, figures
    if explained:
        return DIGEST_EXPLAINED, figures
    return (DIGEST if late + withdrawn else SUPERVISION), figures


async def _number(tools: Tools, session: AsyncSession, message: Message) -> str | None:
    if message.recipient == PARTY:
        return (await read_contact(session, tools.ring, message.reference)).phone
    whose = department_of(message.recipient)
    if whose is not None:
        contact = await desk_contact(session, tools.ring, whose)
    else:
        contact = await staff_contact(session, tools.ring, message.recipient)
    return contact.mobile if contact else None
