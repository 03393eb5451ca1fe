"""Settings: one variable each, one sentence for any fault, profiles that decide the rest."""

from pathlib import Path

import pytest

from liaison.gateways.sms.accounts import SmppAccount
from liaison.settings import MASK, Profile, Settings, SettingsError, load_settings

_DATABASE = "postgresql+psycopg://clerk:s3cret@db.court/liaison?sslmode=require"


def _set(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"LIAISON_{name}", value)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"API_PORT": "abc"}, "LIAISON_API_PORT must be a port number from 1 to 65535, not 'abc'."),
        ({"TEMPORAL_PORT": "0"}, "LIAISON_TEMPORAL_PORT must be a port number from 1 to 65535, not '0'."),
        ({"TEMPORAL_UI_PORT": "65536"}, "LIAISON_TEMPORAL_UI_PORT must be a port number from 1 to 65535, not '65536'."),
        ({"API_PORT": "7233"}, "LIAISON_API_PORT and LIAISON_TEMPORAL_PORT are both 7233; give each its own port."),
        ({"PROFILE": "test"}, "LIAISON_PROFILE must be local or production, not 'test'."),
        ({"API_HOST": "court"}, "LIAISON_API_HOST must be an IPv4 address, not 'court'."),
        (
            {"API_HOST": "0.0.0.0"},
            "LIAISON_API_HOST must be 127.0.0.1 in the local profile, which serves this machine only.",
        ),
        ({"LOG_FORMAT": "xml"}, "LIAISON_LOG_FORMAT must be json or pretty, not 'xml'."),
        ({"LOG_LEVEL": "x" * 500}, f"LIAISON_LOG_LEVEL must be debug, info, warning or error, not '{'x' * 39}…."),
        ({"PLAIN_SIGNALS": "on"}, "LIAISON_PLAIN_SIGNALS must be accept, confirm or off, not 'on'."),
        (
            {"PROFILE": "production", "PLAIN_SIGNALS": "accept", "DATABASE_URL": _DATABASE},
            "LIAISON_PLAIN_SIGNALS must be confirm or off in the production profile: a plain signal proves nobody.",
        ),
        ({"PROFILE": "production"}, "LIAISON_DATABASE_URL must be set in the production profile."),
        (
            {"DATABASE_URL": "mysql://clerk:s3cret@db"},
            "LIAISON_DATABASE_URL must be a URL that starts with sqlite+aiosqlite:/// or postgresql+psycopg://.",
        ),
        (
            {"BUILD_ID": "v 1"},
            "LIAISON_BUILD_ID must be 1 to 63 letters, digits, dots, hyphens and underscores, not 'v 1'.",
        ),
        ({"URL": "court:80"}, "LIAISON_URL must be an address like http://127.0.0.1:8400, not 'court:80'."),
        ({"DISK_FLOOR_MB": "-1"}, "LIAISON_DISK_FLOOR_MB must be 0 or more, not '-1'."),
        ({"DISK_FLOOR_MB": "1 GB"}, "LIAISON_DISK_FLOOR_MB must be a whole number, not '1 GB'."),
        (
            {"SMS_GATEWAYS": "smpp,pigeon"},
            "LIAISON_SMS_GATEWAYS must be a list like smpp,aliyun of outbox, aliyun and smpp, each once, "
            "not 'smpp,pigeon'.",
        ),
        (
            {"SMS_GATEWAYS": "outbox, outbox"},
            "LIAISON_SMS_GATEWAYS must be a list like smpp,aliyun of outbox, aliyun and smpp, each once, "
            "not 'outbox, outbox'.",
        ),
        (
            {"SMS_GATEWAYS": "outbox,smpp", "SMPP_HOST": "smsc"},
            "LIAISON_SMPP_SYSTEM_ID must be set if LIAISON_SMS_GATEWAYS names smpp.",
        ),
        (
            {"SMS_GATEWAYS": "aliyun"},
            "LIAISON_ALIYUN_ACCESS_KEY_ID must be set if LIAISON_SMS_GATEWAYS names aliyun.",
        ),
        ({"SMPP_PORT": "0"}, "LIAISON_SMPP_PORT must be a port number from 1 to 65535, not '0'."),
        ({"SMPP_SOURCE": "court"}, "LIAISON_SMPP_SOURCE must be a number of 3 to 14 digits, not 'court'."),
        ({"SMPP_PASSWORD": "密码"}, "LIAISON_SMPP_PASSWORD must be 1 to 64 letters, digits and signs of ASCII."),
        ({"SMPP_WINDOW": "0"}, "LIAISON_SMPP_WINDOW must be 1 or more, not '0'."),
        ({"SMPP_TLS": "perhaps"}, "LIAISON_SMPP_TLS must be true or false, not 'perhaps'."),
        ({"ALIYUN_RATE": "0"}, "LIAISON_ALIYUN_RATE must be more than 0, not '0'."),
        ({"ALIYUN_RATE": "fast"}, "LIAISON_ALIYUN_RATE must be a number, not 'fast'."),
        (
            {"PROFILE": "production", "DATABASE_URL": _DATABASE, "ALIYUN_PROTOCOL": "http"},
            "LIAISON_ALIYUN_PROTOCOL must be https in the production profile.",
        ),
        ({"PORT": "1"}, "LIAISON_PORT is not a setting; `liaison config show` lists them all."),
    ],
)
def test_a_fault_is_one_short_sentence_naming_the_setting(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    _set(monkeypatch, **variables)
    with pytest.raises(SettingsError) as fault:
        load_settings()
    assert str(fault.value) == sentence
    assert len(sentence) < 200


def test_the_local_profile_needs_nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert settings.home == tmp_path / ".liaison"
    assert settings.database_url.get_secret_value() == f"sqlite+aiosqlite:///{tmp_path}/.liaison/liaison.db"
    assert (settings.plain_signals, settings.log_format) == ("accept", "pretty")
    assert settings.addresses() == {
        "api_url": "http://127.0.0.1:8400",
        "temporal_address": "127.0.0.1:7233",
        "temporal_ui_url": "http://127.0.0.1:8233",
    }


def test_the_production_profile_is_stricter(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, PROFILE="production", DATABASE_URL=_DATABASE, API_HOST="0.0.0.0")
    settings = load_settings()
    assert settings.profile is Profile.PRODUCTION
    assert (settings.plain_signals, settings.log_format) == ("confirm", "json")
    assert settings.api_url == "http://127.0.0.1:8400"


def test_gateways_are_tried_in_the_order_they_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().gateway_names == ("outbox",)
    assert load_settings().sms_accounts.smpp is None
    _set(monkeypatch, SMS_GATEWAYS="smpp, outbox", SMPP_HOST="smsc", SMPP_SYSTEM_ID="court", SMPP_PASSWORD="p")
    _set(monkeypatch, SMPP_SOURCE="1069000", SMPP_WINDOW="25")
    settings = load_settings()
    assert settings.sms_accounts.names == ("smpp", "outbox")
    assert settings.sms_accounts.smpp == SmppAccount("smsc", 2775, "court", "p", "1069000", False, 25, 100)
    assert settings.rows()[0].variable == "LIAISON_PROFILE", "gateways are shown after what everybody sets"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, API_PORT="", HOME="")
    assert load_settings().api_port == 8400


