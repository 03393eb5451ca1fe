"""The embedded gateway: an outbox on disk that stands for the telephone network where there is none.

Its log is the only witness of what was sent, so every line is on disk before the message counts as delivered.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from liaison.gateways.sms.port import (
    CallbackDesk,
    Capabilities,
    Fate,
    GatewayUnavailable,
    ShortMessage,
    Submission,
)
from liaison.undisturbed import undisturbed


class EmbeddedOutbox:
    """Appends each message to a JSON-lines file: ``{provider_id, id, key, at, to, template, text, code}``.

    Several processes may share it.
    """

    name = "outbox"
    can = Capabilities(status_query=True, extension_codes=True)

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        """Log to ``path`` (created 0600: it holds what the network would)."""
        self._path = path
        self._clock = clock

    async def submit(self, message: ShortMessage) -> Submission:
        """Append the message and have it on disk."""
        submission = Submission(uuid4().hex, Fate.DELIVERED)
        line = {
            "provider_id": submission.provider_id,
            "id": message.id,
            "key": message.key,
            "at": self._clock().isoformat(),
            "to": message.to,
            "template": message.template,
            "text": message.text,
            "code": message.code,
        }
        try:
            # Who gives up must not be told "never heard of it" by a log that is about to hold it.
            await undisturbed(asyncio.to_thread(self._append, json.dumps(line, ensure_ascii=False)))
        except OSError as error:
            raise GatewayUnavailable("the outbox cannot be written") from error
        return submission

    async def look_up(self, message: ShortMessage) -> Submission:
        """Look into the log; a key that is there twice is the affair of whoever finds both out."""
        provider_id = await asyncio.to_thread(self._first_of, message.key)
        return Submission(provider_id, Fate.UNKNOWN if provider_id is None else Fate.DELIVERED)

    @asynccontextmanager
    async def listening(self, desk: CallbackDesk) -> AsyncIterator[None]:
        """There is nobody to listen to: what testers say comes over HTTP."""
        yield

    def _append(self, line: str) -> None:
        # One write of one line to a file opened for appending: lines of several processes never mix.
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size, whole = os.fstat(descriptor).st_size, f"{line}\n".encode()
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                # A full disk or a power cut has left the line before without its end.
                whole = b"\n" + whole
            if os.write(descriptor, whole) < len(whole):
                raise OSError("only a part of the line was written")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _first_of(self, key: str) -> str | None:
        if not self._path.exists():
            return None
        with self._path.open(encoding="utf-8") as log:
            of_key = (line for line in map(_whole, log) if line is not None and line["key"] == key)
            return next((line["provider_id"] for line in of_key), None)


def _whole(line: str) -> dict[str, str] | None:
    """A line of the log; None for an empty one and for what is left of one that was not written to its end."""
    try:
        read: dict[str, str] = json.loads(line)
    except ValueError:
        return None
    return read
