"""A whole city in a temporary folder: book, sample directory, worker, and Temporal on virtual time."""

import os
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pydantic import SecretStr

from activities.tools import Tools
from liaison.codec import data_converter
from liaison.contract import search
from liaison.db.engine import Database
from liaison.db.rulebook import Rulebook
from liaison.gateways.sms.outbox import EmbeddedOutbox
from liaison.gateways.sms.templates import packaged_templates
from liaison.keys import read_key_ring
from liaison.sample_city import sample_trial_register
from liaison.services.credentials import Credentials
from liaison.services.platform import Platform
from liaison.services.provisioning import prepare_local
from liaison.services.relay import hand_on_left_over
from liaison.settings import Profile, Settings
from liaison.supervisor import find_temporal
from liaison.undisturbed import undisturbed
from liaison.virtual_time import VirtualTime
from worker import build_worker

_LEAVE_SESSION: Final = "import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])"


@dataclass(frozen=True)
class DemoCity:
    """The city's clock, services, sample keys, and the outbox's own log."""

    world: VirtualTime
    platform: Platform
    credentials: Credentials
    outbox: Path


@asynccontextmanager
async def open_demo_city(settings: Settings, at: datetime) -> AsyncIterator[DemoCity]:
    """Yield a city whose clock shows ``at``, with a worker that polls.

    Of ``settings`` only the Temporal program is used: the demo never touches the data or the ports of ``make run``.

    Raises:
        HostFault: There is no Temporal program.
        CannotPrepare: The temporary folder cannot be used.
    """
    binary = find_temporal(settings)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="liaison-demo-"))
        place = _own_place(settings, Path(folder))
        credentials = await undisturbed(prepare_local(place, lambda: at))
        ring = read_key_ring(place.key_ring)
        temporal = VirtualTime.start(
            at,
            temporal_binary=str(_in_a_session_of_its_own(binary, place.home)),
            data_converter=data_converter(ring),
            search_attributes=search.ALL,
        )
        world = await undisturbed(stack.enter_async_context(temporal))
        tools = _make_tools(place, world)
        stack.push_async_callback(tools.db.close)
        await stack.enter_async_context(build_worker(world.client, tools))
        platform = Platform(tools.db, ring, tools.rulebook, world.client, world.now)
        world.beside = partial(hand_on_left_over, platform, timedelta(0))
        yield DemoCity(world, platform, credentials, _outbox(place))


def _in_a_session_of_its_own(program: Path, folder: Path) -> Path:
    """A script that runs the program out of the terminal's reach: Ctrl-C is for us, who then stop it in good order."""
    words = (sys.executable, "-c", _LEAVE_SESSION, str(program))
    script = folder / "temporal"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    script.chmod(0o700)
    # Temporary folders may forbid programs; Ctrl-C then ends the demo less gracefully.
    return script if os.access(script, os.X_OK) else program


def _own_place(settings: Settings, home: Path) -> Settings:
    """The settings of ``make run`` with every path and the database moved into ``home``."""
    own = {
        "profile": Profile.LOCAL,
        "home": home,
        "database_url": SecretStr(f"sqlite+aiosqlite:///{home / 'liaison.db'}"),
        "key_ring": home / "key-ring.json",
    }
    return settings.model_copy(update=own)


def _make_tools(place: Settings, world: VirtualTime) -> Tools:
    return Tools(
        db=Database(place.database_url.get_secret_value()),
        ring=read_key_ring(place.key_ring),
        rulebook=Rulebook(),
        client=world.client,
        clock=world.now,
        trial_system=sample_trial_register(),
        gateways=(EmbeddedOutbox(_outbox(place), world.now),),
        templates=packaged_templates(),
        plain_signals_accepted=False,
        shift=world.shift,
    )


def _outbox(place: Settings) -> Path:
    return place.home / "outbox.jsonl"
