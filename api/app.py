"""The API as a process: ``python -m api.app``. A composition root; everything else gets its parts as arguments."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import Final, NoReturn

import uvicorn
from fastapi import FastAPI
from temporalio.runtime import Runtime

from api.description import install_description
from api.middleware import Border
from api.problems import install_problems
from api.routers import ROUTERS
from liaison.cli.exits import Exit, leave
from liaison.cli.start_faults import FORESEEN, give_up, own_key_ring
from liaison.codec import data_converter
from liaison.db.engine import Database
from liaison.db.rulebook import Rulebook
from liaison.db.schema import check
from liaison.keys import KeyRing
from liaison.logs import configure_logs
from liaison.memory import spare_what_is_loaded
from liaison.metrics import Endpoint
from liaison.services.clock_offset import clock_watched
from liaison.services.platform import Platform
from liaison.services.production import refuse_sample_keys
from liaison.services.readiness import Watch
from liaison.services.storage import Storage
from liaison.services.watching import book_shown
from liaison.settings import Profile, Settings, load_settings
from liaison.supervisor.guards import check_ports
from liaison.temporal import connect, measured_runtime, temporal_place

DRAIN_SECONDS: Final = 2
"""Calls under way may finish; the supervisor gives the process three seconds."""

OpenPlatform = Callable[[], AbstractAsyncContextManager[Platform]]


def create_app(open_platform: OpenPlatform, *, show_openapi: bool) -> FastAPI:
    """The application.

    Args:
        open_platform: opens the platform's parts when the application starts and closes them when it ends.
        show_openapi: whether ``/openapi.json`` is served; there are no pages that would fetch from outside.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_platform() as platform, clock_watched(platform):
            app.state.platform = platform
            app.state.watch = Watch(platform)
            yield

    app = FastAPI(
        title="judge-liaison",
        lifespan=lifespan,
        openapi_url="/openapi.json" if show_openapi else None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Its log records would hold what people sent.
        telemetry={"logs": False},
    )
    app.add_middleware(Border)
    install_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    install_description(app)
    return app


@asynccontextmanager
async def open_platform(
    settings: Settings, ring: KeyRing, runtime: Runtime, metrics: Endpoint | None
) -> AsyncIterator[Platform]:
    """The parts of a real process. Temporal may be down: its client connects with the first call."""
    db = Database(settings.database_url.get_secret_value())
    try:
        client = await connect(settings, "api", data_converter=data_converter(ring), lazy=True, runtime=runtime)
        platform = Platform(
            db,
            ring,
            Rulebook(),
            client,
            clock=lambda: datetime.now(UTC),
            storage=Storage.of_book(db.url, settings.disk_floor_mb),
        )
        async with book_shown(platform, metrics, "api"):
            yield platform
    finally:
        await db.close()


def main() -> None:
    """Serve until told to stop; exit code 6 with one sentence if the surroundings are not as they must be."""
    try:
        settings = load_settings()
        ring = own_key_ring(settings)
        url = settings.database_url.get_secret_value()
        check(url)
        if settings.profile is Profile.PRODUCTION:
            asyncio.run(refuse_sample_keys(url))
        temporal_place(settings)
        check_ports({"LIAISON_API_PORT": settings.api_port}, str(settings.api_host))
        runtime, metrics = measured_runtime(settings, "api")
    except FORESEEN as fault:
        give_up(fault)
    configure_logs("api", form=settings.log_format, level=settings.log_level)
    is_local = settings.profile is Profile.LOCAL
    _serve(settings, create_app(lambda: open_platform(settings, ring, runtime, metrics), show_openapi=is_local))


def _serve(settings: Settings, app: FastAPI) -> None:
    config = uvicorn.Config(
        app,
        host=str(settings.api_host),
        port=settings.api_port,
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    # When it has drained, uvicorn raises the signal that stopped it once more, for us to end on.
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    spare_what_is_loaded()
    asyncio.run(uvicorn.Server(config).serve())


def _end(_signal: int, _frame: FrameType | None) -> NoReturn:
    leave(Exit.DONE)


if __name__ == "__main__":
    main()
