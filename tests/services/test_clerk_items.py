"""What the platform lays before its clerks: listed until one of them is done with it, once (issue line M33)."""

import asyncio
from dataclasses import replace

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.reads import events_of
from liaison.policy.follow_up import Verdict
from liaison.policy.words import EventKind
from liaison.services import clerk_items
from liaison.services.clerk_items import clerk_items_view, complete_item
from liaison.services.errors import Refused, Slug
from liaison.services.follow_up import REDO, Rating, rate
from liaison.services.once import Call
from liaison.services.platform import Answer, Body
from tests.services.office import Office, fresh_key

NOTE = "已致电当事人，另行登记"


@pytest.fixture
def office(either_office: Office) -> Office:
    """On each of both databases."""
    return either_office


async def _not_answered(office: Office) -> str:
    """A closed request whose party says that there was no answer."""
    key = fresh_key()
    reference = await office.submit(phone=f"+86139{int(key[4:]):08}", court="0104")
    await office.close(reference)
    call = Call(await office.channel(), key, "same")
    await rate(office.platform, reference, Rating(Verdict(None), "法官一直没有回电"), call)
    return reference


async def _listed(office: Office, court: str | None, *references: str) -> list[Body]:
    """Items about these requests that a clerk of this court sees, page by page."""
    scope, items, cursor = replace(await office.clerk(), court=court), list[Body](), None
    while True:
        page = await clerk_items_view(office.platform, scope, cursor, 2)
        items += [item for item in page["items"] if item["reference"] in references]
        if (cursor := page["next_cursor"]) is None:
            return items


async def _call(office: Office, court: str | None = None) -> Call:
    return Call(replace(await office.clerk(), court=court), fresh_key(), "same")


async def _said(office: Office, reference: str) -> list[tuple[str, object]]:
    """Who was done with items about a request, and the notes."""
    async with office.platform.db.read() as session:
        events = await events_of(session, [reference], 0, 100)
    return [(line.actor, line.detail["note"]) for line in events if line.kind is EventKind.CLERK_ITEM_DONE]


async def test_done_it_leaves_the_list_and_the_record_says_who_and_why(office: Office) -> None:
    first, second = await _not_answered(office), await _not_answered(office)
    items = await _listed(office, None, first, second)
    assert [item["reference"] for item in items] == [first, second]
    assert {(item["court"], item["kind"], item["reason"]) for item in items} == {("0104", "redo_offered", REDO)}
    call, item_id = await _call(office), items[0]["id"]
    answer = await complete_item(office.platform, call, item_id, NOTE)
    assert (answer.status, answer.body["id"], answer.body["done_at"] is None) == (201, item_id, False)
    again = await complete_item(office.platform, call, item_id, NOTE)
    assert (again.status, again.body) == (200, answer.body)
    assert await _listed(office, None, first, second) == items[1:]
    with pytest.raises(Refused) as done:
        await complete_item(office.platform, await _call(office), item_id, NOTE)
    assert done.value.slug is Slug.CONFLICT
    assert await _said(office, first) == [(call.person, NOTE)]


async def test_a_clerk_of_one_court_has_nothing_of_another(office: Office) -> None:
    reference = await _not_answered(office)
    [item] = await _listed(office, "0104", reference)
    assert await _listed(office, "0105", reference) == []
    for court, item_id in (("0105", item["id"]), (None, 2**31 - 1)):
        with pytest.raises(Refused) as missing:
            await complete_item(office.platform, await _call(office, court), item_id, NOTE)
        assert missing.value.slug is Slug.NOT_FOUND
    assert await _listed(office, "0104", reference) == [item]
    assert await _said(office, reference) == []


@pytest.fixture
def slow_completion(monkeypatch: pytest.MonkeyPatch) -> None:
    """To be done with an item takes long enough for another to have looked, if nothing keeps him from it."""
    hold = clerk_items.hold_request

    async def slowly(session: AsyncSession, held: str) -> None:
        await asyncio.sleep(0.2)
        await hold(session, held)

    monkeypatch.setattr(clerk_items, "hold_request", slowly)


@pytest.mark.usefixtures("slow_completion")
async def test_of_two_clerks_at_once_one_is_done_with_it(office: Office) -> None:
    reference = await _not_answered(office)
    [item] = await _listed(office, None, reference)
    calls = [await _call(office) for _ in range(2)]
    ends = await asyncio.gather(
        *(complete_item(office.platform, call, item["id"], NOTE) for call in calls), return_exceptions=True
    )
    assert [end.status for end in ends if isinstance(end, Answer)] == [201]
    assert [end.slug for end in ends if isinstance(end, Refused)] == [Slug.CONFLICT]
    assert len(await _said(office, reference)) == 1


@pytest.mark.usefixtures("slow_completion")
async def test_the_same_call_twice_at_one_instant_is_answered_twice(office: Office) -> None:
    reference = await _not_answered(office)
    [item] = await _listed(office, None, reference)
    twice = replace(await _call(office), key="one key")
    first, second = await asyncio.gather(*(complete_item(office.platform, twice, item["id"], NOTE) for _ in range(2)))
    assert {first.status, second.status} == {200, 201}
    assert first.body == second.body
    assert len(await _said(office, reference)) == 1
