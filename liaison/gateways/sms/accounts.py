"""Which gateways there are, and what we need to know of our account with each: values, made by composition roots."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from liaison.policy.words import Language

OUTBOX: Final = "outbox"
ALIYUN: Final = "aliyun"
SMPP: Final = "smpp"
GATEWAYS: Final = (OUTBOX, ALIYUN, SMPP)

ProviderTemplates = Mapping[str, Mapping[Language, str]]
"""Our template id to language to the provider's code for the approved template of the same text."""


@dataclass(frozen=True, slots=True)
class AliyunAccount:
    """An account with Aliyun's domestic SMS.

    Attributes:
        sign_name: The approved signature, without its brackets.
        templates: A TOML file, ``[<our template>]`` and below it ``<language> = "SMS_..."``.
        endpoint: ``host`` or ``host:port``; ``protocol`` is ``https``, or ``http`` to a stand-in of tests.
        rate: Messages a second.
    """

    access_key_id: str = field(repr=False)
    access_key_secret: str = field(repr=False)
    sign_name: str
    templates: Path
    endpoint: str
    protocol: str
    rate: float


@dataclass(frozen=True, slots=True)
class SmppAccount:
    """An account with an SMSC.

    Attributes:
        source: The number our messages come from; extension codes are appended to it.
        tls: Whether the connection is encrypted.
        window: Messages under way at once, by contract.
        rate: Parts of messages a second over one connection, by contract; every worker has a connection.
    """

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    source: str
    tls: bool
    window: int
    rate: float


@dataclass(frozen=True, slots=True)
class Accounts:
    """The gateways in the order they are tried, and the accounts of those that need one.

    ``outbox`` is where the embedded outbox keeps its log.
    """

    names: tuple[str, ...]
    outbox: Path
    aliyun: AliyunAccount | None = None
    smpp: SmppAccount | None = None
