"""Settings of the gateways for short messages: which there are, and the account with each."""

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings

from liaison.gateways.sms.accounts import ALIYUN, GATEWAYS, OUTBOX, SMPP, Accounts, AliyunAccount, SmppAccount
from liaison.setting_sentences import plain

Rate = Annotated[float, Field(gt=0, le=10_000)]

_NEEDED: Final = {
    ALIYUN: ("aliyun_access_key_id", "aliyun_access_key_secret", "aliyun_sign_name", "aliyun_templates"),
    SMPP: ("smpp_host", "smpp_system_id", "smpp_password", "smpp_source"),
}


class GatewaySettings(BaseSettings):
    """Where short messages go: the first gateway named is tried first, the next takes over."""

    sms_gateways: str = OUTBOX
    aliyun_access_key_id: SecretStr | None = None
    aliyun_access_key_secret: SecretStr | None = None
    aliyun_sign_name: str | None = None
    aliyun_templates: Path | None = None
    aliyun_endpoint: str = "dysmsapi.aliyuncs.com"
    aliyun_protocol: Literal["https", "http"] = "https"
    aliyun_rate: Rate = 1_000
    smpp_host: str | None = None
    smpp_port: Annotated[int, Field(ge=1, le=65535)] = 2775
    smpp_system_id: str | None = None
    smpp_password: SecretStr | None = None
    smpp_source: str | None = None
    smpp_tls: bool = False
    smpp_window: Annotated[int, Field(ge=1, le=1_000)] = 10
    smpp_rate: Rate = 100

    @field_validator("sms_gateways")
    @classmethod
    def _known_gateways(cls, names: str) -> str:
        listed = [name.strip() for name in names.split(",")]
        if not set(listed) <= set(GATEWAYS) or len(set(listed)) != len(listed):
            raise PydanticCustomError("expected", "a list like smpp,aliyun of outbox, aliyun and smpp, each once")
        return ",".join(listed)

    @field_validator("smpp_source")
    @classmethod
    def _digits(cls, number: str | None) -> str | None:
        # An address has 20 characters: some of them are left to extension codes.
        if number is not None and not re.fullmatch("[0-9]{3,14}", number):
            raise PydanticCustomError("expected", "a number of 3 to 14 digits")
        return number

    @field_validator("smpp_system_id", "smpp_password")
    @classmethod
    def _ascii(cls, name: str | SecretStr | None) -> str | SecretStr | None:
        if name is not None and not re.fullmatch("[!-~]{1,64}", plain(name)):
            raise PydanticCustomError("expected", "1 to 64 letters, digits and signs of ASCII")
        return name

    @model_validator(mode="after")
    def _accounts_are_complete(self) -> Self:
        for gateway in self.gateway_names:
            for name in _NEEDED.get(gateway, ()):
                if getattr(self, name) is None:
                    sentence = f"LIAISON_{name.upper()} must be set if LIAISON_SMS_GATEWAYS names {gateway}."
                    raise PydanticCustomError("sentence", sentence)
        return self

    @property
    def gateway_names(self) -> tuple[str, ...]:
        """The gateways in the order they are tried."""
        return tuple(self.sms_gateways.split(","))

    def accounts(self, outbox: Path) -> Accounts:
        """The choice and the accounts it needs; ``outbox`` is where the embedded one keeps its log."""
        return Accounts(
            self.gateway_names,
            outbox,
            self._aliyun() if ALIYUN in self.gateway_names else None,
            self._smpp() if SMPP in self.gateway_names else None,
        )

    def _aliyun(self) -> AliyunAccount:
        return AliyunAccount(
            access_key_id=_told(self.aliyun_access_key_id),
            access_key_secret=_told(self.aliyun_access_key_secret),
            sign_name=_told(self.aliyun_sign_name),
            templates=_told(self.aliyun_templates),
            endpoint=self.aliyun_endpoint,
            protocol=self.aliyun_protocol,
            rate=self.aliyun_rate,
        )

    def _smpp(self) -> SmppAccount:
        return SmppAccount(
            host=_told(self.smpp_host),
            port=self.smpp_port,
            system_id=_told(self.smpp_system_id),
            password=_told(self.smpp_password),
            source=_told(self.smpp_source),
            tls=self.smpp_tls,
            window=self.smpp_window,
            rate=self.smpp_rate,
        )


def _told(value: Any) -> Any:
    """A setting that ``_accounts_are_complete`` has seen, a secret in the clear."""
    return value.get_secret_value() if isinstance(value, SecretStr) else value
