"""Client commands about calendar versions: one person proposes a notice, another approves it."""

import json
import sys
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from calendars.sources.reading import MAX_BYTES
from liaison.cli import rule_views
from liaison.cli.exits import Exit, fail
from liaison.cli.identity import As, open_api
from liaison.cli.language import say
from liaison.cli.output import Json, present
from liaison.cli.requests import Cursor, IdempotencyKey, Limit
from liaison.cli.texts import path_part, short_text

ROOT = "/v1/calendar"

ProposalId = Annotated[str, typer.Argument(metavar="ID", help="The proposal's id.")]
Why = Annotated[str, typer.Option("--reason", help="Why; - or @FILE to read it.")]


class Package(StrEnum):
    """Packages that know years."""

    HOLIDAYS = "holidays"


def propose(
    file: Annotated[
        str, typer.Argument(help="A notice typed in, TOML or JSON, as the files in calendars/notices; - for input.")
    ] = "",
    from_: Annotated[Package | None, typer.Option("--from", help="A package that knows the year.")] = None,
    feed: Annotated[Path | None, typer.Option("--feed", help="A JSON file in the shape of holiday-cn.")] = None,
    ics: Annotated[Path | None, typer.Option("--ics", help="An iCalendar file.")] = None,
    year: Annotated[int, typer.Option("--year", help="Which year, with --from or --ics.")] = 0,
    published: Annotated[
        str, typer.Option("--published", metavar="DATE", help="When the notice was published, where no FILE says so.")
    ] = "",
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Propose a notice: it is checked in every step and waits for somebody else to approve it."""
    if sum(map(bool, (file, from_, feed, ics))) != 1:
        fail(Exit.USAGE, say("请给出 FILE、--from、--feed、--ics 之一。", "Give one of FILE, --from, --feed, --ics."))
    dated = {"published_on": published} if published else {}
    of_year = {"year": year} if year else {}
    if file:
        body: dict[str, Any] = {"source": "notice", "document": _document(_text(file))}
    elif from_ is not None:
        body = {"source": from_.value, **of_year, **dated}
    elif feed is not None:
        body = {"source": "json_feed", "text": _text(str(feed)), **dated}
    else:
        body = {"source": "icalendar", "text": _text(str(ics)), **of_year, **dated}
    with open_api(as_, "operator") as api:
        proposal = api.post(f"{ROOT}/proposals", body, idempotency_key)
    present(proposal, json_, rule_views.show_proposal)


def review(
    proposal: Annotated[str, typer.Argument(metavar="[ID]", help="One proposal; all that wait if left out.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
    as_: As = "",
    json_: Json = False,
) -> None:
    """Show what waits for approval, or one proposal with its findings and all that it would change."""
    with open_api(as_, "operator") as api:
        if proposal:
            present(api.get(f"{ROOT}/proposals/{path_part(proposal)}"), json_, rule_views.show_notice_proposal)
            return
        page = api.page(f"{ROOT}/proposals", {"state": "proposed", **({"cursor": cursor} if cursor else {})}, limit)
    present(page, json_, rule_views.show_proposals)


def approve(proposal: ProposalId, as_: As = "", json_: Json = False, idempotency_key: IdempotencyKey = "") -> None:
    """Approve a notice that somebody else proposed: it becomes the next calendar version."""
    with open_api(as_, "operator") as api:
        approved = api.post(f"{ROOT}/proposals/{path_part(proposal)}/approvals", {}, idempotency_key)
    present(approved, json_, rule_views.show_proposal)


def reject(
    proposal: ProposalId, reason: Why, as_: As = "", json_: Json = False, idempotency_key: IdempotencyKey = ""
) -> None:
    """Reject a proposed notice."""
    with open_api(as_, "operator") as api:
        body = {"reason": short_text(reason)}
        rejected = api.post(f"{ROOT}/proposals/{path_part(proposal)}/rejections", body, idempotency_key)
    present(rejected, json_, rule_views.show_proposal)


def versions(limit: Limit = 50, cursor: Cursor = "", as_: As = "", json_: Json = False) -> None:
    """List the calendar versions; the last one is in force."""
    with open_api(as_, "operator") as api:
        page = api.page(f"{ROOT}/versions", {"cursor": cursor} if cursor else {}, limit)
    present(page, json_, rule_views.show_versions)


def show(
    number: Annotated[int, typer.Argument(metavar="N", help="The version's number.")],
    as_: As = "",
    json_: Json = False,
) -> None:
    """Show the notices and closures a calendar version rests on."""
    with open_api(as_, "operator") as api:
        version = api.get(f"{ROOT}/versions/{number}")
    present(version, json_, rule_views.show_version)


def diff(
    number: Annotated[int, typer.Argument(metavar="N", help="One version.")],
    other: Annotated[int, typer.Argument(metavar="M", help="Another one.")],
    as_: As = "",
    json_: Json = False,
) -> None:
    """Show each day that differs between two calendar versions."""
    with open_api(as_, "operator") as api:
        found = api.get(f"{ROOT}/versions/{number}/diff", {"to": other})
    present(found, json_, rule_views.show_diff)


def read_document(file: str) -> dict[str, Any]:
    """The table of a TOML or JSON file, or of standard input.

    Raises:
        typer.Exit: Unreadable, or neither of the two; said on stderr.
    """
    return _document(_text(file))


def _text(file: str) -> str:
    try:
        content = sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else _beginning(Path(file))
        if len(content) > MAX_BYTES:
            most = f"{MAX_BYTES // 1_000_000} MB"
            fail(Exit.REFUSED, say(f"{file[:120]} 超过 {most}。", f"{file[:120]} is larger than {most}."))
        return content.decode("utf-8-sig")
    except OSError as fault:
        fail(Exit.USAGE, f"{file[:120]}: {fault.strerror}.")
    except UnicodeDecodeError:
        fail(Exit.USAGE, say(f"{file[:120]} 不是 UTF-8。", f"{file[:120]} is not UTF-8."))


def _beginning(path: Path) -> bytes:
    """As much of a file as shows that it is too large: what is larger is not read to its end."""
    with path.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError):
        fail(Exit.USAGE, say("文件既不是 TOML 也不是 JSON。", "The file is neither TOML nor JSON."))
    # TOML has dates of its own; the API takes them as text.
    plain: dict[str, Any] = json.loads(json.dumps(document, default=str))
    return plain
