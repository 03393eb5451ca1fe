"""Who a client command speaks for, and where: the environment first, then the sample keys of the local profile."""

from typing import Annotated, Final

import typer

from liaison.cli.client import Api
from liaison.cli.exits import Exit, fail
from liaison.cli.language import say
from liaison.keys import BadApiKey, split_api_key
from liaison.services.credentials import BadCredentials, Credentials, read_credentials
from liaison.settings import Settings, load_settings

As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="ROLE[:ID]",
        help="Use a sample key of the local profile: channel, clerk, judge:ID, leader:ID, operator or chamber.",
    ),
]

_ROLES: Final = ("channel", "clerk", "judge", "leader", "operator", "chamber")
_NEED_ID: Final = ("judge", "leader")


def open_api(as_: str, default: str = "") -> Api:
    """The API as ``--as``, else by ``LIAISON_KEY`` or ``LIAISON_KEY_FILE``, else by the sample key of ``default``.

    Args:
        as_: What ``--as`` said; empty if nothing.
        default: The role whose sample key fits the command; empty where only the caller can know.

    Raises:
        SettingsError: A setting is wrong.
        typer.Exit: No key, or no such sample key; said on stderr.
    """
    settings = load_settings()
    credentials = _credentials(settings)
    key = None if as_ else settings.client_key()
    if key is None:
        key = _sample_key(settings, credentials, as_ or default)
    return Api(_address(settings, credentials), _checked(key))


def open_api_without_key() -> Api:
    """The API for what anybody may ask."""
    settings = load_settings()
    return Api(_address(settings, _credentials(settings)), None)


def _address(settings: Settings, credentials: Credentials | None) -> str:
    if "url" in settings.model_fields_set or credentials is None:
        return settings.url
    return credentials.api_url


def _credentials(settings: Settings) -> Credentials | None:
    path = settings.credentials_path
    try:
        return read_credentials(path)
    except FileNotFoundError:
        return None
    except (BadCredentials, OSError):
        fail(Exit.NOT_READY, say(f"{path} 无法读取。", f"{path} cannot be read; liaison up writes it anew."))


def _sample_key(settings: Settings, credentials: Credentials | None, who: str) -> str:
    role, _, name = who.partition(":")
    if not who or (role in _NEED_ID and not name):
        fail(
            Exit.USAGE,
            say(
                "请以 --as judge:<id> 或 LIAISON_KEY 说明身份。", "Say who you are: --as judge:ID, or set LIAISON_KEY."
            ),
        )
    if role not in _ROLES:
        fail(Exit.USAGE, f"--as {role[:40]}: {say('应为', 'must be one of')} {', '.join(_ROLES)}.")
    if credentials is None:
        fail(
            Exit.USAGE,
            say(
                f"没有密钥：请设置 LIAISON_KEY 或 LIAISON_KEY_FILE（{settings.credentials_path} 不存在）。",
                f"No key: set LIAISON_KEY or LIAISON_KEY_FILE ({settings.credentials_path} does not exist).",
            ),
        )
    return _of(credentials, role, name)


def _of(credentials: Credentials, role: str, name: str) -> str:
    if role in ("channel", "clerk"):
        return credentials.channel_key if role == "channel" else credentials.clerk_key
    keys: dict[str, str] = getattr(credentials, f"{role}_keys")
    key = keys.get(name) if name else next(iter(keys.values()), None)
    if key is None:
        fail(
            Exit.USAGE, say(f"credentials.json 中没有 {name[:40]}。", f"credentials.json has no {role} {name[:40]!r}.")
        )
    return key


def _checked(key: str) -> str:
    try:
        split_api_key(key)
    except BadApiKey as fault:
        fail(Exit.USAGE, say("密钥格式应为 jl_<id>_<secret>。", f"This is no key of the platform: {fault}."))
    return key
