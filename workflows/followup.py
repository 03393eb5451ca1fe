"""Follow-up 回访: the party is asked what it thinks of the answer, until it has said so or was asked often enough."""

from collections.abc import Mapping
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from liaison.contract import activities, names
    from liaison.contract.aftercare import Asked, AskParty, FollowUpStart
    from liaison.contract.options import patient
    from liaison.contract.public import Public
    from liaison.policy.message_words import FollowUpState

STATES: Mapping[str, str] = {
    FollowUpState.ASKING: "asked 已回访",
    FollowUpState.RATED: "rated 已评价",
    FollowUpState.NOT_ANSWERED: "the party says that there was no answer 反映未答复",
    FollowUpState.UNRATED: "asked, not rated 未评价",
    FollowUpState.UNREACHABLE: "not reached 未联系上",
}


@workflow.defn(name=names.WorkflowName.FOLLOW_UP)
class FollowUpWorkflow:
    """Asks. Started with a delay up to the first try; what the party says goes to the registration book."""

    @workflow.run
    async def run(self, order: FollowUpStart) -> Asked:
        """Ask try after try; each looks first whether there is an answer."""
        number = 0
        while True:
            number += 1
            ask = AskParty(order.reference, number)
            asked = await workflow.execute_activity(
                activities.ask_party, ask, **patient(f"try {number}: ask, unless there is an answer")
            )
            if not asked.next_at:
                workflow.set_current_details(Public(f"**{STATES.get(asked.state, 'nobody is asked 不回访')}**"))
                return asked
            workflow.set_current_details(Public(f"**{STATES[asked.state]}** · try {number} 第{number}次"))
            left = datetime.fromisoformat(asked.next_at) - workflow.now()
            await workflow.sleep(max(left.total_seconds(), 1.0), summary=Public("wait for an answer"))
