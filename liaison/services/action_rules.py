"""Who may do what to a request, and when: checked against the book before the workflow hears of it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from liaison.db.tables import Action, Request, WorkOrder
from liaison.policy.recipients import accused_by
from liaison.policy.roster import Holder, Roster
from liaison.policy.rules import Policy
from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, HolderKind, KeyRole, Procedure, Stage, SupervisionAct
from liaison.services.errors import Fault, Refused, Slug

LEADERS_ACTS = frozenset(
    {SupervisionAct.ACKNOWLEDGE, SupervisionAct.URGE, SupervisionAct.ASK_WHY, SupervisionAct.APPOINT}
)
"""Leaders press for a reply, never for an outcome (the "three rules" of 2015)."""

HOLDERS_KINDS = frozenset({ActionKind.REPLY, ActionKind.SIGN_IN, ActionKind.TRANSFER, ActionKind.RETURN})
TAKERS_KINDS = frozenset({ActionKind.SIGN_IN, ActionKind.RETURN})
CLERKS_KINDS = frozenset(
    {
        *(ActionKind.ANSWER, ActionKind.PROCEDURE_CHANGE, ActionKind.WITHDRAWAL, ActionKind.TRANSFER),
        ActionKind.REVOCATION,
    }
)
ON_CLAIM = frozenset({ActionKind.CONFIRMATION, ActionKind.REVOCATION})
"""What is done to a claimed reply: confirmed by whoever held the request when it came, revoked by him, by whoever holds
it now, or by a clerk."""


@dataclass(frozen=True)
class Matter:
    """What the book knows of a request when somebody wants to act on it.

    Attributes:
        own: The request the actor named; ``main`` the one it is attached to, or itself.
        order: The work order in force; ``offer`` one that waits for its taker.
        claim: The reply that waits to be confirmed.
        in_inbox: Whether the request lies in the inbox of the actor who supervises it.
    """

    own: Request
    main: Request
    roster: Roster
    policy: Policy
    order: WorkOrder | None
    offer: WorkOrder | None
    claim: Action | None
    in_inbox: bool
    now: datetime

    @property
    def accused(self) -> frozenset[str]:
        """Whom it complains of by name: they act for nobody in it."""
        return accused_by(self.own, self.main)

    @property
    def is_closed(self) -> bool:
        """Nothing but a late-coming reply can be added."""
        return self.main.stage is Stage.CLOSED

    @property
    def holder(self) -> str | None:
        """Id of whoever must reply."""
        return self.main.holder_id

    def holds(self, scope: Scope) -> bool:
        """Whether the actor is the holder or of his team."""
        return acts_for(self.roster, self.holder, scope, self.accused)

    def claimed(self, scope: Scope) -> bool:
        """Whether the reply that waits bears the actor's name or that of a holder he acts for."""
        claim = self.claim
        return claim is not None and acts_for(self.roster, claim.on_behalf_of or claim.by, scope, self.accused)

    def is_taker(self, scope: Scope) -> bool:
        """Whether the work order is offered to the actor or his team."""
        return self.offer is not None and acts_for(self.roster, self.offer.holder_id, scope, self.accused)


def is_clerk(scope: Scope) -> bool:
    """Whether the actor is a clerk of the service platform."""
    return scope.role is KeyRole.CLERK


def check_right(matter: Matter, scope: Scope, kind: ActionKind, detail: str) -> None:
    """Refuse whoever may not do this.

    Raises:
        Refused: ``NOT_THE_HOLDER`` where only holder and team may, ``CONFLICT`` for a judge of the court while there is
            no holder yet, ``FORBIDDEN`` otherwise.
    """
    if kind is ActionKind.SUPERVISION_ACT:
        _check_supervisor(matter, scope, SupervisionAct(detail))
    elif not _may(matter, scope, kind):
        if kind in ON_CLAIM:
            raise not_the_holder()
        if kind in HOLDERS_KINDS:
            raise _no_order_yet() if _may_become_holder(matter, scope) else not_the_holder()
        raise Refused(Slug.FORBIDDEN, "该密钥无权进行此操作。", "This key may not do that.")


def check_state(matter: Matter, scope: Scope, kind: ActionKind, detail: str) -> None:
    """Refuse what does not fit the state of the request; the workflow looks again when it takes the action.

    Raises:
        Refused: ``CONFLICT`` with the reason.
    """
    for zh, en in _conflicts(matter, scope, kind, detail):
        raise Refused(Slug.CONFLICT, zh, en)


