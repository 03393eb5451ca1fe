"""How long a message is and where it may be cut, by the providers' own examples (issue line M02)."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from liaison.gateways.sms.length import CUT, ONE, PART, characters, cut, divided, parts
from liaison.gateways.sms.templates import packaged_templates
from liaison.policy.words import Language

EXAMPLES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "sms_examples.toml").read_text(encoding="utf-8")
)["example"]

FAMILY = "👨‍👩‍👧‍👦"
"""One picture of four people: eleven units of 16 bits."""
TEXTS = st.lists(st.sampled_from(["诉", "a", "1", "。", "👍🏽", "🇨🇳", "e\u0301", FAMILY, "𠮷"]), max_size=150).map(
    "".join
)


def text_of(example: dict[str, Any]) -> str:
    """The whole message: signature and text, or as many characters as the source speaks of."""
    return str(example["signature"] + example["text"]) or "诉" * int(example["characters"])


@pytest.mark.parametrize("example", [pytest.param(row, id=row["says"]) for row in EXAMPLES])
def test_providers_count_as_we_do(example: dict[str, Any]) -> None:
    text = text_of(example)
    assert (characters(text), parts(text)) == (example["characters"], example["parts"])
    assert [characters(part) for part in divided(text)] == example["divided"]
    assert example["source"].startswith(("https://", "3GPP TS "))


def test_examples_stand_on_both_sides_of_every_limit() -> None:
    lengths = {example["characters"] for example in EXAMPLES}
    assert {ONE, ONE + 1, 2 * PART, 2 * PART + 1} <= lengths


@given(TEXTS)
def test_what_is_divided_is_whole_again(text: str) -> None:
    pieces = divided(text)
    assert "".join(pieces) == text
    assert all(characters(piece) <= (ONE if len(pieces) == 1 else PART) for piece in pieces)
    assert len(pieces) >= parts(text)
    assert [whole for piece in pieces for whole in regex.findall(r"\X", piece)] == regex.findall(r"\X", text)


@given(TEXTS, st.integers(min_value=12, max_value=60))
def test_what_is_cut_ends_with_a_whole_character(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert characters(short) <= limit
    if short != text:
        kept, mark = regex.findall(r"\X", short)[:-1], short[-1]
        assert mark == CUT
        assert kept == regex.findall(r"\X", text)[: len(kept)]
        assert characters("".join(regex.findall(r"\X", text)[: len(kept) + 1])) > limit - 1, "no more would have fitted"


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("七十" * 17 + "七", 35, "七十" * 17 + "七"),
        ("七十" * 18, 35, "七十" * 17 + "…"),
        ("案情" + FAMILY, 12, "案情…"),
        ("cafe\u0301s", 5, "caf…"),
        ("", 35, ""),
        ("e" + "\u0301" * 50, 35, "e" + "\u0301" * 33 + "…"),
    ],
    ids=["fits", "is cut", "an emoji stays whole", "a letter keeps its mark", "nothing", "no character is that long"],
)
def test_a_parameter_is_cut(text: str, limit: int, short: str) -> None:
    assert cut(text, limit) == short


def test_every_text_of_ours_is_signed_in_both_languages() -> None:
    for name, texts in packaged_templates().items():
        assert set(texts) == set(Language), name
        if not name.startswith("machine_"):
            assert texts["zh-CN"].startswith("【广州法院】") and texts["en"].startswith("[Guangzhou Courts]"), name
