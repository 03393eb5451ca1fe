"""Every command, target, route, attribute, setting, file and link that the documents name exists."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import typer

from api.openapi import description_text
from liaison.cli.main import app
from liaison.contract import search
from liaison.policy.policy import packaged_policy
from liaison.policy.words import CourtLevel
from liaison.services.actions import PATHS
from liaison.settings import PREFIX, Settings
from tests.docs.markdown import DOCUMENTS, READMES, ROOT, anchors, blocks, inline_code, links, prose, read, rows

each_document = pytest.mark.parametrize("document", DOCUMENTS)
each_readme = pytest.mark.parametrize("readme", READMES)

COMMAND = re.compile(r"(?:^|[\s|(`])(?:\.venv/bin/)?liaison((?: --?[a-z-]+| [a-z]+(?:-[a-z]+)*)+)")
OPTION = re.compile(r"(?<!\S)--[a-z-]+")


def typed(document: str) -> Iterator[str]:
    """What the document tells people to type: blocks with their lines joined, and inline code."""
    for block in blocks(document):
        yield from block.replace("\\\n", " ").splitlines()
    yield from inline_code(document)


def command_of(words: Iterable[str]) -> Any:
    """The command that words after ``liaison`` lead to; options, arguments and a leaf end the way."""
    command: Any = typer.main.get_command(app)
    for word in words:
        if word.startswith("-") or not hasattr(command, "list_commands"):
            break
        assert word in command.list_commands(None), word
        command = command.get_command(None, word)
    return command


@each_document
def test_every_liaison_command_exists_with_its_options(document: str) -> None:
    for line in typed(document):
        for part in re.split(r"[|;]|\$\(", line):
            for found in COMMAND.finditer(f" {part}"):
                command = command_of(found[1].split())
                known = {name for parameter in command.params for name in parameter.opts} | {"--help"}
                # What stands before it are the options of whatever runs it, as a container does.
                assert set(OPTION.findall(found.string, found.start())) <= known, part


def test_a_command_that_is_not_there_is_noticed() -> None:
    assert command_of(["calendar", "deadlines"]).name == "deadlines"
    for words in (["frobnicate"], ["calendar", "frobnicate"]):
        with pytest.raises(AssertionError, match="frobnicate"):
            command_of(words)


@each_document
def test_every_make_target_exists(document: str) -> None:
    targets = set(re.findall(r"^([\w./-]+):(?!=)", read("Makefile"), re.MULTILINE))
    named = {
        target
        for line in typed(document)
        for target in re.findall(r"(?:^|\s)make ([a-z.][\w./-]*)", line.split("#")[0])
    }
    assert named <= targets
    assert document != "README.md" or {"run", "test", "demo", "first-request"} <= named


@each_document
def test_every_internal_link_leads_somewhere(document: str) -> None:
    for target in links(document):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (ROOT / document).parent / path if path else ROOT / document
        assert found.exists(), target
        assert not anchor or anchor in anchors(found.relative_to(ROOT).as_posix()), target


@each_document
def test_every_file_named_in_code_exists(document: str) -> None:
    rooms = ("activities/", "api/", "calendars/", "docs/", "examples/", "liaison/", "tests/", "workflows/")
    for code in inline_code(document):
        path = code.split()[0]
        if path.startswith(rooms) and re.fullmatch(r"[\w./-]+", path):
            assert (ROOT / path).exists(), path


@each_document
def test_every_setting_exists(document: str) -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    assert set(re.findall(r"\bLIAISON_[A-Z_]+\b", read(document))) <= known


@each_document
def test_every_search_attribute_exists(document: str) -> None:
    known = {key.name for key in search.ALL}
    assert set(re.findall(r"\bLiaison(?!Request)[A-Z]\w+", read(document))) <= known


@each_readme
def test_the_table_of_calls_is_the_api(readme: str) -> None:
    """Each operation is there but those that show a list of actions, or a record of it, which one sentence names."""
    paths = json.loads(description_text())["paths"]
    served = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    shown = {code for row in rows(readme) for code in re.findall(r"`((?:GET|POST) /[^`]*)`", row[-1])}
    assert shown <= served
    lists = {f"GET /v1/requests/{{reference}}/{path}" for path in PATHS.values()}
    assert served - shown == lists | {f"{path}/{{action_id}}" for path in lists}


@each_readme
def test_the_table_of_rungs_is_the_policy(readme: str) -> None:
    days = [int(row[1]) for row in rows(readme) if len(row) == 4 and row[1].isdigit()]
    ladders = packaged_policy().ladders
    assert days == [rule.business_day for rule in ladders[CourtLevel.PRIMARY]]
    assert days[:-1] == [rule.business_day for rule in ladders[CourtLevel.INTERMEDIATE]]


def test_both_readmes_say_the_same() -> None:
    english, chinese = READMES
    for language in ("sh", ""):
        assert blocks(english, language) == blocks(chinese, language)
    assert [len(row) for row in rows(english)] == [len(row) for row in rows(chinese)]
    assert len(re.findall(r"^## ", prose(english), re.MULTILINE)) == len(
        re.findall(r"^## ", prose(chinese), re.MULTILINE)
    )
    for other in READMES:
        assert {code for code in inline_code(english) if code.startswith(("Liaison", "GET", "POST", "make "))} <= set(
            inline_code(other)
        )


@each_document
def test_a_document_names_no_machine(document: str) -> None:
    assert re.findall(r"/(?:home|root|tmp|work|Users)/\w+", read(document)) == []
    assert re.findall(r"(?i)pypi|proxy|mirror", read(document)) == []
