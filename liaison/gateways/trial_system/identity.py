"""Whether somebody who asks about a case is a party of it (issue line L26)."""

import hmac
import unicodedata
from collections.abc import Callable

from liaison.gateways.phones import e164
from liaison.gateways.trial_system.port import TrialCase, TrialParty


def identifies(case: TrialCase, name: str, phone: str, query_code: str | None) -> TrialParty | None:
    """The party whose query code was given, else the party with this name and this telephone number.

    Widths, letter case and spaces do not matter, nor how the number is written. Answers go to the returned party's
    registered ``phone``, never to the caller's.
    """
    code = _plain(query_code or "")
    number = e164(phone)
    by_code = _only(case, lambda party: _same(_plain(party.query_code), code))
    return by_code or _only(case, lambda party: party.phone == number and _same(_plain(party.name), _plain(name)))


def _only(case: TrialCase, matches: Callable[[TrialParty], bool]) -> TrialParty | None:
    return next((party for party in case.parties if matches(party)), None)


def _same(registered: str, given: str) -> bool:
    """Equal and not empty, compared in a time that does not tell how much of it was right."""
    return bool(registered) and hmac.compare_digest(registered.encode(), given.encode(errors="replace"))


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
