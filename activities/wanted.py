"""Whether a message still concerns anybody: asked whenever it is about to go, for the first time or once more."""

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.contract.names import claim_cause, follow_up_cause
from liaison.db.messages import FOLLOW_UP, REGISTERED, REPLY_CLAIMED, outlived
from liaison.db.tables import Action, FollowUp, Message, Request
from liaison.policy.message_words import FollowUpState
from liaison.policy.words import ActionState, Procedure


async def is_wanted(session: AsyncSession, message: Message, request: Request) -> bool:
    """Whether nothing has happened since that makes a message pointless: its request was closed or goes another
    way, the party has answered or is asked anew, the claimed reply was set aside."""
    if outlived(message, request):
        return False
    if message.template == REGISTERED:
        # The ordinary procedure tells it who has the request, and by when he replies.
        return request.procedure is Procedure.SUMMARY
    if message.template == FOLLOW_UP:
        return await _is_asked(session, message)
    if message.template == REPLY_CLAIMED:
        claim = await session.get(Action, message.cause.removeprefix(claim_cause("")))
        return claim is None or claim.state is not ActionState.REFUSED
    return True


async def _is_asked(session: AsyncSession, question: Message) -> bool:
    """Whether the party is still asked, and by no later question."""
    row = await session.get(FollowUp, question.reference)
    if row is None:
        return True
    earlier = {follow_up_cause(number) for number in range(1, row.tries)}
    asking = row.state is FollowUpState.ASKING and row.answered_at is None
    return asking and question.cause not in earlier
