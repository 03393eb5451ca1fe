"""L08: one chain, each line once, the reference bound, no personal data."""

import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
import structlog
from pydantic import BaseModel, ValidationError
from temporalio.worker import Worker

from liaison.logs import configure_logs, line_prefix
from liaison.redaction import HIDDEN, redact_fields, redact_text
from liaison.settings import Settings
from liaison.supervisor.forwarding import Forwarder
from liaison.temporal import connect
from tests.running.copies import ROOT, Copy
from tests.running.log_workflow import Speaks, speak

MOBILE = "13800138000"
CASE = "（2026）粤0104民初1234号"
NAME = "张三丰"
REFERENCE = "7K3M-9QXF-2T4W-Z"


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    root, hook, showing = logging.getLogger(), sys.excepthook, warnings.showwarning
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:], sys.excepthook, warnings.showwarning = handlers, hook, showing
    root.setLevel(level)
    structlog.reset_defaults()


def _configure(form: Literal["json", "pretty"] = "json") -> io.StringIO:
    stream = io.StringIO()
    configure_logs("api", form=form, stream=stream)
    return stream


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_kind_of_line_passes_the_chain_once() -> None:
    stream = _configure()
    structlog.stdlib.get_logger("ours").info("from structlog")
    logging.getLogger("temporalio.worker").warning("from the %s", "library")
    logging.getLogger("uvicorn.access").info('%s - "%s"', "127.0.0.1", "GET /livez")
    logging.getLogger("uvicorn.error").info("from uvicorn", extra={"color_message": "\x1b[1mfrom uvicorn"})
    logging.getLogger("sqlalchemy.engine").warning("from sqlalchemy")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("from Python", UserWarning, stacklevel=1)
    logging.getLogger("httpx2").info("chatter")
    structlog.stdlib.get_logger("ours").debug("below the threshold")
    lines = _lines(stream)
    assert [line["event"] for line in lines[:5]] == [
        *("from structlog", "from the library", '127.0.0.1 - "GET /livez"', "from uvicorn", "from sqlalchemy")
    ]
    assert "from Python" in lines[5]["event"]
    assert len(lines) == 6
    for line in lines:
        assert line["process"] == "api"
        assert abs((datetime.now(UTC) - datetime.fromisoformat(line["timestamp"])).total_seconds()) < 60
        assert "color_message" not in line


def test_a_bound_reference_is_on_every_line() -> None:
    stream = _configure()
    with structlog.contextvars.bound_contextvars(reference=REFERENCE):
        structlog.stdlib.get_logger().info("ours")
        logging.getLogger("library").info("theirs")
    logging.getLogger("library").info("after")
    assert [line.get("reference") for line in _lines(stream)] == [REFERENCE, REFERENCE, None]


async def test_workflows_and_activities_speak_once_with_their_reference(running: Copy) -> None:
    stream = _configure()
    settings = Settings(temporal_port=int(running.environment["LIAISON_TEMPORAL_PORT"]))
    client = await connect(settings, "worker")
    # Without a cache every workflow task replays the whole history.
    async with Worker(client, task_queue="logs", workflows=[Speaks], activities=[speak], max_cached_workflows=0):
        await client.execute_workflow(Speaks.run, id=f"request-{REFERENCE}", task_queue="logs")
    spoken = [line for line in _lines(stream) if "speaks" in line["event"]]
    assert [line["event"] for line in spoken] == ["the workflow speaks", "the activity speaks"]
    assert [line["reference"] for line in spoken] == [REFERENCE, REFERENCE]
    assert [line["workflow_id"] for line in spoken] == [f"request-{REFERENCE}"] * 2
    assert (spoken[0]["rung"], spoken[0]["party"], spoken[1]["activity_type"]) == (2, HIDDEN, "speak")


class _Party(BaseModel):
    age: int


@pytest.mark.parametrize("form", ["json", "pretty"])
def test_no_canary_survives(form: Literal["json", "pretty"]) -> None:
    stream = _configure(form)
    log = structlog.stdlib.get_logger()
    log.info(f"call {MOBILE} about {CASE}", phone=MOBILE, party={"name": NAME}, content=CASE)
    log.info("number", count=int(MOBILE))
    logging.getLogger("library").warning("failed for %s", {"phone": MOBILE, "case": CASE})
    for raised in (ValueError(f"{CASE} of {MOBILE}"), _validation_fault()):
        try:
            raise raised
        except ValueError:
            log.exception("it failed")
    text = stream.getvalue()
    for canary in (MOBILE, CASE, CASE.translate(str.maketrans("（）", "()")), NAME):
        assert canary not in text
    assert text.count("Traceback") == 2
    assert "ValueError: [case] of [mobile]" in text


