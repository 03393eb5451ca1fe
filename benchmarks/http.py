"""A client that costs next to nothing, so that what is measured is the platform: HTTP/1.1 over one kept connection."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Connection:
    """One caller's connection to the API; it makes one call at a time."""

    host: str
    port: int
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None, repr=False)

    async def post_raw(self, path: str, content: bytes) -> tuple[int, bytes]:
        """Status and body of a call that brings bytes and no key."""
        head = f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: {len(content)}\r\n\r\n"
        return await self._exchanged(head.encode() + content)

    async def call(
        self, method: str, path: str, key: str, body: dict[str, Any] | None = None, once: str = ""
    ) -> tuple[int, Any]:
        """Status and JSON of one call."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}", f"Authorization: Bearer {key}"]
        if body is not None:
            lines += [f"Idempotency-Key: {once}", "Content-Type: application/json", f"Content-Length: {len(content)}"]
        status, answer = await self._exchanged("\r\n".join([*lines, "", ""]).encode() + content)
        return status, json.loads(answer)

    async def _exchanged(self, message: bytes) -> tuple[int, bytes]:
        try:
            return await self._exchange(message)
        except (asyncio.IncompleteReadError, ConnectionError):
            # The API hangs up on whoever is silent for five seconds; the same key makes the repetition harmless.
            await self.close()
            return await self._exchange(message)

    async def _exchange(self, message: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self.host, self.port)
        reader, writer = self._streams
        writer.write(message)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].split("\r\n", 1)[0])
        answer = await reader.readexactly(length)
        return int(head.split(" ", 2)[1]), answer

    async def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
