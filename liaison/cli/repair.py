"""``liaison repair``: give an open request whose workflow was terminated or lost a new run."""

from dataclasses import asdict
from typing import Final

from liaison.cli.exits import Exit, fail
from liaison.cli.host import load_running_settings, open_platform, require_book, require_ring, run
from liaison.cli.language import say
from liaison.cli.output import Json, present, show_fields
from liaison.cli.texts import Reference, parsed
from liaison.services.errors import Refused, Slug
from liaison.services.repair import RepairResult, repair
from liaison.settings import Settings

_EXITS: Final = {Slug.NOT_FOUND: Exit.NOT_FOUND, Slug.CONFLICT: Exit.CONFLICT, Slug.UNAVAILABLE: Exit.NOT_READY}


def repair_request(reference: Reference, json_: Json = False) -> None:
    """Start the workflow of an open request anew; rungs on record are not repeated (host command)."""
    try:
        done = run(_repair(load_running_settings(), parsed(reference)))
    except Refused as refused:
        fail(_EXITS.get(refused.slug, Exit.REFUSED), say(refused.zh, refused.en))
    present(asdict(done), json_, show_fields)


async def _repair(settings: Settings, reference: str) -> RepairResult:
    url, ring = require_book(settings), require_ring(settings)
    async with open_platform(settings, url, ring) as platform:
        return await repair(platform, reference)