def _validation_fault() -> ValidationError:
    with pytest.raises(ValidationError) as fault:
        _Party.model_validate({"age": f"{NAME}], 'x': ['y'"})
    return fault.value


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("+86 138 0013 8000.", "[mobile]."),
        ("１３８００１３８０００", "[mobile]"),
        ("138-0013-8000", "[mobile]"),
        ("(2026)粤0104民初1234号之一", "[case]"),
        ("（２０２６）粤０１民终７７号", "[case]"),
        ("2026粤0104执恢3000号", "[case]"),
        ("440106199001011234", "[id]"),
        ("44010619900101123x,", "[id],"),
        ("GET /v1/requests?case_number=%EF%BC%882026%EF%BC%89&x=1 HTTP/1.1", "GET /v1/requests?[query] HTTP/1.1"),
        (f"Authorization: Bearer jl_web_{'0' * 64}", "Authorization: Bearer [key]"),
        (f"[SQL: INSERT]\n[parameters: ('{NAME}', 1)]", "[SQL: INSERT]\n[parameters hidden]"),
        (f"DETAIL:  Key (name)=({NAME}) already exists.", "DETAIL: [hidden]"),
        # What must stay legible.
        (f"request-{REFERENCE}", f"request-{REFERENCE}"),
        ("request-1380-0138-0001-Z", "request-1380-0138-0001-Z"),
        ("at 1790000000123, rung 3 of 2026-11-23T12:04:47.442554824Z", None),
        ("Is it well? yes", None),
        ("run 01a2084b-609e-717a-88ab-89d4222a7dce", None),
    ],
)
def test_shapes(text: str, redacted: str | None) -> None:
    assert redact_text(text) == (text if redacted is None else redacted)


def test_a_field_nobody_vouched_for_is_hidden() -> None:
    fields = {"note": NAME, "parts": [NAME], "stage": "closed", "attempts": 3, "late": True, "references": [REFERENCE]}
    assert redact_fields(fields) == fields | {"note": HIDDEN, "parts": HIDDEN}


def test_a_message_cannot_forge_a_line_on_a_terminal() -> None:
    stream = _configure("pretty")
    logging.getLogger("library").warning("harmless\napi        | 12:00:00 [error    ] forged \x1b[2J")
    (line,) = stream.getvalue().splitlines()
    assert line.startswith(line_prefix("api"))
    assert "\x1b[2J" not in line


def test_pretty_lines_show_shanghai_time() -> None:
    stream = _configure("pretty")
    structlog.stdlib.get_logger().info("now")
    shown = stream.getvalue().removeprefix(line_prefix("api"))[:5]
    hours = (datetime.now(UTC).hour + 8) % 24
    assert shown[:2] in {f"{hours:02}", f"{(hours - 1) % 24:02}"}


def test_an_uncaught_error_is_a_redacted_line() -> None:
    program = f"from liaison.logs import configure_logs as c; c('worker', form='json'); raise ValueError('{MOBILE}')"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    (line,) = [json.loads(line) for line in ended.stderr.splitlines()]
    assert line["level"] == "critical"
    assert "ValueError: [mobile]" in line["exception"]


def test_foreign_lines_of_a_child_join_the_chain(capfd: pytest.CaptureFixture[str]) -> None:
    stream = _configure()
    forward = Forwarder("json")
    forward("worker", json.dumps({"process": "worker", "event": "its own"}).encode())
    forward("temporal", b'{"level":"WARN","msg":"slow","operation":"GetTasks","error":"busy","x":1}')
    forward("worker", f"Traceback for {MOBILE} \xff\n".encode("latin-1"))
    forward("worker", b'{"half": ')
    forward("worker", b"\n")
    assert json.loads(capfd.readouterr().err) == {"process": "worker", "event": "its own"}
    assert [(line["process"], line["level"], line["event"]) for line in _lines(stream)] == [
        ("temporal", "warning", "slow operation=GetTasks error=busy"),
        ("worker", "info", "Traceback for [mobile] �"),
        ("worker", "info", '{"half":'),
    ]


def test_pretty_lines_of_a_child_go_on_as_they_are(capfd: pytest.CaptureFixture[str]) -> None:
    stream = _configure("pretty")
    forward = Forwarder("pretty")
    forward("worker", f"{line_prefix('worker')}12:00:00 [info     ] fine\n".encode())
    forward("worker", f"print of {MOBILE}\n".encode())
    assert capfd.readouterr().err == f"{line_prefix('worker')}12:00:00 [info     ] fine\n"
    assert stream.getvalue().startswith(line_prefix("worker"))
    assert stream.getvalue().rstrip().endswith("print of [mobile]")
