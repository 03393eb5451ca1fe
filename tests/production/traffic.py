"""Callers that lose their API under their hands and ask another, under the same Idempotency-Key."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx2

from tests.city import REPLY
from tests.e2e.platform import EXAMPLE
from tests.pauses import Pauses
from tests.scale import scaled

PATIENCE_SECONDS = scaled(90, 900)
"""A thousand requests at once are worked off one after the other; a slow machine takes minutes."""
JUDGE = "0104-j01"


@dataclass
class Traffic:
    """Calls through several APIs in turn."""

    addresses: Sequence[str]
    keys: dict[str, str]
    http: httpx2.AsyncClient
    under_way: int = 0
    repeated: int = 0
    _turn: "count[int]" = field(default_factory=count)

    async def call(self, method: str, path: str, key: str, body: Any = None, once: str = "") -> dict[str, Any]:
        """The answer of the first API that gives one."""
        headers = {"Authorization": f"Bearer {self.keys[key]}"} | ({"Idempotency-Key": once} if once else {})
        until = time.monotonic() + PATIENCE_SECONDS
        self.under_way += 1
        while True:
            address = self.addresses[next(self._turn) % len(self.addresses)]
            try:
                answer = await self.http.request(method, address + path, headers=headers, json=body)
            except httpx2.TransportError as gone:
                said = repr(gone)
            else:
                said = answer.text
                if answer.is_success:
                    self.under_way -= 1
                    return dict(answer.json())
                assert answer.status_code in (409, 503), said
            assert time.monotonic() < until, said
            self.repeated += 1
            await asyncio.sleep(0.1)

    async def submit(self, number: int) -> str:
        """Register a request of its own matter for the judge; its reference."""
        party = EXAMPLE["party"] | {"phone": f"139{number:08d}"}
        body = {"channel": "hotline", "court": "0104", "category": "judge_contact", "judge": JUDGE}
        body |= {"content": EXAMPLE["content"], "party": party}
        return str((await self.call("POST", "/v1/requests", "channel", body, f"request-{number}"))["reference"])

    async def reply(self, reference: str) -> None:
        """Reply as the judge."""
        body = {"kind": "text", "text": REPLY}
        await self.call("POST", f"/v1/requests/{reference}/replies", "judge", body, f"reply-{reference}")

    async def until(self, reference: str, **wanted: Any) -> dict[str, Any]:
        """The request as the clerk sees it, as soon as it shows ``wanted``."""
        until, pauses = time.monotonic() + PATIENCE_SECONDS, Pauses()
        while True:
            shown = await self.call("GET", f"/v1/requests/{reference}", "clerk")
            if all(shown[name] == value for name, value in wanted.items()):
                return shown
            assert time.monotonic() < until, shown
            await pauses.pause()
