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
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "LIAISON_"
LOOPBACK: Final = IPv4Address("127.0.0.1")
MASK: Final = "********"

_DATABASES: Final = ("sqlite+aiosqlite:///", "postgresql+psycopg://", "postgresql://")
_PORTS: Final = ("api_port", "temporal_port", "temporal_ui_port", "api_metrics_port", "worker_metrics_port")
_SHOWN: Final = 40

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


class Settings(BaseSettings):
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
        if not url.get_secret_value().startswith(_DATABASES):
            raise PydanticCustomError("expected", "a URL that starts with " + " or ".join(_DATABASES[:2]))
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
                    f"{_variable(one)} and {_variable(other)} are both {getattr(self, one)}; give each its own port."
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
        return {_variable(name): _plain(getattr(self, name)) for name in sorted(given)}

    def rows(self) -> list[SettingRow]:
        """Every setting with where it comes from, for ``liaison config show``."""
        return [
            SettingRow(
                _variable(name),
                _masked(getattr(self, name)),
                "environment" if name in self.model_fields_set else "default",
            )
            for name in type(self).model_fields
        ]


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: an unknown ``LIAISON_*`` variable or a wrong value.
    """
    known = {_variable(name) for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    if unknown:
        raise SettingsError(f"{unknown[0][:80]} is not a setting; `liaison config show` lists them all.")
    try:
        return Settings()
    except ValidationError as fault:
        raise SettingsError(_sentence(fault.errors(include_url=False)[0])) from None


def _variable(field: str) -> str:
    return PREFIX + field.upper()


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _masked(value: object) -> str:
    """A value as it may be shown: a database's place without its password, a key not at all."""
    if not isinstance(value, SecretStr):
        return "" if value is None else str(value)
    scheme, separator, rest = value.get_secret_value().partition("://")
    if not separator:
        return MASK
    account, at, place = rest.partition("?")[0].rpartition("@")
    return f"{scheme}://{account.partition(':')[0]}:{MASK}@{place}" if at else f"{scheme}://{place}"


def _sentence(fault: ErrorDetails) -> str:
    if fault["type"] == "sentence":
        return fault["msg"]
    field = str(fault["loc"][0])
    return f"{_variable(field)} must be {_expected(field, fault)}{_instead(field, fault['input'])}."


def _expected(field: str, fault: ErrorDetails) -> str:
    if field in _PORTS:
        return "a port number from 1 to 65535"
    if "expected" in fault.get("ctx", {}):
        return str(fault["ctx"]["expected"]).replace("'", "")
    by_type = {
        "expected": fault["msg"],
        "ip_v4_address": "an IPv4 address",
        "int_parsing": "a whole number",
        "greater_than_equal": "0 or more",
        "string_pattern_mismatch": "1 to 63 letters, digits, dots, hyphens and underscores",
    }
    return by_type.get(fault["type"], "a valid value")


def _instead(field: str, value: object) -> str:
    """What was given, shortened; nothing at all where it may be a secret."""
    if Settings.model_fields[field].annotation is SecretStr:
        return ""
    text = repr(str(value))
    return f", not {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"
