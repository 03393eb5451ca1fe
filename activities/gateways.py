"""Which gateway takes a message: the first that has not failed with it and is not away."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from liaison.contract.names import gateway_task_queue
from liaison.gateways.sms.port import SmsGateway
from liaison.policy.sending_rules import SendingRules


@dataclass
class Absences:
    """Since when this worker found a gateway away, and when it last tried. Of one process: one that starts anew finds
    out for itself, which costs its first messages a few tries."""

    _since: dict[str, datetime] = field(default_factory=dict)
    _tried: dict[str, datetime] = field(default_factory=dict)

    def note_away(self, gateway: str, now: datetime) -> None:
        """It did not take a message, or fell silent."""
        self._since.setdefault(gateway, now)
        self._tried[gateway] = now

    def note_back(self, gateway: str) -> None:
        """It answered."""
        self._since.pop(gateway, None)

    def is_away(self, gateway: str) -> bool:
        """Whether it did not take the last message it was given."""
        return gateway in self._since

    def passed_over(self, gateway: str, now: datetime, rules: SendingRules) -> bool:
        """Whether others take its messages: away for long, and tried not long ago."""
        since = self._since.get(gateway)
        return since is not None and now - since >= rules.failover and now - self._tried[gateway] < rules.slow


def gateway_named(gateways: Sequence[SmsGateway], name: str | None) -> SmsGateway | None:
    """The gateway that took a message; None if it is no longer set up."""
    return next((gateway for gateway in gateways if gateway.name == name), None)


def next_gateway(
    gateways: Sequence[SmsGateway],
    absences: Absences,
    tried: Collection[str],
    now: datetime,
    rules: SendingRules,
) -> SmsGateway | None:
    """Who should take a message that ``tried`` could not deliver, the primary first; None if nobody is left."""
    left = [gateway for gateway in gateways if gateway.name not in tried]
    there = (gateway for gateway in left if not absences.passed_over(gateway.name, now, rules))
    return next(there, left[0] if left else None)


def task_queue_of(gateway: SmsGateway) -> str:
    """Where messages for a gateway are sent from that takes only so many a second; empty for one without a limit."""
    return "" if gateway.can.rate is None else gateway_task_queue(gateway.name)
