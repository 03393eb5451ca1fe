"""``liaison up``: run everything on this machine, say what to do next, end in good order."""

import asyncio
from collections.abc import Awaitable, Callable

import typer

from liaison.cli.exits import Exit, complain
from liaison.contract import search
from liaison.logs import configure_logs
from liaison.settings import Profile, Settings, SettingsError, load_settings
from liaison.supervisor import HostFault, Programs, up


def up_command(prepare: Callable[[Settings], Awaitable[None]], programs: Programs | None = None) -> Exit:
    """Run Temporal, worker and API until Ctrl-C; the exit code to leave with (host command).

    Args:
        prepare: run after Temporal serves and before worker and API start; raises ``HostFault`` if it cannot.
        programs: other programs in place of our worker and API.

    Returns:
        ``DONE`` after a drain; ``NOT_READY``, with one sentence on stderr, when the host or a setting is at fault.
    """
    try:
        settings = load_settings()
        configure_logs("up", form=settings.log_format, level=settings.log_level)
        asyncio.run(
            up(
                settings,
                lambda: prepare(settings),
                attributes=search.ALL,
                announce=lambda: typer.echo(what_next(settings)),
                programs=programs,
            )
        )
    except (SettingsError, HostFault) as fault:
        complain(str(fault))
        return Exit.NOT_READY
    return Exit.DONE


def what_next(settings: Settings) -> str:
    """The block shown once everything runs, in both languages."""
    lines = [("API 接口", settings.api_url)]
    if settings.profile is Profile.LOCAL:
        lines += [
            ("Temporal UI 界面", settings.temporal_ui_url),
            ("Keys 密钥", str(settings.credentials_path)),
            ("First request 第一件诉求", "make first-request"),
        ]
    lines += [("Is it well? 是否正常", f"curl {settings.api_url}/readyz"), ("Stop 停止", "Ctrl-C")]
    return "\n".join(["", "judge-liaison is ready 已就绪", *(f"  {name}: {value}" for name, value in lines), ""])
