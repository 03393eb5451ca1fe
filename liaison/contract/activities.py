"""Stubs of the activities: what workflow code may name without importing the world (ADR 0003).

A worker registers the methods of ``activities/`` under the same names; a test compares the signatures.
"""

from temporalio import activity

from liaison.contract.aftercare import Asked, AskParty, DeliverySeen, WatchDelivery
from liaison.contract.claims import ClaimReply, ClaimSeen, LookAtClaim, RevokeClaim
from liaison.contract.messages import (
    AnswerByMachine,
    Applied,
    ApplyAction,
    Closed,
    CloseRequest,
    Dispatch,
    Holder,
    HorizonSeen,
    MachineAnswer,
    Opened,
    OpenRequest,
    Purged,
    RecordEvents,
    RungDue,
    RungRecorded,
    SignalReply,
    SignalReplyKept,
)
from liaison.contract.plans import (
    FindMovable,
    KeepProgress,
    LimitSeen,
    LookAtLimit,
    Movable,
    PlanLadder,
    Planned,
    ReplanCounts,
    Signalled,
    SignalRequests,
)
from liaison.contract.sending import Gathered, MessageProgress, OpenMailbox, SendMessage


@activity.defn
async def open_request(claim: OpenRequest) -> Opened:
    """Claim the request's row for this run and return its newest plan and state."""
    raise NotImplementedError


@activity.defn
async def dispatch(order: Dispatch) -> Holder:
    """Find the holder, send him the work order, return him."""
    raise NotImplementedError


@activity.defn
async def record_rung(due: RungDue) -> RungRecorded:
    """Record a rung, lay the request into the leader's inbox, ring the bell in its window."""
    raise NotImplementedError


@activity.defn
async def apply_action(application: ApplyAction) -> Applied:
    """Let a sign-in, transfer, return, change of procedure or act of supervision take effect."""
    raise NotImplementedError


@activity.defn
async def answer_by_machine(question: AnswerByMachine) -> MachineAnswer:
    """Answer a case inquiry from the trial register, or acknowledge an opinion."""
    raise NotImplementedError


@activity.defn
async def keep_signal_reply(reply: SignalReply) -> SignalReplyKept:
    """Copy a reply given as a plain signal into the reply inbox, with its true receive time."""
    raise NotImplementedError


@activity.defn
async def claim_reply(order: ClaimReply) -> ClaimSeen:
    """Put a claimed reply on record and ask its giver to confirm it."""
    raise NotImplementedError


@activity.defn
async def look_at_claim(order: LookAtClaim) -> ClaimSeen:
    """Look whether a working hour has passed in silence since the giver was asked."""
    raise NotImplementedError


@activity.defn
async def revoke_claim(order: RevokeClaim) -> None:
    """Set a claimed reply aside; the holder must reply."""
    raise NotImplementedError


@activity.defn
async def close_request(closure: CloseRequest) -> Closed:
    """Close the request and send the party the answer."""
    raise NotImplementedError


@activity.defn
async def record_events(batch: RecordEvents) -> None:
    """Append lines of the record."""
    raise NotImplementedError


@activity.defn
async def send_message(order: SendMessage) -> MessageProgress:
    """Send one message, once; whoever watches over an answer that was not sent at once hears of it."""
    raise NotImplementedError


@activity.defn
async def gather_bells(mailbox: OpenMailbox) -> Gathered:
    """Make one message of the bells that are due for a leader."""
    raise NotImplementedError


@activity.defn
async def purge() -> Purged:
    """Erase what is older than the policy's ages, for a few seconds."""
    raise NotImplementedError


@activity.defn
async def plan_ladder(order: PlanLadder) -> Planned:
    """Count a request's dates by the newest rules; put on record, and tell the people, what moved."""
    raise NotImplementedError


@activity.defn
async def look_at_limit(order: LookAtLimit) -> LimitSeen:
    """Look whether a summary request's limit has passed by the rules that were in force at it."""
    raise NotImplementedError


@activity.defn
async def find_movable(page: FindMovable) -> Movable:
    """Find, in a page of open requests, those of which a date moves or becomes final."""
    raise NotImplementedError


@activity.defn
async def signal_requests(order: SignalRequests) -> Signalled:
    """Tell requests of newer rules, so many a second."""
    raise NotImplementedError


@activity.defn
async def keep_progress(progress: KeepProgress) -> ReplanCounts:
    """Note how far a re-plan has come, and whether it is done."""
    raise NotImplementedError


@activity.defn
async def look_at_horizon() -> HorizonSeen:
    """Look whether next year's notice is missing, and say so in the log."""
    raise NotImplementedError


@activity.defn
async def watch_delivery(watch: WatchDelivery) -> DeliverySeen:
    """Look how far an answer has come: to its party, to a clerk who calls, or past the rung that waits for it."""
    raise NotImplementedError


@activity.defn
async def ask_party(ask: AskParty) -> Asked:
    """Ask the party what it thinks of the answer, unless it has said so; give up after the last try."""
    raise NotImplementedError


ALL = (
    open_request,
    dispatch,
    record_rung,
    apply_action,
    answer_by_machine,
    keep_signal_reply,
    claim_reply,
    look_at_claim,
    revoke_claim,
    close_request,
    record_events,
    send_message,
    gather_bells,
    purge,
    plan_ladder,
    look_at_limit,
    find_movable,
    signal_requests,
    keep_progress,
    look_at_horizon,
    watch_delivery,
    ask_party,
)
