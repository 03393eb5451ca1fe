"""Who receives at each rung, as a table (design section 5)."""

from dataclasses import replace

import pytest

from liaison.policy.recipients import Fault, FaultKind, Recipient, accused_in, one_message_each, recipient_of
from liaison.policy.roster import Holder, Roster, StaffStatus
from liaison.policy.words import Category, HolderKind, Post

LEADER, DEPUTY, PRESIDENT = Post.DEPARTMENT_LEADER, Post.DEPUTY_PRESIDENT, Post.PRESIDENT
HIGHEST, OFFICER, CHAMBER = Post.INTERMEDIATE_PRESIDENT, Post.LIAISON_OFFICER, Post.CASE_FILING_CHAMBER
ABSENT, VACANT, NOBODY = FaultKind.ABSENT, FaultKind.VACANT, FaultKind.NOBODY_LEFT
DESK = "01-d-filing"


def changed(roster: Roster, away: dict[str, str]) -> Roster:
    """The roster with people away: ``{"0104-l02": "absent>0104-j03"}`` is absent with a stand-in."""
    people = {person.id: person for person in roster.people}
    for staff_id, state in away.items():
        status, _, stand_in = state.partition(">")
        people[staff_id] = replace(people[staff_id], status=StaffStatus(status), stand_in=stand_in or None)
    return replace(roster, people=tuple(people.values()))


def holding(roster: Roster, holder_id: str) -> Holder:
    holder = roster.holder(holder_id)
    assert holder is not None
    return holder


ALL_PRESENT = [
    ("0104-j04", Post.HOLDER, Recipient(Post.HOLDER, "0104-j04")),
    ("0104-d-civil2", Post.HOLDER, Recipient(Post.HOLDER, desk="0104-d-civil2")),
    ("0104-j04", OFFICER, Recipient(OFFICER, "0104-l01")),
    ("0104-j04", LEADER, Recipient(LEADER, "0104-l03")),
    ("0104-j04", DEPUTY, Recipient(DEPUTY, "0104-v01")),
    ("0104-d-criminal", DEPUTY, Recipient(DEPUTY, "0104-v02")),
    ("0104-j04", PRESIDENT, Recipient(PRESIDENT, "0104-p01")),
    ("0104-j04", HIGHEST, Recipient(HIGHEST, "01-p01")),
    ("0104-j04", CHAMBER, Recipient(CHAMBER, desk=DESK)),
    ("01-j02", OFFICER, Recipient(OFFICER, "01-l03")),
    ("01-j02", PRESIDENT, Recipient(PRESIDENT, "01-p01")),
]


@pytest.mark.parametrize(("holder_id", "post", "expected"), ALL_PRESENT)
def test_everybody_present(roster: Roster, holder_id: str, post: Post, expected: Recipient) -> None:
    assert recipient_of(roster, post, holding(roster, holder_id), category=Category.JUDGE_CONTACT) == expected


def told(post: Post, staff_id: str, in_place_of: str | None, *faults: Fault) -> Recipient:
    return Recipient(post, staff_id, in_place_of=in_place_of, faults=faults)


