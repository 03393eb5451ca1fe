"""Client commands about closed requests: whom to call, what was made to the party, what the party thinks of it."""

from typing import Annotated, Any

import typer

from liaison.cli import views
from liaison.cli.exits import Exit, fail
from liaison.cli.identity import As, open_api
from liaison.cli.language import say
from liaison.cli.output import Json, present
from liaison.cli.requests import Cursor, IdempotencyKey, Limit
from liaison.cli.texts import Reference, Source, parsed, read_json, short_text
from liaison.policy.message_words import DeliveryMeans

NO_ANSWER = 4
"""As a party answers by short message."""


def calls(limit: Limit = 50, cursor: Cursor = "", as_: As = "", json_: Json = False) -> None:
    """List whom no message reaches: the party must be called; --json has the texts to read out."""
    with open_api(as_, "clerk") as api:
        page = api.page("/v1/call-list", {"cursor": cursor} if cursor else {}, limit)
    present(page, json_, views.show_calls)


def delivered(
    reference: Reference,
    means: Annotated[DeliveryMeans, typer.Option(help="How the answer was made: call or hand_over.")],
    source: Source = "-",
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Put on record how an answer was made; the input is JSON {"number" or "to", "time", "gist"}."""
    if means is DeliveryMeans.MESSAGE:
        fail(Exit.USAGE, say("短信送达由平台记录。", "What a message made is on record already: call or hand_over."))
    body = {**read_json(source), "means": means.value}
    with open_api(as_, "clerk") as api:
        delivery = api.post(f"/v1/requests/{parsed(reference)}/deliveries", body, idempotency_key)
    present(delivery, json_, views.show_delivery)


def rate(
    reference: Reference,
    rating: Annotated[int, typer.Argument(min=1, max=4, help="1 satisfied, 2 fairly, 3 not, 4 there was no answer.")],
    comment: Annotated[str, typer.Option(help="The party's own words: - or @FILE.")] = "",
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Say what the party thinks of the answer, through the channel the request came by."""
    body: dict[str, Any] = {"no_answer": True} if rating == NO_ANSWER else {"rating": rating}
    if comment:
        body["comment"] = short_text(comment)
    with open_api(as_, "channel") as api:
        rated = api.post(f"/v1/requests/{parsed(reference)}/ratings", body, idempotency_key)
    present(rated, json_, views.show_rating)
