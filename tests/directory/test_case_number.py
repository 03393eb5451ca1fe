"""Case numbers: many spellings, one canonical form, nothing else accepted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liaison.policy.case_number import BadCaseNumber, normalise_case_number, without_suffix

CANONICAL = "（2026）粤0104民初1234号"


@pytest.mark.parametrize(
    "written",
    [
        CANONICAL,
        "(2026)粤0104民初1234号",
        "（2026)粤0104民初1234号",
        "〔2026〕粤0104民初1234号",
        "［2026］粤0104民初1234号",
        "【2026】粤0104民初1234号",
        "（２０２６）粤０１０４民初１２３４号",
        " ( 2026 ) 粤 0104 民初\u30001234 号\n",
    ],
)
def test_spellings_of_one_number(written: str) -> None:
    assert normalise_case_number(written) == CANONICAL


@pytest.mark.parametrize(
    "number",
    [
        "（2026）粤01民终5号",
        "（2019）粤民再12号",
        "（2021）最高法民申1号",
        "（2026）粤0192执恢77号",
        "（2024）粤0104民初9号之十二",
    ],
)
def test_other_courts_types_and_suffixes(number: str) -> None:
    assert normalise_case_number(number) == number


def test_a_suffix_is_kept_and_can_be_taken_off() -> None:
    assert normalise_case_number("(2026)粤0104民初1234号之一") == f"{CANONICAL}之一"
    assert without_suffix(f"{CANONICAL}之一") == CANONICAL
    assert without_suffix(CANONICAL) == CANONICAL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1234",
        "2026粤0104民初1234号",
        "（2026）粤0104民初1234",
        "（2026）粤0104民初号",
        "（26）粤0104民初1号",
        "（2026）粤010民初1号",
        "（2026）粤0104号",
        "（2026）粤0104民初0号",
        "（2026）粤0104民初1234号之",
        "（2026）0104民初1号",
        "（2026）粤0104民初1234号; DROP",
        "（2026）粤0104民初1\x00号",
        "（2026）粤0104民初1\ud800号",
        "（٢٠٢٦）粤0104民初1号",
        CANONICAL + CANONICAL,
        " " * 101 + CANONICAL,
    ],
)
def test_anything_else_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadCaseNumber) as refused:
        normalise_case_number(text)
    assert str(refused.value) == "not a case number; expected a form such as （2026）粤0104民初1234号"


han = st.sampled_from("民刑行执知破初终再申特")
numbers = st.builds(
    "（{}）粤{}{}{}号{}".format,
    st.integers(1990, 2099),
    st.sampled_from(["01", "0104", "0192", ""]),
    st.text(han, min_size=1, max_size=4),
    st.integers(1, 99_999_999),
    st.sampled_from(["", "之一", "之十", "之二十一"]),
)
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@settings(deadline=None)
@given(numbers, st.booleans(), st.booleans(), st.lists(st.integers(0, 30), max_size=5))
def test_normalising_is_idempotent_and_undoes_widths_and_spaces(
    number: str, wide: bool, narrow_brackets: bool, spaces: list[int]
) -> None:
    written = number.translate(WIDE) if wide else number
    written = written.replace("（", "(").replace("）", ")") if narrow_brackets else written
    for at in spaces:
        written = f"{written[:at]} {written[at:]}"

    assert normalise_case_number(written) == number
    assert normalise_case_number(number) == number


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_either_refused_or_canonical_at_once(text: str) -> None:
    try:
        number = normalise_case_number(text)
    except BadCaseNumber:
        return
    assert normalise_case_number(number) == number