AWAY = [
    # who is away, the holder, the post asked for, who receives
    ({"0104-l03": "absent>0104-j05"}, "0104-j04", LEADER,
     told(LEADER, "0104-j05", "0104-l03", Fault(ABSENT, LEADER, "0104-l03"))),
    ({"0104-l03": "vacant>0104-j05"}, "0104-j04", LEADER,
     told(LEADER, "0104-j05", "0104-l03", Fault(VACANT, LEADER, "0104-l03"))),
    ({"0104-l03": "absent"}, "0104-j04", LEADER,
     told(DEPUTY, "0104-v01", "0104-l03", Fault(ABSENT, LEADER, "0104-l03"))),
    ({"0104-l03": "absent"}, "0104-j04", DEPUTY, told(DEPUTY, "0104-v01", None)),  # and again at his own rung
    ({"0104-l03": "absent>0104-j05", "0104-j05": "absent"}, "0104-j04", LEADER,  # the stand-in is away too
     told(DEPUTY, "0104-v01", "0104-l03", Fault(ABSENT, LEADER, "0104-l03"))),
    ({"0104-l03": "absent>0104-j04"}, "0104-j04", LEADER,  # the stand-in is the holder
     told(DEPUTY, "0104-v01", "0104-l03", Fault(ABSENT, LEADER, "0104-l03"))),
    ({"0104-l03": "vacant", "0104-v01": "absent"}, "0104-j04", LEADER,
     told(PRESIDENT, "0104-p01", "0104-l03", Fault(VACANT, LEADER, "0104-l03"), Fault(ABSENT, DEPUTY, "0104-v01"))),
    ({"0104-p01": "vacant"}, "0104-j04", PRESIDENT,
     told(HIGHEST, "01-p01", "0104-p01", Fault(VACANT, PRESIDENT, "0104-p01"))),
    ({"01-p01": "absent"}, "0104-j04", HIGHEST,
     Recipient(CHAMBER, desk=DESK, in_place_of="01-p01",
               faults=(Fault(ABSENT, HIGHEST, "01-p01"), Fault(NOBODY, HIGHEST, None)))),
    ({"01-p01": "absent>01-v01"}, "0104-j04", HIGHEST,
     told(HIGHEST, "01-v01", "01-p01", Fault(ABSENT, HIGHEST, "01-p01"))),
    ({"01-p01": "vacant"}, "01-j02", PRESIDENT,  # the Intermediate Court's president is the last before the chamber
     Recipient(CHAMBER, desk=DESK, in_place_of="01-p01",
               faults=(Fault(VACANT, PRESIDENT, "01-p01"), Fault(NOBODY, PRESIDENT, None)))),
    ({"0104-j04": "absent>0104-j05"}, "0104-j04", Post.HOLDER,
     told(Post.HOLDER, "0104-j05", "0104-j04", Fault(ABSENT, Post.HOLDER, "0104-j04"))),
    ({"0104-j04": "absent"}, "0104-j04", Post.HOLDER,
     told(LEADER, "0104-l03", "0104-j04", Fault(ABSENT, Post.HOLDER, "0104-j04"))),
    ({"0104-l01": "absent"}, "0104-j06", OFFICER,  # supervised by the deputy in charge of litigation service
     told(DEPUTY, "0104-v01", "0104-l01", Fault(ABSENT, OFFICER, "0104-l01"))),
    ({"0104-l01": "absent>0104-j01"}, "0104-j06", OFFICER,
     told(OFFICER, "0104-j01", "0104-l01", Fault(ABSENT, OFFICER, "0104-l01"))),
    ({"01-l03": "absent"}, "01-j02", OFFICER,
     told(DEPUTY, "01-v02", "01-l03", Fault(ABSENT, OFFICER, "01-l03"))),
]  # fmt: skip


@pytest.mark.parametrize(("away", "holder_id", "post", "expected"), AWAY)
def test_vacant_and_absent(
    roster: Roster, away: dict[str, str], holder_id: str, post: Post, expected: Recipient
) -> None:
    now = changed(roster, away)

    assert recipient_of(now, post, holding(now, holder_id), category=Category.JUDGE_CONTACT) == expected


def test_the_sample_citys_own_absences(roster: Roster) -> None:
    leader = recipient_of(roster, LEADER, holding(roster, "0106-j01"), category=Category.CONSULTATION)
    deputy = recipient_of(roster, DEPUTY, holding(roster, "0118-j01"), category=Category.CONSULTATION)

    assert leader == told(LEADER, "0106-j02", "0106-l02", Fault(ABSENT, LEADER, "0106-l02"))
    assert deputy == told(PRESIDENT, "0118-p01", "0118-v01", Fault(VACANT, DEPUTY, "0118-v01"))


def test_a_leader_who_holds_the_case_does_not_supervise_himself(roster: Roster) -> None:
    holder = holding(roster, "0104-l05")

    assert recipient_of(roster, LEADER, holder, category=Category.JUDGE_CONTACT) == told(DEPUTY, "0104-v02", "0104-l05")
    assert recipient_of(roster, Post.HOLDER, holder, category=Category.JUDGE_CONTACT).staff_id == "0104-l05"


COMPLAINTS = [
    # category, people complained of by name, the post asked for, who receives
    (Category.COMPLAINT, {"0104-l03"}, LEADER, told(DEPUTY, "0104-v01", "0104-l03")),
    (Category.DISCIPLINE_REPORT, {"0104-l03"}, LEADER, told(DEPUTY, "0104-v01", "0104-l03")),
    (Category.COMPLAINT, {"0104-l03", "0104-v01"}, LEADER, told(PRESIDENT, "0104-p01", "0104-l03")),
    (Category.COMPLAINT, {"0104-l03"}, DEPUTY, told(DEPUTY, "0104-v01", None)),
    (Category.COMPLAINT, {"0104-l01"}, OFFICER, told(DEPUTY, "0104-v01", "0104-l01")),
    (Category.COMPLAINT, set(), LEADER, told(LEADER, "0104-l03", None)),  # "unreachable" accuses nobody
    (Category.OPINION, {"0104-l03"}, LEADER, told(LEADER, "0104-l03", None)),
    (Category.JUDGE_CONTACT, {"0104-l03"}, LEADER, told(LEADER, "0104-l03", None)),
    (Category.COMPLAINT, {"0104-p01", "01-p01"}, PRESIDENT,
     Recipient(CHAMBER, desk=DESK, in_place_of="0104-p01", faults=(Fault(NOBODY, PRESIDENT, None),))),
]  # fmt: skip


