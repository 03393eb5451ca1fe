"""The API's description (OpenAPI 3.1)."""

from typing import Any, Final, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.answers import SCHEMA_REF
from api.models import BODIES
from api.models.problem import Problem

VERSION: Final = "1"
_DESCRIPTION: Final = """\
Requests of parties to the courts of Guangzhou, from every channel, each with a deadline for a reply.

A call that writes needs an `Idempotency-Key`; repeated with the same body it gives the stored answer with status 200.
Errors are `application/problem+json` (RFC 9457), told apart by `type`; their sentences are English, or Chinese if
`Accept-Language` prefers it. Times are RFC 3339 with an offset; the API answers in Shanghai's (+08:00).
"""


def install_description(app: FastAPI) -> None:
    """Give the application its description."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = describe(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, the models of bodies and problems included."""
    document = get_openapi(title=app.title, version=VERSION, description=_DESCRIPTION, routes=app.routes)
    undeclared: tuple[type[BaseModel], ...] = (*BODIES, Problem)
    shown: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in undeclared]
    _, definitions = models_json_schema(shown, ref_template=SCHEMA_REF)
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(definitions["$defs"])
    _drop_foreign_faults(document)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


def _drop_foreign_faults(document: dict[str, Any]) -> None:
    """FastAPI adds its own shape of faults wherever there is a parameter; we never answer with it."""
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
    for methods in document["paths"].values():
        for operation in methods.values():
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                del operation["responses"]["422"]
