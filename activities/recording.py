"""The background projection: lines of the record that change nothing else."""

from temporalio import activity

from activities.tools import PLATFORM, Tools
from liaison.contract.messages import RecordEvents
from liaison.contract.names import run_stream
from liaison.db.record import append_clerk_item, append_event, lock_request
from liaison.metrics import PROJECTION_LAG
from liaison.policy.words import EventKind, Procedure, Stage


class Recording:
    """Appends what a run noted."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @activity.defn
    async def record_events(self, batch: RecordEvents) -> None:
        """Append lines of the record."""
        stream, now = run_stream(batch.stream), self._tools.clock()
        async with self._tools.db.write() as session:
            request = await lock_request(session, batch.reference)
            for event in batch.events:
                at = self._tools.from_workflow(event.at)
                detail = {"says": event.detail} if event.detail else {}
                if not await append_event(
                    session, batch.reference, stream, event.kind, at, PLATFORM, detail,
                    recorded_at=now, seq=event.seq,
                ):  # fmt: skip
                    continue
                PROJECTION_LAG.observe((now - at).total_seconds())
                if event.kind is EventKind.PROCEDURE_CHANGED and request.stage is not Stage.CLOSED:
                    request.procedure = Procedure.ORDINARY
                if event.clerk_item:
                    await append_clerk_item(session, batch.reference, stream, event.seq, event.detail[:200], now)
