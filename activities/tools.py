"""What activities work with; made by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio.client import Client

from activities.gateways import Absences
from liaison.contract.messages import Holder
from liaison.db.engine import Database
from liaison.db.rulebook import Rulebook
from liaison.db.tables import Request, WorkOrder
from liaison.gateways.sms.port import SmsGateway
from liaison.gateways.sms.templates import Templates
from liaison.gateways.trial_system.port import TrialSystem
from liaison.keys import KeyRing
from liaison.policy.recipients import accused_by
from liaison.policy.roster import Roster

PLATFORM = "platform"
"""Actor of events that nobody asked for."""


@dataclass(frozen=True)
class Tools:
    """Database, keys, rules, ports and clock of one worker.

    ``shift`` is the workflow's clock minus ``clock``: zero in production, the virtual time of tests and the demo
    (design section 6). The first of ``gateways`` takes messages as long as it can. Where ``plain_signals_confirmed`` a
    plain signal closes nothing by itself. ``replan_per_second`` is how many requests a re-plan tells in a second.
    """

    db: Database
    ring: KeyRing
    rulebook: Rulebook
    client: Client
    clock: Callable[[], datetime]
    trial_system: TrialSystem
    gateways: tuple[SmsGateway, ...]
    templates: Templates
    plain_signals_accepted: bool
    plain_signals_confirmed: bool = False
    shift: timedelta = timedelta(0)
    replan_per_second: int = 50
    absences: Absences = field(default_factory=Absences)

    def for_workflow(self, instant: datetime) -> str:
        """An instant of the registration book on the workflow's clock."""
        return (instant + self.shift).isoformat()

    def from_workflow(self, instant: str) -> datetime:
        """An instant of the workflow's clock in the registration book."""
        return datetime.fromisoformat(instant) - self.shift


def holder_message(roster: Roster, order: WorkOrder | None, request: Request) -> Holder | None:
    """The holder of a work order as workflows know him; whoever left the directory since has nobody to act for him,
    and whoever the request complains of acts for nobody."""
    if order is None:
        return None
    known, accused = roster.holder(order.holder_id), accused_by(request)
    return Holder(
        id=order.holder_id,
        kind=order.holder_kind,
        court=order.court,
        department=order.department,
        post=order.post,
        members=[member for member in roster.members_of(known) if member not in accused] if known else [],
    )
