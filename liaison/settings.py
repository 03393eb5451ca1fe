"""Every setting of the product: one ``LIAISON_*`` variable each, checked once, when a process starts.

``load_settings`` turns any fault into one sentence that names the variable, fit for one line of stderr.
"""

import os
from enum import StrEnum
from ipaddress import IPv4Address
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import SettingsConfigDict

from liaison.gateway_settings import GatewaySettings
from liaison.gateways.sms.accounts import Accounts
from liaison.setting_sentences import MASK as MASK
from liaison.setting_sentences import PREFIX as PREFIX
from liaison.setting_sentences import masked, plain, sentence, variable

LOOPBACK: Final = IPv4Address("127.0.0.1")

_DATABASES: Final = ("sqlite+aiosqlite:///", "postgresql+psycopg://", "postgresql://")
_PORTS: Final = ("api_port", "temporal_port", "temporal_ui_port", "api_metrics_port", "worker_metrics_port")

BuildId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
PlainSignals = Literal["accept", "confirm", "off"]


class SettingsError(Exception):
    """A setting is unknown or wrong; the text is one sentence that names it."""


class Profile(StrEnum):
    """``local`` owns its Temporal server and sample keys; ``production`` generates nothing (design section 9)."""

    LOCAL = "local"
    PRODUCTION = "production"


class SettingRow(NamedTuple):
    """One line of ``liaison config show``; a secret's value is masked."""

    variable: str
    value: str
    source: Literal["environment", "default"]


def _by_profile(local: str, production: str) -> Any:
    """A default that depends on the profile."""
    return Field(default_factory=lambda given: local if given["profile"] is Profile.LOCAL else production)


def _names_a_place(url: str) -> bool:
    """Whether a server's URL says ``user:password@host:port/name``; of a password with an @ a part would be taken for
    the host, and shown."""
    account, _, place = url.partition("://")[2].partition("?")[0].rpartition("@")
    try:
        return "@" not in account and urlsplit(f"//{place}").port != 0
    except ValueError:
        return False


