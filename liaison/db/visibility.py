"""Who may see which requests: the one place where a ``Scope`` becomes SQL."""

from sqlalchemy import ColumnElement, and_, exists, false, or_, true
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from liaison.db.tables import Request, RungRecord, WorkOrder
from liaison.policy.scope import Scope
from liaison.policy.words import KeyRole


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition on ``Request`` under which a key may see a row; what is not allowed here is not seen.

    A channel sees what its own key submitted, a clerk his court or all; a judge his court, a leader the departments
    he answers for, and both whatever they or their team hold or held or is in their inbox, with what is attached to
    it; operators and the Case Filing Chamber all.
    """
    match scope.role:
        case KeyRole.CHANNEL:
            return col(Request.key_id) == scope.key_id
        case KeyRole.CLERK:
            return true() if scope.court is None else col(Request.court) == scope.court
        case KeyRole.JUDGE | KeyRole.LEADER:
            main = aliased(Request)
            attached = exists().where(col(main.reference) == col(Request.attached_to), _of_staff(main, scope))
            return or_(_of_staff(Request, scope), attached)
        case KeyRole.OPERATOR | KeyRole.CHAMBER:
            return true()
        case _:
            return false()


def _of_staff(request: type[Request], scope: Scope) -> ColumnElement[bool]:
    """What a judge or leader may see; ``request`` is the table or an alias of it."""
    if scope.role is KeyRole.LEADER:
        return or_(_of_departments(request, scope), _of_person(request, scope))
    in_court = false() if scope.court is None else col(request.court) == scope.court
    return or_(in_court, _of_person(request, scope))


def _of_departments(request: type[Request], scope: Scope) -> ColumnElement[bool]:
    """What is with the departments, and every work order ever sent or offered to one, from whatever court."""
    pairs = (and_(col(request.court) == court, col(request.department) == code) for court, code in scope.departments)
    codes = [code for _, code in scope.departments]
    return or_(_has_order(request, col(WorkOrder.holder_id).in_(codes)), *pairs)


def _of_person(request: type[Request], scope: Scope) -> ColumnElement[bool]:
    """What a person holds or held, himself or through his team, and what was laid into his inbox."""
    if scope.staff is None:
        return false()
    mine = col(WorkOrder.holder_id) == scope.staff
    if scope.team is not None:
        mine = or_(mine, and_(col(WorkOrder.court) == scope.court, col(WorkOrder.team) == scope.team))
    return or_(
        col(request.holder_id) == scope.staff,
        _has_order(request, mine),
        col(request.reference).in_(select(RungRecord.reference).where(col(RungRecord.recipient) == scope.staff)),
    )


def _has_order(request: type[Request], whose: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether one of the request's own work orders is such a one: looked for among its few, not among all."""
    return exists().where(col(WorkOrder.reference) == col(request.reference), whose)
