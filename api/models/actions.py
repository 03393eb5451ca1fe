"""What people send when they do something to a request (design section 8)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from api.models.text import Body, Moment, Name, Reason, Text, Word, fault
from liaison.policy.words import Procedure, ReplyKind, SupervisionAct


class TextReply(Body):
    """A reply 答复 written for the party."""

    kind: Literal[ReplyKind.TEXT]
    text: Text


class SpokenReply(Body):
    """A successful call or meeting put on record: with which number, when, and what was said."""

    kind: Literal[ReplyKind.CALL, ReplyKind.MEETING]
    number: Name
    time: Moment
    gist: Text


ReplyIn = Annotated[TextReply | SpokenReply, Field(discriminator="kind")]


class AnswerIn(Body):
    """A clerk's answer under the summary procedure."""

    text: Text


class SignInIn(Body):
    """The holder signs in 签收; nothing needs to be said."""


class TakerIn(Body):
    """Who is meant: a judge or a department, exactly one of them."""

    judge: Word | None = None
    department: Word | None = None

    def target(self) -> dict[str, str]:
        """``{"judge": id}`` or ``{"department": code}``."""
        return {"judge": self.judge} if self.judge is not None else {"department": self.department or ""}


class TransferIn(TakerIn):
    """The request passes to another holder 转办, who takes it by signing in."""

    reason: Reason

    @model_validator(mode="after")
    def _one_taker(self) -> Self:
        if (self.judge is None) == (self.department is None):
            raise fault("judge 与 department 须且只能给出一个。", "Give either judge or department.")
        return self


class ReturnIn(Body):
    """The request goes back 退回 to whoever passed it on."""

    reason: Reason


class WithdrawalIn(Body):
    """The party takes the request back."""

    reason: Reason | None = None


class ProcedureChangeIn(Body):
    """A clerk changes the procedure, and says why."""

    procedure: Procedure
    reason: Reason


class ConfirmationIn(Body):
    """A reply that came in the holder's name was his; nothing needs to be said."""


class RevocationIn(Body):
    """A reply that came in the holder's name does not count, and why."""

    reason: Reason


class SupervisionActIn(TakerIn):
    """A leader presses for a reply, or a holder explains; ``appoint`` names who shall reply."""

    act: SupervisionAct
    note: Reason | None = None

    @model_validator(mode="after")
    def _fits_the_act(self) -> Self:
        takers = (self.judge is not None) + (self.department is not None)
        if self.act is SupervisionAct.APPOINT and takers != 1:
            raise fault("指定承办人须给出 judge 或 department 之一。", "To appoint, give either judge or department.")
        if self.act is not SupervisionAct.APPOINT and takers:
            raise fault("仅 appoint 可给出 judge 或 department。", "Only appoint takes judge or department.")
        if self.act is SupervisionAct.EXPLAIN and self.note is None:
            raise fault("说明情况须填写 note。", "An explanation needs a note.")
        return self
