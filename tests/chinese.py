"""Whether a Chinese sentence is one: names, numbers and identifiers may stand in it, English sentences may not."""

import re

_ENGLISH = re.compile(r"[A-Za-z]{2,},? [A-Za-z]{2,}")
_HAN = re.compile(r"[\u4e00-\u9fff]")


def is_chinese(text: str) -> bool:
    """Whether a text is written in Chinese: never two English words in a row."""
    return bool(_HAN.search(text)) and not _ENGLISH.search(text)
