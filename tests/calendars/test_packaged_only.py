"""What ships are notices that were published; the invented one stays among the tests."""

import tomllib
from datetime import date
from importlib.resources import files

from calendars.core import build_calendar
from calendars.notice import Notice
from tests.calendars.invented import FILE, invented_2027


def test_no_packaged_notice_is_invented(notices: tuple[Notice, ...]) -> None:
    assert max(notice.year for notice in notices) == 2026
    texts = [entry.read_text(encoding="utf-8") for entry in (files("calendars") / "notices").iterdir()]
    assert len(texts) == len(notices)
    assert not any("虚构" in text or "INVENTED" in text for text in texts)
    assert all(tomllib.loads(text)["doc_no"].startswith("国办发明电") for text in texts)


def test_the_invented_notice_says_so_and_makes_its_year_final(notices: tuple[Notice, ...]) -> None:
    assert FILE.read_text(encoding="utf-8").startswith("# INVENTED.")
    assert "虚构" in invented_2027().title
    calendar = build_calendar([*notices, invented_2027()], 11)
    assert calendar.final_until.year == 2027
    assert calendar.count(date(2026, 12, 31), date(2027, 12, 31)) == 248
    assert calendar.is_business_day(date(2027, 1, 31)), "a Sunday worked for the Spring Festival"
