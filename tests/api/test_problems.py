"""Problems: two languages, an explanation for each, and no other kind of error answer."""

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from api import problems as border
from api.catalogue import CATALOGUE, HttpSlug
from api.languages import preferred_language
from liaison.policy.words import Language
from liaison.services.errors import Slug
from tests.api.conftest import City


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, Language.EN),
        ("", Language.EN),
        ("fr, de;q=0.5", Language.EN),
        ("zh", Language.ZH_CN),
        ("zh-CN,zh;q=0.9,en;q=0.8", Language.ZH_CN),
        ("en, zh;q=0.9", Language.EN),
        ("en;q=0.1, ZH-Hant;q=0.2", Language.ZH_CN),
        ("zh;q=0, en;q=0.1", Language.EN),
        ("zh;q=high", Language.EN),
    ],
)
def test_the_language_asked_for_first_is_chosen(header: str | None, language: Language) -> None:
    assert preferred_language(header) is language


def test_every_slug_is_explained_in_both_languages() -> None:
    assert set(CATALOGUE) == {*Slug, *HttpSlug}
    for kind in CATALOGUE.values():
        for wording in (kind.en, kind.zh):
            assert wording.title and wording.advice
        assert kind.en.title.isascii() and not kind.zh.title.isascii()


async def test_sentences_follow_the_reader(city: City, body: dict[str, Any]) -> None:
    body["content"] = ""
    chinese = await city.send(body, **{"Accept-Language": "zh-CN"})
    english = await city.send(body, **{"Accept-Language": "en-GB"})
    assert chinese.headers["content-language"] == "zh-CN"
    assert english.headers["content-language"] == "en"
    assert chinese.json()["title"] == "请求内容有误"
    assert english.json()["title"] == "The request has faults"
    assert chinese.json()["errors"][0]["detail"] == "不得为空。"
    assert english.json()["errors"][0]["detail"] == "This must not be empty."


@pytest.mark.parametrize("slug", [*Slug, *HttpSlug])
async def test_a_type_leads_to_its_explanation(city: City, slug: str) -> None:
    program = await city.http.get(f"/problems/{slug}")
    browser = await city.http.get(
        f"/problems/{slug}", headers={"Accept": "text/html,*/*;q=0.8", "Accept-Language": "zh"}
    )
    assert (program.status_code, program.json()["type"]) == (200, f"/problems/{slug}")
    assert browser.headers["content-type"].startswith("text/html")
    assert next(kind for kind in CATALOGUE.values() if kind.slug == slug).zh.title in browser.text


async def test_the_list_of_problems_links_to_each(city: City) -> None:
    program = await city.http.get("/problems")
    browser = await city.http.get("/problems", headers={"Accept": "text/html"})
    assert {item["type"] for item in program.json()["items"]} == {kind.uri for kind in CATALOGUE.values()}
    assert all(f'href="{kind.uri}"' in browser.text for kind in CATALOGUE.values())


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/v1/requests/", 404, "not-found"),
        ("GET", "/problems/no-such-problem", 404, "not-found"),
        ("DELETE", "/v1/requests", 405, "method-not-allowed"),
        ("GET", "/docs", 404, "not-found"),
    ],
)
async def test_the_border_answers_with_problems_too(city: City, method: str, path: str, status: int, slug: str) -> None:
    answer = await city.http.request(method, path)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert ("allow" in answer.headers) == (status == 405)


async def test_a_database_that_is_away_is_503_with_retry_after(
    city: City, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> Any:
        raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    monkeypatch.setattr(city.platform.db, "write", locked)
    answer = await city.send(body)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert answer.headers["retry-after"] == str(border.RETRY_AFTER_SECONDS)


async def test_what_nobody_foresaw_is_a_plain_500_and_its_log_line_quotes_nobody(
    city: City, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Any:
        raise RuntimeError(body["party"]["name"])

    monkeypatch.setattr(city.platform.db, "write", broken)
    with capture_logs() as lines:
        answer = await city.send(body)
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal-error")
    unforeseen, call = lines
    assert (unforeseen["event"], unforeseen["error_type"]) == ("unforeseen", "RuntimeError")
    assert (call["event"], call["route"], call["status"]) == ("call", "/v1/requests", 500)
    assert body["party"]["name"] not in f"{answer.text}{lines}"


async def test_a_call_is_one_log_line_with_its_reference_and_without_its_path(city: City, body: dict[str, Any]) -> None:
    reference = (await city.send(body)).json()["reference"]
    with capture_logs(processors=[merge_contextvars]) as lines:
        await city.get(f"/v1/requests/{reference.lower()}?name=x", key=city.credentials.clerk_key)
        await city.http.get("/nowhere/13800138000?name=x")
    shown, nowhere = lines
    assert (shown["reference"], shown["route"]) == (reference, "/v1/requests/{reference}")
    assert (nowhere["route"], nowhere["status"]) == ("none", 404)
    assert "reference" not in nowhere
    assert "13800138000" not in str(nowhere)
