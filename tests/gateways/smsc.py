"""The independent SMSC (``tests/peers/smsc.js``) as a process of a test."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PEERS = Path(__file__).parents[1] / "peers"


def installed() -> bool:
    """Whether it can be run here."""
    return shutil.which("node") is not None and (PEERS / "node_modules" / "smpp").exists()


needs_smsc = pytest.mark.skipif(
    not installed(), reason="the independent SMSC is not installed: make peers (needs Node.js)"
)


@dataclass
class Smsc:
    """A running SMSC: ``port``, what it took (its own log), and the statuses of our answers to what it delivered."""

    port: int
    log: Path
    _process: asyncio.subprocess.Process
    answered: list[int] = field(default_factory=list)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    def taken(self) -> list[dict[str, Any]]:
        """Every ``submit_sm`` it took."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def messages(self) -> list[tuple[str, str]]:
        """Number and text of every message of which it took all parts."""
        parts: dict[tuple[Any, ...], dict[int, str]] = {}
        whole = []
        for line in self.taken():
            udh = bytes.fromhex(line["udh"])
            reference, total, number = udh[-3:] if udh else (0, 1, 1)
            message = (line["session"], line["to"], reference)
            parts.setdefault(message, {})[number] = line["text"]
            if len(parts[message]) == total:
                texts = parts.pop(message)
                whole.append((line["to"], "".join(texts[each] for each in sorted(texts))))
        return whole

    async def fall(self, **faults: str) -> None:
        """Have these faults from the next ``submit_sm`` on, and none else."""
        await self._tell({"faults": faults})

    async def hear(self, lines: asyncio.StreamReader) -> None:
        """Note our answers as it prints them."""
        async for line in lines:
            self.answered.append(json.loads(line)["delivered"])
            self._came.set()

    async def say(self, number: str, to: str, *parts: str) -> None:
        """Deliver a message, in as many parts as are given."""
        await self._tell({"from": number, "to": to, "parts": parts})

    async def _tell(self, what: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        await self._process.stdin.drain()

    async def until_answered(self, number: int, *, seconds: float = 10) -> list[int]:
        """The statuses of our answers as soon as there are that many."""
        async with asyncio.timeout(seconds):
            while len(self.answered) < number:
                self._came.clear()
                await self._came.wait()
        return self.answered


@asynccontextmanager
async def smsc(log: Path, *options: str, port: int = 0) -> AsyncIterator[Smsc]:
    """Run it for the length of the block; ``options`` are those of the script, on any port or a given one."""
    command = ["node", str(PEERS / "smsc.js"), "--log", str(log), "--port", str(port), *options]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdout is not None and process.stdin is not None
    running = Smsc(json.loads(await process.stdout.readline())["port"], log, process)
    hearing = asyncio.create_task(running.hear(process.stdout))
    try:
        yield running
    finally:
        process.stdin.close()
        await process.wait()
        await hearing
