"""iCalendar files as holiday-cn writes them."""

from collections.abc import Iterator
from datetime import date, timedelta

from calendars.notice import Notice
from tests.calendars.invented import invented_2027


def ics(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.strip().splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def span(summary: str, first: date, last: date, more: str = "") -> str:
    after = last + timedelta(days=1)
    return (
        f"SUMMARY:{summary}\nDTSTART;VALUE=DATE:{first:%Y%m%d}\nDTEND;VALUE=DATE:{after:%Y%m%d}\n"
        f"UID:{first}/{after}/test\n{more}"
    )


def as_holiday_cn(notice: Notice) -> Iterator[str]:
    for holiday in notice.holidays:
        yield from (span(f"{holiday.zh}假期", first, last) for first, last in holiday.off)
        yield from (span(f"上班(补{holiday.zh}假期)", day, day) for day in holiday.work)


def many_years_with_2027() -> str:
    """A file of over 200 kB, days of years that nobody asks about and the invented notice for 2027."""
    others = (date(2001, 1, 1) + timedelta(days=3 * place) for place in range(2_500))
    return ics(*(span("旧假期", day, day) for day in others), *as_holiday_cn(invented_2027())).decode()
