"""How the demo ends: one table and what to do next for people, one JSON document for programs."""

from dataclasses import asdict
from typing import Any

from liaison.cli.demo_record import Record, Sent
from liaison.cli.language import say
from liaison.cli.output import show_table, when
from liaison.policy.titles import TITLES
from liaison.policy.words import EventKind, Post
from liaison.services.platform import Body


def document(record: Record, seconds: float) -> Body:
    """The whole play; ``seconds`` of real time. Times are RFC 3339 on Shanghai's clock."""
    registered = next(event for event in record.events if event["kind"] == EventKind.REGISTERED)
    return {
        "reference": record.request["reference"],
        "received_at": record.request["received_at"],
        "court": registered["detail"]["court"],
        "rungs": record.rungs(),
        "messages": [_message(sent) for sent in record.sent],
        "reply": next(map(_reply, record.replies), None),
        "outcome": record.request["outcome"],
        "seconds": round(seconds, 1),
    }


def show_rungs(record: Record) -> None:
    """Print every rung of the plan: when it was due, who was told, when; those a reply stopped told nobody."""
    recorded = {rung["rung"]: rung for rung in record.rungs()}
    columns = (
        say("层级", "rung 层级"),
        say("工作日", "business day 工作日"),
        say("期限", "due on 期限"),
        say("记录", "recorded 记录"),
        say("告知", "told 告知"),
        say("短信", "bell rang 短信"),
    )
    planned = [(dates, recorded.get(dates["rung"])) for dates in record.request["deadlines"]]
    rows = [(dates["rung"], dates["business_day"], dates["due_on"], *_told(rung)) for dates, rung in planned]
    show_table(columns, rows)


def last_words(record: Record, seconds: float) -> str:
    """How it ended, and what to do next."""
    return _ending(record) + say(
        f"\n推演用时 {seconds:.0f} 秒。下一步：make run 启动平台，再用 make first-request 提交第一件诉求。",
        f"\nPlayed in {seconds:.0f} s. Next: make run starts the platform, make first-request sends it a request.",
    )


def _ending(record: Record) -> str:
    if not record.is_closed:
        return say(
            "仍未答复：诉求留在各级领导的督办列表中，直至答复。",
            "Still no reply: the request stays on the list of every leader told, until there is one.",
        )
    recorded = {rung["rung"] for rung in record.rungs()}
    spared = ", ".join(str(dates["rung"]) for dates in record.request["deadlines"] if dates["rung"] not in recorded)
    if spared:
        return say(
            f"答复后督办停止，未告知的层级：{spared}。",
            f"The reply stopped the ladder: nobody was told at rung {spared}.",
        )
    return say("答复时各级督办均已发出。", "Every rung had fired before the reply.")


def _told(rung: Body | None) -> tuple[str, str, str]:
    if rung is None:
        return ("", say("无", "nobody"), "")
    who = " ".join(filter(None, (TITLES[Post(rung["post"])], rung["recipient"])))
    others = (name for name in rung["told"] if name != rung["recipient"])
    who = ", ".join((who, *others))
    return (when(rung["recorded_at"]) or "", who, when(rung["rang_at"]) or say("未发", "did not ring"))


def _message(sent: Sent) -> dict[str, Any]:
    told = asdict(sent)
    del told["cause"]
    return told


def _reply(action: Body) -> Body:
    return {
        "at": action["received_at"],
        "by": action["by"],
        "state": action["state"],
        "text": action["text"]["text"],
    }
