"""What the city would refuse about a request whose shape is faulty too: the caller learns everything at once."""

from liaison.policy.scope import Scope
from liaison.services.errors import Fault, Refused
from liaison.services.intake_checks import Intake, check_intake
from liaison.services.platform import Platform


async def faults_of_intake(platform: Platform, scope: Scope, intake: Intake) -> tuple[Fault, ...]:
    """Every fault ``accept_request`` would find; nothing is registered."""
    async with platform.db.read() as session:
        _, policy = await platform.rulebook.current(session)
        roster = await platform.rulebook.roster(session)
    try:
        check_intake(intake, scope, roster, policy, platform.clock())
    except Refused as refused:
        return refused.faults
    return ()
