"""``liaison demo``: silence climbs the ladder before your eyes, on virtual time, in a city that is gone afterwards."""

import asyncio
import signal
import time
from collections.abc import Coroutine
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any, Final

import typer
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from calendars.core import CalendarError, build_calendar, shanghai_date
from calendars.packaged import packaged_notices
from liaison.cli.demo_city import open_demo_city
from liaison.cli.demo_play import COURTS, Play, Script
from liaison.cli.demo_story import Story
from liaison.cli.demo_summary import document, last_words, show_rungs
from liaison.cli.exits import Exit, complain, fail
from liaison.cli.language import say
from liaison.cli.output import show_json, show_line
from liaison.logs import configure_logs
from liaison.policy.ladder import plan_ladder
from liaison.policy.policy import packaged_policy
from liaison.policy.words import CourtLevel
from liaison.services.provisioning import CannotPrepare
from liaison.settings import Settings, load_settings
from liaison.supervisor import HostFault
from liaison.temporal import logged_runtime
from liaison.virtual_time import VirtualTimeStuckError

LAST_BUSINESS_DAY: Final = 8

_INTERRUPTED: Final = 130
"""As shells report a program that Ctrl-C ended."""

_STOPS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def demo_command(
    court_level: Annotated[CourtLevel, typer.Option(help="Whose ladder is climbed.")] = CourtLevel.PRIMARY,
    received_at: Annotated[
        str, typer.Option(metavar="TIME", help="When the request is received: ISO 8601 with offset.")
    ] = "2026-09-18T10:00:00+08:00",
    reply_on_day: Annotated[
        int | None,
        typer.Option(min=1, max=LAST_BUSINESS_DAY, help="The holder replies at 11:00 of this business day."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Play a request's ladder on virtual time and tell who is told what, and when (host command).

    Everything runs in a temporary folder on ports of its own: a running platform is not touched.
    """
    started = time.monotonic()
    script = Script(_playable(received_at, court_level), court_level, reply_on_day)
    settings = load_settings()
    configure_logs("demo", form="pretty", level="error")
    Runtime.set_default(logged_runtime())
    if not asyncio.run(_to_the_end(_perform(settings, script, started, as_json=as_json))):
        complain(say("演示已中止，未留下任何内容。", "The demo was stopped; nothing is left of it."))
        raise typer.Exit(_INTERRUPTED)


def _playable(text: str, level: CourtLevel) -> datetime:
    """The time of receipt, if the calendar can count the whole ladder from it.

    Raises:
        typer.Exit: It cannot; said on stderr.
    """
    notices = packaged_notices()
    calendar = build_calendar(notices, len(notices))
    try:
        received_at = datetime.fromisoformat(text)
        plan_ladder(
            received_at=received_at, court_level=level, reference="", court=COURTS[level],
            calendar=calendar, policy=packaged_policy(),
        )  # fmt: skip
        calendar.nth_business_day(shanghai_date(received_at), LAST_BUSINESS_DAY)
    except CalendarError as fault:
        fail(Exit.USAGE, say(f"--received-at 无法推算期限：{fault.zh}。", f"--received-at cannot be played: {fault}."))
    except ValueError:
        zh, en = "--received-at 须形如", "--received-at must look like"
        fail(Exit.USAGE, say(f"{zh} 2026-09-18T10:00:00+08:00。", f"{en} 2026-09-18T10:00:00+08:00."))
    return received_at


async def _to_the_end(performance: Coroutine[Any, Any, None]) -> bool:
    """Run the play; False if a signal stopped it, once everything it had started is gone.

    Raises:
        HostFault: The machine did not play along.
    """
    stop = asyncio.Event()
    for number in _STOPS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    playing, stopped = asyncio.ensure_future(performance), asyncio.ensure_future(stop.wait())
    await asyncio.wait((playing, stopped), return_when=asyncio.FIRST_COMPLETED)
    if not playing.done():
        playing.cancel()
        await asyncio.wait((playing,))
    stopped.cancel()
    try:
        await playing
    except asyncio.CancelledError:
        return False
    except (CannotPrepare, RPCError, RuntimeError, VirtualTimeStuckError) as fault:
        raise HostFault(f"The demo cannot go on: {fault}") from fault
    return True


async def _perform(settings: Settings, script: Script, started: float, *, as_json: bool) -> None:
    tell = _keep_silent if as_json else show_line
    tell(say("正在临时目录中准备一座城市……", "Preparing a city in a temporary folder ..."))
    async with open_demo_city(settings, script.received_at) as city:
        play = await Play.begin(city, script)
        story = Story(play.roster)
        tell(story.opening(play.record))
        async with aclosing(play.days()) as days:
            async for day in days:
                for line in story.day(day, play.record):
                    tell(line)
    # Told once all is gone, so that whoever reads the end may start the next at once.
    seconds = time.monotonic() - started
    if as_json:
        show_json(document(play.record, seconds))
        return
    show_rungs(play.record)
    show_line(last_words(play.record, seconds))


def _keep_silent(_line: str) -> None:
    """Programs read the document at the end."""
