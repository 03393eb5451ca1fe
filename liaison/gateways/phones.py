"""Telephone numbers as the telephone network writes them: E.164."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType


def e164(text: str, *, mobile_only: bool = False) -> str | None:
    """``139 0000 1001`` or ``020-83210001`` as ``+8613900001001`` or ``+862083210001``; China is assumed.

    Returns None for anything that is not a valid number, or not a mobile one where ``mobile_only`` asks for it.
    """
    try:
        number = phonenumbers.parse(text, "CN")
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or number.extension:
        return None
    if mobile_only and phonenumbers.number_type(number) != PhoneNumberType.MOBILE:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def takes_short_messages(number: str) -> bool:
    """Whether a valid E.164 number may be a mobile one; a landline takes no short message."""
    kind = phonenumbers.number_type(phonenumbers.parse(number))
    return kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
