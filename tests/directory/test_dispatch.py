"""To whom the work order goes: judge named, case's judge, department, litigation service (design section 3.4)."""

from typing import Any

import pytest

from liaison.policy.dispatch import DispatchGround, WorkOrder, holder_for
from liaison.policy.recipients import Fault, FaultKind
from liaison.policy.roster import Roster
from liaison.policy.words import Category, HolderKind, Post
from tests.directory.test_recipients import changed

NAMED, CASE = DispatchGround.JUDGE_NAMED, DispatchGround.CASE_JUDGE
DEPARTMENT, SERVICE = DispatchGround.DEPARTMENT_NAMED, DispatchGround.LITIGATION_SERVICE

ORDER = [
    # court, what is known, the holder, why him
    ("0104", {"judge": "0104-j04", "case_judge": "0104-j01", "department": "0104-d-criminal"}, "0104-j04", NAMED),
    ("0104", {"case_judge": "0104-j01", "department": "0104-d-criminal"}, "0104-j01", CASE),
    ("0104", {"department": "0104-d-criminal"}, "0104-d-criminal", DEPARTMENT),
    ("0104", {}, "0104-d-service", SERVICE),
    ("01", {}, "01-d-filing", SERVICE),
    ("0104", {"judge": "0105-j01", "case_judge": "0104-j01"}, "0104-j01", CASE),  # named, but sits elsewhere
    ("0104", {"judge": "0104-j99"}, "0104-d-service", SERVICE),
    ("0104", {"judge": "0104-a01"}, "0104-d-service", SERVICE),  # an assistant hears no cases
    ("0104", {"judge": "0104-l02"}, "0104-d-service", SERVICE),  # nor does this leader
    ("0104", {"judge": "0104-l05"}, "0104-l05", NAMED),  # this one does
    ("0104", {"judge": "0104-d-civil1"}, "0104-d-service", SERVICE),  # a department is no judge
    ("0104", {"case_judge": "01-j01"}, "0104-d-service", SERVICE),  # the case is with another court now
    ("0104", {"department": "0105-d-civil1"}, "0104-d-service", SERVICE),
]


@pytest.mark.parametrize(("court", "known", "holder_id", "ground"), ORDER)
def test_the_order_of_dispatch(
    roster: Roster, court: str, known: dict[str, Any], holder_id: str, ground: DispatchGround
) -> None:
    order = holder_for(roster, court, category=Category.JUDGE_CONTACT, **known)

    assert order == WorkOrder(order.holder, ground)
    assert order.holder == roster.holder(holder_id)
    assert order.holder.kind is (HolderKind.DEPARTMENT if "-d-" in holder_id else HolderKind.JUDGE)


ABSENT_JUDGE = (Fault(FaultKind.ABSENT, Post.HOLDER, "0104-j04"),)
AWAY = [
    ({"0104-j04": "absent>0104-j05"}, "0104-j05"),
    ({"0104-j04": "absent>0104-l05"}, "0104-l05"),  # a leader who hears cases
    ({"0104-j04": "absent"}, "0104-d-civil2"),
    ({"0104-j04": "absent>0104-j05", "0104-j05": "absent"}, "0104-d-civil2"),
    ({"0104-j04": "absent>0104-l03"}, "0104-d-civil2"),  # a leader who hears none cannot take his place
]


@pytest.mark.parametrize("known", ["judge", "case_judge"])
@pytest.mark.parametrize(("away", "holder_id"), AWAY)
def test_an_absent_judges_work_goes_to_his_stand_in_or_his_department(
    roster: Roster, away: dict[str, str], holder_id: str, known: str
) -> None:
    now = changed(roster, away)
    order = holder_for(now, "0104", category=Category.JUDGE_CONTACT, **{known: "0104-j04"})

    assert (order.holder, order.in_place_of, order.faults) == (now.holder(holder_id), "0104-j04", ABSENT_JUDGE)


def test_an_absent_judge_named_by_the_party_is_not_replaced_by_another_cases_judge(roster: Roster) -> None:
    order = holder_for(roster, "0111", category=Category.JUDGE_CONTACT, judge="0111-j01", department="0111-d-service")

    assert (order.holder.id, order.ground) == ("0111-d-civil1", NAMED)


@pytest.mark.parametrize(
    ("category", "about", "holder_id", "in_place_of"),
    [
        (Category.COMPLAINT, ["0104-j04"], "0104-d-civil2", "0104-j04"),
        (Category.COMPLAINT, ["0104-l03"], "0104-j04", None),
        (Category.COMPLAINT, [], "0104-j04", None),
        (Category.JUDGE_CONTACT, ["0104-j04"], "0104-j04", None),
    ],
)
def test_a_judge_never_holds_a_complaint_about_himself(
    roster: Roster, category: Category, about: list[str], holder_id: str, in_place_of: str | None
) -> None:
    order = holder_for(roster, "0104", category=category, case_judge="0104-j04", about=about)

    assert (order.holder.id, order.in_place_of, order.faults) == (holder_id, in_place_of, ())
