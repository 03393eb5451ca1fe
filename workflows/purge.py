"""Every night: personal data older than the policy's ages are destroyed, and the counts are the result."""

from dataclasses import replace

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from liaison.contract import activities, names
    from liaison.contract.messages import Purged
    from liaison.contract.options import patient

MOST_ROUNDS = 1_000
"""What is left after so many rounds waits for the next night: a history has an end."""


@workflow.defn(name=names.WorkflowName.PURGE)
class PurgeWorkflow:
    """Erases round after round until nothing is old enough. Started by the Schedule ``purge-nightly``."""

    @workflow.run
    async def run(self) -> Purged:
        """Erase; the sum of all rounds."""
        total = Purged(more=True)
        for _ in range(MOST_ROUNDS):
            erased = await workflow.execute_activity(activities.purge, **patient("erase what is past its age"))
            total = replace(
                erased,
                requests=total.requests + erased.requests,
                messages=total.messages + erased.messages,
                callbacks=total.callbacks + erased.callbacks,
                inbound=total.inbound + erased.inbound,
            )
            if not total.more:
                break
        return total
