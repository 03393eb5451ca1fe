"""What comes from outside as text: no larger than a year of days can be, and readable."""

from calendars.faults import SourceUnreadable

MAX_BYTES = 1_000_000
"""A year is some 10 kB in any format we read; anything of this size is something else."""


def readable_text(content: str | bytes, what_zh: str, what: str) -> str:
    """Give the content as text; a refusal calls it ``what`` in each language.

    Raises:
        SourceUnreadable: it is larger than ``MAX_BYTES`` (said before anything is parsed), or not UTF-8.
    """
    # A character is a byte at least: what is too long as text is too large without encoding it.
    if len(content) > MAX_BYTES:
        most = f"{MAX_BYTES // 1_000_000} MB"
        raise SourceUnreadable(f"{what_zh}超过 {most}", f"{what} is larger than {most}")
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceUnreadable(f"{what_zh}不是 UTF-8 文本", f"{what} is not UTF-8 text") from None
