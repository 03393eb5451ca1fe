"""Between registration and dispatch nobody holds a request: who may become its holder is told to wait, not to go."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from liaison.policy.words import ActionKind, Category
from liaison.services.errors import Refused, Slug
from tests.services.office import HOLDER, OTHER_JUDGE, PRESIDENT, Office
from tests.services.test_actions import GIVEN


async def refusal(doing: Awaitable[Any]) -> Refused:
    """What was said no to."""
    with pytest.raises(Refused) as refused:
        await doing
    return refused.value


@pytest.mark.parametrize("kind", [ActionKind.REPLY, ActionKind.SIGN_IN, ActionKind.TRANSFER, ActionKind.RETURN])
async def test_before_the_work_order_is_out_a_judge_is_asked_to_try_again(
    either_office: Office, kind: ActionKind
) -> None:
    office = either_office
    reference = await office.submit()
    for judge in (HOLDER, OTHER_JUDGE):
        refused = await refusal(office.act(await office.judge(judge), reference, kind, **GIVEN[kind]))
        assert (refused.slug, refused.en) == (Slug.CONFLICT, "No work order is out yet; try again in a moment.")
    await office.dispatch(reference)
    assert (await office.act(await office.judge(HOLDER), reference, kind, **GIVEN[kind])).status == 202


async def test_where_no_work_order_is_to_come_nobody_is_asked_to_try_again(office: Office) -> None:
    simple, withdrawn = await office.submit(category=Category.CONSULTATION), await office.submit()
    await office.close(withdrawn)
    for reference in (simple, withdrawn):
        refused = await refusal(office.reply(await office.judge(HOLDER), reference))
        assert refused.slug is Slug.NOT_THE_HOLDER


async def test_who_cannot_become_the_holder_is_not_asked_to_try_again(office: Office) -> None:
    reference = await office.submit()
    await office.supervise(reference, PRESIDENT)
    of_another_court = replace(await office.leader(PRESIDENT), court="01")
    for scope in (await office.channel(), of_another_court):
        assert (await refusal(office.reply(scope, reference))).slug is Slug.NOT_THE_HOLDER
