"""Notices as data: complete, cited, and refused when they contradict themselves or each other."""

import json
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from calendars.core import BusinessCalendar, build_calendar, packaged_versions
from calendars.notice import Notice, NoticeError, notice_document, parse_notice
from tests.chinese import is_chinese


def document(**changes: Any) -> dict[str, Any]:
    plain = {
        "year": 2027,
        "title": "a notice invented for this test",
        "doc_no": "unknown",
        "published_on": "2026-11-30",
        "url": "unknown",
        "holidays": [
            {"zh": "元旦", "en": "New Year's Day", "off": ["2027-01-01/2027-01-03"], "work": []},
            {"zh": "劳动节", "en": "Labour Day", "off": ["2027-05-01/2027-05-05"], "work": ["2027-04-25"]},
        ],
    }
    return deepcopy(plain) | changes


def holiday(off: Any, work: str | None = None) -> list[dict[str, Any]]:
    return [{"zh": "春节", "en": "Spring Festival", "off": [off], "work": [work] if work else []}]


def test_the_ten_notices_are_there_and_cited(notices: tuple[Notice, ...]) -> None:
    assert [(str(notice.published_on), notice.year, notice.doc_no) for notice in notices] == [
        ("2018-12-06", 2019, "国办发明电〔2018〕15号"),
        ("2019-03-22", 2019, "国办发明电〔2019〕3号"),
        ("2019-11-21", 2020, "国办发明电〔2019〕16号"),
        ("2020-01-27", 2020, "国办发明电〔2020〕1号"),
        ("2020-11-25", 2021, "国办发明电〔2020〕27号"),
        ("2021-10-25", 2022, "国办发明电〔2021〕11号"),
        ("2022-12-08", 2023, "国办发明电〔2022〕16号"),
        ("2023-10-25", 2024, "国办发明电〔2023〕7号"),
        ("2024-11-12", 2025, "国办发明电〔2024〕12号"),
        ("2025-11-04", 2026, "国办发明电〔2025〕7号"),
    ]
    assert all(notice.url.startswith("https://www.gov.cn/") for notice in notices)
    assert [str(notice.amends) for notice in notices if notice.amends] == ["2018-12-06", "2019-11-21"]


def test_a_notice_survives_storage_as_json(notices: tuple[Notice, ...]) -> None:
    stored = [json.dumps(notice_document(notice), ensure_ascii=False) for notice in notices]
    assert tuple(parse_notice(json.loads(text)) for text in stored) == notices


def test_a_notice_stored_before_it_could_say_more_makes_the_same_calendar(notices: tuple[Notice, ...]) -> None:
    stored = [notice_document(notice) for notice in notices]
    for row in stored:
        del row["text_sha256"], row["formula_difference"]
    again = build_calendar(map(parse_notice, stored), number=10)
    assert again == build_calendar(notices, number=10)


def test_versions_are_numbered_in_order_of_publication(notices: tuple[Notice, ...]) -> None:
    versions = packaged_versions(reversed(notices))
    assert [version.number for version in versions] == list(range(1, 11))
    assert [version.final_until.year for version in versions] == [2019, 2019, 2020, 2020, *range(2021, 2027)]


def test_the_checksum_tells_calendars_apart(notices: tuple[Notice, ...], versions: list[BusinessCalendar]) -> None:
    assert len({version.checksum for version in versions}) == len(versions)
    again = build_calendar(tuple(reversed(notices)), number=10)
    assert (again, again.checksum) == (versions[-1], versions[-1].checksum)


def test_the_next_notice_makes_its_year_final(notices: tuple[Notice, ...]) -> None:
    extended = build_calendar([*notices, parse_notice(document())], number=11)
    assert extended.final_until == date(2027, 12, 31)
    assert extended.is_business_day(date(2027, 4, 25))
    assert not extended.is_provisional(date(2027, 4, 25))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"holidays": []}, "names no day off"),
        ({"holidays": holiday("2027-02-05", "2027-02-03")}, "2027-02-03 is no weekend day"),
        ({"holidays": holiday("2028-01-01")}, "2028-01-01 lies outside the notice for 2027"),
        ({"holidays": holiday("2026-11-30")}, "2026-11-30 lies outside the notice for 2027"),
        ({"holidays": holiday("2027-02-08/2027-02-05")}, "ends before it starts"),
        ({"holidays": holiday("2027-02-30")}, "day is out of range"),
        ({"holidays": holiday("0001-01-01/9999-12-31")}, "is longer than 31 days"),
        ({"holidays": holiday(20270201)}, "must be a text such as 2026-02-15/2026-02-23, not 20270201"),
        ({"holidays": [1]}, "a holiday must hold zh, en, off and work, not be 1"),
        ({"holidays": 1}, "holidays must be a list"),
        ({"text_sha256": "0" * 63}, "text_sha256 must be 64 hexadecimal digits"),
        ({"formula_difference": "so it is"}, "only an amendment may declare a formula_difference"),
        ({"amends": "2025-11-04", "formula_difference": " "}, "formula_difference must be a text"),
        ({"published_on": "yesterday"}, "yesterday"),
        ({"year": "2027"}, "year must be a whole number"),
        ({"title": " "}, "title must be a text"),
        ({"remark": "x"}, "unknown fields: remark"),
    ],
)
def test_a_faulty_notice_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NoticeError, match=sentence) as refused:
        parse_notice(document(**changes))
    assert is_chinese(refused.value.zh), refused.value.zh


def test_a_notice_without_a_field_is_refused() -> None:
    incomplete = document()
    del incomplete["doc_no"]
    with pytest.raises(NoticeError, match="lacks doc_no"):
        parse_notice(incomplete)


def build_with(notices: tuple[Notice, ...], **changes: Any) -> BusinessCalendar:
    return build_calendar([*notices, parse_notice(document(**changes))], number=11)


def test_notices_that_contradict_each_other_are_refused(notices: tuple[Notice, ...]) -> None:
    worked_twice = holiday("2027-01-01", "2026-12-26")
    assert build_with(notices, holidays=worked_twice).is_business_day(date(2026, 12, 26))
    for changes, says in (
        ({"year": 2026, "holidays": holiday("2026-12-30", "2026-10-04")}, "2026-10-04 is both worked and off"),
        ({"year": 2028, "holidays": holiday("2028-01-01")}, "no notice for 2027"),
        ({"published_on": "2025-11-04"}, "two notices of 2025-11-04"),
        ({"amends": "2025-01-01", "holidays": holiday("2027-02-05")}, "amends a 春节 that 2025-01-01 lacks"),
    ):
        with pytest.raises(NoticeError, match=says) as refused:
            build_with(notices, **changes)
        assert is_chinese(refused.value.zh), refused.value.zh
    with pytest.raises(NoticeError, match="at least one year") as refused:
        build_calendar([], number=1)
    assert is_chinese(refused.value.zh)
