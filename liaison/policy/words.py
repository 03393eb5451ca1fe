"""The words of the field, shared by tables and messages (design section 11).

Every enum is a ``StrEnum`` whose value is what JSON, the database and search attributes show.
"""

from enum import StrEnum


class Channel(StrEnum):
    """Where a request came in (Opinions art. 6)."""

    HALL = "hall"
    KIOSK_WALL = "kiosk_wall"
    KIOSK_INTEGRATED = "kiosk_integrated"
    WEB = "web"
    HOTLINE = "hotline"
    MICRO_COURT = "micro_court"
    MAILBOX = "mailbox"


class Category(StrEnum):
    """What a request is about (Opinions art. 4, 5, 12)."""

    CASE_INQUIRY = "case_inquiry"
    CONSULTATION = "consultation"
    DOCUMENTS = "documents"
    MATERIAL_TRANSFER = "material_transfer"
    OPINION = "opinion"
    JUDGE_CONTACT = "judge_contact"
    COMPLAINT = "complaint"
    DISCIPLINE_REPORT = "discipline_report"


class AsksFor(StrEnum):
    """Whom the party wants to hear from."""

    INFORMATION = "information"
    JUDGE = "judge"
    DEPARTMENT = "department"


class PartyRole(StrEnum):
    """Who is asking."""

    PARTY = "party"
    LAWYER = "lawyer"
    AGENT = "agent"
    OTHER = "other"


class Language(StrEnum):
    """The party's language."""

    ZH_CN = "zh-CN"
    EN = "en"


class Procedure(StrEnum):
    """Summary 简易 (art. 4) or ordinary 普通 (art. 5)."""

    SUMMARY = "summary"
    ORDINARY = "ordinary"


class Stage(StrEnum):
    """Where a request stands."""

    REGISTERED = "registered"
    ANSWERING = "answering"
    AWAITING_REPLY = "awaiting_reply"
    CONFIRMING = "confirming"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a closed request ended."""

    ANSWERED = "answered"
    REPLIED = "replied"
    WITHDRAWN = "withdrawn"


class HolderKind(StrEnum):
    """A holder 承办人 is a person or a department's post."""

    JUDGE = "judge"
    DEPARTMENT = "department"


class CourtLevel(StrEnum):
    """The two levels of the city's courts."""

    PRIMARY = "primary"
    INTERMEDIATE = "intermediate"


class Post(StrEnum):
    """Posts on and beside the ladder (Opinions art. 8, 9, 11)."""

    HOLDER = "holder"
    DEPARTMENT_DESK = "department_desk"
    DEPARTMENT_LEADER = "department_leader"
    DEPUTY_PRESIDENT = "deputy_president"
    PRESIDENT = "president"
    INTERMEDIATE_PRESIDENT = "intermediate_president"
    LIAISON_OFFICER = "liaison_officer"
    CASE_FILING_CHAMBER = "case_filing_chamber"


class StaffRole(StrEnum):
    """What a row of the directory is."""

    JUDGE = "judge"
    ASSISTANT = "assistant"
    DEPARTMENT_LEADER = "department_leader"
    DEPUTY_PRESIDENT = "deputy_president"
    PRESIDENT = "president"
    DUTY_DESK = "duty_desk"
    CLERK = "clerk"


class DepartmentKind(StrEnum):
    """Departments with a part of their own in the Opinions; the others are chambers."""

    CHAMBER = "chamber"
    LITIGATION_SERVICE = "litigation_service"
    CASE_FILING = "case_filing"


class ProposalKind(StrEnum):
    """Rules that one person proposes and another approves."""

    NOTICE = "notice"
    POLICY = "policy"


class ProposalState(StrEnum):
    """What became of a proposal."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


class KeyRole(StrEnum):
    """Who holds an API key."""

    CHANNEL = "channel"
    CLERK = "clerk"
    JUDGE = "judge"
    LEADER = "leader"
    OPERATOR = "operator"
    CHAMBER = "chamber"


class ActionKind(StrEnum):
    """What somebody does to a request; each kind is a list under the request (design section 8)."""

    ANSWER = "answer"
    REPLY = "reply"
    SIGN_IN = "sign_in"
    TRANSFER = "transfer"
    RETURN = "return"
    WITHDRAWAL = "withdrawal"
    PROCEDURE_CHANGE = "procedure_change"
    SUPERVISION_ACT = "supervision_act"
    CONFIRMATION = "confirmation"
    REVOCATION = "revocation"


class ActionState(StrEnum):
    """What became of an action: given, then taken or not."""

    PENDING = "pending"
    CLAIMED = "claimed"
    """A reply in a form that anybody can forge: taken, and to be confirmed or revoked."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATE = "late"
    AFTER_CLOSURE = "after_closure"


class ReplyKind(StrEnum):
    """A text for the party, or a recorded successful call or meeting (design section 5)."""

    TEXT = "text"
    CALL = "call"
    MEETING = "meeting"


class SupervisionAct(StrEnum):
    """Leaders press for a reply, never for an outcome (the "three rules" of 2015)."""

    ACKNOWLEDGE = "acknowledge"
    URGE = "urge"
    ASK_WHY = "ask_why"
    EXPLAIN = "explain"
    APPOINT = "appoint"


class ClaimFate(StrEnum):
    """What has become of a claimed reply while nobody spoke of it."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    """The judge was told of it and did not object."""
    LAPSED = "lapsed"
    """He could not be told, so that his silence says nothing."""


class EventKind(StrEnum):
    """Lines of the append-only record of a request."""

    REGISTERED = "registered"
    ATTACHED = "attached"
    STARTED = "started"
    REPAIRED = "repaired"
    MACHINE_ANSWERED = "machine_answered"
    PROCEDURE_CHANGED = "procedure_changed"
    DISPATCHED = "dispatched"
    SIGNED_IN = "signed_in"
    TRANSFER_OFFERED = "transfer_offered"
    TRANSFERRED = "transferred"
    RETURNED = "returned"
    WARNED = "warned"
    RUNG_RECORDED = "rung_recorded"
    RUNG_ANNULLED = "rung_annulled"
    RUNG_HELD_BACK = "rung_held_back"
    ESCALATED = "escalated"
    SUPERVISED = "supervised"
    REPLY_RECEIVED = "reply_received"
    ACTION_REFUSED = "action_refused"
    SIGNAL_REFUSED = "signal_refused"
    CANCEL_IGNORED = "cancel_ignored"
    REPLANNED = "replanned"
    DATES_FINAL = "dates_final"
    AFTER_CLOSURE = "after_closure"
    MESSAGE_SENT = "message_sent"
    MESSAGE_SUPERSEDED = "message_superseded"
    MESSAGE_FAILED = "message_failed"
    MESSAGE_DELIVERED = "message_delivered"
    REPLY_CLAIMED = "reply_claimed"
    REPLY_CONFIRMED = "reply_confirmed"
    REPLY_REVOKED = "reply_revoked"
    ANSWER_MADE = "answer_made"
    ANSWER_TO_CALL = "answer_to_call"
    FOLLOW_UP_ASKED = "follow_up_asked"
    RATED = "rated"
    REDO_OFFERED = "redo_offered"
    CLERK_ITEM_DONE = "clerk_item_done"
    ERASED = "erased"
    CLOSED = "closed"
