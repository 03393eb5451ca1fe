"""The gateways a process sends through, by name, and how each writes what it tells us."""

import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from liaison.gateways.sms.accounts import ALIYUN, OUTBOX, SMPP, Accounts, AliyunAccount, ProviderTemplates
from liaison.gateways.sms.aliyun_shapes import AliyunShapes
from liaison.gateways.sms.outbox import EmbeddedOutbox
from liaison.gateways.sms.outbox_shapes import OutboxShapes
from liaison.gateways.sms.port import CallbackShapes, SmsGateway
from liaison.gateways.sms.smpp_shapes import SmppShapes
from liaison.gateways.sms.templates import Templates
from liaison.policy.words import Language

Clock = Callable[[], datetime]

_PACKAGES: Final = {ALIYUN: ("aiohttp", "alibabacloud_", "darabonba"), SMPP: ("smpp34",)}
"""What a gateway's extra installs, by the beginnings of the modules' names."""
_SHAPES: Final[Mapping[str, CallbackShapes]] = {OUTBOX: OutboxShapes(), ALIYUN: AliyunShapes(), SMPP: SmppShapes()}


class CannotOpen(Exception):
    """A gateway lacks something; one sentence."""


def shapes_of(name: str) -> CallbackShapes | None:
    """How a gateway writes what it tells us; needs no extra and no account. None if there is no such gateway."""
    return _SHAPES.get(name)


def open_gateways(accounts: Accounts, templates: Templates, clock: Clock) -> tuple[SmsGateway, ...]:
    """Every chosen gateway, in the order they are tried. Nothing is connected yet.

    Args:
        accounts: The choice.
        templates: Our own texts, by which the providers' template codes are checked.
        clock: The time now, in UTC.

    Raises:
        CannotOpen: A package is not installed, or the file of template codes is wrong.
    """
    return tuple(_opened(name, accounts, templates, clock) for name in accounts.names)


def _opened(name: str, accounts: Accounts, templates: Templates, clock: Clock) -> SmsGateway:
    try:
        if name == ALIYUN and accounts.aliyun is not None:
            return _aliyun(accounts.aliyun, templates, clock)
        if name == SMPP and accounts.smpp is not None:
            from liaison.gateways.sms.smpp import SmppGateway

            return SmppGateway(accounts.smpp, clock)
    except ModuleNotFoundError as missing:
        if not str(missing.name).startswith(_PACKAGES[name]):
            raise
        raise CannotOpen(
            f'The gateway {name} needs packages that are not installed: make install EXTRAS="{name}".'
        ) from None
    if name != OUTBOX:
        raise CannotOpen(f"The gateway {name} has no account.")
    return EmbeddedOutbox(accounts.outbox, clock)


def _aliyun(account: AliyunAccount, templates: Templates, clock: Clock) -> SmsGateway:
    from liaison.gateways.sms.aliyun import AliyunGateway

    return AliyunGateway(account, provider_templates(account.templates, templates), clock)


def provider_templates(path: Path, ours: Templates) -> ProviderTemplates:
    """Read the codes of approved templates. A template without a code is refused when it is wanted, not here.

    Raises:
        CannotOpen: The file cannot be read, is not of its form, or names a template that we do not have.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        codes = TypeAdapter(dict[str, dict[Language, str]]).validate_python(told)
    except (OSError, UnicodeDecodeError):
        raise CannotOpen(f"LIAISON_ALIYUN_TEMPLATES names a file that cannot be read: {path}.") from None
    except (tomllib.TOMLDecodeError, ValidationError):
        raise CannotOpen(
            f'LIAISON_ALIYUN_TEMPLATES must have tables like [urge] with zh-CN = "SMS_1": {path}.'
        ) from None
    if unknown := sorted(set(codes) - set(ours)):
        raise CannotOpen(f"LIAISON_ALIYUN_TEMPLATES names {unknown[0]!r}, which is no template of ours: {path}.")
    return codes
