"""``[messages]`` of the policy: its shapes, and how they are read."""

from dataclasses import dataclass
from datetime import timedelta

from liaison.policy.document import PolicyError, Section


@dataclass(frozen=True, slots=True)
class Useful:
    """For how long a message helps anybody, by its class, from the opening of its window."""

    staff_business_days: int
    party: timedelta
    emergency: timedelta
    code: timedelta


@dataclass(frozen=True, slots=True)
class SendingRules:
    """``policy.toml`` explains each.

    Attributes:
        fast_tries: how many pauses double before they are ``slow`` ones.
        slow: pause between later tries.
        failover: after being away for so long a gateway is passed over.
        receipt: how long a message in doubt waits for a receipt before it is sent once more.
        daily_to_one_number: messages to one number within 24 hours.
        kept_from_courtesy: of those, how many courtesy leaves to the others.
        courtesy: templates that wait for the statutory ones.
        gathers: templates of the bells that leaders get in one message, and of what else is told with them.
        gathering: how long they are gathered in an open window.
        every: the least time between two such messages to one leader.
        useful: when messages expire.
        on_the_spot: who has his answer within that time is not told first that he will have it.
        provisional: whether a document of the court is still to set these numbers.
        source: where they come from meanwhile.
    """

    fast_tries: int
    slow: timedelta
    failover: timedelta
    receipt: timedelta
    daily_to_one_number: int
    kept_from_courtesy: int
    courtesy: frozenset[str]
    gathers: frozenset[str]
    gathering: timedelta
    every: timedelta
    useful: Useful
    on_the_spot: timedelta
    provisional: bool
    source: str


KEPT_FROM_COURTESY = 10
ON_THE_SPOT = timedelta(minutes=30)
GATHERED_TOO = frozenset({"warning_to_leader", "explanation"})

DEFAULT_SENDING = SendingRules(
    fast_tries=10,
    slow=timedelta(minutes=10),
    failover=timedelta(minutes=5),
    receipt=timedelta(minutes=30),
    daily_to_one_number=40,
    kept_from_courtesy=KEPT_FROM_COURTESY,
    courtesy=frozenset({"registered", "received", "passed_on", "closed", "date_moved", "follow_up"}),
    gathers=frozenset({"supervision", "answered_late", "withdrawn"}) | GATHERED_TOO,
    gathering=timedelta(seconds=30),
    every=timedelta(minutes=15),
    useful=Useful(10, timedelta(hours=72), timedelta(hours=24), timedelta(minutes=5)),
    on_the_spot=ON_THE_SPOT,
    provisional=True,
    source="Aliyun, rules for short messages (50 a day to one number); the rest is set by us",
)
"""Rules of a document without ``[messages]``: documents stored before there were any stay what they were."""


def parse_sending(section: Section) -> SendingRules:
    """Read ``[messages]``.

    Raises:
        PolicyError: a rule is missing, unknown or malformed.
    """
    digest, kept, too = section.section("digest"), "kept_from_courtesy", "gathers_too"
    spot = "on_the_spot_minutes"
    rules = SendingRules(
        fast_tries=section.number("fast_tries", least=1),
        slow=timedelta(minutes=section.number("slow_minutes", least=1)),
        failover=timedelta(minutes=section.number("failover_minutes", least=0)),
        receipt=timedelta(minutes=section.number("receipt_minutes", least=1)),
        daily_to_one_number=section.number("daily_to_one_number", least=1),
        kept_from_courtesy=section.number(kept, least=0) if kept in section.names() else KEPT_FROM_COURTESY,
        courtesy=_templates(section, "courtesy"),
        gathers=_templates(digest, "gathers") | (_templates(digest, too) if too in digest.names() else GATHERED_TOO),
        gathering=timedelta(seconds=digest.number("gathering_seconds", least=1)),
        every=timedelta(minutes=digest.number("every_minutes", least=1)),
        useful=_parse_useful(section.section("useful")),
        on_the_spot=timedelta(minutes=section.number(spot, least=0)) if spot in section.names() else ON_THE_SPOT,
        provisional=section.flag("provisional"),
        source=section.text("source"),
    )
    digest.finish()
    section.finish()
    return rules


def _parse_useful(section: Section) -> Useful:
    useful = Useful(
        staff_business_days=section.number("staff_business_days", least=1),
        party=timedelta(hours=section.number("party_hours", least=1)),
        emergency=timedelta(hours=section.number("emergency_hours", least=1)),
        code=timedelta(minutes=section.number("code_minutes", least=1)),
    )
    section.finish()
    return useful


def _templates(section: Section, key: str) -> frozenset[str]:
    names = section.items(key)
    if not all(isinstance(name, str) for name in names):
        raise PolicyError(f"{section.at(key)} 须列出模板名称", f"{section.at(key)} must name templates")
    return frozenset(names)
