"""The watch over an answer: until it is made to its party, by message, by a recorded call or by hand (art. 8)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from liaison.contract import activities, names
    from liaison.contract.aftercare import DeliverySeen, WatchDelivery
    from liaison.contract.options import patient
    from liaison.contract.public import Public
    from liaison.policy.message_words import DeliveryState

STATES = {
    DeliveryState.UNDER_WAY: "under way 送达中",
    DeliveryState.TO_CALL: "a clerk must call, or hand it over 待电话告知或当面送达",
    DeliveryState.MADE: "made to the party 已送达",
}
A_MOMENT = timedelta(seconds=1)


@workflow.defn(name=names.WorkflowName.DELIVERY)
class DeliveryWorkflow:
    """Looks at the registration book whenever something may have become of the answer; the book alone knows what."""

    def __init__(self) -> None:
        self._told = False

    @workflow.run
    async def run(self, watch: WatchDelivery) -> DeliverySeen:
        """Watch until nothing is left to watch."""
        while True:
            self._told = False
            seen = await workflow.execute_activity(
                activities.watch_delivery, watch, **patient("look how far the answer has come")
            )
            workflow.set_current_details(delivery_details(seen))
            if not seen.look_at:
                return seen
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(watch)
            await self._wait_until(seen.look_at)

    # Signals never raise, whatever their name and body: each makes us look, and the book says what is true.
    @workflow.signal(dynamic=True)
    def hear(self, _name: str, _said: Sequence[RawValue]) -> None:
        """Something became of the answer."""
        self._told = True

    async def _wait_until(self, look_at: str) -> None:
        left = datetime.fromisoformat(look_at) - workflow.now()
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._told,
                timeout=max(left, A_MOMENT),
                timeout_summary=Public("look again how far the answer has come"),
            )


def delivery_details(seen: DeliverySeen) -> Public:
    """Markdown: how far the answer has come, by when it must be made, who heard that it was not."""
    state = STATES[DeliveryState(seen.state)] if seen.state else "nothing is to be delivered 无需送达"
    lines = [f"**{state}**", ""]
    if seen.reason:
        lines.append(f"- Why a call 电话告知缘由: {seen.reason}")
    if seen.due_on:
        lines.append(f"- To be made by the end of 送达期限: {seen.due_on} (art. 8 第八条)")
    if seen.told:
        lines.append(f"- Not made in time, told 逾期未送达，已报: {seen.told}")
    return Public("\n".join(lines))
