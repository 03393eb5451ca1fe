"""Whose key it is, and which requests it may see."""

import base64
from dataclasses import replace

import pytest

from liaison.contract.reference import new_reference
from liaison.db.access import find_api_key
from liaison.db.reads import RequestFilters
from liaison.keys import split_api_key
from liaison.policy.scope import Scope
from liaison.policy.words import KeyRole, Post
from liaison.services import views
from liaison.services.errors import Refused, Slug
from liaison.services.platform import KEY_CACHE_SECONDS
from tests.services.office import (
    DEPUTY,
    HOLDER,
    LEADER,
    PRESIDENT,
    STRANGER_JUDGE,
    Office,
)


async def _sees(office: Office, scope: Scope, reference: str) -> bool:
    try:
        await views.request_view(office.platform, scope, reference)
    except Refused as refused:
        assert refused.slug is Slug.NOT_FOUND
        return False
    listed = await views.list_requests(office.platform, scope, RequestFilters(), _just_before(reference))
    assert reference in [item["reference"] for item in listed["items"]]
    return True


def _just_before(reference: str) -> str:
    """The cursor of a page that may begin with this reference."""
    return base64.urlsafe_b64encode(reference[:-1].encode()).decode()


async def test_a_key_carries_its_role_court_and_departments(office: Office) -> None:
    judge, deputy = await office.judge(HOLDER), await office.leader(DEPUTY)
    president, chief = await office.leader(PRESIDENT), await office.leader("01-p01")
    assert (judge.role, judge.court, judge.staff, judge.team) == (KeyRole.JUDGE, "0104", HOLDER, "t1")
    assert deputy.departments == (("0104", "0104-d-civil1"), ("0104", "0104-d-civil2"), ("0104", "0104-d-service"))
    assert {code for _, code in president.departments} == {
        "0104-d-service", "0104-d-civil1", "0104-d-civil2", "0104-d-criminal", "0104-d-enforcement",
    }  # fmt: skip
    assert {court for court, _ in chief.departments} == {"01"}


@pytest.mark.parametrize("bearer", ["", "jl_x", "jl_sample-channel_" + "0" * 64, f"jl_nobody_{'ab' * 32}"])
async def test_strangers_are_refused_alike(office: Office, bearer: str) -> None:
    with pytest.raises(Refused) as refused:
        await office.scope(bearer)
    assert refused.value.slug is Slug.UNAUTHENTICATED


async def test_an_expired_key_is_refused_even_if_it_was_just_used(office: Office) -> None:
    key_id = (await office.channel()).key_id
    async with office.platform.db.read() as session:
        row = await find_api_key(session, key_id)
    assert row is not None
    office.clock.now = row.expires_at
    with pytest.raises(Refused):
        await office.channel()


@pytest.mark.parametrize(("court", "may"), [("0104", False), ("9999", False), ("01", True), (None, True)])
async def test_the_chamber_is_that_of_the_intermediate_court(office: Office, court: str | None, may: bool) -> None:
    """A key may have been made before that was checked when keys are made."""
    key = office.credentials.chamber_keys["chamber-1"]
    async with office.platform.db.write() as session:
        row = await find_api_key(session, split_api_key(key).key_id)
        assert row is not None
        row.court = court
    if may:
        assert (await office.scope(key)).role is KeyRole.CHAMBER
        return
    with pytest.raises(Refused) as refused:
        await office.scope(key)
    assert refused.value.slug is Slug.UNAUTHENTICATED


async def test_a_withdrawn_key_is_known_for_seconds_at_most(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    key_id = (await office.channel()).key_id
    async with office.platform.db.write() as session:
        await session.delete(await find_api_key(session, key_id))
    known = office.platform.known_keys[key_id]
    assert KEY_CACHE_SECONDS <= 5
    office.platform.known_keys[key_id] = replace(known, fresh_until=known.fresh_until - KEY_CACHE_SECONDS)
    with pytest.raises(Refused):
        await office.channel()


async def test_who_sees_a_request_before_and_after_dispatch(either_office: Office) -> None:
    office = either_office
    reference = await office.submit()
    channel, clerk = await office.channel(), await office.clerk()
    scopes = {
        "channel": channel,
        "another channel": replace(channel, key_id="other"),
        "clerk of all courts": clerk,
        "clerk of 0104": replace(clerk, court="0104"),
        "clerk of 0105": replace(clerk, court="0105"),
        "judge of the court": await office.judge("0104-j06"),
        "judge of another court": await office.judge(STRANGER_JUDGE),
        "leader of the department": await office.leader(LEADER),
        "leader of another": await office.leader("0104-l03"),
        "deputy in charge": await office.leader(DEPUTY),
        "other deputy": await office.leader("0104-v02"),
        "president": await office.leader(PRESIDENT),
        "president above": await office.leader("01-p01"),
        "operator": Scope(KeyRole.OPERATOR, "o"),
        "chamber": Scope(KeyRole.CHAMBER, "c"),
        "judge without a court": Scope(KeyRole.JUDGE, "j"),
    }
    at_first = {"channel", "clerk of all courts", "clerk of 0104", "judge of the court", "operator", "chamber"}
    assert {name for name, scope in scopes.items() if await _sees(office, scope, reference)} == at_first
    await office.dispatch(reference)
    then = at_first | {"leader of the department", "deputy in charge", "president"}
    assert {name for name, scope in scopes.items() if await _sees(office, scope, reference)} == then
    await office.supervise(reference, "01-p01", rung=4, post=Post.INTERMEDIATE_PRESIDENT)
    assert await _sees(office, scopes["president above"], reference)


async def test_a_former_holder_of_another_court_keeps_sight_of_it(office: Office) -> None:
    reference = await office.submit()
    await office.dispatch(reference, STRANGER_JUDGE)
    await office.dispatch(reference, HOLDER)
    assert await _sees(office, await office.judge(STRANGER_JUDGE), reference)


async def test_what_does_not_exist_is_not_found(office: Office) -> None:
    assert not await _sees(office, await office.clerk(), new_reference())
