"""What workflow and activities say of claimed replies, which anybody could have sent in a judge's name (ADR 0014)."""

from dataclasses import dataclass

from liaison.contract.messages import Action
from liaison.policy.words import ClaimFate


@dataclass(frozen=True)
class ClaimReply:
    """Put a claimed reply on record and ask its giver to confirm it."""

    reference: str
    stream: int
    seq: int
    action: Action


@dataclass(frozen=True)
class LookAtClaim:
    """Look whether a claimed reply was confirmed by silence."""

    reference: str
    action_id: str


@dataclass(frozen=True)
class ClaimSeen:
    """What has become of it; while it waits, when to look again, on the workflow's clock."""

    fate: ClaimFate
    look_at: str = ""


@dataclass(frozen=True)
class RevokeClaim:
    """Set a claimed reply aside; without a ``revocation`` because its giver could not be told of it."""

    reference: str
    stream: int
    seq: int
    action: Action
    revocation: Action | None = None
