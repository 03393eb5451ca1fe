"""To whom a work order goes first (Opinions art. 5; design sections 3.4 and 5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from liaison.policy.recipients import Fault, accused_in, acting_for, fault_of
from liaison.policy.roster import Holder, Roster, Staff
from liaison.policy.words import Category, HolderKind, Post


class DispatchGround(StrEnum):
    """Why this holder; recorded with the work order."""

    JUDGE_NAMED = "judge_named"
    CASE_JUDGE = "case_judge"
    DEPARTMENT_NAMED = "department_named"
    LITIGATION_SERVICE = "litigation_service"


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """The first holder of a request; ``in_place_of`` is the judge who was meant, if another holds."""

    holder: Holder
    ground: DispatchGround
    in_place_of: str | None = None
    faults: tuple[Fault, ...] = ()


def holder_for(
    roster: Roster,
    court: str,
    *,
    category: Category,
    judge: str | None = None,
    case_judge: str | None = None,
    department: str | None = None,
    about: Iterable[str] = (),
) -> WorkOrder:
    """Choose the holder: judge named, else the case's judge, else the department named, else litigation service.

    A judge counts only if he hears cases in ``court``. The party's clock runs on whoever is away, so an absent judge
    never holds: his stand-in does if that one hears cases in the same court, else the post of his own department,
    which knows his cases. A judge complained of by name never gets the complaint; his department's post does.

    Args:
        roster: The register as it stands now.
        court: Code of a court of the roster.
        category: What the request is about.
        judge: Staff id the party asked for.
        case_judge: Staff id the trial register gives for the case.
        department: Department code the party asked for; ignored if it is another court's.
        about: Staff ids complained of by name.
    """
    accused = accused_in(category, about)
    for ground, judge_id in ((DispatchGround.JUDGE_NAMED, judge), (DispatchGround.CASE_JUDGE, case_judge)):
        person = roster.staff(judge_id) if judge_id else None
        seat = person.as_holder if person is not None else None
        if person is not None and seat is not None and seat.court == court:
            return _order_to_judge(roster, person, seat, ground, accused)
    named = roster.department(court, department) if department else None
    if named is not None:
        return WorkOrder(named.as_holder, DispatchGround.DEPARTMENT_NAMED)
    return WorkOrder(roster.litigation_service(court).as_holder, DispatchGround.LITIGATION_SERVICE)


def _order_to_judge(
    roster: Roster, judge: Staff, seat: Holder, ground: DispatchGround, accused: frozenset[str]
) -> WorkOrder:
    acting = acting_for(roster, judge, accused)
    if acting is judge:
        return WorkOrder(seat, ground)
    taken = acting.as_holder if acting is not None else None
    if taken is None or taken.court != seat.court:
        taken = Holder(seat.department, HolderKind.DEPARTMENT, seat.court, seat.department)
    return WorkOrder(taken, ground, judge.id, fault_of(judge, Post.HOLDER))
