"""Who reads what a party asked and what was said to him, on both databases."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, KeyRole, Post
from liaison.services import views
from liaison.services.errors import Refused, Slug
from tests.city import QUESTION
from tests.services.office import (
    DEPUTY,
    HOLDER,
    LEADER,
    OTHER_JUDGE,
    PRESIDENT,
    STRANGER_JUDGE,
    TEAM_MATE,
    Office,
    fresh_case,
)

OPERATOR, CHAMBER = Scope(KeyRole.OPERATOR, "operator"), Scope(KeyRole.CHAMBER, "chamber")
TAKER, TAKERS_MATE = "0104-j06", "0104-a03"


async def _another_channel(office: Office) -> Scope:
    return replace(await office.channel(), key_id="another")


async def _clerk_of_0105(office: Office) -> Scope:
    return replace(await office.clerk(), court="0105")


async def _takers_assistant(office: Office) -> Scope:
    return replace(await office.judge(TAKER), key_id="assistant", staff=TAKERS_MATE)


async def _constant(scope: Scope) -> Scope:
    return scope


READERS: dict[str, Callable[[Office], Awaitable[Scope]]] = {
    "holder": lambda office: office.judge(HOLDER),
    "his team": lambda office: office.judge(TEAM_MATE),
    "whoever it is offered to": lambda office: office.judge(TAKER),
    "that one's team": _takers_assistant,
    "leader whose inbox has it": lambda office: office.leader(DEPUTY),
    "clerk": lambda office: office.clerk(),
    "chamber": lambda _: _constant(CHAMBER),
    "the channel it came by": lambda office: office.channel(),
}
MAY_SEE: dict[str, Callable[[Office], Awaitable[Scope]]] = {
    "judge of the court": lambda office: office.judge(OTHER_JUDGE),
    "leader of the department": lambda office: office.leader(LEADER),
    "president of the court": lambda office: office.leader(PRESIDENT),
    "operator": lambda _: _constant(OPERATOR),
}
STRANGERS: dict[str, Callable[[Office], Awaitable[Scope]]] = {
    "judge elsewhere": lambda office: office.judge(STRANGER_JUDGE),
    "another channel": _another_channel,
    "clerk elsewhere": _clerk_of_0105,
}


async def _on_its_way(office: Office) -> str:
    """A request with a holder, an offer and a deputy president who was told."""
    reference = await office.submit()
    await office.dispatch(reference)
    await office.offer(reference, TAKER)
    await office.supervise(reference, DEPUTY, rung=2, post=Post.DEPUTY_PRESIDENT)
    return reference


async def _refusal(doing: Awaitable[Any]) -> Refused:
    with pytest.raises(Refused) as refused:
        await doing
    return refused.value


async def test_the_question_is_for_those_who_must_read_it(either_office: Office) -> None:
    office = either_office
    reference = await _on_its_way(office)
    for who, scope_of in READERS.items():
        read = await views.content_view(office.platform, await scope_of(office), reference)
        assert read == {
            "reference": reference,
            "content": QUESTION,
            "case_number": None,
            "party": {"name": "甲某测试", "phone": "+8613912345678", "role": "party", "language": "zh-CN"},
        }, who


async def test_to_see_a_request_is_not_to_read_it(either_office: Office) -> None:
    office = either_office
    reference = await _on_its_way(office)
    for who, scope_of in MAY_SEE.items():
        scope = await scope_of(office)
        assert (await views.request_view(office.platform, scope, reference))["reference"] == reference, who
        assert (await _refusal(views.content_view(office.platform, scope, reference))).slug is Slug.FORBIDDEN, who
    for who, scope_of in STRANGERS.items():
        doing = views.content_view(office.platform, await scope_of(office), reference)
        assert (await _refusal(doing)).slug is Slug.NOT_FOUND, who


async def test_who_passed_it_on_reads_it_no_more_and_an_annulled_rung_gives_nothing(office: Office) -> None:
    reference = await office.submit()
    await office.dispatch(reference)
    await office.dispatch(reference, TAKER)
    refused = await _refusal(views.content_view(office.platform, await office.judge(HOLDER), reference))
    assert refused.slug is Slug.FORBIDDEN
    await office.supervise(reference, LEADER)
    leader = await office.leader(LEADER)
    assert (await views.content_view(office.platform, leader, reference))["content"] == QUESTION
    await office.annul(reference)
    assert (await _refusal(views.content_view(office.platform, leader, reference))).slug is Slug.FORBIDDEN


async def test_an_attached_request_gives_its_own_text_to_the_holder_of_the_main_one(either_office: Office) -> None:
    office, case = either_office, fresh_case()
    main = await office.submit(case_number=case)
    other = await office.submit(case_number=case, content="我再问一次，何时开庭？", about=(OTHER_JUDGE,))
    await office.dispatch(main)
    await office.supervise(main, DEPUTY, rung=2, post=Post.DEPUTY_PRESIDENT)
    for scope in (await office.judge(HOLDER), await office.leader(DEPUTY), await office.clerk()):
        read = await views.content_view(office.platform, scope, other)
        assert (read["reference"], read["content"], read["case_number"]) == (other, "我再问一次，何时开庭？", case)
        assert read["about"] == [OTHER_JUDGE]
    refused = await _refusal(views.content_view(office.platform, await office.judge(OTHER_JUDGE), other))
    assert refused.slug is Slug.FORBIDDEN


async def test_what_was_said_is_for_the_same_readers_and_for_whoever_said_it(either_office: Office) -> None:
    office = either_office
    reference = await _on_its_way(office)
    reason = {"reason": "当事人已自行解决"}
    given = await office.act(await office.channel(), reference, ActionKind.WITHDRAWAL, text=reason)
    action_id = given.body["id"]

    async def said(scope: Scope) -> list[Any]:
        listed = await views.actions_view(office.platform, scope, reference, ActionKind.WITHDRAWAL)
        one = await views.action_view(office.platform, scope, reference, ActionKind.WITHDRAWAL, action_id)
        assert listed["items"] == [one]
        return [one.get("text")]

    for who, scope_of in READERS.items():
        assert await said(await scope_of(office)) == [reason], who
    for who, scope_of in MAY_SEE.items():
        assert await said(await scope_of(office)) == [None], who
