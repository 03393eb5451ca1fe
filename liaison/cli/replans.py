"""``liaison calendar replan``: how far the open requests have been brought to newer rules."""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from liaison.cli.client import Api, ApiFault
from liaison.cli.exits import Exit, complain, fail
from liaison.cli.identity import As, open_api
from liaison.cli.language import say
from liaison.cli.output import Json, present, show_fields, show_line, show_table, when

Item = Mapping[str, Any]

_ID: Final = re.compile(r"replan-(calendar|policy)-\d{1,9}")
_PATH: Final = "/v1/calendar/replans"
_LOOK_AGAIN_SECONDS: Final = 1.0
_SHOWN: Final = 20
_DONE: Final = ("moved", "made_final", "untouched")


def replan(
    which: Annotated[
        str, typer.Argument(metavar="[ID]", help="Such as replan-calendar-11; the latest if left out.")
    ] = "",
    watch: Annotated[bool, typer.Option("--watch", help="Stay until every open request has been reached.")] = False,
    as_: As = "",
    json_: Json = False,
) -> None:
    """Show what approved versions do to open requests: moved, made final, left alone, still to be reached."""
    if which and not _ID.fullmatch(which):
        fail(Exit.USAGE, say("编号形如 replan-calendar-11。", "An id looks like replan-calendar-11."))
    with open_api(as_, "operator") as api:
        if watch:
            _watch(api, which or _latest(api), json_)
        elif which:
            present(api.get(f"{_PATH}/{which}"), json_, _show_one)
        else:
            present(api.page(_PATH, {}, _SHOWN), json_, _show_list)


def _latest(api: Api) -> str:
    page = api.page(_PATH, {}, 1)
    if not page["items"]:
        fail(Exit.NOT_FOUND, say("尚无改期任务。", "There has been no re-plan yet."))
    return str(page["items"][0]["id"])


def _watch(api: Api, which: str, json_: bool) -> None:
    seen = _states(api, which)
    if json_:
        _each_change(seen, lambda state: typer.echo(json.dumps(state, ensure_ascii=False)))
    elif sys.stdout.isatty():
        _draw(seen)
    else:
        _each_change(seen, lambda state: show_line(_line(state)))


def _states(api: Api, which: str) -> Iterator[dict[str, Any]]:
    """The re-plan as it is now and, once a second, as it becomes, up to its end."""
    known = False
    while True:
        try:
            state = api.get(f"{_PATH}/{which}")
            known = True
            yield state
            if state["finished_at"]:
                return
        except ApiFault as fault:
            # Once it was seen, an API that restarts is worth waiting for.
            if not known or fault.exit_code not in (Exit.UNREACHABLE, Exit.NOT_READY):
                raise
            complain(str(fault))
        time.sleep(_LOOK_AGAIN_SECONDS)


def _each_change(states: Iterator[dict[str, Any]], tell: Callable[[dict[str, Any]], None]) -> None:
    before: dict[str, Any] | None = None
    for state in states:
        if state != before:
            tell(state)
        before = state


def _draw(states: Iterator[dict[str, Any]]) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(emoji=False, highlight=False)) as progress:
        bar = progress.add_task("", total=None)
        for state in states:
            done = sum(state[name] for name in _DONE)
            progress.update(bar, description=_line(state), completed=done, total=done + state["remaining"])


def _line(state: Item) -> str:
    counts = say(
        f"已调整 {state['moved']}，已确定 {state['made_final']}，不受影响 {state['untouched']}，"
        f"待处理 {state['remaining']}",
        f"{state['moved']} moved, {state['made_final']} made final, {state['untouched']} untouched, "
        f"{state['remaining']} to go",
    )
    done = say("；已完成", "; done") if state["finished_at"] else ""
    return f"{state['id']}: {counts}{done}"


def _show_one(state: Item) -> None:
    show_fields(
        {name: value for name, value in _cells(state).items() if name != "remaining" or not state["finished_at"]}
    )


def _show_list(page: Item) -> None:
    rows = [_cells(state) for state in page["items"]]
    if not rows:
        show_line(say("尚无改期任务。", "There has been no re-plan yet."))
        return
    show_table(list(rows[0]), [list(row.values()) for row in rows])


def _cells(state: Item) -> dict[str, Any]:
    return {
        "id": state["id"],
        "started_at": when(state["started_at"]),
        "finished_at": when(state["finished_at"]),
        **{name: state[name] for name in ("passes", *_DONE, "remaining")},
    }
