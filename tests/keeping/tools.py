"""The activities' tools of an office, for tests that call an activity themselves."""

from activities.tools import Tools
from liaison.gateways.sms.outbox import EmbeddedOutbox
from liaison.gateways.sms.port import SmsGateway
from liaison.gateways.sms.templates import packaged_templates
from liaison.gateways.trial_system.embedded import EmbeddedTrialSystem
from tests.services.office import Office


def tools_of(office: Office, gateway: SmsGateway | None = None) -> Tools:
    """Tools on the office's book and clock."""
    platform = office.platform
    return Tools(
        db=platform.db,
        ring=platform.ring,
        rulebook=platform.rulebook,
        client=platform.client,
        clock=platform.clock,
        trial_system=EmbeddedTrialSystem.empty(),
        gateways=(gateway or EmbeddedOutbox(office.home / "outbox.jsonl", platform.clock),),
        templates=packaged_templates(),
        plain_signals_accepted=True,
    )
