"""Aliyun through its official SDK, against a stand-in on a real socket (issue line M01)."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from liaison.gateways.sms.accounts import AliyunAccount
from liaison.gateways.sms.aliyun import PARAMETER, AliyunGateway
from liaison.gateways.sms.port import (
    Fate,
    GatewayBusy,
    GatewayInDoubt,
    GatewayRefused,
    GatewayUnavailable,
    Submission,
)
from liaison.policy.words import Language
from tests.gateways.samples import KEY, NOW, Desk, message
from tests.ports import free_port

CODES = {"urge": {Language.ZH_CN: "SMS_1001"}}
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MIDNIGHT = datetime(2026, 9, 17, 16, 0, tzinfo=UTC)
"""The beginning of 18 September in Shanghai."""
TAKEN = {"Code": "OK", "Message": "OK", "BizId": "9009^0", "RequestId": "R"}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK asks the environment for a proxy, and would hand it our loopback."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


def gateway(address: str, answer_seconds: float = 10) -> AliyunGateway:
    account = AliyunAccount("id", "secret", "广州法院", Path("codes.toml"), address, "http", 1_000)
    return AliyunGateway(account, CODES, lambda: NOW, answer_seconds=answer_seconds)


@pytest.fixture
def aliyun(httpserver: HTTPServer) -> AliyunGateway:
    return gateway(f"{httpserver.host}:{httpserver.port}")


async def test_a_message_is_an_approved_template_with_parameters(aliyun: AliyunGateway, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_json(TAKEN)
    assert await aliyun.submit(message(reference="7K3M", code="0042")) == Submission("9009^0", Fate.SUBMITTED)
    [(request, _)] = httpserver.log
    assert request.headers["x-acs-action"] == "SendSms"
    assert request.args.to_dict() == {
        "PhoneNumbers": "13900001001",
        "SignName": "广州法院",
        "TemplateCode": "SMS_1001",
        "TemplateParam": '{"reference": "7K3M"}',
        "OutId": KEY,
        "SmsUpExtendCode": "0042",
    }


async def test_parameters_are_cut_to_what_aliyun_takes(aliyun: AliyunGateway, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_json(TAKEN)
    await aliyun.submit(message(reason="诉" * 33 + "👍🏽" + "求"))
    sent = json.loads(httpserver.log[0][0].args["TemplateParam"])
    assert sent == {"reason": "诉" * 33 + "…"}
    assert aliyun.can.parameter_limit == PARAMETER == 35


@pytest.mark.parametrize(
    ("code", "says", "error", "after"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1", GatewayBusy, timedelta(minutes=1)),
        ("isv.BUSINESS_LIMIT_CONTROL", "触发小时级流控Permits:5", GatewayBusy, timedelta(hours=1)),
        ("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:50", GatewayBusy, timedelta(hours=24)),
        ("isv.MOBILE_NUMBER_ILLEGAL", "13900001001 is no number", GatewayRefused, None),
        ("isv.SMS_TEMPLATE_ILLEGAL", "", GatewayRefused, None),
        ("isv.SMS_SIGNATURE_ILLEGAL", "", GatewayRefused, None),
        ("isv.BLACK_KEY_CONTROL_LIMIT", "", GatewayRefused, None),
        ("isv.AMOUNT_NOT_ENOUGH", "", GatewayUnavailable, None),
        ("isp.SYSTEM_ERROR", "", GatewayUnavailable, None),
    ],
)
async def test_its_codes_are_our_errors(
    aliyun: AliyunGateway, httpserver: HTTPServer, code: str, says: str, error: type[Exception], after: timedelta | None
) -> None:
    httpserver.expect_request("/").respond_with_json({"Code": code, "Message": says, "RequestId": "R"})
    with pytest.raises(error) as raised:
        await aliyun.submit(message())
    assert type(raised.value) is error
    assert getattr(raised.value, "after", None) == after
    assert code in str(raised.value) and "13900001001" not in str(raised.value)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response('{"Code": "InternalError", "Message": "m"}', 500), GatewayInDoubt),
        (Response('{"Code": "InternalError", "Message": "m"}', 502), GatewayInDoubt),
        (Response('{"Code": "ServiceUnavailable", "Message": "m"}', 503), GatewayUnavailable),
        (Response('{"Code": "Forbidden.AccessKeyDisabled", "Message": "m"}', 403), GatewayUnavailable),
        (Response('{"Code": "Throttling.User", "Message": "m"}', 400), GatewayBusy),
        (Response('{"Code": "X", "Message": "m"}', 503, {"x-acs-retry-after": "1500"}), GatewayBusy),
        (Response("{}", 504), GatewayInDoubt),
        (Response("<html>Bad Gateway</html>", 502), GatewayInDoubt),
        (Response("garbage", 200), GatewayInDoubt),
        (Response("[]", 200), GatewayInDoubt),
        (Response("{}", 200), GatewayInDoubt),
    ],
)
async def test_answers_that_are_none(
    aliyun: AliyunGateway, httpserver: HTTPServer, answer: Response, error: type[Exception]
) -> None:
    httpserver.expect_request("/").respond_with_response(answer)
    with pytest.raises(error) as raised:
        await aliyun.submit(message())
    assert type(raised.value) is error
    assert len(httpserver.log) == 1, "the SDK does not try again"


async def test_nobody_there_has_taken_nothing() -> None:
    with pytest.raises(GatewayUnavailable, match="cannot be reached"):
        await gateway(f"127.0.0.1:{free_port()}").submit(message())


Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def peer(behave: Behaviour) -> AsyncIterator[tuple[str, list[int]]]:
    """Somebody who hears a request out and then behaves; his address, and how many requests he heard."""
    heard: list[int] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(len(await reader.readuntil(b"\r\n\r\n")))
        await behave(reader, writer)

    async with await asyncio.start_server(connected, "127.0.0.1", free_port()) as server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}", heard


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def half_an_answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("behave", [reset, be_silent, half_an_answer])
async def test_what_was_heard_and_not_answered_is_in_doubt(behave: Behaviour) -> None:
    async with peer(behave) as (address, heard):
        with pytest.raises(GatewayInDoubt):
            await gateway(address, answer_seconds=0.5).submit(message())
    assert len(heard) == 1, "the SDK does not try again"


async def test_a_template_without_a_code_is_refused_unsent(aliyun: AliyunGateway, httpserver: HTTPServer) -> None:
    english = message()
    object.__setattr__(english, "language", Language.EN)
    with pytest.raises(GatewayRefused, match="no approved template for urge in en"):
        await aliyun.submit(english)
    assert httpserver.log == []


def detail(key: str, status: int) -> dict[str, Any]:
    return {"OutId": key, "SendStatus": status, "PhoneNum": "13900001001", "SendDate": "2026-09-18 10:00:00"}


@pytest.mark.parametrize(
    ("by_day", "went", "fate"),
    [
        ({"20260918": [detail("f" * 32, 3), detail(KEY, 3)]}, (NOW, NOW), Fate.DELIVERED),
        ({"20260918": [detail(KEY, 1)]}, (NOW, NOW), Fate.SUBMITTED),
        ({"20260912": [detail(KEY, 2)]}, (NOW - 6 * DAY, NOW - 6 * DAY), Fate.FAILED),
        ({"20260917": [detail(KEY, 2)]}, (MIDNIGHT, MIDNIGHT), Fate.FAILED),
        ({"20260918": [detail(KEY, 3)]}, (MIDNIGHT - MINUTE, MIDNIGHT - MINUTE), Fate.DELIVERED),
        ({"20260915": [detail(KEY, 1)]}, (NOW - 6 * DAY, NOW), Fate.SUBMITTED),
        ({"20260918": [detail("f" * 32, 3)]}, (NOW, NOW), Fate.CANNOT_SAY),
        ({}, (NOW - DAY, NOW), Fate.CANNOT_SAY),
    ],
    ids=["delivered", "under way", "days ago", "before midnight", "after it", "who knows when", "another", "nothing"],
)
async def test_it_is_asked_what_became_of_a_message(
    aliyun: AliyunGateway,
    httpserver: HTTPServer,
    by_day: dict[str, list[dict[str, Any]]],
    went: tuple[datetime, datetime],
    fate: Fate,
) -> None:
    def answer(request: Request) -> Response:
        assert request.args["PhoneNumber"] == "13900001001"
        shown = {"SmsSendDetailDTO": by_day.get(request.args["SendDate"], [])}
        return Response(json.dumps({"Code": "OK", "SmsSendDetailDTOs": shown}), content_type="application/json")

    httpserver.expect_request("/").respond_with_handler(answer)
    assert await aliyun.look_up(replace(message(), went=went)) == Submission(None, fate)


async def test_a_question_that_is_not_answered_is_asked_again() -> None:
    async with peer(reset) as (address, _):
        with pytest.raises(GatewayUnavailable):
            await gateway(address).look_up(message())


async def test_it_has_nothing_to_listen_to(aliyun: AliyunGateway) -> None:
    desk = Desk()
    async with aliyun.listening(desk):
        pass
    assert desk.kept == []
