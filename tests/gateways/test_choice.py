"""Gateways by setting, and what is said where something is missing (issue line M01)."""

import sys
from pathlib import Path

import pytest

from liaison.gateways.sms.accounts import GATEWAYS, Accounts, AliyunAccount, SmppAccount
from liaison.gateways.sms.choice import CannotOpen, open_gateways, provider_templates, shapes_of
from liaison.gateways.sms.port import Capabilities
from liaison.gateways.sms.templates import packaged_templates
from liaison.policy.words import Language
from tests.gateways.samples import NOW

SMPP = SmppAccount("smsc.invalid", 2775, "court", "p", "1069000", False, 10, 50)


@pytest.fixture
def codes(tmp_path: Path) -> Path:
    (tmp_path / "codes.toml").write_text('[urge]\nzh-CN = "SMS_1"\n', encoding="utf-8")
    return tmp_path / "codes.toml"


def accounts(codes: Path, *names: str) -> Accounts:
    aliyun = AliyunAccount("id", "secret", "广州法院", codes, "dysmsapi.aliyuncs.com", "https", 1_000)
    return Accounts(names, codes.parent / "outbox.jsonl", aliyun, SMPP)


def test_every_gateway_opens_in_its_order_and_says_what_it_can(codes: Path) -> None:
    opened = open_gateways(accounts(codes, "smpp", "aliyun", "outbox"), packaged_templates(), lambda: NOW)
    assert {gateway.name: gateway.can for gateway in opened} == {
        "smpp": Capabilities(receipts=True, extension_codes=True, rate=50, window=10, seconds=13.0),
        "aliyun": Capabilities(
            receipts=True,
            status_query=True,
            extension_codes=True,
            templates_only=True,
            variable_links=False,
            parameter_limit=35,
            rate=1_000,
        ),
        "outbox": Capabilities(status_query=True, extension_codes=True),
    }
    assert [gateway.name for gateway in opened] == ["smpp", "aliyun", "outbox"]


@pytest.mark.parametrize(("gateway", "package"), [("smpp", "smpp34"), ("aliyun", "alibabacloud_dysmsapi20170525")])
def test_a_missing_extra_is_a_sentence_with_the_command(
    codes: Path, monkeypatch: pytest.MonkeyPatch, gateway: str, package: str
) -> None:
    for module in [name for name in sys.modules if name.startswith((package, f"liaison.gateways.sms.{gateway}"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "meta_path", [_Without(package), *sys.meta_path])
    with pytest.raises(CannotOpen) as missing:
        open_gateways(accounts(codes, gateway), packaged_templates(), lambda: NOW)
    command = f'make install EXTRAS="{gateway}"'
    assert str(missing.value) == f"The gateway {gateway} needs packages that are not installed: {command}."
    assert shapes_of(gateway) is not None, "what it told us can be read all the same"


class _Without:
    """An importer that knows a package is not there."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] == self._package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_a_gateway_that_is_none_has_no_shapes() -> None:
    assert shapes_of("pigeon") is None


def test_codes_of_approved_templates_are_read(codes: Path) -> None:
    assert provider_templates(codes, packaged_templates()) == {"urge": {Language.ZH_CN: "SMS_1"}}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "names a file that cannot be read"),
        ("urge = 1", "must have tables like"),
        ('[urge]\nde = "SMS_1"', "must have tables like"),
        ("[urge", "must have tables like"),
        ('[nudge]\nzh-CN = "SMS_1"', "names 'nudge', which is no template of ours"),
    ],
)
def test_a_wrong_file_of_codes_is_one_sentence(codes: Path, content: str | None, sentence: str) -> None:
    codes.unlink() if content is None else codes.write_text(content, encoding="utf-8")
    with pytest.raises(CannotOpen) as fault:
        open_gateways(accounts(codes, "aliyun"), packaged_templates(), lambda: NOW)
    assert str(fault.value).startswith("LIAISON_ALIYUN_TEMPLATES ") and sentence in str(fault.value)


def test_secrets_are_not_shown(codes: Path) -> None:
    known = accounts(codes, *GATEWAYS)
    assert known.aliyun is not None and known.smpp is not None
    assert "'secret'" not in repr(known.aliyun) and "'p'" not in repr(known.smpp)
