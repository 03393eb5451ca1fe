"""The sample city is complete, and holds the situations that other tests and the demo count on."""

from collections import Counter

from liaison.policy.roster import Roster, StaffStatus
from liaison.policy.words import CourtLevel, DepartmentKind, HolderKind, StaffRole
from liaison.services.directory_file import DirectoryFile, parse_directory

PRIMARY = ["0103", "0104", "0105", "0106", "0111", "0112", "0113", "0114", "0115", "0117", "0118", "0192"]


def test_there_are_thirteen_courts_of_which_one_is_intermediate(roster: Roster) -> None:
    assert {court.code: court.level for court in roster.courts} == {
        "01": CourtLevel.INTERMEDIATE,
        **dict.fromkeys(PRIMARY, CourtLevel.PRIMARY),
    }


def test_there_are_about_eighty_people_in_every_role(roster: Roster) -> None:
    roles = Counter(person.role for person in roster.people if person.status is not StaffStatus.VACANT)

    assert 75 <= roles.total() <= 90
    assert roles == {
        StaffRole.PRESIDENT: 13,
        StaffRole.DEPUTY_PRESIDENT: 14,
        StaffRole.DEPARTMENT_LEADER: 31,
        StaffRole.JUDGE: 18,
        StaffRole.ASSISTANT: 11,
    }


def test_every_department_has_its_leaders_and_its_liaison_officer(roster: Roster) -> None:
    for department in roster.departments:
        assert roster.leader_of(department.code).department == department.code
        assert department.code in roster.deputy_of(department.code).in_charge_of
        assert roster.president_of(department.court).court == department.court
        assert roster.liaison_officer(department.code).role is StaffRole.DEPARTMENT_LEADER


def test_every_chamber_has_somebody_who_hears_cases_except_pure_service(roster: Roster) -> None:
    seats = {person.as_holder.department for person in roster.people if person.as_holder is not None}
    chambers = {d.code for d in roster.departments if d.kind is DepartmentKind.CHAMBER}

    assert seats == chambers


def test_yuexiu_is_the_richest_and_all_its_leaders_are_present(roster: Roster) -> None:
    yuexiu = [person for person in roster.people if person.court == "0104"]
    judges = [person for person in yuexiu if person.role is StaffRole.JUDGE]

    assert len(yuexiu) == max(Counter(person.court for person in roster.people).values())
    assert len(judges) == 7
    assert all(person.is_present for person in yuexiu)
    assert [mate.id for mate in roster.team_of("0104-j01")] == ["0104-j02", "0104-a01"]


def test_the_deliberate_situations_are_there(roster: Roster) -> None:
    away = {p.id: (p.status, p.stand_in) for p in roster.people if not p.is_present}

    assert away == {
        "0106-l02": (StaffStatus.ABSENT, "0106-j02"),  # an absent leader with a stand-in
        "0111-j01": (StaffStatus.ABSENT, None),  # an absent judge without one, who has a case
        "0118-v01": (StaffStatus.VACANT, None),  # a deputy president's post declared vacant
    }
    leader_judges = {p.id for p in roster.people if p.role is StaffRole.DEPARTMENT_LEADER and p.as_holder}
    assert leader_judges == {"0104-l05", "0112-l02", "0113-l02", "0114-l02", "0117-l02"}  # leaders who hear cases


def test_everybody_can_be_reached_and_no_contact_shows_itself(directory: DirectoryFile) -> None:
    reachable = {d.code for d in directory.roster.departments} | {p.id for p in directory.roster.people}
    mobiles = [c.mobile for c in directory.contacts.values() if c.mobile]

    assert set(directory.contacts) == reachable
    assert {id for id, contact in directory.contacts.items() if contact.mobile is None} == {"0118-v01"}
    assert len(set(mobiles)) == len(mobiles) and all(mobile.startswith("+861390000") for mobile in mobiles)
    assert repr(directory.contacts["0104-p01"]) == "Contact()"


def test_a_byte_order_mark_column_order_crlf_and_empty_rows_do_no_harm(
    directory_text: str, directory: DirectoryFile
) -> None:
    turned = [",".join(reversed(line.split(","))) for line in directory_text.splitlines()]
    turned.insert(5, "," * 13)

    assert parse_directory("\ufeff" + "\r\n".join(turned)) == directory


def test_lookups_by_what_outsiders_send(roster: Roster) -> None:
    assert roster.court("104") is None
    assert roster.staff("0104-j99") is None
    assert roster.department("0103", "0104-d-civil1") is None, "a department of another court"
    found = roster.department("0104", "0104-d-civil1")
    assert found is not None and found.name_en == "First Civil Chamber"


def test_only_departments_and_people_who_hear_cases_can_hold(roster: Roster) -> None:
    kinds = {id: getattr(roster.holder(id), "kind", None) for id in ("0104-j01", "0104-l05", "0104-d-civil1")}
    assert kinds == {
        "0104-j01": HolderKind.JUDGE,
        "0104-l05": HolderKind.JUDGE,
        "0104-d-civil1": HolderKind.DEPARTMENT,
    }
    assert [roster.holder(id) for id in ("0104-l01", "0104-a01", "0104-p01", "nobody")] == [None] * 4


def test_members_and_post_of_a_holder(roster: Roster) -> None:
    judge, desk = roster.holder("0104-j04"), roster.holder("0104-d-enforcement")
    assert judge is not None and desk is not None

    assert roster.members_of(judge) == ("0104-j04", "0104-a02")
    assert roster.members_of(desk) == ("0104-l05", "0104-a04")
    assert roster.post_of(judge) == "Judge, Second Civil Chamber 民事审判第二庭法官"
    assert roster.post_of(desk) == "Enforcement Bureau 执行局"
    assert roster.team_of("0104-j07") == (), "a judge without a team"
    assert roster.team_of("0104-j99") == (), "a judge who has left"


def test_liaison_officers_are_named_by_article_nine(roster: Roster) -> None:
    assert roster.liaison_officer("01-d-civil2").id == "01-l03", "Intermediate Court: the department's own leader"
    assert roster.liaison_officer("0104-d-criminal").id == "0104-l01", "primary court: head of litigation service"
    assert roster.litigation_service("01") == roster.case_filing_chamber()
    assert roster.intermediate_president().id == "01-p01"
