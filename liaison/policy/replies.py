"""What counts as a reply (design section 5): something said to the party, not silence in other words."""

import unicodedata
from dataclasses import dataclass

from liaison.policy.rules import Policy

_SPACE_PUNCTUATION_SYMBOLS = ("Z", "P", "S", "C")


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a text is no reply, in both languages."""

    zh: str
    en: str


def bare(text: str) -> str:
    """A text without what makes a copy look different: width, case, spaces, punctuation, symbols."""
    normal = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in normal if unicodedata.category(letter)[0] not in _SPACE_PUNCTUATION_SYMBOLS)


def flaw_of(text: str, question: str, policy: Policy) -> Flaw | None:
    """Why ``text`` is no answer to ``question``: blank, too short, or the question itself; None if it is one."""
    least = policy.reply_min_characters
    if not bare(text):
        return Flaw("答复不能为空。", "The text is blank.")
    if len(text.strip()) < least:
        return Flaw(f"答复不得少于 {least} 个字。", f"The text needs at least {least} characters.")
    if bare(text) == bare(question):
        return Flaw("答复与诉求内容相同。", "The text only repeats the question.")
    return None
