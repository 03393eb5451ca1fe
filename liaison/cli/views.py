"""How each thing the API shows looks as a table."""

from collections.abc import Mapping
from typing import Any

from liaison.cli.language import say
from liaison.cli.output import show_fields, show_line, show_table, when
from liaison.policy.words import Procedure, Stage

Item = Mapping[str, Any]


def show_request(request: Item) -> None:
    """One request: where it stands, then its dates."""
    show_fields(
        {
            "reference": request["reference"],
            "attached_to": request.get("attached_to"),
            "procedure": request["procedure"],
            "stage": request["stage"],
            "outcome": request["outcome"],
            "received_at": when(request["received_at"]),
            "holder": _holder(request["holder"]) or _dispatch(request),
            "supervision": _supervision(request["supervision"]),
        }
    )
    show_table(
        ("rung", "business_day", "due_on", "note"),
        [(_rung(due["rung"]), due["business_day"], due["due_on"], _note(due)) for due in request["deadlines"]],
    )


def show_content(content: Item) -> None:
    """What a party asked: who he is, then his words."""
    party = content["party"]
    show_fields(
        {
            "reference": content["reference"],
            "party": f"{party['name']} ({party['role']})",
            "phone": party["phone"],
            "language": party["language"],
            "case_number": content["case_number"],
            "about": ", ".join(content.get("about", ())) or None,
            "content": content["content"],
        }
    )


def show_requests(page: Item) -> None:
    """A list of requests, one a line."""
    show_table(
        ("reference", "stage", "procedure", "received_at", "holder", "supervision", "next_due"),
        [
            (
                item["reference"],
                item["outcome"] or item["stage"],
                item["procedure"],
                when(item["received_at"]),
                (item["holder"] or {}).get("id"),
                _rung((item["supervision"] or {}).get("rung")),
                _next_due(item),
            )
            for item in page["items"]
        ],
    )
    show_more(page)


def show_events(page: Item) -> None:
    """The record of a request."""
    show_table(
        ("at", "kind", "actor", "detail"),
        [(when(item["at"]), item["kind"], item["actor"], event_line(item["detail"])) for item in page["items"]],
    )
    show_more(page)


def show_action(action: Item) -> None:
    """What became of an action."""
    show_fields(
        {
            "reference": action["reference"],
            "kind": action["kind"],
            "received_at": when(action["received_at"]),
            "state": _state(action["state"]),
            "refusal": action["refusal"],
        }
    )


def show_supervisions(page: Item) -> None:
    """A leader's inbox, one card a request, with the party's full text."""
    for item in page["items"]:
        show_fields({name: _readable(value) for name, value in item.items()})
        show_line("")
    show_more(page)


def show_messages(page: Item) -> None:
    """Messages, one a line; their texts are masked by the API."""
    columns = ("reserved_at", "reference", "recipient", "template", "state", "send_after", "settled_at", "failure")
    show_table(columns, [[_readable(item[name]) for name in columns] for item in page["items"]])
    show_more(page)


def show_calls(page: Item) -> None:
    """Parties that a clerk must call, one a line."""
    columns = ("reference", "court", "party", "phone", "language", "tell", "reason", "since", "due_at")
    rows = [
        {**item, "party": None, "phone": None, **_to_tell(item), **_callee(item["party"])} for item in page["items"]
    ]
    show_table(columns, [[_readable(row[name]) for name in columns] for row in rows])
    show_more(page)


def show_delivery(delivery: Item) -> None:
    """How far an answer has come."""
    columns = ("reference", "state", "means", "made_at", "made_by", "reason")
    show_fields({name: _readable(delivery[name]) for name in columns})


def show_rating(rating: Item) -> None:
    """What the party thinks of an answer."""
    columns = ("reference", "state", "rating", "answered_at", "redo_offered_at")
    show_fields({name: _readable(rating[name]) for name in columns})


def show_more(page: Item) -> None:
    """Say how to go on where a list has not ended."""
    if page["next_cursor"] is not None:
        show_line(say("还有更多：", "There is more: ") + f"--cursor {page['next_cursor']}")


def _to_tell(call: Item) -> dict[str, str]:
    return {"tell": ", ".join([*(["answer"] if call["answer"] else []), *(news["template"] for news in call["news"])])}


def _callee(party: Item | None) -> dict[str, str]:
    return {} if party is None else {"party": party["name"], "phone": party["phone"]}


def _readable(value: Any) -> Any:
    """A holder as a post, an instant in Shanghai's time, anything else as it is."""
    if isinstance(value, Mapping) and "post" in value:
        return _holder(value)
    try:
        return when(value) if isinstance(value, str) and "T" in value else value
    except ValueError:
        return value


def _holder(holder: Item | None) -> str | None:
    return None if holder is None else f"{holder['id']} ({holder['post']})"


def _dispatch(request: Item) -> str | None:
    """Why nobody holds it, where somebody will in a moment."""
    waits = request["procedure"] == Procedure.ORDINARY and request["stage"] != Stage.CLOSED
    return say("派单中", "being dispatched 派单中") if waits else None


def _supervision(supervision: Item | None) -> str | None:
    if supervision is None:
        return None
    since, by = when(supervision["since"]), supervision["supervisor"]
    return f"{_rung(supervision['rung'])}, {say('自', 'since')} {since}" + (f", {by}" if by else "")


def _rung(rung: int | None) -> str | None:
    return say("预警", "warning") if rung == 0 else None if rung is None else str(rung)


def _note(due: Item) -> str:
    return say("暂定：国务院通知尚未发布", "provisional: not yet announced") if due["provisional"] else ""


def _next_due(item: Item) -> str | None:
    if item["stage"] == "closed":
        return None
    reached = (item["supervision"] or {}).get("rung")
    return next((due["due_on"] for due in item["deadlines"] if reached is None or due["rung"] > reached), None)


def event_line(detail: Item) -> str:
    """What an event says beyond its kind, in one line."""
    if says := detail.get("says"):
        # A re-plan says in one sentence what its tables of dates hold; ``--json`` prints them.
        because = "; ".join(detail.get("because", ()))
        return f"{says} ({because})" if because else str(says)
    return ", ".join(f"{name}={value}" for name, value in detail.items() if value not in (None, ""))


def _state(state: str) -> str:
    words = {
        "pending": say("已收存，稍后送达", "pending: kept, and delivered as soon as the workflow can take it"),
        "late": say("已采纳（逾期）", "late: taken, after a limit had passed"),
        "after_closure": say("已收存（诉求已办结）", "after_closure: kept; the request was closed already"),
    }
    return words.get(state, state)
