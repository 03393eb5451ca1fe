"""What people see: lists, the record, supervision, messages, dates."""

from datetime import timedelta
from typing import Any

import pytest

from liaison.db.messages import Draft, reserve
from liaison.db.reads import RequestFilters
from liaison.policy.message_words import MessageClass
from liaison.policy.scope import Scope
from liaison.policy.words import Category, KeyRole, Language, Post, Stage
from liaison.services import views
from liaison.services.errors import Refused, Slug
from tests.services.office import DEPUTY, HOLDER, LEADER, MORNING, Office, days, fresh_case, intake

NOBODY = Scope(KeyRole.OPERATOR, "operator")


async def _listed(office: Office, **filters: Any) -> set[str]:
    references: set[str] = set()
    scope, cursor = await office.clerk(), None
    while True:
        part = await views.list_requests(office.platform, scope, RequestFilters(**filters), cursor)
        references |= {item["reference"] for item in part["items"]}
        if (cursor := part["next_cursor"]) is None:
            return references


async def test_an_attached_request_shows_the_course_of_the_main_one(either_office: Office) -> None:
    office, case = either_office, fresh_case()
    main, other = await office.submit(case_number=case), await office.submit(case_number=case)
    await office.dispatch(main)
    await office.supervise(main, LEADER)
    scope = await office.clerk()
    shown, main_shown = [await views.request_view(office.platform, scope, ref) for ref in (other, main)]
    assert shown == main_shown | {"reference": other, "attached_to": main}
    assert shown["holder"] == {
        "id": HOLDER, "kind": "judge", "post": "Judge, First Civil Chamber 民事审判第一庭法官",
    }  # fmt: skip
    assert shown["supervision"]["rung"] == 1 and shown["supervision"]["supervisor"] == LEADER
    both = (await views.events_view(office.platform, scope, other))["items"]
    assert {event["reference"] for event in both} == {main, other}


async def test_filters_narrow_a_list(either_office: Office) -> None:
    office = either_office
    held, other, closed = [await office.submit() for _ in range(3)]
    summary = await office.submit(court="0105", category=Category.CONSULTATION, judge=None)
    case = fresh_case()
    main, attached = await office.submit(case_number=case), await office.submit(case_number=case)
    await office.dispatch(held)
    await office.close(closed)
    mine = {held, other, closed, summary, main, attached}
    assert mine & await _listed(office, court="0105") == {summary}
    assert mine & await _listed(office, holder=HOLDER) == {held}
    assert mine & await _listed(office, department="0104-d-civil1") == {held}
    assert mine & await _listed(office, stage=Stage.CLOSED) == {closed}
    assert mine & await _listed(office, stage=Stage.REGISTERED, court="0104") == {other, main}
    assert mine & await _listed(office, due_before=MORNING + days(1)) == {summary}
    assert mine & await _listed(office) == mine


async def test_overdue_means_open_and_past_a_limit_or_under_supervision(office: Office) -> None:
    late, supervised, in_time, closed = [await office.submit() for _ in range(4)]
    await office.change(late, next_due_at=MORNING)
    await office.supervise(supervised, LEADER, rung=0, post=Post.LIAISON_OFFICER)
    await office.change(in_time, next_due_at=MORNING + timedelta(seconds=1))
    await office.change(closed, next_due_at=MORNING)
    await office.close(closed)
    assert await _listed(office, overdue=True) == {supervised}
    office.clock.now = MORNING + timedelta(seconds=1)
    assert await _listed(office, overdue=True) == {late, supervised}


async def test_pages_follow_one_another_without_gap_or_repetition(office: Office) -> None:
    references = {await office.submit() for _ in range(5)}
    seen, cursor = [], None
    for expected in (2, 2, 1):
        part = await views.list_requests(office.platform, NOBODY, RequestFilters(), cursor, 2)
        assert len(part["items"]) == expected
        seen += [item["reference"] for item in part["items"]]
        cursor = part["next_cursor"]
    assert cursor is None and seen == sorted(references)


@pytest.mark.parametrize("cursor", ["", "%%%", "é", "MTIz\n", "_w=="])
async def test_a_cursor_nobody_gave_is_refused(office: Office, cursor: str) -> None:
    reference = await office.submit()
    if not cursor:
        assert (await views.events_view(office.platform, NOBODY, reference, cursor))["items"]
        return
    with pytest.raises(Refused) as refused:
        await views.events_view(office.platform, NOBODY, reference, cursor)
    assert refused.value.slug is Slug.INVALID and refused.value.faults[0].pointer == "/cursor"


