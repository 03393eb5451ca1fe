"""What is said of messages on their way: one notice, or the mailbox of one leader."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class SendMessage:
    """Send one reserved message if it is still wanted."""

    message_id: str


@dataclass(frozen=True)
class MessageProgress:
    """``wait_until`` is set while it is too early, ``queue`` where the message must be sent from another task queue;
    with neither, ``state`` is final for the sender.

    ``courtesy`` says that statutory messages go first.
    """

    state: str
    wait_until: str = ""
    queue: str = ""
    courtesy: bool = False


@dataclass(frozen=True)
class OpenMailbox:
    """Gather the bells of one leader, in an open window for so many seconds."""

    staff_id: str
    gathering_seconds: float


@dataclass(frozen=True)
class Gathered:
    """Messages to send now, and when to look again; empty if nothing waits."""

    message_ids: list[str] = field(default_factory=list)
    wait_until: str = ""
