"""The reference of a request: what a party is given, reads over the telephone and asks with.

Twelve random letters of Crockford's base-32 alphabet (60 bits) and one Luhn mod 32 check letter, grouped
``7K3M-9QXF-2T4W-Z`` (design section 3). It says nothing about anybody, hence may stand in workflow ids.
"""

import secrets
from collections.abc import Callable
from typing import NamedTuple

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE = len(ALPHABET)
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_RANDOM_LETTERS = 12
LETTERS = _RANDOM_LETTERS + 1
DIGITS = 18
_GROUP = 4
_LOOKALIKES = str.maketrans("OIL", "011")


class Span(NamedTuple):
    """References from one to another in their order, both included, whether or not they have been given out."""

    first: str
    last: str


class BadReference(ValueError):
    """A text is not a reference; the message never quotes it."""


def new_reference(random_bytes: Callable[[int], bytes] | None = None) -> str:
    """A fresh reference such as ``7K3M-9QXF-2T4W-Z``. Not for workflow code: the sandbox refuses its randomness.

    Args:
        random_bytes: Gives n random bytes; ``secrets.token_bytes`` if left out.
    """
    # Looked up here, not as a default value: the sandbox refuses the name even while it imports this module.
    draw = random_bytes or secrets.token_bytes
    body = "".join(ALPHABET[byte % _BASE] for byte in draw(_RANDOM_LETTERS))
    return grouped(body + _check_letter(body))


def parse_reference(text: str) -> str:
    """The one written form of a reference given in any case, with or without hyphens, with O for 0 and I or L for 1.

    Raises:
        BadReference: too short, too long, a letter outside the alphabet, or the check letter is wrong.
    """
    letters = letters_of(text)
    if len(letters) != LETTERS:
        raise BadReference("a reference has 13 letters and digits, such as 7K3M-9QXF-2T4W-Z")
    if _check_letter(letters[:-1]) != letters[-1]:
        raise BadReference("the reference has a typing error: its last letter does not fit the others")
    return grouped(letters)


def letters_of(text: str) -> str:
    """The letters of a reference, or of its beginning, in any spelling; empty if one is none of the alphabet."""
    # Upper-casing first would turn some non-ASCII letters into I or S.
    letters = text.replace("-", "").upper().translate(_LOOKALIKES) if text.isascii() else ""
    return letters if _VALUES.keys() >= set(letters) else ""


def number_of(reference: str) -> str:
    """The random letters of a reference in its one written form as 18 decimal digits."""
    number = 0
    for letter in reference.replace("-", "")[:_RANDOM_LETTERS]:
        number = _BASE * number + _VALUES[letter]
    return f"{number % 10**DIGITS:0{DIGITS}}"


def spans_numbered(first: int, last: int) -> list[Span]:
    """Where the references lie whose numbers, see ``number_of``, are from ``first`` to ``last``."""
    # Twelve letters hold a little more than 18 digits: the highest of them begin anew.
    beyond, anew = _BASE**_RANDOM_LETTERS, 10**DIGITS
    turns = [(first, last), (first + anew, min(last + anew, beyond - 1))]
    return [
        Span(span_beginning(_lettered(low)).first, span_beginning(_lettered(high)).last)
        for low, high in turns
        if low < beyond
    ]


def span_beginning(letters: str) -> Span:
    """Where the references lie that begin with these letters."""
    return Span(grouped(letters.ljust(LETTERS, ALPHABET[0])), grouped(letters.ljust(LETTERS, ALPHABET[-1])))


def grouped(letters: str) -> str:
    """Letters of a reference, or of its beginning, as they are written."""
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def _lettered(number: int) -> str:
    """The random letters that make this number."""
    letters = ""
    for _ in range(_RANDOM_LETTERS):
        number, value = divmod(number, _BASE)
        letters = ALPHABET[value] + letters
    return letters


def _check_letter(body: str) -> str:
    """Luhn mod N: every second value from the right is doubled and its base-32 digits are added up."""
    total = 0
    for position, letter in enumerate(reversed(body)):
        value = _VALUES[letter]
        total += sum(divmod(2 * value, _BASE)) if position % 2 == 0 else value
    return ALPHABET[-total % _BASE]
