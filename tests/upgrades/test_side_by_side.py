"""H10: workers of two releases side by side under load; which change to the workflow bears that, and how."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.city import prepare_template
from tests.faults.ledger import all_replied_once, one_workflow_each, sent_once
from tests.production.test_versions import make_current
from tests.scale import FULL, scaled
from tests.ui.live import normal_server
from tests.ui.waiting import until
from tests.upgrades.next_release import NEW_LINE, PatchedLife, RewordedLife, UnpatchedLife
from tests.upgrades.rollout import NEW, NONDETERMINISM, OLD, Court, open_court

REQUESTS = scaled(6, 200)
WAITING = 40
"""Requests whose steps fail for a while: Temporal repeats them later and later, so that more of them prove no more."""
AT_ONCE = 6
SOON = 'history.defaultWorkflowTaskTimeout="2s"'
"""When a task that failed twice is given to the next worker: ten seconds by default."""

pytestmark = pytest.mark.timeout(scaled(120, 1800))


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    """A normal server, but for its patience."""
    async with normal_server("--dynamic-config-value", SOON) as environment:
        yield environment


@pytest.fixture(scope="module")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared home folder."""
    home = tmp_path_factory.mktemp("template") / "home"
    await prepare_template(home)
    return home


@pytest.fixture
async def court(server: WorkflowEnvironment, template: Path, tmp_path: Path) -> AsyncIterator[Court]:
    """A court without workers."""
    async with open_court(template, tmp_path / "home", server, at_once=AT_ONCE) as opened:
        yield opened


async def test_a_release_with_the_same_commands_works_beside_the_old_one(court: Court) -> None:
    async with court.polling(OLD), court.polling(NEW, RewordedLife):
        references = await _lived(court)
    await _all_well(court, references)
    tasks = await court.tasks(references)
    assert tasks.failed == []
    assert set(tasks.done) == {OLD, NEW}


async def test_a_patched_release_takes_over_by_version_without_a_failed_task(court: Court) -> None:
    people, half = court.people, REQUESTS // 2
    async with court.polling(OLD, build_id="v1"), court.polling(NEW, PatchedLife, build_id="v2"):
        await make_current(court.city.client, "v1")
        early = await people.each(people.ask, range(half))
        await people.each(people.escalate, early)
        late, _ = await asyncio.gather(
            people.each(people.ask, range(half, REQUESTS)), make_current(court.city.client, "v2")
        )
        await people.each(people.escalate, late)
        await people.each(people.answer, early + late)
    await make_current(court.city.client, "")
    await _all_well(court, early + late)
    tasks = await court.tasks(early + late)
    assert tasks.failed == []
    assert set(tasks.done) == {OLD, NEW}
    extended = await _extended(court, early + late)
    assert extended and extended <= set(late), "rungs of the old order stay as they are"


@pytest.mark.skipif(not FULL, reason="make prove: tasks that failed are waited for")
async def test_a_patched_release_without_versions_loses_time_and_nothing_else(court: Court) -> None:
    people, half = court.people, WAITING // 2
    async with court.polling(NEW, PatchedLife):
        async with court.polling(OLD):
            references = await people.each(people.ask, range(WAITING))
            await people.each(people.escalate, references[:half])
        await people.each(people.escalate, references[half:])
        await people.each(people.answer, references)
    await _all_well(court, references)
    tasks = await court.tasks(references)
    assert set(tasks.done) == {OLD, NEW}
    assert all(name == OLD and NONDETERMINISM in why for name, why in tasks.failed), tasks.failed


async def test_a_change_without_a_patch_fails_visibly_and_heals_when_it_is_taken_back(court: Court) -> None:
    people = court.people
    async with court.polling(OLD):
        [reference] = references = await people.each(people.ask, [1])
        await people.lift(reference, "the party is at the counter")
        await until(lambda: _rungs_are(court, reference, [1]))
    async with court.polling(NEW, UnpatchedLife):
        await people.lift(reference, "the party came again")
        await until(lambda: _has_failed(court, reference))
    async with court.polling(OLD):
        await until(lambda: _rungs_are(court, reference, [1, 2]))
        await people.answer(reference)
    await _all_well(court, references)
    tasks = await court.tasks(references)
    assert set(tasks.done) == {OLD}
    assert {(name, NONDETERMINISM in why) for name, why in tasks.failed} == {(NEW, True)}


async def _lived(court: Court) -> list[str]:
    """Requests from intake to reply, two rungs between."""
    people = court.people
    references = await people.each(people.ask, range(REQUESTS))
    await people.each(people.escalate, references)
    await people.each(people.answer, references)
    return references


async def _all_well(court: Court, references: list[str]) -> None:
    ledger = await court.people.settled()
    all_replied_once(ledger, references, rungs=(1, 2))
    sent_once(ledger, court.people.outbox)
    await one_workflow_each(court.people.client, references)


async def _extended(court: Court, references: list[str]) -> set[str]:
    """Requests with the new line on their record."""
    lines = [event for reference in references for event in await court.city.events(reference)]
    return {line.reference for line in lines if NEW_LINE in str(line.detail)}


async def _rungs_are(court: Court, reference: str, rungs: list[int]) -> bool:
    return [record.rung for record in await court.city.rungs(reference)] == rungs


async def _has_failed(court: Court, reference: str) -> bool:
    return bool((await court.tasks([reference])).failed)