def check_target(matter: Matter, kind: ActionKind, detail: str, target: dict[str, str] | None) -> None:
    """Refuse a transfer or appointment to nobody, to somebody of another court or to the holder himself.

    Raises:
        Refused: ``INVALID`` with a pointer to the target.
    """
    if kind is not ActionKind.TRANSFER and detail != SupervisionAct.APPOINT:
        return
    if target is None or len(target) != 1:
        fault = Fault("", "须指定 judge 或 department 之一。", "Name either a judge or a department.")
        raise Refused(Slug.INVALID, fault.zh, fault.en, (fault,))
    word, named = next(iter(target.items()))
    holder = matter.roster.holder(named)
    if not _is_of_court(holder, word, matter.main.court):
        raise _bad_target(word, "该法院没有此法官或部门。", "That court has no such judge or department.")
    if named in matter.accused:
        raise _bad_target(word, "该诉求投诉的正是此人。", "The request complains of this person.")
    if named == matter.holder:
        raise _bad_target(word, "该诉求已由其承办。", "The request is with this holder already.")


def not_the_holder() -> Refused:
    """The refusal of an action of the holder by somebody else."""
    zh, en = "您不是该诉求的承办人或其团队成员。", "You are neither the holder of this request nor of his team."
    return Refused(Slug.NOT_THE_HOLDER, zh, en)


def _may(matter: Matter, scope: Scope, kind: ActionKind) -> bool:
    if is_clerk(scope):
        return kind in CLERKS_KINDS
    if kind in ON_CLAIM:
        own = matter.claimed(scope)
        return own or (matter.holds(scope) and (matter.claim is None or kind is ActionKind.REVOCATION))
    if kind is ActionKind.WITHDRAWAL:
        return scope.role is KeyRole.CHANNEL and matter.own.key_id == scope.key_id
    if kind in TAKERS_KINDS and matter.is_taker(scope):
        return True
    return kind in HOLDERS_KINDS and matter.holds(scope)


def _may_become_holder(matter: Matter, scope: Scope) -> bool:
    """Whether nobody holds the request only because its work order is not out, and it may go to the actor."""
    waits = matter.holder is None and not matter.is_closed and matter.main.procedure is Procedure.ORDINARY
    return waits and scope.role in (KeyRole.JUDGE, KeyRole.LEADER) and scope.court == matter.main.court


def _no_order_yet() -> Refused:
    zh, en = "尚未派单，请稍后再试。", "No work order is out yet; try again in a moment."
    return Refused(Slug.CONFLICT, zh, en)


def _check_supervisor(matter: Matter, scope: Scope, act: SupervisionAct) -> None:
    if act not in LEADERS_ACTS:
        if not matter.holds(scope):
            raise not_the_holder()
    elif not matter.in_inbox:
        zh, en = "该诉求不在您的督办列表中。", "This request is not in your inbox of supervision."
        raise Refused(Slug.FORBIDDEN, zh, en)


def _conflicts(matter: Matter, scope: Scope, kind: ActionKind, detail: str) -> Iterable[tuple[str, str]]:
    main, order = matter.main, matter.order
    if matter.is_closed and kind is not ActionKind.REPLY:
        yield "诉求已办结。", "The request is closed."
    if kind is ActionKind.ANSWER and main.procedure is not Procedure.SUMMARY:
        yield "普通程序的诉求须由承办人答复。", "A request under the ordinary procedure is replied to by its holder."
    if kind in ON_CLAIM and not matter.is_closed and matter.claim is None:
        yield "没有待确认的答复。", "No reply waits to be confirmed."
    if kind is ActionKind.PROCEDURE_CHANGE and matter.claim is not None:
        yield "有答复待确认，请先确认或撤销。", "A reply waits to be confirmed; confirm or revoke it first."
    if kind is ActionKind.PROCEDURE_CHANGE and main.procedure == detail:
        yield "程序未变。", "The request is under this procedure already."
    if kind is ActionKind.TRANSFER and matter.holder is None:
        yield "尚未派单。", "No work order is out yet."
    if kind is ActionKind.SIGN_IN and not matter.is_taker(scope) and order is not None and order.signed_in_at:
        yield "工单已签收。", "The work order is signed for already."


def acts_for(roster: Roster, holder_id: str | None, scope: Scope, accused: Collection[str]) -> bool:
    """Whether the actor is this holder, of his team, or of the department that holds, and not himself ``accused``."""
    if holder_id is None or scope.staff is None or scope.role not in (KeyRole.JUDGE, KeyRole.LEADER):
        return False
    if scope.staff in accused:
        return False
    holder = roster.holder(holder_id)
    return holder is not None and scope.staff in roster.members_of(holder)


def _is_of_court(holder: Holder | None, word: str, court: str) -> bool:
    kinds = {"judge": HolderKind.JUDGE, "department": HolderKind.DEPARTMENT}
    return holder is not None and holder.kind is kinds.get(word) and holder.court == court


def _bad_target(word: str, zh: str, en: str) -> Refused:
    return Refused(Slug.INVALID, zh, en, (Fault(f"/{word}", zh, en),))
