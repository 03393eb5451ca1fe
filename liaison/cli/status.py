"""``liaison status``: one look at everything that is open."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import typer

from liaison.cli.client import Api
from liaison.cli.exits import Exit
from liaison.cli.identity import As, open_api
from liaison.cli.language import say
from liaison.cli.output import Json, present, show_fields, show_table
from liaison.policy.horizon import Urgency
from liaison.policy.words import Stage

_OPEN: Final = tuple(stage for stage in Stage if stage is not Stage.CLOSED)
_COUNTED: Final = 1_000
"""Lists are counted up to here; whoever needs more asks the statistics, not this command."""


def status(as_: As = "", json_: Json = False) -> None:
    """Show what works, how many requests are open and overdue, and how long one has waited for its workflow."""
    with open_api(as_, "clerk") as api:
        health = api.health()
        found = {"health": health.body, **(_book(api) if health.body["checks"].get("database") == "ok" else {})}
    present(found, json_, _show)
    if not health.ready:
        raise typer.Exit(Exit.NOT_READY)


def _book(api: Api) -> dict[str, Any]:
    pages = {stage.value: api.page("/v1/requests", {"stage": stage.value}, _COUNTED) for stage in _OPEN}
    overdue = api.page("/v1/requests", {"overdue": "true"}, _COUNTED)
    return {
        "open": {stage: _count(page) for stage, page in pages.items()},
        "overdue": _count(overdue),
        "calendar": api.get("/v1/calendar"),
        "relay_age_seconds": _oldest(pages[Stage.REGISTERED.value]["items"], datetime.now(UTC)),
    }


def _count(page: Mapping[str, Any]) -> int | str:
    return len(page["items"]) if page["next_cursor"] is None else f"{_COUNTED}+"


def _oldest(waiting: Iterable[Mapping[str, Any]], now: datetime) -> int:
    """Seconds since the oldest request was received that no workflow has taken up yet; 0 where none waits."""
    ages = (now - datetime.fromisoformat(item["received_at"]) for item in waiting if "attached_to" not in item)
    return max(0, int(max((age.total_seconds() for age in ages), default=0)))


def _show(found: Mapping[str, Any]) -> None:
    health = found["health"]
    show_table(("part", "state"), [(say("平台", "platform"), health["status"]), *health["checks"].items()])
    if "open" in found:
        show_table(("stage", "requests"), [*found["open"].items(), (say("逾期", "overdue"), found["overdue"])])
        show_fields({say("等待启动（秒）", "waiting for a workflow, seconds"): found["relay_age_seconds"]})
        show_fields({say("日历", "calendar"): _horizon(found["calendar"])})


def _horizon(calendar: Mapping[str, Any]) -> str:
    """Which version is in force, and what its horizon asks for."""
    version, notice = calendar["calendar_version"], calendar["next_notice"]
    urgency = "" if notice["urgency"] == Urgency.NONE else f"{notice['urgency'].upper()}: "
    return f"{say('第', 'version ')}{version}{say('版：', ': ')}{urgency}{say(notice['zh'], notice['en'])}"
