"""What an operation takes and how it can end, in the words of OpenAPI."""

from typing import Any, Final

from api.catalogue import CATALOGUE, AnySlug, HttpSlug
from api.models.problem import Problem
from api.problems import MEDIA_TYPE
from liaison.services.errors import Slug

SCHEMA_REF: Final = "#/components/schemas/{model}"


def problems(*slugs: AnySlug) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of an operation that can end in these problems; every operation with a key adds its own."""
    answers: dict[int | str, dict[str, Any]] = {}
    for slug in (*slugs, HttpSlug.INTERNAL):
        kind = CATALOGUE[slug]
        answer = answers.setdefault(kind.status, {"description": "", "content": {MEDIA_TYPE: _schema_of(Problem)}})
        answer["description"] = " ".join(filter(None, (answer["description"], f"`{kind.uri}`: {kind.en.title}.")))
    return answers


READS: Final = (Slug.UNAUTHENTICATED, Slug.FORBIDDEN, Slug.UNAVAILABLE)
"""What any operation with a key can end in."""

WRITES: Final = (
    *(*READS, Slug.KEY_MISSING, Slug.MALFORMED, Slug.INVALID, Slug.KEY_REUSED, Slug.KEY_IN_PROGRESS),
    *(Slug.TOO_LARGE, HttpSlug.UNSUPPORTED_MEDIA_TYPE, Slug.CLOCK_OFFSET, Slug.STORAGE_FULL),
)
"""What any operation that writes can end in."""


def takes(*models: str) -> dict[str, Any]:
    """The ``openapi_extra`` of an operation with a body of one of these shapes, which its route reads by itself."""
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "The same for every repetition of a call.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    }
    shapes = [{"$ref": SCHEMA_REF.format(model=model)} for model in models]
    content = {"application/json": {"schema": shapes[0] if len(shapes) == 1 else {"oneOf": shapes}}}
    return {"parameters": [key], "requestBody": {"required": True, "content": content}}


def _schema_of(model: type) -> dict[str, dict[str, str]]:
    return {"schema": {"$ref": SCHEMA_REF.format(model=model.__name__)}}
