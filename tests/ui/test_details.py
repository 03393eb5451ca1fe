"""Temporal's UI without a codec server tells who holds a request, what comes next and why (issue line L50)."""

from liaison.policy.words import ActionKind, Category
from tests.city import City
from tests.ui.conftest import OpenCity
from tests.ui.operator import Details, read_details

OPENED = "2026-09-18 10:00"
LADDER = [
    ("warning 预警", "2026-09-21", "holder 承办人 · department 部门 · liaison officer 联络员"),
    ("rung 1", "2026-09-22", "department leader 部门负责人"),
    ("rung 2", "2026-09-24", "deputy president 分管副院长"),
    ("rung 3", "2026-09-29", "president 院长"),
    ("rung 4", "2026-09-30", "president of the Intermediate Court 中级人民法院院长"),
]
"""Business days 2, 3, 5, 7 and 8 after Friday 2026-09-18: Sunday 09-20 is worked, 09-25 to 09-27 are Mid-Autumn."""
HOLDER, OFFERED, NEXT, WHY = "Holder 承办人", "Offered to 拟转办", "Next 下一步", "Why 缘由"
FIRST_CIVIL_JUDGE = "Judge, First Civil Chamber 民事审判第一庭法官"
SECOND_CIVIL_JUDGE = "Judge, Second Civil Chamber 民事审判第二庭法官"


async def details_of(city: City, reference: str) -> Details:
    """What is printed once everything under way is done."""
    await city.advance(seconds=1)
    return await read_details(city.client, f"request-{reference}")


async def transfer(city: City, reference: str, giver: str, taker: str) -> None:
    bearer = city.credentials.judge_keys[giver]
    given = {"target": {"judge": taker}, "text": {"reason": "另案由其审理"}}
    answer = await city.act(bearer, reference, ActionKind.TRANSFER, **given)
    assert answer.body["state"] == "accepted"


async def sign_in(city: City, reference: str, judge: str) -> None:
    answer = await city.act(city.credentials.judge_keys[judge], reference, ActionKind.SIGN_IN)
    assert answer.body["state"] == "accepted"


async def test_to_be_answered_on_the_spot(city_at: OpenCity) -> None:
    async with city_at(OPENED) as city:
        reference = await city.submit(category=Category.CONSULTATION, judge=None)
        details = await details_of(city, reference)
        assert details.headline == "**to be answered on the spot 待即答** · summary 简易"
        assert details.items[HOLDER] == "none yet; a clerk of the service platform answers 尚未派单，由平台即答"
        assert details.to_come == LADDER
        assert "2026-09-18" in details.items[NEXT] and "becomes ordinary 逾期转普通程序" in details.items[NEXT]
        assert "art. 4" in details.items[WHY] and "第四条" in details.items[WHY]
        assert details.remarks == []


async def test_awaiting_reply_after_the_warning_and_after_rung_2(city_at: OpenCity) -> None:
    async with city_at(OPENED) as city:
        reference = await city.submit()
        for played_to, fired in (("2026-09-18 10:01", 0), ("2026-09-22 09:00", 1), ("2026-09-25 09:00", 3)):
            await city.advance_to(played_to)
            details = await details_of(city, reference)
            rung, due_on, told = LADDER[fired]
            assert details.headline == "**awaiting reply 待答复** · ordinary 普通"
            assert details.items[HOLDER] == f"{FIRST_CIVIL_JUDGE} (0104-j01)"
            assert OFFERED not in details.items
            assert details.to_come == LADDER[fired:]
            assert [(row.rung, row.standing) for row in details.rows[:fired]] == [
                (name, "recorded 已报送") for name, _, _ in LADDER[:fired]
            ]
            assert details.items[NEXT] == f"{rung}, told to {told} if {due_on} ends without a reply"
            assert "after receipt (art. 8)" in details.items[WHY] and "第八条" in details.items[WHY]
            assert details.remarks == []


async def test_a_transfer_moves_the_post_when_the_taker_signs_in(city_at: OpenCity) -> None:
    async with city_at(OPENED) as city:
        reference = await city.submit()
        await city.advance(hours=1)
        await transfer(city, reference, "0104-j01", "0104-j04")
        offered = await details_of(city, reference)
        assert offered.items[HOLDER] == f"{FIRST_CIVIL_JUDGE} (0104-j01)"
        assert offered.items[OFFERED] == f"{SECOND_CIVIL_JUDGE} (0104-j04), not signed in 未签收"

        await sign_in(city, reference, "0104-j04")
        details = await details_of(city, reference)
        assert details.items[HOLDER] == f"{SECOND_CIVIL_JUDGE} (0104-j04)"
        assert OFFERED not in details.items
        assert FIRST_CIVIL_JUDGE not in details.text
        assert details.to_come == LADDER
        assert details.items[NEXT].startswith("warning 预警, told to holder 承办人")
        assert "business day 2 after receipt" in details.items[WHY]


async def test_after_the_last_rung_and_after_closure(city_at: OpenCity) -> None:
    async with city_at(OPENED) as city:
        reference = await city.submit()
        await city.advance_to("2026-10-09 09:00")
        details = await details_of(city, reference)
        assert details.to_come == []
        assert details.items[NEXT].startswith("nobody above is left")

        await city.reply(reference)
        await city.handle(reference).result()
        details = await read_details(city.client, f"request-{reference}")
        assert details.headline == "**closed 已办结** · ordinary 普通"
        assert details.items[WHY] == "ended by reply 已结束"


async def test_dates_past_the_last_announced_day_say_so(city_at: OpenCity) -> None:
    async with city_at("2026-12-29 10:00") as city:
        reference = await city.submit()
        details = await details_of(city, reference)
        marks = {row.due_on: row.mark for row in details.rows}
        assert marks["2026-12-31"] == ""
        assert {mark for due_on, mark in marks.items() if due_on > "2026-12-31"} == {"provisional 暂定"}
        assert len(details.to_come) == 5


async def test_what_is_done_and_waited_for_has_a_summary(city_at: OpenCity) -> None:
    async with city_at(OPENED) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-22 09:00")
        history = await city.handle(reference).fetch_history()
        events = history.to_json_dict()["events"]
        started = [e for e in events if e["eventType"] in (
            "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED", "EVENT_TYPE_TIMER_STARTED", "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"
        )]  # fmt: skip
        assert len(started) == 6
        for event in started:
            assert "summary" in event["userMetadata"], event["eventType"]
