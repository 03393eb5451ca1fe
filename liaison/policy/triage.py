"""Summary 简易 or ordinary 普通 (Opinions art. 4 and 5): a pure function of what the party says and the policy."""

from dataclasses import dataclass

from liaison.policy.rules import Policy
from liaison.policy.words import AsksFor, Category, Procedure


@dataclass(frozen=True, slots=True)
class Triage:
    """The procedure of a request and, in both languages, why."""

    procedure: Procedure
    reason: str


def triage(category: Category, asks_for: AsksFor | None, policy: Policy) -> Triage:
    """Decide the procedure; whom the party asks for can only raise a summary matter to the ordinary procedure.

    Raises:
        ValueError: a discipline report, which is never a work order.
    """
    if category not in policy.triage_of_category:
        raise ValueError(f"a {category} goes to the discipline desk and has no procedure")
    rule = policy.triage_of_category[category]
    if rule.procedure is Procedure.SUMMARY and asks_for is not None:
        rule = policy.triage_of_asking.get(asks_for, rule)
    return Triage(rule.procedure, rule.reason)
