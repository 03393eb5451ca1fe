"""From whatever went wrong to one RFC 9457 answer in the caller's language."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy import exc
from starlette.exceptions import HTTPException

from api.bodies import NotJson
from api.catalogue import CATALOGUE, AnySlug, HttpSlug, ProblemType
from api.faults import faults_of_parameters
from api.languages import preferred_language
from liaison.policy.words import Language
from liaison.services.errors import Fault, Refused, Slug

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 5
_MOST_FAULTS: Final = 100
_READ_ONLY: Final = "25006"
"""SQLSTATE of a PostgreSQL that reads and does not write, as a standby after a failover."""

_OF_STATUS: Final[Mapping[int, AnySlug]] = {
    400: Slug.MALFORMED,
    404: Slug.NOT_FOUND,
    405: HttpSlug.METHOD_NOT_ALLOWED,
    413: Slug.TOO_LARGE,
}


def install_problems(app: FastAPI) -> None:
    """Make every error of the application answer as problem+json."""
    app.add_exception_handler(Refused, _on_refused)
    app.add_exception_handler(RequestValidationError, _on_bad_parameters)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(NotJson, _on_other_media_type)
    # The database is away, locked, full or out of connections; anything else it says is a fault of ours and a 500.
    for kind in (exc.OperationalError, exc.InterfaceError, exc.TimeoutError):
        app.add_exception_handler(kind, _on_database_away)
    app.add_exception_handler(exc.InternalError, _on_database_confused)


def problem(
    request: Request,
    slug: AnySlug,
    *,
    zh: str = "",
    en: str = "",
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for one problem.

    Args:
        request: tells the language.
        slug: which kind of problem.
        zh: what went wrong this time, in Chinese; the general advice if empty.
        en: the same in English.
        faults: each fault of the body, in both languages; at most 100 are told.
        headers: further headers.
    """
    kind = CATALOGUE[slug]
    language = preferred_language(request.headers.get("accept-language"))
    content = _content(kind, language, zh if language is Language.ZH_CN else en, faults)
    answer = Response(
        # Escaped to ASCII: a pointer may quote a field name that no encoding can hold.
        json.dumps(content, ensure_ascii=True),
        status_code=kind.status,
        media_type=MEDIA_TYPE,
        headers={"Content-Language": language, "Vary": "Accept-Language", **_headers_of(kind), **(headers or {})},
    )
    return answer


def _content(kind: ProblemType, language: Language, detail: str, faults: Sequence[Fault]) -> dict[str, Any]:
    wording = kind.wording(language)
    content: dict[str, Any] = {
        "type": kind.uri,
        "title": wording.title,
        "status": kind.status,
        "detail": detail or wording.advice,
    }
    if faults:
        content["errors"] = [
            {"pointer": fault.pointer, "detail": fault.zh if language is Language.ZH_CN else fault.en}
            for fault in faults[:_MOST_FAULTS]
        ]
    return content


def _headers_of(kind: ProblemType) -> dict[str, str]:
    if kind.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="judge-liaison"'}
    if kind.slug in (Slug.UNAVAILABLE, Slug.CLOCK_OFFSET, Slug.STORAGE_FULL, Slug.KEY_IN_PROGRESS):
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return {}


async def _on_refused(request: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)
    return problem(request, refused.slug, zh=refused.zh, en=refused.en, faults=refused.faults)


async def _on_bad_parameters(request: Request, bad: Exception) -> Response:
    assert isinstance(bad, RequestValidationError)
    return problem(request, Slug.INVALID, faults=faults_of_parameters(bad.errors()))


async def _on_http_exception(request: Request, raised: Exception) -> Response:
    assert isinstance(raised, HTTPException)
    return problem(request, _OF_STATUS.get(raised.status_code, HttpSlug.INTERNAL), headers=raised.headers)


async def _on_other_media_type(request: Request, _raised: Exception) -> Response:
    return problem(request, HttpSlug.UNSUPPORTED_MEDIA_TYPE)


async def _on_database_away(request: Request, _away: Exception) -> Response:
    return problem(request, Slug.UNAVAILABLE)


async def _on_database_confused(request: Request, said: Exception) -> Response:
    assert isinstance(said, exc.InternalError)
    if getattr(said.orig, "sqlstate", None) != _READ_ONLY:
        raise said
    return await _on_database_away(request, said)
