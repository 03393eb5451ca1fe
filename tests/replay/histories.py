"""Where golden histories lie, how they are read and written, and the keys they are encrypted under."""

import json
from pathlib import Path
from typing import Any, Final

from temporalio.client import WorkflowHistory

from liaison.keys import KeyRing

HERE: Final = Path(__file__).parent
HISTORIES: Final = HERE / "histories"
_RING: Final = HERE / "test-key-ring.json"


def recording_ring() -> KeyRing:
    """A key ring that protects nothing: it is committed beside what it encrypts, all of it invented."""
    return KeyRing.from_json(_RING.read_text(encoding="utf-8"))


def names() -> list[str]:
    """Every history kept."""
    return sorted(path.stem for path in HISTORIES.glob("*.json"))


def read(name: str) -> dict[str, Any]:
    """A history as JSON: ``{id, events}``."""
    kept: dict[str, Any] = json.loads((HISTORIES / f"{name}.json").read_text(encoding="utf-8"))
    return kept


def history_of(kept: dict[str, Any]) -> WorkflowHistory:
    """The history of such JSON."""
    return WorkflowHistory.from_json(kept["id"], {"events": kept["events"]})


def write(name: str, history: WorkflowHistory) -> None:
    """Keep a history, one event a line, so that a difference can be read."""
    events = ",\n".join(json.dumps(event, ensure_ascii=False) for event in history.to_json_dict()["events"])
    text = f'{{"id": {json.dumps(history.workflow_id)}, "events": [\n{events}\n]}}\n'
    (HISTORIES / f"{name}.json").write_text(text, encoding="utf-8")
