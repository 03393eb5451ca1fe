"""How versions, proposals and closures look as tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from liaison.cli.language import is_chinese, say
from liaison.cli.output import show_fields, show_line, show_table, when
from liaison.cli.views import show_more

Item = Mapping[str, Any]

_CITED = ("published_on", "doc_no", "title", "url", "text_sha256")
"""What is cited of a notice; a policy has none of it."""


def show_proposals(page: Item) -> None:
    """Proposals that wait, one a line."""
    columns = ("proposed_at", "id", "source", "title", "proposed_by", "state")
    show_table(columns, [[_proposal_cell(item, name) for name in columns] for item in page["items"]])
    show_more(page)


def show_proposal(proposal: Item) -> None:
    """One proposal, what was found, and what comes next."""
    show_fields(
        {
            "id": proposal["id"],
            **{name: proposal["document"].get(name) for name in _CITED},
            "source": proposal["source"],
            "state": proposal["state"],
            "base_version": proposal["base_version"],
            "proposed_by": f"{proposal['proposed_by']}, {when(proposal['proposed_at'])}",
            "decided_by": f"{proposal['decided_by']}, {when(proposal['decided_at'])}"
            if proposal["decided_by"]
            else None,
            "reason": proposal["reason"],
            "made_version": proposal["made_version"],
        }
    )
    for finding in proposal["findings"]:
        show_line(f"- {own_words(finding)}")
    if proposal["state"] == "proposed":
        show_line(say("须由另一人审阅并批准。", "Another person reviews and approves it."))


def show_notice_proposal(proposal: Item) -> None:
    """A proposed notice and all that it would change."""
    show_proposal(proposal)
    comparison = proposal["comparison"]
    if comparison is None:
        _show_outdated(proposal)
        return
    show_diff(comparison)
    count = comparison["open_requests"]
    show_line(
        say(
            f"{count} 件在办诉求的期限可能变动或成为最终。", f"{count} open requests may get other dates or final ones."
        )
    )


def show_policy_proposal(proposal: Item) -> None:
    """A proposed policy and what it would move."""
    show_proposal(proposal)
    comparison = proposal["comparison"]
    if comparison is None:
        _show_outdated(proposal)
        return
    show_table(
        ("rule", "before", "after"),
        [(each["rule"], each["before"], each["after"]) for each in comparison["changes"]],
    )
    moving, of = comparison["moving"], comparison["open_requests"]
    show_line(
        say(
            f"{of} 件在办诉求中有 {moving} 件的期限会变动（仅在批准时注明的情况下）。",
            f"{moving} of {of} open requests would move, if the approval says that it holds for them.",
        )
    )
    for reference in comparison["references"]:
        show_line(f"  {reference}")


def show_versions(page: Item) -> None:
    """Calendar versions, one a line."""
    columns = ("number", "announced_until", "reason", "proposed_by", "approved_by", "made_at")
    show_table(columns, [[_cell(item, name) for name in columns] for item in page["items"]])
    show_more(page)


def show_policy_versions(page: Item) -> None:
    """Policy versions, one a line."""
    columns = ("number", "cites", "open_requests", "proposed_by", "approved_by", "made_at")
    show_table(columns, [[_cell(item, name) for name in columns] for item in page["items"]])
    show_more(page)


def show_policy_version(version: Item) -> None:
    """A policy version and its rules, one a line."""
    names = ("number", "cites", "open_requests", "proposal", "proposed_by", "approved_by", "made_at")
    show_fields({name: _cell(version, name) for name in names})
    show_table(("rule", "value"), list(_rules("", version["document"])))


def show_version(version: Item) -> None:
    """A calendar version, its notices and its closures."""
    names = ("number", "announced_until", "reason", "proposed_by", "approved_by", "made_at", "checksum")
    show_fields({name: _cell(version, name) for name in names})
    columns = (*_CITED, "entered_by", "approved_by")
    show_table(columns, [[_cell(notice, name) for name in columns] for notice in version["notices"]])
    if version["closures"]:
        rows = [(each["id"], each["court"] or _city(), ", ".join(each["days"])) for each in version["closures"]]
        show_table(("closure", "court", "days_off"), rows)


def show_diff(found: Item) -> None:
    """Each day that differs between two versions."""
    until = found["announced_until"]
    if until["before"] != until["after"]:
        show_line(
            say(
                f"公布至 {until['after']}（此前至 {until['before']}）。",
                f"Announced until {until['after']}, before until {until['before']}.",
            )
        )
    rows = [
        (day["on"], day["court"] or _city(), own_words(day["before"]), own_words(day["after"])) for day in found["days"]
    ]
    if rows:
        show_table(("on", "court", "before", "after"), rows)
    else:
        show_line(say("没有日期不同。", "No day differs."))


def show_closures(page: Item) -> None:
    """Closures, one a line."""
    columns = ("id", "court", "from", "to", "days_off", "decided_by", "replaced_by")
    show_table(columns, [[_closure_cell(item, name) for name in columns] for item in page["items"]])
    show_more(page)


def show_closure(closure: Item) -> None:
    """One closure."""
    names = (
        *("id", "court", "from", "to", "days_off", "decided_by", "source", "entered_by"),
        *("replaces", "replaced_by", "made_version"),
    )
    show_fields({name: _closure_cell(closure, name) for name in names})


def _show_outdated(proposal: Item) -> None:
    """Only what still waits can be outdated; what is decided is compared no more."""
    if proposal["state"] == "proposed":
        show_line(say("该提案已过时，请重新提出。", "It is outdated: another version came since. Propose again."))


def own_words(item: Item) -> str:
    """The wording in the terminal's language."""
    return str(item["zh" if is_chinese() else "en"])


def _rules(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Path and value of each rule; a table in a list is known by its place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _rules(f"{path}.{key}" if path else key, inner)
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for place, inner in enumerate(value):
            yield from _rules(f"{path}[{place}]", inner)
    else:
        yield path, value


def _cell(item: Item, name: str) -> Any:
    match name:
        case "made_at":
            return when(item[name])
        case "approved_by":
            return item[name] or say("随程序发布，由安装者负责", "came with the program, its installer answers for it")
        case "open_requests" if item[name]:
            return say("新诉求及在办诉求", "new and open requests")
        case "open_requests":
            return say("仅新诉求", "new requests only")
    return item[name]


def _proposal_cell(item: Item, name: str) -> Any:
    match name:
        case "proposed_at":
            return when(item[name])
        case "title":
            return item["document"].get(name)
        case "state" if item["outdated"]:
            return say("已过时", "outdated")
    return item[name]


def _closure_cell(closure: Item, name: str) -> Any:
    match name:
        case "court":
            return closure["court"] or _city()
        case "from" | "to":
            return when(closure[name])
        case "days_off":
            return ", ".join(closure["days_off"]) or say("不计为休息日", "none, clocks run")
    return closure[name]


def _city() -> str:
    return say("全市", "city")
