"""Follow-ups whose day has come are started; so are they, and watches over answers, when a run was lost."""

from datetime import timedelta

from liaison.contract.starting import start_delivery, start_follow_up
from liaison.db.deliveries import keep_watched, lease_unwatched
from liaison.db.follow_ups import keep_asked, lease_unasked
from liaison.policy.follow_up import first_try, tries_end
from liaison.services.platform import Platform
from liaison.services.starting import TEMPORAL_AWAY

BATCH = 16
ATTEMPT = timedelta(seconds=10)
"""A lease covers one attempt; what failed is tried again when it has run out."""

SEEN_TO = timedelta(days=1)
"""How long a lost run may be missed: starting one that runs changes nothing, but it is asked of Temporal."""


async def start_aftercare_left(platform: Platform) -> bool:
    """Start a batch of each. Returns whether there may be more to do at once."""
    now = platform.clock()
    async with platform.db.write() as session:
        _, policy = await platform.rulebook.current(session)
        unwatched = await lease_unwatched(session, now, now + ATTEMPT, BATCH)
        unasked = await lease_unasked(session, now, now + ATTEMPT, BATCH)
    try:
        for reference in unwatched:
            await start_delivery(platform.client, reference, now, now)
        for reference, since in unasked:
            await start_follow_up(platform.client, reference, first_try(since, policy.follow_up), now)
    except TEMPORAL_AWAY:
        return False
    if unwatched or unasked:
        async with platform.db.write() as session:
            await keep_watched(session, unwatched, now + SEEN_TO)
            await keep_asked(
                session, [reference for reference, _ in unasked], now + tries_end(policy.follow_up) + SEEN_TO
            )
    return BATCH in (len(unwatched), len(unasked))
