"""The workflow as releases to come may have it: other words only, a new step behind a patch, a new step without one."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from liaison.contract.messages import RequestEnd, RequestStart, Rung
    from liaison.contract.names import WorkflowName
    from liaison.contract.public import Public
    from liaison.policy.words import EventKind
from workflows.consequences import Consequences
from workflows.liaison_request import LiaisonRequestWorkflow

NEW_LINE = "written by the next release"


class Reworded(Consequences):
    """Commands what it always did and tells operators of it in other words."""

    def show(self) -> None:
        """As before, in other words."""
        super().show()
        workflow.set_current_details(Public(NEW_LINE))


class Extended(Consequences):
    """Has one more line written before each rung."""

    def fire(self, rung: Rung, escalated_by: str = "", reason: str = "") -> None:
        """As before, after the line."""
        if self.is_new():
            self.note(EventKind.REPLANNED, NEW_LINE, workflow.now())
        super().fire(rung, escalated_by, reason)

    def is_new(self) -> bool:
        """Whether this run is one of the new order; here always, which hangs those of the old."""
        return True


class Patched(Extended):
    """The same as ADR 0004 asks for it."""

    def is_new(self) -> bool:
        """False for what was commanded before this release."""
        return workflow.patched("line-before-each-rung")


@workflow.defn(name=WorkflowName.LIAISON_REQUEST)
class RewordedLife(LiaisonRequestWorkflow):
    """Commands as before."""

    @workflow.init
    def __init__(self, start: RequestStart) -> None:
        super().__init__(start)
        self._then = Reworded(self._state)

    @workflow.run
    async def run(self, start: RequestStart) -> RequestEnd:
        """As before."""
        return await super().run(start)


@workflow.defn(name=WorkflowName.LIAISON_REQUEST)
class PatchedLife(LiaisonRequestWorkflow):
    """Commands more, behind a patch."""

    @workflow.init
    def __init__(self, start: RequestStart) -> None:
        super().__init__(start)
        self._then = Patched(self._state)

    @workflow.run
    async def run(self, start: RequestStart) -> RequestEnd:
        """As before."""
        return await super().run(start)


@workflow.defn(name=WorkflowName.LIAISON_REQUEST)
class UnpatchedLife(LiaisonRequestWorkflow):
    """Commands more, without a patch."""

    @workflow.init
    def __init__(self, start: RequestStart) -> None:
        super().__init__(start)
        self._then = Extended(self._state)

    @workflow.run
    async def run(self, start: RequestStart) -> RequestEnd:
        """As before."""
        return await super().run(start)
