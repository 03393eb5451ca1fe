"""``liaison rungs``: did all of today's rungs fire?"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from liaison.cli.exits import Exit
from liaison.cli.identity import As, open_api
from liaison.cli.language import say
from liaison.cli.output import Json, present, show_fields, show_line, show_table, when

_REASONS: Final = {
    "not_started": ("没有工作流：liaison doctor", "no workflow has taken the request up: liaison doctor"),
    "not_recorded": ("应报未报：liaison repair", "not recorded: see the workflow, then liaison repair"),
    "nobody_told": ("没有生成通知", "recorded, and no message was made"),
    "bell_failed": ("通知失败", "the message failed"),
    "bell_ambiguous": ("通知结果不明", "nobody knows whether the message went out"),
    "bell_overdue": ("通知到时未发", "the message waits although it may go out"),
}
_BELLS: Final = {
    "sent": ("已发送", "sent"),
    "waiting": ("等待发送时段", "waiting for their window"),
    "superseded": ("因已答复而不发", "superseded by a reply"),
    "failed": ("失败", "failed"),
    "ambiguous": ("结果不明", "ambiguous"),
}


def rungs(
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="A day of Shanghai; today if left out.")] = "",
    as_: As = "",
    json_: Json = False,
) -> None:
    """Tell whether all rungs of a day fired: due, recorded, told; exit code 1 if any is missed."""
    with open_api(as_, "operator") as api:
        found = api.get("/v1/rungs", {"on": on} if on else {})
    present(found, json_, _show)
    if not found["all_fired"]:
        raise typer.Exit(Exit.REFUSED)


def _show(found: Mapping[str, Any]) -> None:
    show_fields({name: found[name] for name in ("on", "due", "recorded", "annulled", "answered_in_time", "to_come")})
    show_fields({say("通知：", "bells, ") + say(*_BELLS[name]): count for name, count in found["bells"].items()})
    if found["all_fired"]:
        show_line(_nothing_missed(found["due"], found["to_come"]))
        return
    show_table(
        ("reference", "rung", "due_at", "note", "detail"),
        [
            (miss["reference"], miss["rung"], when(miss["due_at"]), say(*_REASONS[miss["reason"]]), miss["detail"])
            for miss in found["misses"]
        ],
    )
    show_line(say(f"未报送：{found['missed']} 件。", f"{found['missed']} missed."))


def _nothing_missed(due: int, to_come: int) -> str:
    if not due:
        return say("当日没有到期的督办层级。", "No rung fell due.")
    if to_come:
        return say(f"目前无遗漏；尚有 {to_come} 件未到时间。", f"None missed so far; {to_come} to come.")
    return say("当日督办全部报送。", "All fired.")
