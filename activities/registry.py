"""All activities of a worker, made from its tools."""

from collections.abc import Callable
from typing import Any

from activities.acting import Acting
from activities.answer_limit import AnswerLimit
from activities.answering import Answering
from activities.claims import Claims
from activities.closure import Closure
from activities.delivering import Delivering
from activities.following_up import FollowingUp
from activities.horizon import CalendarHorizon
from activities.judge_notification import JudgeNotification
from activities.mailbox import Mailbox
from activities.messaging import Messaging
from activities.opening import Opening
from activities.planning import Planning
from activities.purging import Purging
from activities.recording import Recording
from activities.replanning import Replanning
from activities.signal_replies import SignalReplies
from activities.sms import Sender
from activities.supervision import Supervision
from activities.tools import Tools


def activities_of(tools: Tools) -> list[Callable[..., Any]]:
    """Every activity under its contract name."""
    messaging, replanning = Messaging(tools), Replanning(tools)
    claims = Claims(tools, messaging)
    supervision = Supervision(tools, messaging)
    return [
        Opening(tools, messaging).open_request,
        JudgeNotification(tools, messaging).dispatch,
        supervision.record_rung,
        Acting(tools, messaging).apply_action,
        Answering(tools).answer_by_machine,
        SignalReplies(tools).keep_signal_reply,
        claims.claim_reply,
        claims.look_at_claim,
        claims.revoke_claim,
        Closure(tools, messaging).close_request,
        Recording(tools).record_events,
        Sender(tools).send_message,
        Mailbox(tools).gather_bells,
        Purging(tools).purge,
        Planning(tools, messaging).plan_ladder,
        AnswerLimit(tools, messaging).look_at_limit,
        replanning.find_movable,
        replanning.signal_requests,
        replanning.keep_progress,
        CalendarHorizon(tools).look_at_horizon,
        Delivering(tools, messaging, supervision).watch_delivery,
        FollowingUp(tools, messaging).ask_party,
    ]
