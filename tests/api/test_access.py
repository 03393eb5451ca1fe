"""Who may call what: a policy on every route, and the whole matrix of roles and operations (design section 8)."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from api.deps import Policy, public
from liaison.policy.words import KeyRole
from tests.api.conftest import City

PUBLIC = {
    *("/problems", "/problems/{slug}", "/livez", "/readyz", "/openapi.json"),
    # Their key is in the address: a gateway has no other.
    *("/callbacks/{gateway}/{token}/replies", "/callbacks/{gateway}/{token}/receipts"),
}

ANYBODY = set(KeyRole)
HOLDERS = {KeyRole.JUDGE, KeyRole.LEADER, KeyRole.CLERK, KeyRole.CHAMBER}
RULE_MAKERS = {KeyRole.OPERATOR, KeyRole.CHAMBER}
LISTS = (
    *("answers", "replies", "sign-ins", "transfers", "returns", "withdrawals"),
    *("procedure-changes", "supervision-acts", "confirmations", "revocations"),
)
REQUEST = "/v1/requests/{reference}"
MAY: dict[tuple[str, str], set[KeyRole]] = {
    ("POST", "/v1/requests"): {KeyRole.CHANNEL},
    ("GET", "/v1/requests"): ANYBODY,
    ("GET", REQUEST): ANYBODY,
    ("GET", f"{REQUEST}/content"): ANYBODY,
    ("GET", f"{REQUEST}/events"): ANYBODY,
    ("POST", f"{REQUEST}/answers"): {KeyRole.CLERK},
    ("POST", f"{REQUEST}/replies"): HOLDERS,
    ("POST", f"{REQUEST}/sign-ins"): HOLDERS,
    ("POST", f"{REQUEST}/transfers"): HOLDERS,
    ("POST", f"{REQUEST}/returns"): HOLDERS,
    ("POST", f"{REQUEST}/withdrawals"): {KeyRole.CHANNEL, KeyRole.CLERK},
    ("POST", f"{REQUEST}/procedure-changes"): {KeyRole.CLERK},
    ("POST", f"{REQUEST}/supervision-acts"): HOLDERS,
    ("POST", f"{REQUEST}/confirmations"): {KeyRole.JUDGE, KeyRole.LEADER},
    ("POST", f"{REQUEST}/revocations"): {KeyRole.JUDGE, KeyRole.LEADER, KeyRole.CLERK},
    **{("GET", f"{REQUEST}/{name}"): ANYBODY for name in LISTS},
    **{("GET", f"{REQUEST}/{name}/{{action_id}}"): ANYBODY for name in LISTS},
    ("POST", f"{REQUEST}/deliveries"): {KeyRole.CLERK, KeyRole.JUDGE, KeyRole.LEADER},
    ("GET", f"{REQUEST}/deliveries"): ANYBODY,
    ("POST", f"{REQUEST}/ratings"): {KeyRole.CHANNEL, KeyRole.CLERK},
    ("GET", f"{REQUEST}/ratings"): ANYBODY,
    ("GET", "/v1/call-list"): {KeyRole.CLERK, KeyRole.CHAMBER, KeyRole.OPERATOR},
    ("GET", "/v1/supervisions"): {KeyRole.LEADER, KeyRole.JUDGE, KeyRole.CHAMBER},
    ("GET", "/v1/messages"): {KeyRole.CLERK, KeyRole.OPERATOR, KeyRole.CHAMBER},
    ("GET", "/v1/unmatched-messages"): {KeyRole.CLERK},
    ("POST", "/v1/unmatched-messages/{inbound_id}/assignments"): {KeyRole.CLERK},
    ("POST", "/v1/unmatched-messages/{inbound_id}/dismissals"): {KeyRole.CLERK},
    ("GET", "/v1/clerk-items"): {KeyRole.CLERK, KeyRole.CHAMBER, KeyRole.OPERATOR},
    ("POST", "/v1/clerk-items/{item_id}/completions"): {KeyRole.CLERK},
    ("GET", "/v1/events"): ANYBODY,
    ("GET", "/v1/rungs"): {KeyRole.OPERATOR, KeyRole.CHAMBER},
    ("GET", "/v1/faults"): {KeyRole.OPERATOR, KeyRole.CHAMBER},
    ("GET", f"{REQUEST}/deadlines"): ANYBODY,
    ("GET", "/v1/calendar"): ANYBODY,
    ("GET", "/v1/calendar/deadlines"): ANYBODY,
    ("GET", "/v1/calendar/explanations"): ANYBODY,
    ("GET", "/v1/calendar/versions"): ANYBODY,
    ("GET", "/v1/calendar/versions/{number}"): ANYBODY,
    ("GET", "/v1/calendar/versions/{number}/diff"): ANYBODY,
    ("POST", "/v1/calendar/proposals"): {KeyRole.OPERATOR},
    ("GET", "/v1/calendar/proposals"): RULE_MAKERS,
    ("GET", "/v1/calendar/proposals/{proposal_id}"): RULE_MAKERS,
    ("POST", "/v1/calendar/proposals/{proposal_id}/approvals"): {KeyRole.OPERATOR},
    ("POST", "/v1/calendar/proposals/{proposal_id}/rejections"): {KeyRole.OPERATOR},
    ("GET", "/v1/calendar/replans"): RULE_MAKERS,
    ("GET", "/v1/calendar/replans/{replan}"): RULE_MAKERS,
    ("POST", "/v1/calendar/closures"): RULE_MAKERS,
    ("GET", "/v1/calendar/closures"): ANYBODY,
    ("GET", "/v1/calendar/closures/{closure_id}"): ANYBODY,
    ("POST", "/v1/calendar/closures/{closure_id}/amendments"): RULE_MAKERS,
    ("GET", "/v1/policy/versions"): ANYBODY,
    ("GET", "/v1/policy/versions/{number}"): ANYBODY,
    ("POST", "/v1/policy/proposals"): RULE_MAKERS,
    ("GET", "/v1/policy/proposals"): RULE_MAKERS,
    ("GET", "/v1/policy/proposals/{proposal_id}"): RULE_MAKERS,
    ("POST", "/v1/policy/proposals/{proposal_id}/approvals"): {KeyRole.CHAMBER},
    ("POST", "/v1/policy/proposals/{proposal_id}/rejections"): RULE_MAKERS,
}
MATRIX = [(role, *operation) for operation in MAY for role in KeyRole]


def routes(city: City) -> list[RouteContext]:
    """Every route of the application, those of included routers too."""
    return list(iter_route_contexts(city.app.routes))


def dependencies(dependant: Dependant) -> Iterator[Any]:
    """Everything a route depends on."""
    for part in dependant.dependencies:
        yield part.call
        yield from dependencies(part)


def key_of(city: City, role: KeyRole) -> str:
    """A key of this role."""
    keys = city.credentials
    return {
        KeyRole.CHANNEL: keys.channel_key,
        KeyRole.CLERK: keys.clerk_key,
        KeyRole.JUDGE: next(iter(keys.judge_keys.values())),
        KeyRole.LEADER: next(iter(keys.leader_keys.values())),
        KeyRole.OPERATOR: next(iter(keys.operator_keys.values())),
        KeyRole.CHAMBER: next(iter(keys.chamber_keys.values())),
    }[role]


async def call(city: City, method: str, path: str, headers: dict[str, str]) -> Any:
    """Call an operation without a body, about a reference that nobody has."""
    nobodys = dict.fromkeys(
        ("action_id", "proposal_id", "closure_id", "inbound_id", "replan"), "01J00000000000000000000000"
    )
    filled = path.format(reference="0000-0000-0000-0", number=999, item_id=2**31 - 1, **nobodys)
    return await city.http.request(method, filled, headers=headers)


async def test_every_route_has_exactly_one_policy(city: City) -> None:
    for route in routes(city):
        if isinstance(route.original_route, APIRoute):
            calls = list(dependencies(route.dependant))
            guards = [guard for guard in calls if isinstance(guard, Policy)]
            assert len(guards) == (0 if route.path in PUBLIC else 1), route.path
            assert (public in calls) == (route.path in PUBLIC), route.path
        else:
            assert route.path in PUBLIC, route.path


async def test_the_matrix_names_every_operation_with_a_key(city: City) -> None:
    served = {
        (method, route.path) for route in routes(city) for method in route.methods or () if route.path not in PUBLIC
    }
    assert served == set(MAY)


@pytest.mark.parametrize(("role", "method", "path"), MATRIX)
async def test_a_role_may_do_what_the_matrix_says_and_nothing_else(
    city: City, role: KeyRole, method: str, path: str
) -> None:
    answer = await call(city, method, path, {"Authorization": f"Bearer {key_of(city, role)}"})
    if role in MAY[method, path]:
        # Let in; then the missing reference, Idempotency-Key or query is found.
        assert answer.status_code in (200, 400, 404, 422)
    else:
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")


@pytest.mark.parametrize(("method", "path"), list(MAY))
async def test_without_a_good_key_nothing_is_told(city: City, method: str, path: str) -> None:
    wrong_secret = city.credentials.channel_key[:-1] + ("0" if city.credentials.channel_key[-1] != "0" else "1")
    for header in ({}, {"Authorization": "Basic eA=="}, {"Authorization": f"Bearer {wrong_secret}"}):
        answer = await call(city, method, path, header)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_key_without_the_scope_reads_no_messages(city: City) -> None:
    answer = await city.get("/v1/messages", key=city.credentials.channel_key)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")


async def test_a_wrong_key_is_told_nothing_about_its_body(city: City) -> None:
    before = await city.counts()
    answer = await city.send(b"{", key="jl_nobody_" + "0" * 64)
    assert answer.status_code == 401
    assert await city.counts() == before


async def test_a_request_of_another_key_is_as_unknown_as_none(city: City, body: dict[str, Any]) -> None:
    reference = (await city.send(body)).json()["reference"]
    stranger = key_of(city, KeyRole.LEADER)
    elsewhere = [name for name in city.credentials.judge_keys if not name.startswith("0104")]
    seen = await city.get(f"/v1/requests/{reference}", key=city.credentials.judge_keys[elsewhere[0]])
    unknown = await city.get("/v1/requests/0000-0000-0000-0", key=stranger)
    assert (seen.status_code, seen.json()["type"]) == (404, "/problems/not-found")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/not-found")