@pytest.mark.parametrize(("category", "about", "post", "expected"), COMPLAINTS)
def test_nobody_receives_a_complaint_about_himself(
    roster: Roster, category: Category, about: set[str], post: Post, expected: Recipient
) -> None:
    assert recipient_of(roster, post, holding(roster, "0104-j04"), category=category, about=about) == expected


def test_a_stand_in_complained_of_does_not_stand_in(roster: Roster) -> None:
    now = changed(roster, {"0104-l03": "absent>0104-j05"})
    found = recipient_of(now, LEADER, holding(now, "0104-j04"), category=Category.COMPLAINT, about=["0104-j05"])

    assert found == told(DEPUTY, "0104-v01", "0104-l03", Fault(ABSENT, LEADER, "0104-l03"))


def test_the_accuseds_own_stand_in_gets_nothing_either(roster: Roster) -> None:
    now = changed(roster, {"0104-l03": "absent>0104-j05"})
    found = recipient_of(now, LEADER, holding(now, "0104-j04"), category=Category.COMPLAINT, about=["0104-l03"])

    assert found.staff_id == "0104-v01"


def test_accused_are_only_those_named_in_complaints() -> None:
    accusing = {category for category in Category if accused_in(category, ["0104-j01"])}

    assert accusing == {Category.COMPLAINT, Category.DISCIPLINE_REPORT}


def test_the_intermediate_courts_own_president_is_above_nobody_else_there(roster: Roster) -> None:
    """A policy may name the post for that court, too: it must not leave a rung that tells nobody."""
    told = recipient_of(roster, HIGHEST, holding(roster, "01-j02"), category=Category.OPINION)
    assert told == recipient_of(roster, Post.PRESIDENT, holding(roster, "01-j02"), category=Category.OPINION)
    assert told.staff_id == roster.intermediate_president().id


def test_a_holder_or_department_gone_from_the_register_loses_no_request(roster: Roster) -> None:
    left = Holder("0104-j98", HolderKind.JUDGE, "0104", "0104-d-civil2")
    closed = Holder("0104-d-gone", HolderKind.DEPARTMENT, "0104", "0104-d-gone")

    assert recipient_of(roster, Post.HOLDER, left, category=Category.OPINION) == told(
        LEADER, "0104-l03", "0104-j98", Fault(VACANT, Post.HOLDER, "0104-j98")
    )
    assert recipient_of(roster, LEADER, closed, category=Category.OPINION) == told(LEADER, "0104-l01", None)


def test_who_has_two_roles_gets_one_message_with_all_faults(roster: Roster) -> None:
    now = changed(roster, {"01-j02": "absent"})
    holder = holding(now, "01-j02")
    asked = (Post.HOLDER, OFFICER, LEADER, DEPUTY)
    recipients = [recipient_of(now, post, holder, category=Category.OPINION) for post in asked]

    assert [recipient.staff_id for recipient in recipients] == ["01-l03", "01-l03", "01-l03", "01-v02"]
    assert one_message_each(reversed(recipients)) == (
        told(DEPUTY, "01-v02", None),
        told(LEADER, "01-l03", None, Fault(ABSENT, Post.HOLDER, "01-j02")),
    )


def test_two_desks_are_two_messages() -> None:
    desks = [Recipient(Post.HOLDER, desk="0104-d-civil1"), Recipient(CHAMBER, desk=DESK)]

    assert one_message_each(desks) == tuple(desks)


def test_every_rung_finds_somebody_even_in_an_empty_city(roster: Roster) -> None:
    nobody = replace(roster, people=tuple(replace(p, status=StaffStatus.VACANT) for p in roster.people))
    for holder_id in ("0104-j04", "01-j02", "0104-d-civil1"):
        for post in (OFFICER, LEADER, DEPUTY, PRESIDENT):
            found = recipient_of(nobody, post, holding(nobody, holder_id), category=Category.OPINION)
            assert (found.post, found.desk, found.faults[-1].kind) == (CHAMBER, DESK, NOBODY)
