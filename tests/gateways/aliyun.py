"""A stand-in for Aliyun on a real socket: it takes messages, tells what became of them, and falls ill on demand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from aiohttp import web

Report = dict[str, Any]
"""One SmsReport."""

SILENT_SECONDS: Final = 30


class Illness(StrEnum):
    """What it may suffer from."""

    AWAY = "503, and nothing is taken"
    SILENT = "taken, and 30 seconds of silence"
    RESET = "taken, and the connection reset"
    GARBAGE = "taken, and an answer that is none"


class Habit(StrEnum):
    """How it reports; each call holds what was not reported before."""

    ONCE = "once"
    TWICE = "twice"
    FIRST = "before the answer"
    BACKWARDS = "many in one call, the last one first"


@dataclass
class AliyunStandIn:
    """``taken`` is its own log: the parameters of every ``SendSms`` it took, in their order."""

    call: Callable[[list[Report]], Awaitable[int]]
    """Calls us with reports; gives the HTTP status."""

    habit: Habit = Habit.ONCE
    illness: Illness | None = None
    address: str = ""
    taken: list[Mapping[str, str]] = field(default_factory=list)
    ill: int = 0
    """Calls that met it ill."""

    ended: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _gathered: list[Report] = field(default_factory=list)
    _background: set[asyncio.Task[None]] = field(default_factory=set)

    async def rest(self) -> None:
        """Return when everything is reported."""
        if self._gathered:
            reports, self._gathered = self._gathered[::-1], []
            await self._report(reports)
        while self._background:
            await asyncio.gather(*self._background)

    async def answer(self, request: web.Request) -> web.Response:
        """One call of the SDK."""
        self.ill += self.illness is not None
        if self.illness is Illness.AWAY:
            return web.json_response({"Code": "ServiceUnavailable", "Message": "m"}, status=503)
        if request.headers["x-acs-action"] == "QuerySendDetails":
            return await self._said(request, self._found(request.query["PhoneNumber"]))
        self.taken.append(dict(request.query))
        told = {"Code": "OK", "Message": "OK", "BizId": f"{len(self.taken)}^0", "RequestId": "R"}
        report = self._report_of(len(self.taken))
        if self.habit is Habit.FIRST:
            await self._report([report])
        else:
            self._report_soon(report)
        return await self._said(request, told)

    async def _said(self, request: web.Request, told: dict[str, Any]) -> web.Response:
        if self.illness is Illness.SILENT:
            await asyncio.wait([self.ended], timeout=SILENT_SECONDS)
        if self.illness is Illness.RESET and request.transport is not None:
            request.transport.abort()
        if self.illness is Illness.GARBAGE:
            return web.Response(text="<html>garbage</html>")
        return web.json_response(told)

    def _found(self, number: str) -> dict[str, Any]:
        """Every message to a number, whatever the day."""
        shown = [
            {"OutId": line["OutId"], "SendStatus": 3, "PhoneNum": number}
            for line in self.taken
            if line["PhoneNumbers"] == number
        ]
        return {"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": shown}}

    def _report_of(self, place: int) -> Report:
        line = self.taken[place - 1]
        told = {"phone_number": line["PhoneNumbers"], "biz_id": f"{place}^0", "out_id": line["OutId"]}
        return told | {"success": True, "err_code": "DELIVERED", "report_time": "2026-09-22 00:00:00"}

    def _report_soon(self, report: Report) -> None:
        if self.habit is Habit.BACKWARDS:
            self._gathered.append(report)
            return
        for _ in range(2 if self.habit is Habit.TWICE else 1):
            task = asyncio.create_task(self._report([report]))
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    async def _report(self, reports: list[Report]) -> None:
        for pause in (0.1, 0.5, 1.0):
            if await self.call(reports) == 200:
                return
            await asyncio.sleep(pause)
        raise AssertionError("three times told, and nobody listens")


@asynccontextmanager
async def aliyun(call: Callable[[list[Report]], Awaitable[int]], habit: Habit) -> AsyncIterator[AliyunStandIn]:
    """It listens for the length of the block."""
    stand_in = AliyunStandIn(call, habit)
    application = web.Application()
    application.router.add_route("*", "/", stand_in.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    stand_in.address = f"{host}:{port}"
    try:
        yield stand_in
    finally:
        stand_in.ended.cancel()
        await runner.cleanup()
