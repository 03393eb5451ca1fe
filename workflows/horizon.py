"""Every morning: whether somebody must look for next year's notice; what was seen is the result."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from liaison.contract import activities, names
    from liaison.contract.messages import HorizonSeen
    from liaison.contract.options import patient
    from liaison.contract.public import Public


@workflow.defn(name=names.WorkflowName.HORIZON)
class HorizonWorkflow:
    """Looks once. Started by the Schedule ``calendar-horizon``."""

    @workflow.run
    async def run(self) -> HorizonSeen:
        """Look, and leave a sentence for whoever opens the run."""
        seen = await workflow.execute_activity(
            activities.look_at_horizon, **patient("look whether next year's notice is missing")
        )
        workflow.set_current_details(Public(seen.says))
        return seen
