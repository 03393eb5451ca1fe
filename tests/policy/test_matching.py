"""When a short message counts as received, which request it means, and when silence confirms it (M30-M32)."""

from datetime import UTC, datetime, timedelta

import pytest

from calendars.core import BusinessCalendar
from liaison.policy.claims import LOOK_EVERY, ON_ITS_WAY, Told, fate_of_claim, heard_at, working_time_after
from liaison.policy.matching import Candidate, match, receive_time
from liaison.policy.message_words import MessageState, Mismatch
from liaison.policy.policy import packaged_policy
from liaison.policy.words import ClaimFate
from tests.city import shanghai

POLICY = packaged_policy()
NOW = datetime(2026, 9, 18, 2, 0, tzinfo=UTC)
MINE, OTHER = Candidate("0104-j01", "7K3M-9QXF-2T4W-Z"), Candidate("0104-j01", "7K3M-0000-0000-0")


@pytest.mark.parametrize(
    ("ahead", "counts"),
    [
        (timedelta(minutes=5), True),
        (timedelta(minutes=5, seconds=1), False),
        (-timedelta(hours=24), True),
        (-timedelta(hours=24, seconds=1), False),
    ],
)
def test_the_provider_is_believed_within_bounds(ahead: timedelta, counts: bool) -> None:
    sent_at = NOW + ahead
    assert receive_time(sent_at, NOW, POLICY.short_messages) == (sent_at if counts else NOW)


@pytest.mark.parametrize(
    ("named", "known", "coded", "closed", "astray", "found"),
    [
        ([MINE], True, True, False, False, MINE),
        ([MINE], True, True, True, False, Mismatch.AMBIGUOUS),
        ([MINE], True, True, False, True, Mismatch.AMBIGUOUS),
        ([MINE, OTHER], True, True, False, False, Mismatch.AMBIGUOUS),
        ([], True, True, False, False, Mismatch.UNKNOWN_CODE),
        ([], True, True, True, False, Mismatch.CLOSED),
        ([], True, False, False, False, Mismatch.NO_CODE),
        ([], False, True, False, False, Mismatch.UNKNOWN_NUMBER),
        ([], False, False, False, False, Mismatch.UNKNOWN_NUMBER),
    ],
)
def test_nothing_is_guessed(
    named: list[Candidate], known: bool, coded: bool, closed: bool, astray: bool, found: Candidate | Mismatch
) -> None:
    assert match(named, known=known, coded=coded, closed=closed, astray=astray) == found


@pytest.mark.parametrize(
    ("since", "hours", "until"),
    [
        ("2026-09-18 09:00", 1, "2026-09-18 10:00"),
        ("2026-09-18 11:30", 1, "2026-09-18 14:30"),
        ("2026-09-18 11:00", 1, "2026-09-18 12:00"),
        ("2026-09-18 12:00", 1, "2026-09-18 15:00"),
        # A make-up Sunday is worked; the Mid-Autumn Friday and the weekend after it are not.
        ("2026-09-18 17:00", 1, "2026-09-20 09:00"),
        ("2026-09-24 17:30", 1, "2026-09-28 09:30"),
        ("2026-09-18 10:01", 4, "2026-09-18 16:01"),
        ("2026-09-18 08:30", 14, "2026-09-20 17:30"),
    ],
)
def test_working_hours_are_counted_in_windows(since: str, hours: int, until: str, calendar: BusinessCalendar) -> None:
    counted = working_time_after(shanghai(since), timedelta(hours=hours), "0104", calendar, POLICY)
    assert counted == shanghai(until)


@pytest.mark.parametrize("receipts", [True, False])
@pytest.mark.parametrize("state", list(MessageState))
def test_only_who_was_told_can_confirm_by_silence(
    state: MessageState, receipts: bool, calendar: BusinessCalendar
) -> None:
    went, arrived = shanghai("2026-09-18 09:10"), shanghai("2026-09-18 09:20")
    heard = heard_at(state, went, arrived, receipts=receipts)
    told = Told(state, shanghai("2026-09-18 09:00"), shanghai("2026-09-18 09:00"), heard)

    def fate(at: str) -> ClaimFate:
        return fate_of_claim(told, shanghai(at), "0104", calendar, POLICY)[0]

    fates = [fate(f"2026-09-18 {at}") for at in ("10:09", "10:10", "10:19", "10:20", "15:00")]
    waiting, confirmed, lapsed = ClaimFate.WAITING, ClaimFate.CONFIRMED, ClaimFate.LAPSED
    if state is MessageState.DELIVERED:
        assert fates == [waiting] * 3 + [confirmed] * 2
    elif state is MessageState.SUBMITTED and not receipts:
        assert fates == [waiting] + [confirmed] * 4
    elif state in ON_ITS_WAY:
        assert fates == [waiting] * 4 + [lapsed]
    else:
        assert fates == [lapsed] * 5


def test_a_message_on_its_way_is_looked_at_again(calendar: BusinessCalendar) -> None:
    claimed, opens = shanghai("2026-09-18 23:50"), shanghai("2026-09-20 08:30")
    told = Told(MessageState.RESERVED, claimed, opens, None)
    assert fate_of_claim(told, claimed, "0104", calendar, POLICY) == (ClaimFate.WAITING, opens + LOOK_EVERY)
