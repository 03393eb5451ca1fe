"""Which of our two languages a caller reads: English unless Chinese is asked for first."""

from liaison.policy.words import Language


def preferred_language(accept_language: str | None) -> Language:
    """Read an ``Accept-Language`` header (RFC 9110); English when it is missing, unreadable or names neither."""
    best, chosen = 0.0, Language.EN
    for weight, tag in _weighed(accept_language or ""):
        language = {"zh": Language.ZH_CN, "en": Language.EN}.get(tag.partition("-")[0])
        if language is not None and weight > best:
            best, chosen = weight, language
    return chosen


def _weighed(header: str) -> list[tuple[float, str]]:
    """``(weight, tag)`` of each range, in the order given, which decides between equal weights."""
    ranges = []
    for part in header.lower().split(","):
        tag, _, parameter = part.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
        except ValueError:
            weight = 0.0
        ranges.append((weight, tag.strip()))
    return ranges
