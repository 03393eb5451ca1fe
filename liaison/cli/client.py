"""The API over HTTP, for client commands; whatever goes wrong becomes one sentence and one exit code."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx2
from ulid import ULID

from liaison.cli.exits import Exit
from liaison.cli.language import accept_language, say

_TIMEOUT: Final = httpx2.Timeout(15.0, connect=3.0)
_PAGE: Final = 200
_EXITS: Final = {404: Exit.NOT_FOUND, 409: Exit.CONFLICT, 503: Exit.NOT_READY}


class ApiFault(Exception):
    """The API did not do as asked, or does not answer.

    Attributes:
        exit_code: How the command ends.
        details: Further lines: one a fault of the body.
    """

    def __init__(self, exit_code: Exit, sentence: str, details: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
        self.details = details


@dataclass(frozen=True)
class Health:
    """What ``/readyz`` says: whether requests can be worked on, and the state of each part."""

    ready: bool
    body: dict[str, Any]


class Api:
    """One caller's way to the API; use it as a context manager."""

    def __init__(self, url: str, key: str | None) -> None:
        """``url`` has no slash at its end; without a key only health can be asked for."""
        headers = {"Accept-Language": accept_language()}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        self.url = url
        # No proxy of the environment stands between us and our own machine.
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=_TIMEOUT, trust_env=not _is_loopback(url))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """The JSON object at ``path``.

        Raises:
            ApiFault: A problem, or no answer.
        """
        return _content(self._send("GET", path, params=dict(params or {})))

    def page(self, path: str, params: Mapping[str, str | int], limit: int) -> dict[str, Any]:
        """Up to ``limit`` items of a list, over as many pages as that takes, in the API's shape of one page."""
        items: list[dict[str, Any]] = []
        cursor: str | None = str(params["cursor"]) if "cursor" in params else None
        while True:
            asked = {**params, "limit": min(_PAGE, limit - len(items)), **({"cursor": cursor} if cursor else {})}
            page = self.get(path, asked)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None or len(items) >= limit:
                return {"items": items, "next_cursor": cursor}

    def post(self, path: str, body: Mapping[str, Any], idempotency_key: str = "") -> dict[str, Any]:
        """Do something once, however often the same key is sent; a fresh key if none is given. The API's answer.

        Raises:
            ApiFault: A problem, or no answer; the sentence then says how to repeat safely.
        """
        key = idempotency_key or str(ULID())
        answer = self._send("POST", path, json=body, headers={"Idempotency-Key": key}, repeat_with=key)
        try:
            return _content(answer)
        except ApiFault as fault:
            if answer.status_code < httpx2.codes.INTERNAL_SERVER_ERROR and fault.exit_code is not Exit.UNREACHABLE:
                raise
            # It may have been done all the same, as where a proxy or the database went away in the midst of it.
            raise ApiFault(fault.exit_code, str(fault) + _repeat(key), fault.details) from None

    def health(self) -> Health:
        """What ``/readyz`` says, ready or not.

        Raises:
            ApiFault: No answer.
        """
        answer = self._send("GET", "/readyz")
        try:
            return Health(answer.status_code == httpx2.codes.OK, dict(answer.json()))
        except ValueError:
            raise _strange(self.url) from None

    def _send(self, method: str, path: str, *, repeat_with: str = "", **given: Any) -> httpx2.Response:
        try:
            return self._http.request(method, path, **given)
        except httpx2.ConnectError:
            raise ApiFault(
                Exit.UNREACHABLE,
                say(
                    f"{self.url} 无应答；liaison up 是否在运行？",
                    f"Nothing answers at {self.url}; is liaison up running?",
                ),
            ) from None
        except (httpx2.TransportError, httpx2.InvalidURL) as fault:
            raise ApiFault(Exit.UNREACHABLE, _no_answer(self.url, type(fault).__name__, repeat_with)) from None


def retry_until(deadline: float, pause: float) -> Iterator[float]:
    """Yield the seconds left, pausing between two looks, until the deadline of ``time.monotonic`` has passed."""
    while True:
        left = deadline - time.monotonic()
        yield left
        if left <= 0:
            return
        time.sleep(min(pause, left))


def _content(answer: httpx2.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise _strange(str(answer.url))
    if answer.is_success:
        return content
    raise _problem(answer.status_code, content)


def _problem(status: int, content: Mapping[str, Any]) -> ApiFault:
    sentence = str(content.get("detail") or content.get("title") or f"HTTP {status}")
    details = tuple(f"{fault.get('pointer') or '/'}: {fault.get('detail')}" for fault in content.get("errors", ()))
    return ApiFault(_exit_of(status), sentence, details)


def _exit_of(status: int) -> Exit:
    if status in _EXITS:
        return _EXITS[status]
    return Exit.UNREACHABLE if status >= 500 else Exit.REFUSED


def _strange(url: str) -> ApiFault:
    return ApiFault(
        Exit.UNREACHABLE, say(f"{url} 的应答不是本平台的。", f"What answers at {url} is not this platform.")
    )


def _no_answer(url: str, why: str, repeat_with: str) -> str:
    sentence = say(f"{url} 没有应答（{why}）。", f"{url} gave no answer ({why}).")
    return sentence + _repeat(repeat_with) if repeat_with else sentence


def _repeat(key: str) -> str:
    with_key = f"--idempotency-key {key}"
    return say(f"请以 {with_key} 重试，不会重复登记。", f" Repeat with {with_key}: it is done once only.")


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
