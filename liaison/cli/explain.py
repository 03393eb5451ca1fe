"""``liaison calendar explain``: why a date is when it is."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from liaison.cli.exits import Exit, fail
from liaison.cli.identity import As, open_api
from liaison.cli.language import say
from liaison.cli.output import Json, present, show_fields, show_line, show_table, when
from liaison.cli.rule_views import own_words
from liaison.cli.texts import parsed


def explain(
    reference: Annotated[str, typer.Argument(metavar="[REF]", help="A request; or give --received-at.")] = "",
    received_at: Annotated[
        str, typer.Option("--received-at", metavar="TIME", help="A time of receipt, with its offset.")
    ] = "",
    court: Annotated[str, typer.Option("--court", help="Code of the court, with --received-at.")] = "",
    as_: As = "",
    json_: Json = False,
) -> None:
    """Show every day that was counted or passed over, and why, for a request or for a time of receipt."""
    if bool(reference) == bool(received_at) or bool(received_at) != bool(court):
        fail(
            Exit.USAGE,
            say("请给出诉求编号，或 --received-at 与 --court。", "Give a reference, or --received-at and --court."),
        )
    with open_api(as_, "clerk") as api:
        if reference:
            found = api.get(f"/v1/requests/{parsed(reference)}/deadlines")
        else:
            found = api.get("/v1/calendar/explanations", {"received_at": received_at, "court": court})
    present(found, json_, _show)


def _show(found: Mapping[str, Any]) -> None:
    show_fields(
        {
            "reference": found["reference"],
            "court": f"{found['court']} ({found['court_level']})",
            "received_at": when(found["received_at"]),
            "day0": f"{found['day0']}{say('（督办期限不计当日）', ', never counted for a rung')}",
            "calendar_version": found["calendar_version"],
            "policy_version": found["policy_version"],
            **_answer(found["answer"]),
        }
    )
    show_table(
        ("rung", "business_day", "due_on", "certainty", "rule", "note"),
        [
            (
                say("预警", "warning") if due["rung"] == 0 else due["rung"],
                due["business_day"],
                due["due_on"],
                _certainty(due),
                own_words(due["rule"]),
                say("；", "; ").join(own_words(note) for note in due["notes"]),
            )
            for due in found["deadlines"]
        ],
    )
    if found["answer"] is not None:
        show_line(say("即答期限自收到之日起算：", "The limit to answer on the spot counts from the day of receipt:"))
        _show_days(found["answer"]["days"])
        show_line(say("各级督办期限自次日起算：", "Rungs count from the day after:"))
    _show_days(found["days"])
    if any(not day["announced"] for day in found["days"]):
        show_line(say("部分日期国务院尚未公布。", "Some of these days are not announced yet."))


def _show_days(days: Sequence[Mapping[str, Any]]) -> None:
    show_table(
        ("on", "counted", "why", "notice"),
        [(day["on"], day["counted"] or "-", own_words(day), _notice(day)) for day in days],
    )


def _answer(answer: Mapping[str, Any] | None) -> dict[str, str]:
    if answer is None:
        return {}
    words = (answer["rule"], *answer["notes"])
    said = say("；", "; ").join(map(own_words, words))
    return {
        "answer_by": say(
            f"{answer['due_on']}（{_certainty(answer)}）：{said}", f"{answer['due_on']} ({_certainty(answer)}): {said}"
        )
    }


def _certainty(due: Mapping[str, Any]) -> str:
    if not due["provisional"]:
        return say("最终", "final")
    if due["earliest"] == due["latest"]:
        return say("暂定", "provisional")
    span = f"{due['earliest']} … {due['latest']}"
    return say(f"暂定，{span}", f"provisional, {span}")


def _notice(day: Mapping[str, Any]) -> str | None:
    notice = day["notice"]
    return (
        None if notice is None else str(notice["doc_no"] if notice["doc_no"] != "unknown" else notice["published_on"])
    )
