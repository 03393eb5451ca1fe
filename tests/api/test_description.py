"""The API's description: complete, sound, the same at every run."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from api.answers import READS, WRITES
from api.catalogue import CATALOGUE
from api.openapi import description_text
from tests.api.conftest import City

COMMITTED = Path(__file__).parents[2] / "docs/openapi.json"
REWRITE = ".venv/bin/python -m api.openapi > docs/openapi.json"
MODELS = {"RequestIn", "TextReply", "SpokenReply", "SupervisionActIn", "Problem", "RequestView", "ActionView"}


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    """The document as the dump prints it."""
    document: dict[str, Any] = json.loads(description_text())
    return document


def operations(description: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Operations by ``METHOD path``."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }


async def test_what_is_served_is_what_the_dump_prints(city: City, description: dict[str, Any]) -> None:
    served = await city.http.get("/openapi.json")
    assert served.json() == description


async def test_the_committed_description_is_the_one_that_is_served(city: City) -> None:
    committed = COMMITTED.read_text(encoding="utf-8")
    told = f"The API has changed: look at what changed, then run `{REWRITE}` and commit it."
    # Compared beforehand: pytest would print both.
    is_same = committed == description_text() and json.loads(committed) == (await city.http.get("/openapi.json")).json()
    assert is_same, told


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(description)))
    schemas = set(description["components"]["schemas"])
    assert named | MODELS <= schemas
    assert not {"HTTPValidationError", "ValidationError"} & schemas


def test_every_operation_lists_the_problems_it_can_end_in(description: dict[str, Any]) -> None:
    for name, operation in operations(description).items():
        if " /v1/" not in name:
            continue
        expected = {str(CATALOGUE[slug].status) for slug in (WRITES if name.startswith("POST") else READS)}
        if "{reference}" in name:
            expected.add("404")
        assert expected <= set(operation["responses"]), name
        for status in expected:
            assert "application/problem+json" in operation["responses"][status]["content"], name
        assert operation["security"], name


def test_names_of_operations_are_words(description: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in operations(description).values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", name) for name in names)
    assert {"submit_request", "submit_reply", "list_sign_ins", "show_supervision_act"} <= set(names)


def test_every_write_describes_its_body_and_its_key(description: dict[str, Any]) -> None:
    for name, operation in operations(description).items():
        if name.startswith("POST"):
            assert operation["requestBody"]["required"], name
            wanted = {"Idempotency-Key", *re.findall(r"\{(\w+)\}", name)}
            assert wanted == {parameter["name"] for parameter in operation["parameters"]}, name
