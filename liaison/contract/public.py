"""Text that may be read in Temporal's UI without a codec server."""

from typing import ClassVar


class Public(str):
    """Text for operators: summaries and details in Temporal's UI. **Never personal data, never a case number.**

    The payload converter marks it and the codec lets it pass unencrypted. Only the whole value counts: joined with
    a plain ``str`` it is a plain ``str`` again and is encrypted, so a slip of the pen hides text, never shows it.
    """

    __slots__ = ()

    # The workflow sandbox may import this module a second time, so that ``isinstance`` fails between the two classes.
    liaison_public: ClassVar[bool] = True


def is_public(value: object) -> bool:
    """Whether a value is ``Public`` text, whichever copy of the class made it."""
    return isinstance(value, str) and getattr(type(value), "liaison_public", False) is True
