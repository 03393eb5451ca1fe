"""Who may see which requests: the one place where a ``Scope`` becomes SQL."""

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import col, select

from liaison.db.tables import Request, RungRecord, WorkOrder
from liaison.policy.scope import Scope
from liaison.policy.words import KeyRole


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition on ``Request`` under which a key may see a row; what is not allowed here is not seen.

    A channel sees what its own key submitted, a clerk his court or all; a judge his court, a leader the departments
    he answers for, and both whatever they or their team hold or held or is in their inbox; operators and the Case
    Filing Chamber all.
    """
    match scope.role:
        case KeyRole.CHANNEL:
            return col(Request.key_id) == scope.key_id
        case KeyRole.CLERK:
            return true() if scope.court is None else col(Request.court) == scope.court
        case KeyRole.JUDGE if scope.court is not None:
            return or_(col(Request.court) == scope.court, _of_person(scope))
        case KeyRole.LEADER:
            return or_(_of_departments(scope), _of_person(scope))
        case KeyRole.OPERATOR | KeyRole.CHAMBER:
            return true()
        case _:
            return false()


def _of_departments(scope: Scope) -> ColumnElement[bool]:
    """What is with the departments, and every work order ever sent or offered to one, from whatever court."""
    pairs = (and_(col(Request.court) == court, col(Request.department) == code) for court, code in scope.departments)
    codes = [code for _, code in scope.departments]
    orders = select(WorkOrder.reference).where(col(WorkOrder.holder_id).in_(codes))
    return or_(col(Request.reference).in_(orders), *pairs)


def _of_person(scope: Scope) -> ColumnElement[bool]:
    """What a person holds or held, himself or through his team, and what was laid into his inbox."""
    if scope.staff is None:
        return false()
    mine = col(WorkOrder.holder_id) == scope.staff
    if scope.team is not None:
        mine = or_(mine, and_(col(WorkOrder.court) == scope.court, col(WorkOrder.team) == scope.team))
    return or_(
        col(Request.holder_id) == scope.staff,
        col(Request.reference).in_(select(WorkOrder.reference).where(mine)),
        col(Request.reference).in_(select(RungRecord.reference).where(col(RungRecord.recipient) == scope.staff)),
    )
