"""Codes by which a short message names its request: read in any spelling, never guessed (M31)."""

import random

import pytest

from liaison.contract.codes import called_by, extension_code, named_by, read_spoken, short_code, spans_of
from liaison.contract.reference import new_reference
from tests.scale import scaled

REFERENCE = "7K3M-9QXF-2T4W-Z"
SAID = "已联系当事人，下周三开庭。"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"7K3M {SAID}", "7K3M"),
        (f"7k3m{SAID}", "7K3M"),
        (f"  7K3M：{SAID}", "7K3M"),
        (f"回复 7K3M-9 {SAID}", "7K3M9"),
        (f"回复#7K3M,{SAID}", "7K3M"),
        (f"7K3M-9QXF-2T4W-Z {SAID}", "7K3M9QXF2T4WZ"),
        (f"７Ｋ３ｍ {SAID}", "7K3M"),
        (f"OIl0 {SAID}", "0110"),
    ],
)
def test_a_code_is_read_in_any_spelling(text: str, code: str) -> None:
    spoken = read_spoken(text, 4)
    assert spoken is not None
    # What is said stays as it was written, wide commas and all.
    assert spoken == (code, SAID)


@pytest.mark.parametrize(
    "text",
    [SAID, "", "7K3 已联系", "7K3U 已联系", "7K3M-9QXF-2T4W-Z7 已联系", "【广州】7K3M 已联系", "-- 已联系"],
)
def test_what_is_no_code_is_not_read_as_one(text: str) -> None:
    assert read_spoken(text, 4) is None


def test_a_code_is_lengthened_until_it_is_the_only_one() -> None:
    assert short_code(REFERENCE, [], 4) == "7K3M"
    assert short_code(REFERENCE, [REFERENCE], 4) == "7K3M"
    assert short_code(REFERENCE, ["7K3M-0000-0000-0", "7K3M-9QZZ-0000-0"], 4) == "7K3M9QX"
    # One random letter apart, and even then the whole names one.
    assert short_code(REFERENCE, ["7K3M-9QXF-2T4W-0"], 4) == "7K3M9QXF2T4WZ"


def test_a_code_lies_where_the_references_are_that_it_names() -> None:
    drawn = random.Random(7)
    # Where the numbers begin anew, too.
    highest = ["ZZZZ-ZZZZ-ZZZZ-Z", "VR0Q-0000-0000-0", "VQZZ-0000-0000-0", "0000-0000-0000-0"]
    references = [*highest, *(new_reference(drawn.randbytes) for _ in range(2_000))]
    for reference in references[: scaled(40, 300)]:
        for letters, digits in ((short_code(reference, [], 4), ""), ("", extension_code(reference, []))):
            lie_there = [
                each for each in references for span in spans_of(letters, digits) if span.first <= each <= span.last
            ]
            assert lie_there == [*named_by(letters, references), *called_by(digits, references)]
    assert spans_of("", "") == spans_of("", "12345") == spans_of("", "1" * 19) == spans_of("", "12345x") == []


def test_codes_name_one_request_of_many() -> None:
    drawn = random.Random(5)
    references = [new_reference(drawn.randbytes) for _ in range(3_000)]
    for reference in references[: scaled(40, 300)]:
        assert named_by(short_code(reference, references, 4), references) == [reference]
        assert called_by(extension_code(reference, references), references) == [reference]
        assert called_by(extension_code(reference, references)[:5], references) == []
