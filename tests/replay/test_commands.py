"""Whoever changes what a workflow commands is told what it costs, before any history is replayed (ADR 0004)."""

from pathlib import Path

from tests.replay.commands import fingerprints, kept_fingerprints

CHANGED = """
The calls that command Temporal changed in {places}.
Open requests replay the code of today on the history of yesterday: an activity, timer, child or upsert that is new,
gone or elsewhere makes them hang. Unless no request can be past that point, put the change behind
    if workflow.patched("<reason-of-the-change>"):
        ...  # the new order
    else:
        ...  # the old order, until the last old request is closed
then run `python -m tests.replay.record` and commit its result; see tests/replay/README.md.
"""


def test_the_commands_are_those_of_the_kept_histories() -> None:
    now, kept = fingerprints(), kept_fingerprints()
    places = [name for name in sorted(now.keys() | kept.keys()) if now.get(name) != kept.get(name)]
    assert not places, CHANGED.format(places=", ".join(places)) + "\n".join(
        f"{name}: was {kept.get(name)}, is {now.get(name)}" for name in places
    )


def test_a_fingerprint_tells_commands_apart(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(
        """
class Life:
    async def run(self):
        if workflow.patched("ask-twice"):
            await workflow.execute_activity(activities.ask, x, summary=f"{workflow.now()}")
        async def inner():
            await workflow.wait_condition(lambda: self.done, timeout=t)
            await workflow.wait_condition(lambda: self.done)
        await asyncio.wait_for(inner(), 3)
        workflow.upsert_search_attributes([])

    def quiet(self):
        workflow.set_current_details("free to change")
""",
        encoding="utf-8",
    )
    assert fingerprints(tmp_path) == {
        "one.py::Life.run": [
            "patched 'ask-twice'",
            "execute_activity activities.ask",
            "asyncio.wait_for",
            "upsert_search_attributes",
        ],
        "one.py::Life.run.inner": ["wait_condition with timeout", "wait_condition without timeout"],
    }