class Settings(GatewaySettings):
    """What a process is told. Read it with ``load_settings``; composition roots hand its values on.

    An empty variable counts as unset. ``home`` is absolute whatever was given.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, hide_input_in_errors=True, extra="forbid"
    )

    profile: Profile = Profile.LOCAL
    home: Path = Field(default=Path(".liaison"), validate_default=True)
    api_host: IPv4Address = LOOPBACK
    api_port: Port = 8400
    temporal_port: Port = 7233
    temporal_ui_port: Port = 8233
    metrics_host: IPv4Address = LOOPBACK
    api_metrics_port: Port | None = None
    worker_metrics_port: Port | None = None
    temporal_binary: Path | None = None
    database_url: SecretStr = Field(
        default_factory=lambda given: SecretStr(f"{_DATABASES[0]}{given['home'] / 'liaison.db'}")
    )
    disk_floor_mb: Annotated[int, Field(ge=0)] = 512
    key_ring: Path = Field(default_factory=lambda given: given["home"] / "key-ring.json")
    log_format: Literal["json", "pretty"] = _by_profile(local="pretty", production="json")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    build_id: BuildId | None = None
    replan_per_second: Annotated[int, Field(ge=1, le=10_000)] = 50
    plain_signals: PlainSignals = _by_profile(local="accept", production="confirm")
    url: str = Field(default_factory=lambda given: f"http://{LOOPBACK}:{given['api_port']}")
    key: SecretStr | None = None
    key_file: Path | None = None

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        # abspath and not resolve: a home behind a symbolic link keeps the name its owner gave it.
        return Path(os.path.abspath(home.expanduser()))

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: SecretStr) -> SecretStr:
        given = url.get_secret_value()
        if not given.startswith(_DATABASES):
            raise PydanticCustomError("expected", "a URL that starts with " + " or ".join(_DATABASES[:2]))
        if not given.startswith(_DATABASES[0]) and not _names_a_place(given):
            example = f"{_DATABASES[1]}user:password@host:5432/name"
            raise PydanticCustomError(
                "expected", f"a URL like {example}, with the : @ / % of a password as %3A %40 %2F %25"
            )
        return url

    @field_validator("url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise PydanticCustomError("expected", "an address like http://127.0.0.1:8400")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        for one, other in combinations(_PORTS, 2):
            if getattr(self, one) == getattr(self, other) is not None:
                sentence = (
                    f"{variable(one)} and {variable(other)} are both {getattr(self, one)}; give each its own port."
                )
                raise PydanticCustomError("sentence", sentence)
        return self

    @model_validator(mode="after")
    def _fits_profile(self) -> Self:
        if self.profile is Profile.LOCAL and self.api_host != LOOPBACK:
            raise PydanticCustomError(
                "sentence", f"LIAISON_API_HOST must be {LOOPBACK} in the local profile, which serves this machine only."
            )
        if self.profile is Profile.LOCAL and self.metrics_host != LOOPBACK:
            raise PydanticCustomError(
                "sentence", f"LIAISON_METRICS_HOST must be {LOOPBACK} in the local profile, as figures need no key."
            )
        if self.profile is Profile.PRODUCTION and self.plain_signals == "accept":
            raise PydanticCustomError(
                "sentence",
                "LIAISON_PLAIN_SIGNALS must be confirm or off in the production profile: a plain signal proves nobody.",
            )
        if self.profile is Profile.PRODUCTION and self.aliyun_protocol == "http":
            raise PydanticCustomError("sentence", "LIAISON_ALIYUN_PROTOCOL must be https in the production profile.")
        if self.profile is Profile.PRODUCTION and "database_url" not in self.model_fields_set:
            raise PydanticCustomError("sentence", "LIAISON_DATABASE_URL must be set in the production profile.")
        return self

    @property
    def credentials_path(self) -> Path:
        """Where the local profile writes the sample keys and addresses."""
        return self.home / "credentials.json"

    @property
    def api_url(self) -> str:
        """Where this machine reaches the API that ``liaison up`` runs."""
        host = LOOPBACK if self.api_host.is_unspecified else self.api_host
        return f"http://{host}:{self.api_port}"

    @property
    def temporal_address(self) -> str:
        """``host:port`` of the local profile's Temporal server."""
        return f"{LOOPBACK}:{self.temporal_port}"

    @property
    def temporal_ui_url(self) -> str:
        """The local profile's Temporal UI."""
        return f"http://{LOOPBACK}:{self.temporal_ui_port}"

    @property
    def outbox_path(self) -> Path:
        """The embedded outbox's log."""
        return self.home / "outbox.jsonl"

    @property
    def sms_accounts(self) -> Accounts:
        """The gateways for short messages and the account with each."""
        return self.accounts(self.outbox_path)

    def addresses(self) -> dict[str, str]:
        """The three addresses of ``credentials.json``, which are rewritten at every start."""
        return {
            "api_url": self.api_url,
            "temporal_address": self.temporal_address,
            "temporal_ui_url": self.temporal_ui_url,
        }

    def client_key(self) -> str | None:
        """The API key of client commands: ``LIAISON_KEY``, else the one in ``LIAISON_KEY_FILE``, else None.

        Raises:
            SettingsError: the file cannot be read.
        """
        if self.key is not None:
            return self.key.get_secret_value()
        if self.key_file is None:
            return None
        try:
            return self.key_file.expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise SettingsError(f"LIAISON_KEY_FILE names a file that cannot be read: {self.key_file}.") from None

    def environment(self) -> dict[str, str]:
        """The same settings as variables, for a child process; secrets in the clear, ``home`` absolute."""
        given = self.model_fields_set | {"home"}
        return {variable(name): plain(getattr(self, name)) for name in sorted(given)}

    def rows(self) -> list[SettingRow]:
        """Every setting with where it comes from, for ``liaison config show``."""
        return [
            SettingRow(
                variable(name),
                masked(getattr(self, name)),
                "environment" if name in self.model_fields_set else "default",
            )
            for name in sorted(type(self).model_fields, key=GatewaySettings.model_fields.__contains__)
        ]


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: an unknown ``LIAISON_*`` variable or a wrong value.
    """
    known = {variable(name) for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    if unknown:
        raise SettingsError(f"{unknown[0][:80]} is not a setting; `liaison config show` lists them all.")
    try:
        return Settings()
    except ValidationError as fault:
        raise SettingsError(sentence(fault.errors(include_url=False)[0], Settings.model_fields)) from None
