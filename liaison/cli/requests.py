"""Client commands about requests: hand in, look, wait."""

import time
from typing import Annotated, Any, Final

import typer

from liaison.cli import views
from liaison.cli.client import Api, ApiFault, retry_until
from liaison.cli.exits import Exit, complain, fail
from liaison.cli.identity import As, open_api
from liaison.cli.language import say
from liaison.cli.output import Json, present
from liaison.cli.texts import Reference, Source, parsed, read_json
from liaison.policy.words import Stage

IdempotencyKey = Annotated[
    str, typer.Option("--idempotency-key", help="Repeat a call safely; a fresh one is made if left out.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many to show.")]
Cursor = Annotated[str, typer.Option("--cursor", help="Go on where an earlier list ended.")]

_ORDER: Final = list(Stage)
_LOOK_AGAIN_SECONDS: Final = 1.0


def submit(source: Source, as_: As = "", json_: Json = False, idempotency_key: IdempotencyKey = "") -> None:
    """Register a request: a JSON object as POST /v1/requests takes it."""
    body = read_json(source)
    with open_api(as_, "channel") as api:
        request = api.post("/v1/requests", body, idempotency_key)
    present(request, json_, views.show_request)


def show(reference: Reference, as_: As = "", json_: Json = False) -> None:
    """Show where a request stands and its dates."""
    with open_api(as_, "clerk") as api:
        request = api.get(f"/v1/requests/{parsed(reference)}")
    present(request, json_, views.show_request)


def read(reference: Reference, as_: As = "", json_: Json = False) -> None:
    """Read what the party asked, as one who must act on it: the holder, his team, a supervisor, a clerk."""
    with open_api(as_, "clerk") as api:
        content = api.get(f"/v1/requests/{parsed(reference)}/content")
    present(content, json_, views.show_content)


def list_requests(
    court: Annotated[str, typer.Option(help="Code of the court.")] = "",
    department: Annotated[str, typer.Option(help="Code of the department.")] = "",
    holder: Annotated[str, typer.Option(help="Id of the holder.")] = "",
    stage: Annotated[Stage | None, typer.Option(help="Where it stands.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose warning limit has passed.")] = False,
    due_before: Annotated[str, typer.Option(help="Next limit before this time, with its offset.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
    as_: As = "",
    json_: Json = False,
) -> None:
    """List requests you may see."""
    filters = {
        "court": court,
        "department": department,
        "holder": holder,
        "stage": stage.value if stage else "",
        "overdue": "true" if overdue else "",
        "due_before": due_before,
        "cursor": cursor,
    }
    with open_api(as_, "clerk") as api:
        page = api.page("/v1/requests", {name: value for name, value in filters.items() if value}, limit)
    present(page, json_, views.show_requests)


def events(reference: Reference, limit: Limit = 500, cursor: Cursor = "", as_: As = "", json_: Json = False) -> None:
    """Show the record of a request, oldest first."""
    with open_api(as_, "clerk") as api:
        page = api.page(f"/v1/requests/{parsed(reference)}/events", {"cursor": cursor} if cursor else {}, limit)
    present(page, json_, views.show_events)


def wait(
    reference: Reference,
    stage: Annotated[Stage, typer.Option(help="Wait until the request stands here or further on.")] = Stage.CLOSED,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds; exit code 6 when they are over.")] = 300.0,
    as_: As = "",
    json_: Json = False,
) -> None:
    """Wait until a request reaches a stage; progress goes to standard error."""
    with open_api(as_, "clerk") as api:
        request = _watch(api, f"/v1/requests/{parsed(reference)}", stage, time.monotonic() + timeout)
    present(request, json_, views.show_request)


def _watch(api: Api, path: str, wanted: Stage, deadline: float) -> dict[str, Any]:
    seen = ""
    for _ in retry_until(deadline, _LOOK_AGAIN_SECONDS):
        try:
            request = api.get(path)
        except ApiFault as fault:
            # Once the request was seen, an API that restarts is worth waiting for.
            if not seen or fault.exit_code not in (Exit.UNREACHABLE, Exit.NOT_READY):
                raise
            complain(str(fault))
            continue
        if request["stage"] != seen:
            seen = str(request["stage"])
            complain(f"{request['reference']}: {seen}")
        if _ORDER.index(Stage(seen)) >= _ORDER.index(wanted):
            return request
    fail(Exit.NOT_READY, say(f"等待超时，仍为 {seen}。", f"Time is over; the request is still {seen}."))
