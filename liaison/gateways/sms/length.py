"""How long a short message is, in parts as the domestic networks count them; and how a text is cut or divided.

A part carries 140 octets, which is 70 characters of UCS-2; in a longer message 6 of them are taken by the header that
puts the parts together, which leaves 67 (3GPP TS 23.040, 9.2.3.24.1). A character is 16 bits here as it is there: an
emoji is two. The signature 【…】 counts as it stands in the text.
"""

from collections.abc import Iterator
from typing import Final

import regex

ONE: Final = 70
"""Characters of a message that is sent whole."""
PART: Final = 67
"""Characters of each part of a longer one."""
CUT: Final = "…"
"""The last character of a parameter that was cut."""


def characters(text: str) -> int:
    """The length as networks count it, in units of 16 bits."""
    return len(text.encode("utf-16-be")) // 2


def parts(text: str) -> int:
    """How many messages a provider counts: one up to 70 characters, else one for every 67 begun."""
    length = characters(text)
    return 1 if length <= ONE else -(-length // PART)


def divided(text: str) -> tuple[str, ...]:
    """The parts as they are sent, none of which ends within what people see as one character.

    There may be one more than ``parts`` counts, where whole characters do not fill them.
    """
    return (text,) if characters(text) <= ONE else tuple(_filled(text))


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters of a text; what is cut ends with an ellipsis, never within a character."""
    if characters(text) <= limit:
        return text
    return next(_filled(text, limit - characters(CUT)), "") + CUT


def _filled(text: str, limit: int = PART) -> Iterator[str]:
    """The text in pieces of whole characters, each as long as it may be; what is longer alone falls where it must."""
    piece, length = "", 0
    for whole in _whole(text, limit):
        size = characters(whole)
        if length + size > limit and piece:
            yield piece
            piece, length = "", 0
        piece, length = piece + whole, length + size
    if piece:
        yield piece


def _whole(text: str, limit: int) -> Iterator[str]:
    """What people see as characters: a letter with its marks, an emoji with all it is made of."""
    for cluster in regex.findall(r"\X", text):
        yield from cluster if characters(cluster) > limit else (cluster,)
