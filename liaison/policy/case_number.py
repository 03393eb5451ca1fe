"""Case numbers 案号 in one canonical form: ``（2026）粤0104民初1234号``.

The form of the Supreme People's Court's rules in force since 2016: year, court (a province's character and the
digits of the court, none for its high court), type of case, serial number, and for a later ruling in the same case a
suffix such as ``之一``. Both widths of brackets and digits occur in practice.
"""

import re
import unicodedata

MAX_INPUT = 100
"""Characters accepted before normalisation; real numbers have about 20."""

_HAN = "\u4e00-\u9fff"
_CASE_NUMBER = re.compile(
    r"[(\[〔【](?P<year>(?:19|20)[0-9]{2})[)\]〕】]"
    rf"(?P<court>最高法|[{_HAN}](?:[0-9]{{2}}|[0-9]{{4}})?)"
    rf"(?P<type>[{_HAN}]{{1,6}})(?P<serial>[1-9][0-9]{{0,7}})号"
    r"(?P<suffix>之[一二三四五六七八九十]{1,3})?"
)
_SUFFIX = re.compile("号之[一二三四五六七八九十]{1,3}$")


class BadCaseNumber(ValueError):
    """The text is no case number; the message says what one looks like and never repeats the input."""

    def __init__(self) -> None:
        super().__init__("not a case number; expected a form such as （2026）粤0104民初1234号")


def normalise_case_number(text: str) -> str:
    """Bring a case number, written as people write it, to its canonical form.

    Accepts brackets and digits of either width, the brackets of official documents, and white space anywhere.

    Raises:
        BadCaseNumber: The text is no case number.
    """
    if len(text) > MAX_INPUT:
        raise BadCaseNumber
    narrow = "".join(unicodedata.normalize("NFKC", text).split())
    found = _CASE_NUMBER.fullmatch(narrow)
    if found is None:
        raise BadCaseNumber
    return f"（{found['year']}）{found['court']}{found['type']}{found['serial']}号{found['suffix'] or ''}"


def without_suffix(case_number: str) -> str:
    """The case itself: ``…1234号之一`` is a later ruling in ``…1234号``. Takes a canonical number."""
    return _SUFFIX.sub("号", case_number)
