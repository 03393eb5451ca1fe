"""What is said of a date that is provisional (issue line C31, design section 4)."""

import pytest

from liaison.policy.told_dates import ToldDate, date_in, date_params, due_date, for_operators, in_words
from liaison.policy.words import Language

FINAL, PROVISIONAL = ToldDate("2026-12-31", provisional=False), ToldDate("2027-01-04", provisional=True)
LEAST_LIMIT = 35
"""Characters that a parameter may have with the provider who allows fewest (https://developer.aliyun.com/ask/220871)."""


@pytest.mark.parametrize(
    ("language", "said"), [(Language.ZH_CN, "2027-01-04（暂定）"), (Language.EN, "2027-01-04 (provisional)")]
)
def test_a_provisional_date_says_so_and_fits_a_parameter(language: Language, said: str) -> None:
    params = {"reference": "7K3M-9QXF-2T4W-Z", **date_params(was=FINAL, due_on=PROVISIONAL)}
    assert in_words(params, language) == {"reference": "7K3M-9QXF-2T4W-Z", "was": "2026-12-31", "due_on": said}
    assert len(said) <= LEAST_LIMIT


def test_final_dates_are_days_and_nothing_else() -> None:
    params = date_params(was=FINAL, due_on=FINAL)
    assert params == {"was": "2026-12-31", "due_on": "2026-12-31"}
    assert in_words(params, Language.EN) == params


def test_a_date_is_read_back_as_it_was_told() -> None:
    params = date_params(was=PROVISIONAL, due_on=FINAL)
    assert (date_in(params, "was"), date_in(params, "due_on")) == (PROVISIONAL, FINAL)
    assert due_date({"rung": 0, "due_on": "2027-01-04", "provisional": True}) == PROVISIONAL


def test_operators_read_it_in_both_languages() -> None:
    assert (for_operators(FINAL), for_operators(PROVISIONAL)) == ("2026-12-31", "2027-01-04 (provisional 暂定)")