async def test_the_record_is_paged_in_the_order_it_was_written(office: Office) -> None:
    reference = await office.submit()
    await office.dispatch(reference)
    for text in ("第一次答复您的问题。", "第二次答复您的问题。"):
        await office.reply(await office.judge(HOLDER), reference, text)
    first = await views.events_view(office.platform, NOBODY, reference, limit=2)
    rest = await views.events_view(office.platform, NOBODY, reference, first["next_cursor"])
    kinds = [event["kind"] for event in first["items"] + rest["items"]]
    assert kinds == ["registered", "reply_received", "reply_received"]
    assert rest["next_cursor"] is None


async def test_a_leaders_inbox_holds_the_full_text_and_remembers_when_it_was_opened(either_office: Office) -> None:
    office = either_office
    reference = await office.submit()
    await office.dispatch(reference)
    office.clock.now = MORNING + days(4)
    await office.supervise(reference, LEADER)
    await office.supervise(reference, LEADER, rung=2, post=Post.DEPUTY_PRESIDENT)
    scope = await office.leader(LEADER)
    office.clock.now = MORNING + days(5)
    item = await _supervision(office, scope, reference)
    assert item is not None
    assert item["content"] == intake().content
    assert (item["rung"], item["post"]) == (2, "deputy_president")
    # Received on Friday the 18th: Sunday the 20th is worked; the limit was Monday the 21st.
    assert (item["days_since_receipt"], item["days_overdue"]) == (4, 2)
    assert item["holder"]["id"] == HOLDER
    assert (item["sent_at"], item["opened_at"]) == ("2026-09-22T10:00:00+08:00", "2026-09-23T10:00:00+08:00")
    office.clock.now = MORNING + days(6)
    again = await _supervision(office, scope, reference)
    assert again is not None and again["opened_at"] == item["opened_at"]
    assert await _supervision(office, await office.leader(DEPUTY), reference) is None
    await office.close(reference)
    assert await _supervision(office, scope, reference) is None


async def _supervision(office: Office, scope: Scope, reference: str) -> dict[str, Any] | None:
    cursor, found = None, None
    while True:
        part = await views.supervisions_view(office.platform, scope, cursor)
        found = found or next((item for item in part["items"] if item["reference"] == reference), None)
        if (cursor := part["next_cursor"]) is None:
            return found


async def test_what_nobody_is_left_for_lies_with_the_chamber(office: Office) -> None:
    reference = await office.submit()
    await office.supervise(reference, None, post=Post.CASE_FILING_CHAMBER)
    chamber = Scope(KeyRole.CHAMBER, "chamber")
    assert [item["reference"] for item in (await views.supervisions_view(office.platform, chamber))["items"]] == [
        reference
    ]


async def test_channels_and_clerks_supervise_nothing(office: Office) -> None:
    for scope in (await office.channel(), await office.clerk()):
        with pytest.raises(Refused) as refused:
            await views.supervisions_view(office.platform, scope)
        assert refused.value.slug is Slug.FORBIDDEN


async def test_messages_are_listed_without_text_or_number(office: Office) -> None:
    reference, other = await office.submit(), await office.submit()
    async with office.platform.db.write() as session:
        for about in (reference, other):
            draft = Draft(
                f"01J{about[:4]}", about, "answer", "party", MessageClass.PARTY, "answer", Language.ZH_CN,
                {"text": "标记短信内容"}, MORNING,
            )  # fmt: skip
            await reserve(session, office.platform.ring, draft, MORNING)
    clerk = await office.clerk()
    listed = await views.messages_view(office.platform, clerk, reference)
    assert [(m["reference"], m["recipient"], m["state"], m["text"]) for m in listed["items"]] == [
        (reference, "party", "reserved", "********")
    ]
    assert "标记短信内容" not in str(listed)
    assert len((await views.messages_view(office.platform, clerk, None))["items"]) == 2
    with pytest.raises(Refused) as refused:
        await views.messages_view(office.platform, await office.channel(), reference)
    assert refused.value.slug is Slug.FORBIDDEN


async def test_dates_of_a_request_that_was_never_made(office: Office) -> None:
    primary = await views.deadlines_view(office.platform, MORNING, "0104")
    higher = await views.deadlines_view(office.platform, MORNING, "01")
    assert primary["deadlines"] == (await office.accept()).body["deadlines"]
    assert (primary["court_level"], higher["court_level"]) == ("primary", "intermediate")
    assert higher["deadlines"] == primary["deadlines"][:4]
    with pytest.raises(Refused) as refused:
        await views.deadlines_view(office.platform, MORNING.replace(tzinfo=None), "9999")
    assert [fault.pointer for fault in refused.value.faults] == ["/court", "/received_at"]
    with pytest.raises(Refused) as refused:
        await views.deadlines_view(office.platform, MORNING.replace(year=1990), "0104")
    assert [fault.pointer for fault in refused.value.faults] == ["/received_at"]
