"""Asking the courts' trial register: helpful to a request, never a condition of its life."""

import asyncio

from temporalio import activity

from liaison.gateways.trial_system.port import TrialCase, TrialSystem

REGISTER_SECONDS = 3.0
ATTEMPTS = 4
"""After as many failures a request goes on without its case: the party's clock does not wait for another system."""


async def find_case(register: TrialSystem, court: str, case_number: str | None) -> TrialCase | None:
    """The case, or None if there is none or the register stays silent: a person then looks.

    Raises:
        Exception: The register failed; the activity is to be tried again.
    """
    if case_number is None:
        return None
    try:
        return await asyncio.wait_for(register.find_case(court, case_number), REGISTER_SECONDS)
    except Exception:
        # Whatever an adapter raises: the ladder must not stand still behind a dispatch that never succeeds.
        if activity.info().attempt < ATTEMPTS:
            raise
        return None
