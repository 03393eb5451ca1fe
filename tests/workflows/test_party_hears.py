"""What parties hear of the life of their request, and what they never hear (issue line M34)."""

from typing import Any

from calendars.packaged import packaged_notices
from liaison.policy.message_words import MessageState
from liaison.policy.words import ActionKind, Category, Language
from liaison.services.replanning import start_replan
from tests.city import City
from tests.rules import notices_until, put_policy, write_version
from tests.services.rules import policy_document
from tests.workflows.conftest import OpenCity

FRIDAY = "2026-09-18 10:00"
CONSULTATION: dict[str, Any] = {"category": Category.CONSULTATION, "judge": None}
VERSION = len(packaged_notices()) + 1
OTHER_DEPARTMENT = "0104-d-civil2"


def _heard(city: City, number: str = "+8613912345678") -> list[tuple[str, str]]:
    return [(line["template"], line["text"]) for line in city.sent() if line["to"] == number]


async def test_an_ordinary_life_is_told_in_two_messages(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        [(template, text)] = _heard(city)
        assert template == "received"
        assert all(part in text for part in (reference, "2026-09-18", "民事审判第一庭", "2026-09-21"))
        assert "0104-j01" not in text
        await city.reply(reference)
        await city.handle(reference).result()
        [_, (template, text)] = _heard(city)
        assert (template, "已办结" in text) == ("answer", True)
        await _no_number_of_staff_in(city, [text for _, text in _heard(city)])


async def _no_number_of_staff_in(city: City, texts: list[str]) -> None:
    """Numbers of judges are those that got a work order."""
    staff = {line["to"] for line in city.sent() if line["template"] == "work_order"}
    assert staff
    assert not [text for text in texts for number in staff if number.removeprefix("+86") in text]


async def test_each_party_hears_in_its_language(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(language=Language.EN)
        await city.advance(minutes=1)
        [(_, text)] = _heard(city)
        assert text.startswith(f"[Guangzhou Courts] Your request {reference} was received on 2026-09-18 and passed to")


async def test_passed_on_is_told_when_another_department_has_taken_it(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        colleague, stranger = await _takers(city)
        await _pass_on(city, reference, "0104-j01", colleague)
        assert [template for template, _ in _heard(city)] == ["received"], "the same department has it"
        await _pass_on(city, reference, colleague, stranger, taken=False)
        assert [template for template, _ in _heard(city)] == ["received"], "offered is not taken"
        await city.act(city.key_of(stranger), reference, ActionKind.SIGN_IN)
        await city.advance(minutes=1)
        told = [text for template, text in _heard(city) if template == "passed_on"]
        assert len(told) == 1 and reference in told[0] and stranger not in told[0]


async def _takers(city: City) -> tuple[str, str]:
    """A judge of the same department but another team, and one of another department, both of the court."""
    async with city.tools.db.read() as session:
        roster = await city.tools.rulebook.roster(session)
    holder = roster.staff("0104-j01")
    assert holder is not None
    judges = [staff for staff in map(roster.staff, sorted(city.credentials.judge_keys)) if staff is not None]
    same = [j.id for j in judges if j.department == holder.department and j.team != holder.team]
    other = [j.id for j in judges if j.court == holder.court and j.department != holder.department]
    return same[0], other[0]


async def _pass_on(city: City, reference: str, giver: str, taker: str, *, taken: bool = True) -> None:
    target: dict[str, Any] = {"target": {"judge": taker}, "text": {"reason": "原承办法官外出"}}
    await city.act(city.key_of(giver), reference, ActionKind.TRANSFER, **target)
    if taken:
        await city.act(city.key_of(taker), reference, ActionKind.SIGN_IN)
    await city.advance(minutes=1)


async def test_a_summary_request_is_told_of_only_if_it_is_not_answered_at_once(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        answered = await city.submit(**CONSULTATION, phone="13911110001")
        waiting = await city.submit(**CONSULTATION, phone="13911110002")
        await city.advance(minutes=1)
        text = {"text": "请携带身份证到诉讼服务中心办理。"}
        await city.act(city.credentials.clerk_key, answered, ActionKind.ANSWER, text=text)
        await city.advance_to("2026-09-19 08:30")
        assert [template for template, _ in _heard(city, "+8613911110001")] == ["answer"]
        # Friday ended without an answer: the request is ordinary, and the party hears so when its window opens.
        assert [template for template, _ in _heard(city, "+8613911110002")] == ["registered", "received"]
        assert all(waiting in text for _, text in _heard(city, "+8613911110002"))


async def test_who_waits_for_an_answer_on_the_spot_hears_by_when_he_has_it(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, replan_per_second=1_000) as city:
        waiting = await city.submit(**CONSULTATION, phone="13911110001")
        english = await city.submit(**CONSULTATION, phone="13911110002", language=Language.EN)
        answered = await city.submit(**CONSULTATION, phone="13911110003")
        landline = await city.submit(**CONSULTATION, phone="020-83210001")
        await city.advance(minutes=20)
        await city.relay()
        await city.act(city.credentials.clerk_key, answered, ActionKind.ANSWER, text={"text": "三号窗口办理。"})
        assert [_heard(city, f"+861391111000{each}") for each in (1, 2)] == [[], []], "an answer may come at once"
        await city.advance(minutes=11)
        [(template, text)] = _heard(city, "+8613911110001")
        assert (template, f"2026-09-18收到您的诉求{waiting}，2026-09-18结束前答复您" in text) == ("registered", True)
        [(_, text)] = _heard(city, "+8613911110002")
        assert f"{english} was received on 2026-09-18; you will have an answer by the end of 2026-09-18" in text
        assert [template for template, _ in _heard(city, "+8613911110003")] == ["answer"]
        assert await city.messages(landline) == [] and await city.calls() == []
        # Nobody answers: it is ordinary from midnight on, and hears who has it.
        await city.advance_to("2026-09-19 08:30")
        assert [template for template, _ in _heard(city, "+8613911110001")] == ["registered", "received"]


async def test_how_long_an_answer_on_the_spot_may_take_is_policy(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        await put_policy(city, messages=policy_document()["messages"] | {"on_the_spot_minutes": 5})
        await city.submit(**CONSULTATION)
        await city.advance(minutes=4)
        assert _heard(city) == []
        await city.advance(minutes=2)
        assert [template for template, _ in _heard(city)] == ["registered"]


async def test_whose_limit_moves_before_he_was_told_it_hears_the_new_one(city_at: OpenCity) -> None:
    async with city_at("2026-09-18 22:00", replan_per_second=1_000) as city:
        reference = await city.submit(**CONSULTATION)
        await city.advance(minutes=1)
        await city.relay()
        closures = [{"id": "c", "court": "0104", "days": ["2026-09-18", "2026-09-20"]}]
        await write_version(city, VERSION, notices_until("2026-12-31"), closures, reason="0104 closed")
        await start_replan(city.platform, calendar=VERSION, policy=None)
        await city.advance(minutes=2)
        await city.relay()
        await city.advance_to("2026-09-19 09:00")
        [(template, text)] = _heard(city)
        assert (template, f"{reference}，2026-09-21结束前答复您" in text) == ("registered", True)


async def test_who_is_told_in_the_morning_of_a_request_gone_ordinary_hears_that_alone(city_at: OpenCity) -> None:
    async with city_at("2026-09-18 22:00") as city:
        reference = await city.submit(**CONSULTATION)
        await city.advance(minutes=1)
        await city.relay()
        await city.advance_to("2026-09-19 09:00")
        assert [template for template, _ in _heard(city)] == ["received"]
        [registered] = [m for m in await city.messages(reference) if m.template == "registered"]
        assert registered.state is MessageState.SUPERSEDED


async def test_closed_is_told_where_the_reply_was_a_call(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        call = {"number": "13912345678", "time": city.world.now().isoformat(), "gist": "已电话告知开庭时间地点。"}
        await city.act(city.key_of("0104-j01"), reference, ActionKind.REPLY, text={"kind": "call", **call})
        await city.handle(reference).result()
        assert [template for template, _ in _heard(city)] == ["received", "closed"]
        assert call["gist"] not in _heard(city)[1][1]


async def test_what_waits_for_the_morning_is_not_sent_once_the_request_is_closed(city_at: OpenCity) -> None:
    async with city_at("2026-09-18 22:00") as city:
        reference = await city.submit()
        await city.advance_to("2026-09-19 06:00")
        await city.reply(reference)
        await city.advance_to("2026-09-19 08:30")
        assert [template for template, _ in _heard(city)] == ["answer"]
        [received] = [m for m in await city.messages(reference) if m.template == "received"]
        assert received.state is MessageState.SUPERSEDED


async def test_the_same_matter_twice_is_told_once_at_one_telephone(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        case = "（2026）粤0104民初9001号"
        main = await city.submit(case_number=case)
        await city.advance(minutes=1)
        attached = await city.accept(case_number=case)
        assert attached.body["attached_to"] == main
        await city.reply(main)
        await city.handle(main).result()
        assert [template for template, _ in _heard(city)] == ["received", "answer"]
