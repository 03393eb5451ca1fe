"""The registration book as SQLModel tables. Importing this package fills ``metadata``."""

from sqlmodel import SQLModel

from liaison.db.tables.access import ApiKey, Idempotency
from liaison.db.tables.after_closure import AnswerDelivery, FollowUp
from liaison.db.tables.calendars import CalendarVersion, Closure, PolicyVersion, Proposal, Replan
from liaison.db.tables.directory import CourtRow, DepartmentRow, DirectoryLoad, Fault, StaffRow
from liaison.db.tables.inbound import Callback, CallbackToken, InboundMessage
from liaison.db.tables.messages import Message, Sends
from liaison.db.tables.requests import Action, ClerkItem, Event, Plan, Request, RungRecord, WorkOrder
from liaison.db.tables.texts import DataKey, PartyContact, RequestText

metadata = SQLModel.metadata

__all__ = [
    "Action",
    "AnswerDelivery",
    "ApiKey",
    "CalendarVersion",
    "Callback",
    "CallbackToken",
    "ClerkItem",
    "Closure",
    "CourtRow",
    "DataKey",
    "DepartmentRow",
    "DirectoryLoad",
    "Event",
    "Fault",
    "FollowUp",
    "Idempotency",
    "InboundMessage",
    "Message",
    "PartyContact",
    "Plan",
    "PolicyVersion",
    "Proposal",
    "Replan",
    "Request",
    "RequestText",
    "RungRecord",
    "Sends",
    "StaffRow",
    "WorkOrder",
    "metadata",
]