def test_shown_settings_tell_their_source_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, DATABASE_URL=_DATABASE, KEY="jl_web_secret", API_PORT="9000")
    rows = {row.variable: row for row in load_settings().rows()}
    assert len(rows) == len(Settings.model_fields)
    assert rows["LIAISON_API_PORT"][1:] == ("9000", "environment")
    assert rows["LIAISON_TEMPORAL_PORT"][1:] == ("7233", "default")
    assert rows["LIAISON_KEY"][1:] == (MASK, "environment")
    assert rows["LIAISON_DATABASE_URL"].value == f"postgresql+psycopg://clerk:{MASK}@db.court/liaison"
    assert "s3cret" not in repr(load_settings())


def test_a_child_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    _set(monkeypatch, HOME="here", KEY="jl_web_secret", API_PORT="9000")
    settings = load_settings()
    monkeypatch.chdir("/")
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_a_client_takes_its_key_from_variable_or_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load_settings().client_key() is None
    key_file = tmp_path / "key"
    _set(monkeypatch, KEY_FILE=str(key_file))
    with pytest.raises(SettingsError, match="LIAISON_KEY_FILE names a file that cannot be read"):
        load_settings().client_key()
    key_file.write_text("jl_file\n")
    assert load_settings().client_key() == "jl_file"
    _set(monkeypatch, KEY="jl_variable")
    assert load_settings().client_key() == "jl_variable"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:////srv/a@b:c/d@e/liaison.db",
        "postgresql+psycopg://clerk:p%40ss%3A@db.court:5432/liaison?application_name=a@b",
        "postgresql+psycopg://clerk@[::1]:5432/liaison",
        "postgresql+psycopg:///liaison?host=/var/run/postgresql",
    ],
)
def test_a_database_may_be_anywhere(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    _set(monkeypatch, DATABASE_URL=url)
    assert load_settings().database_url.get_secret_value() == url
