"""``liaison policy``: client commands about policy versions; the Case Filing Chamber approves them."""

from typing import Annotated

import typer

from liaison.cli import rule_views
from liaison.cli.identity import As, open_api
from liaison.cli.notices import ProposalId, Why, read_document
from liaison.cli.output import Json, present
from liaison.cli.requests import Cursor, IdempotencyKey, Limit
from liaison.cli.texts import path_part, short_text

ROOT = "/v1/policy"

policy_app = typer.Typer(help="Policy versions by proposal and approval.", no_args_is_help=True)


@policy_app.command("propose")
def propose(
    file: Annotated[str, typer.Argument(help="A policy, TOML or JSON, as liaison/policy/policy.toml; - for input.")],
    cites: Annotated[str, typer.Option("--cites", help="The document that allows a laxer policy.")] = "",
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Propose a policy; one laxer than the Opinions must cite the document that allows it."""
    body = {"document": read_document(file), "cites": cites or None}
    with open_api(as_, "operator") as api:
        proposal = api.post(f"{ROOT}/proposals", body, idempotency_key)
    present(proposal, json_, rule_views.show_proposal)


@policy_app.command("review")
def review(
    proposal: Annotated[str, typer.Argument(metavar="[ID]", help="One proposal; all that wait if left out.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
    as_: As = "",
    json_: Json = False,
) -> None:
    """Show what waits for approval, or one proposal with the open requests it would move."""
    with open_api(as_, "operator") as api:
        if proposal:
            present(api.get(f"{ROOT}/proposals/{path_part(proposal)}"), json_, rule_views.show_policy_proposal)
            return
        page = api.page(f"{ROOT}/proposals", {"state": "proposed", **({"cursor": cursor} if cursor else {})}, limit)
    present(page, json_, rule_views.show_proposals)


@policy_app.command("approve")
def approve(
    proposal: ProposalId,
    open_requests: Annotated[
        bool, typer.Option("--open-requests", help="It holds for open requests too, not for new ones only.")
    ] = False,
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Approve a policy that somebody else proposed, as the Case Filing Chamber."""
    with open_api(as_, "chamber") as api:
        body = {"open_requests": open_requests}
        approved = api.post(f"{ROOT}/proposals/{path_part(proposal)}/approvals", body, idempotency_key)
    present(approved, json_, rule_views.show_proposal)


@policy_app.command("reject")
def reject(
    proposal: ProposalId, reason: Why, as_: As = "", json_: Json = False, idempotency_key: IdempotencyKey = ""
) -> None:
    """Reject a proposed policy."""
    with open_api(as_, "chamber") as api:
        body = {"reason": short_text(reason)}
        rejected = api.post(f"{ROOT}/proposals/{path_part(proposal)}/rejections", body, idempotency_key)
    present(rejected, json_, rule_views.show_proposal)


@policy_app.command("versions")
def versions(limit: Limit = 50, cursor: Cursor = "", as_: As = "", json_: Json = False) -> None:
    """List the policy versions; the last one holds for new requests."""
    with open_api(as_, "operator") as api:
        page = api.page(f"{ROOT}/versions", {"cursor": cursor} if cursor else {}, limit)
    present(page, json_, rule_views.show_policy_versions)


@policy_app.command("show")
def show(
    number: Annotated[int, typer.Argument(metavar="N", help="The version's number.")], as_: As = "", json_: Json = False
) -> None:
    """Show a policy version and its rules."""
    with open_api(as_, "operator") as api:
        version = api.get(f"{ROOT}/versions/{number}")
    present(version, json_, rule_views.show_policy_version)
