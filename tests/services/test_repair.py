"""A workflow that was terminated is found and given a new run chain; nothing runs twice."""

from datetime import timedelta

import pytest

from liaison.contract.names import request_workflow_id
from liaison.contract.reference import new_reference
from liaison.db.record import lock_request
from liaison.db.tables import Action
from liaison.policy.words import ActionState, Stage
from liaison.services.errors import Refused, Slug
from liaison.services.platform import Platform
from liaison.services.relay import deliver_left_over
from liaison.services.repair import open_without_workflow, repair
from tests.services.office import HOLDER, Office, fresh_case
from tests.services.temporal import temporal_at, until, worker_of


async def test_a_terminated_request_is_found_repaired_and_closed_by_a_reply(
    connected_office: Office, port: int
) -> None:
    office = connected_office
    platform = office.platform
    async with temporal_at(port), worker_of(office):
        lost, running = await office.submit(), await office.submit()

        async def dispatched() -> bool:
            rows = [await office.request(reference) for reference in (lost, running)]
            return all(row.holder_id is not None for row in rows)

        await until(dispatched)
        with pytest.raises(Refused) as refused:
            await repair(platform, lost)
        assert refused.value.slug is Slug.CONFLICT
        await platform.client.get_workflow_handle(request_workflow_id(lost)).terminate("test")
        waiting = await office.reply(await office.judge(HOLDER), lost)
        assert waiting.body["state"] == ActionState.PENDING
        office.clock.now += timedelta(minutes=2)
        assert await open_without_workflow(platform) == [lost]
        first_run = (await office.request(lost)).run_id
        mended = await repair(platform, lost)
        assert (mended.reference, mended.stream, mended.started) == (lost, 2, True)

        async def claimed_anew() -> bool:
            return (await office.request(lost)).run_id not in (None, first_run)

        await until(claimed_anew)
        assert ("run-2", "repaired") in await office.events(lost)
        assert await open_without_workflow(platform) == []
        again = await office.reply(await office.judge(HOLDER), lost, "新的答复：请于周三到庭。")
        # What was given while there was no run comes first.
        assert (again.status, again.body["state"]) == (202, ActionState.PENDING)

        async def closed() -> bool:
            office.clock.now += timedelta(seconds=10)
            await deliver_left_over(platform)
            return (await office.request(lost)).stage is Stage.CLOSED

        await until(closed)
        async with platform.db.read() as session:
            first = await session.get_one(Action, waiting.body["id"])
        assert first.state is not ActionState.AFTER_CLOSURE
        with pytest.raises(Refused) as refused:
            await repair(platform, lost)
        assert refused.value.slug is Slug.CONFLICT


async def test_a_run_that_began_while_temporal_was_asked_is_left_its_request(
    connected_office: Office, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = connected_office
    reference = await office.submit()

    async def none_yet(platform: Platform, of: str) -> None:
        async with platform.db.write() as session:
            (await lock_request(session, of)).run_id = "just-begun"

    monkeypatch.setattr("liaison.services.repair.running_of", none_yet)
    async with temporal_at(port):
        with pytest.raises(Refused) as refused:
            await repair(office.platform, reference)
    assert refused.value.slug is Slug.CONFLICT
    row = await office.request(reference)
    assert (row.run_id, row.stream) == ("just-begun", 1)


async def test_what_cannot_be_repaired(connected_office: Office, port: int) -> None:
    office, case = connected_office, fresh_case()
    await office.submit(case_number=case)
    attached = await office.submit(case_number=case)
    for doing in (repair(office.platform, attached), open_without_workflow(office.platform)):
        with pytest.raises(Refused) as refused:
            await doing
        assert refused.value.slug is Slug.UNAVAILABLE
    async with temporal_at(port):
        for reference, slug in ((attached, Slug.CONFLICT), (new_reference(), Slug.NOT_FOUND)):
            with pytest.raises(Refused) as refused:
                await repair(office.platform, reference)
            assert refused.value.slug is slug
