"""``liaison repair``: give open requests whose workflow was terminated, lost or left behind by a restore a new run."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from liaison.cli.exits import Exit, fail
from liaison.cli.host import now, open_platform, require_book, require_ring, run
from liaison.cli.language import say
from liaison.cli.output import Json, present, show_fields, show_line, show_table, when
from liaison.cli.texts import parsed
from liaison.db.sends import is_restored, mark_restored, sends
from liaison.services.errors import Refused, Slug
from liaison.services.platform import Platform
from liaison.services.repair import RepairResult, repair, repair_all
from liaison.settings import Settings, load_settings

_EXITS: Final = {Slug.NOT_FOUND: Exit.NOT_FOUND, Slug.CONFLICT: Exit.CONFLICT, Slug.UNAVAILABLE: Exit.NOT_READY}
_REASON: Final = "liaison repair --restored: compare with the gateway's own log, then release"


def repair_request(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The request's reference.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Everything that liaison doctor names.")] = False,
    restored: Annotated[
        bool, typer.Option("--restored", help="With --all: the database or Temporal came out of a backup.")
    ] = False,
    json_: Json = False,
) -> None:
    """Start the workflow of an open request anew; rungs on record are not repeated (host command)."""
    if bool(reference) == all_ or (restored and not all_):
        fail(Exit.USAGE, say("请给出诉求编号，或 --all。", "Give a reference, or --all; --restored goes with --all."))
    try:
        if reference:
            present(asdict(run(_repair(load_settings(), parsed(reference)))), json_, show_fields)
        else:
            present({"items": run(_repair_all(load_settings(), restored))}, json_, _show)
    except Refused as refused:
        fail(_EXITS.get(refused.slug, Exit.REFUSED), say(refused.zh, refused.en))


async def _repair(settings: Settings, reference: str) -> RepairResult:
    async with open_platform(settings, require_book(settings), require_ring(settings)) as platform:
        return await repair(platform, reference)


async def _repair_all(settings: Settings, restored: bool) -> list[dict[str, Any]]:
    async with open_platform(settings, require_book(settings), require_ring(settings)) as platform:
        if restored:
            await _mark_restored(platform)
        return [asdict(result) for result in await repair_all(platform)]


async def _mark_restored(platform: Platform) -> None:
    async with platform.db.write() as session:
        decided = await sends(session)
        if decided is not None and decided.restored_at is not None and is_restored(decided):
            # A second mark would make of everything said since the first what may have gone out before it.
            at = when(decided.restored_at.isoformat())
            raise Refused(
                Slug.CONFLICT,
                f"数据库已于 {at} 标记为从备份恢复，短信仍在暂停：请用 liaison repair --all 继续。",
                f"The book is marked as restored at {at}, sending is frozen: go on with liaison repair --all.",
            )
        await mark_restored(session, _REASON, now())


def _show(given: Mapping[str, Any]) -> None:
    items: Sequence[Mapping[str, Any]] = given["items"]
    if not items:
        show_line(say("无需修复。", "Nothing to repair."))
        return
    show_table(("reference", "stream", "started", "ended"), [tuple(item.values()) for item in items])
