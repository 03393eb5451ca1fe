"""A workflow and an activity that say one thing each."""

from datetime import timedelta

from temporalio import activity, workflow


@activity.defn
async def speak() -> None:
    activity.logger.info("the activity speaks")


@workflow.defn
class Speaks:
    @workflow.run
    async def run(self) -> None:
        workflow.logger.info("the workflow speaks", extra={"rung": 2, "party": "张三"})
        await workflow.execute_activity(speak, start_to_close_timeout=timedelta(seconds=5))
