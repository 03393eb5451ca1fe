"""What the city would refuse about a request whose shape is faulty too: the caller learns everything at once."""

from liaison.db.access import find_api_key
from liaison.policy.scope import Scope
from liaison.services.errors import Fault, Refused
from liaison.services.intake_checks import Intake, SubmittingKey, check_intake
from liaison.services.platform import Platform


async def faults_of_intake(platform: Platform, scope: Scope, intake: Intake) -> tuple[Fault, ...]:
    """Every fault ``accept_request`` would find; nothing is registered."""
    async with platform.db.read() as session:
        _, policy = await platform.rulebook.current(session)
        roster = await platform.rulebook.roster(session)
        row = await find_api_key(session, scope.key_id)
    key = SubmittingKey(frozenset(row.channels if row else ()), scope.court)
    try:
        check_intake(intake, key, roster, policy, platform.clock())
    except Refused as refused:
        return refused.faults
    return ()
