"""By which a short message names its request: the first letters of the reference, or digits behind our number.

A code is never guessed: it names every request whose reference begins with it, and counts only if that is one.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from liaison.contract.reference import DIGITS, LETTERS, Span, letters_of, number_of, span_beginning, spans_numbered

LEAST_DIGITS = 6
"""Digits of an extension code: with fewer, two open requests of one judge would too often share one."""

_LEADING = re.compile(
    r"\s*(?:(?:回复|答复|编号|工单)\s*)?[#＃]?\s*([0-9A-Za-z０-９Ａ-Ｚａ-ｚ－-]+)[\s:：,，。.、;；]*(.*)",
    re.DOTALL,
)


class Spoken(NamedTuple):
    """The code at the beginning of a text, as letters of a reference, and what is said after it."""

    code: str
    said: str


def read_spoken(text: str, least: int) -> Spoken | None:
    """Read ``7K3M 已联系当事人``; None where no code of ``least`` letters or more stands at the beginning.

    Any spelling of a reference will do, also the wide letters of Chinese keyboards.
    """
    found = _LEADING.fullmatch(text)
    # The code alone is brought to its plain form: what is said to the party stays as it was written.
    letters = letters_of(unicodedata.normalize("NFKC", found[1])) if found else ""
    return Spoken(letters, found[2].strip()) if found and least <= len(letters) <= LETTERS else None


def named_by(code: str, references: Iterable[str]) -> list[str]:
    """The references that begin with these letters; none where there are none."""
    return [reference for reference in references if code and letters_of(reference).startswith(code)]


def called_by(digits: str, references: Iterable[str]) -> list[str]:
    """The references that an extension code stands for."""
    return [
        reference for reference in references if len(digits) >= LEAST_DIGITS and number_of(reference).startswith(digits)
    ]


def spans_of(letters: str, digits: str) -> list[Span]:
    """Where the references lie that either names, whoever holds them."""
    spans = [span_beginning(letters)] if letters else []
    if digits.isdecimal() and LEAST_DIGITS <= len(digits) <= DIGITS:
        first, among = int(digits), 10 ** (DIGITS - len(digits))
        spans += spans_numbered(first * among, (first + 1) * among - 1)
    return spans


def short_code(reference: str, others: Iterable[str], least: int) -> str:
    """The shortest beginning of a reference, of ``least`` letters or more, that none of ``others`` has."""
    letters = letters_of(reference)
    taken = [letters_of(other) for other in others if other != reference]
    lengths = range(least, LETTERS)
    return next(
        (letters[:length] for length in lengths if not any(other.startswith(letters[:length]) for other in taken)),
        letters,
    )


def extension_code(reference: str, others: Iterable[str]) -> str:
    """The same in digits, for a provider that appends a code of ours to its number."""
    digits, taken = number_of(reference), [number_of(other) for other in others if other != reference]
    lengths = range(LEAST_DIGITS, len(digits))
    return next(
        (digits[:length] for length in lengths if not any(other.startswith(digits[:length]) for other in taken)),
        digits,
    )
