"""The embedded gateway: an outbox on disk that stands for the telephone network where there is none.

Its log is the only witness of what was sent, so every line is on disk before the message counts as delivered.
"""

import asyncio
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from liaison.gateways.sms.port import Fate, GatewayUnavailable, ShortMessage, Submission


class EmbeddedOutbox:
    """Appends each message to a JSON-lines file: ``{id, key, at, to, template, text}``.

    Several processes may share it.
    """

    name = "outbox"

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        """Log to ``path`` (created 0600: it holds what the network would)."""
        self._path = path
        self._clock = clock

    async def submit(self, message: ShortMessage) -> Submission:
        """Append the message and have it on disk."""
        line = {
            "id": message.id,
            "key": message.key,
            "at": self._clock().isoformat(),
            "to": message.to,
            "template": message.template,
            "text": message.text,
        }
        try:
            await asyncio.to_thread(self._append, json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:
            raise GatewayUnavailable("the outbox cannot be written") from error
        return Submission(message.id, Fate.DELIVERED)

    async def fate(self, key: str) -> Fate:
        """Look into the log."""
        return Fate.DELIVERED if await asyncio.to_thread(self._holds, key) else Fate.UNKNOWN

    def _append(self, line: str) -> None:
        # One write of one line to a file opened for appending: lines of several processes never mix.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _holds(self, key: str) -> bool:
        if not self._path.exists():
            return False
        with self._path.open(encoding="utf-8") as log:
            return any(json.loads(line).get("key") == key for line in log)
