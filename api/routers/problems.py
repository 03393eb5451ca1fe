"""``/problems``: what each kind of problem means, for people (HTML) and programs (JSON)."""

from html import escape
from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from api.answers import problems
from api.catalogue import CATALOGUE, PROBLEMS_PATH, ProblemType
from api.deps import public
from api.languages import preferred_language
from liaison.policy.words import Language
from liaison.services.errors import Refused, Slug

router = APIRouter(prefix=PROBLEMS_PATH, tags=["problems"], dependencies=[Depends(public)])

_VARY: Final = {"Vary": "Accept, Accept-Language"}


@router.get("", operation_id="list_problems", summary="Every kind of problem", response_class=JSONResponse)
async def list_problems(request: Request) -> Response:
    """Tell what each ``type`` of a problem means."""
    language = preferred_language(request.headers.get("accept-language"))
    if _wants_html(request):
        return _page(language, "".join(_section(kind, language, linked=True) for kind in CATALOGUE.values()))
    items = [_explained(kind, language) for kind in CATALOGUE.values()]
    return JSONResponse({"items": items, "next_cursor": None}, headers={"Content-Language": language, **_VARY})


@router.get(
    "/{slug}",
    operation_id="show_problem",
    summary="One kind of problem",
    response_class=JSONResponse,
    responses=problems(Slug.NOT_FOUND),
)
async def show_problem(request: Request, slug: str) -> Response:
    """Tell what one ``type`` of a problem means."""
    kind = next((kind for kind in CATALOGUE.values() if kind.slug == slug), None)
    if kind is None:
        raise Refused(Slug.NOT_FOUND, zh="没有这种问题类型。", en="There is no such kind of problem.")
    language = preferred_language(request.headers.get("accept-language"))
    if _wants_html(request):
        return _page(language, _section(kind, language, linked=False))
    return JSONResponse(_explained(kind, language), headers={"Content-Language": language, **_VARY})


def _wants_html(request: Request) -> bool:
    """Browsers name text/html first; programs name JSON, anything, or nothing."""
    return "text/html" in request.headers.get("accept", "")


def _explained(kind: ProblemType, language: Language) -> dict[str, Any]:
    wording = kind.wording(language)
    return {"type": kind.uri, "title": wording.title, "status": kind.status, "detail": wording.advice}


def _section(kind: ProblemType, language: Language, *, linked: bool) -> str:
    wording = kind.wording(language)
    title = escape(wording.title)
    heading = f'<a href="{kind.uri}">{title}</a>' if linked else title
    return f"<h2>{heading}</h2><p>{escape(wording.advice)}</p><p>HTTP {kind.status} · <code>{kind.uri}</code></p>"


def _page(language: Language, body: str) -> HTMLResponse:
    title = "问题类型" if language is Language.ZH_CN else "Kinds of problems"
    page = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    )
    return HTMLResponse(page, headers={"Content-Language": language, **_VARY})
