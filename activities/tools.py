"""What activities work with; made by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.client import Client

from liaison.contract.messages import Holder
from liaison.db.engine import Database
from liaison.db.rulebook import Rulebook
from liaison.gateways.sms.port import SmsGateway
from liaison.gateways.sms.templates import Templates
from liaison.gateways.trial_system.port import TrialSystem
from liaison.keys import KeyRing
from liaison.policy.roster import Roster

PLATFORM = "platform"
"""Actor of events that nobody asked for."""


@dataclass(frozen=True)
class Tools:
    """Database, keys, rules, ports and clock of one worker.

    ``shift`` is the workflow's clock minus ``clock``: zero in production, the virtual time of tests and the demo
    (design section 6).
    """

    db: Database
    ring: KeyRing
    rulebook: Rulebook
    client: Client
    clock: Callable[[], datetime]
    trial_system: TrialSystem
    gateway: SmsGateway
    templates: Templates
    plain_signals_accepted: bool
    shift: timedelta = timedelta(0)

    def for_workflow(self, instant: datetime) -> str:
        """An instant of the registration book on the workflow's clock."""
        return (instant + self.shift).isoformat()

    def from_workflow(self, instant: str) -> datetime:
        """An instant of the workflow's clock in the registration book."""
        return datetime.fromisoformat(instant) - self.shift


def holder_message(roster: Roster, holder_id: str | None) -> Holder | None:
    """The holder as workflows know him; None where nobody holds, or the directory has forgotten him."""
    holder = roster.holder(holder_id) if holder_id else None
    if holder is None:
        return None
    return Holder(
        id=holder.id,
        kind=holder.kind,
        court=holder.court,
        department=holder.department,
        post=roster.post_of(holder),
        members=list(roster.members_of(holder)),
    )
