"""How the book's values look to people: Shanghai time, words, no internals."""

from datetime import datetime

from calendars.core import SHANGHAI
from liaison.db.reads import Found
from liaison.db.tables import Action, Event, Fault, Message, Plan, Request
from liaison.policy.ladder import DueRung
from liaison.policy.words import ActionKind
from liaison.services.platform import Body

PATHS = {
    ActionKind.ANSWER: "answers",
    ActionKind.REPLY: "replies",
    ActionKind.SIGN_IN: "sign-ins",
    ActionKind.TRANSFER: "transfers",
    ActionKind.RETURN: "returns",
    ActionKind.WITHDRAWAL: "withdrawals",
    ActionKind.PROCEDURE_CHANGE: "procedure-changes",
    ActionKind.SUPERVISION_ACT: "supervision-acts",
    ActionKind.CONFIRMATION: "confirmations",
    ActionKind.REVOCATION: "revocations",
}
"""Under which list of the request an action of each kind stands."""

MASKED = "********"

UNREADABLE = "原文暂时无法读取，请联系运维人员。The text cannot be read at present; please tell the operators."
"""Stands for a text that is damaged: people still see that somebody waits, and everything else on the list."""


def shown(instant: datetime) -> str:
    """An instant as RFC 3339 text in Shanghai time."""
    return instant.astimezone(SHANGHAI).isoformat()


def shown_or_none(instant: datetime | None) -> str | None:
    """The same for an instant that may be missing."""
    return None if instant is None else shown(instant)


def show_request(found: Found) -> Body:
    """The one shape of a request (issue line L21); an attached one shows the course of its main request."""
    own, main, plan = found.own, found.main, found.plan
    body: Body = {
        "reference": own.reference,
        "procedure": main.procedure.value,
        "stage": main.stage.value,
        "outcome": main.outcome.value if main.outcome else None,
        "received_at": shown(own.received_at),
        "holder": show_holder(main),
        "supervision": show_supervision(main),
        "deadlines": show_deadlines(plan),
        "calendar_version": plan.calendar_version,
        "policy_version": plan.policy_version,
    }
    return body if own.attached_to is None else body | {"attached_to": own.attached_to}


def show_holder(request: Request) -> Body | None:
    """Who must reply; None until dispatched."""
    if request.holder_id is None or request.holder_kind is None:
        return None
    return {"id": request.holder_id, "kind": request.holder_kind.value, "post": request.holder_post}


def show_supervision(request: Request) -> Body | None:
    """The supervision process; None while all is on time."""
    if request.supervised_since is None:
        return None
    return {
        "since": shown(request.supervised_since),
        "rung": request.rung,
        "supervisor": request.supervisor,
        "last_act": request.last_act,
    }


def show_deadlines(plan: Plan) -> list[Body]:
    """The rungs of a plan, the warning first."""
    return [
        {
            "rung": rung["rung"],
            "business_day": rung["business_day"],
            "due_on": rung["due_on"],
            "due_at": shown(datetime.fromisoformat(rung["due_at"])),
            "provisional": rung["provisional"],
        }
        for rung in plan.rungs
    ]


def show_due_rung(rung: DueRung, due_at: datetime) -> Body:
    """A rung of no request, from the calendar alone; the same shape."""
    return {
        "rung": rung.rung,
        "business_day": rung.business_day,
        "due_on": rung.due_on.isoformat(),
        "due_at": shown(due_at),
        "provisional": rung.provisional,
    }


def show_event(event: Event) -> Body:
    """A line of the record."""
    return {
        "reference": event.reference,
        "stream": event.stream,
        "seq": event.seq,
        "kind": event.kind.value,
        "at": shown(event.at),
        "actor": event.actor,
        "detail": event.detail,
    }


def show_fault(fault: Fault) -> Body:
    """A line of the register of faults; of a party it names the request alone."""
    return {
        "reference": fault.reference,
        "rung": fault.rung,
        "subject": fault.subject,
        "reason": fault.reason,
        "found_at": shown(fault.found_at),
    }


def action_location(reference: str, kind: ActionKind, action_id: str) -> str:
    """Where the record of an action stands."""
    return f"/v1/requests/{reference}/{PATHS[kind]}/{action_id}"


def show_action(action: Action, reference: str, location: str) -> Body:
    """The record of an action without its text; ``reference`` is the one it was asked for under."""
    return {
        "id": action.id,
        "reference": reference,
        "kind": action.kind.value,
        "by": action.by,
        "on_behalf_of": action.on_behalf_of,
        "detail": action.detail,
        "target": action.target,
        "received_at": shown(action.received_at),
        "state": action.state.value,
        "refusal": action.refusal,
        "settled_at": shown_or_none(action.settled_at),
        "location": location,
    }


def show_message(message: Message) -> Body:
    """A message without its text; the recipient is a staff id, a desk or ``party``, never a number."""
    return {
        "id": message.id,
        "reference": message.reference,
        "cause": message.cause,
        "message_class": message.message_class.value,
        "template": message.template,
        "language": message.language.value,
        "recipient": message.recipient,
        "text": MASKED,
        "state": message.state.value,
        "reserved_at": shown(message.reserved_at),
        "send_after": shown(message.send_after),
        "submitted_at": shown_or_none(message.submitted_at),
        "settled_at": shown_or_none(message.settled_at),
        "attempts": message.attempts,
        "gateway": message.gateway,
        "provider_id": message.provider_id,
        "failure": message.failure,
        "useful_until": shown_or_none(message.useful_until),
        "repeats": message.repeats,
        "gathered_into": message.gathered_into,
        "tried": message.tried,
    }
