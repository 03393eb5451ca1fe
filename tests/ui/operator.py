"""What an operator sees who has Temporal's own command line, and no key ring and no codec server."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client

from tests.city import TEMPORAL

SECONDS = 30.0
_TITLE = "  Current Details:"
_ROW = re.compile(r"\| (?P<rung>[^|]+) \| (?P<due>[^|]+) \| (?P<told>[^|]+) \| (?P<standing>[^|]+) \|")
_DUE = re.compile(r"(?P<on>\d{4}-\d{2}-\d{2})(?: \((?P<mark>.+)\))?")
_ITEM = re.compile(r"- (?P<name>[A-Z][a-z ]+[^:]*): (?P<value>.+)")


async def temporal(client: Client, *words: str) -> str:
    """What the real ``temporal`` command prints.

    Raises:
        AssertionError: It failed.
    """
    address = client.service_client.config.target_host
    command = await asyncio.create_subprocess_exec(
        TEMPORAL, *words, "--address", address, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(command.communicate(), SECONDS)
    assert command.returncode == 0, err.decode()
    return out.decode()


async def temporal_json(client: Client, *words: str) -> Any:
    """The same, in the command's JSON."""
    return json.loads(await temporal(client, *words, "--output", "json"))


@dataclass(frozen=True)
class Row:
    """A rung as printed."""

    rung: str
    due_on: str
    mark: str
    told: str
    standing: str


@dataclass(frozen=True)
class Details:
    """The current details of a request, as printed."""

    text: str
    headline: str
    items: dict[str, str]
    rows: list[Row]
    remarks: list[str]

    @property
    def to_come(self) -> list[tuple[str, str, str]]:
        """Rungs that have not fired: name, date, who is told."""
        return [(row.rung, row.due_on, row.told) for row in self.rows if row.standing == "to come 待触发"]


async def read_details(client: Client, workflow_id: str) -> Details:
    """Read ``temporal workflow metadata`` strictly: every line of the details must be one we know.

    Raises:
        AssertionError: A line is of another shape.
    """
    printed = await temporal(client, "workflow", "metadata", "-w", workflow_id)
    _, title, text = printed.partition(_TITLE)
    assert title, printed
    headline, *lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    split = lines.index("Remarks 备注") if "Remarks 备注" in lines else len(lines)
    lines, remarks = lines[:split], lines[split + 1 :]
    items = [found for line in lines if (found := _ITEM.fullmatch(line))]
    rows = [row for line in lines if (row := _row(line))]
    assert len(items) + len(rows) + 2 == len(lines), f"unknown lines in {lines}"
    assert all(remark.startswith("- ") for remark in remarks), remarks
    return Details(
        text=text,
        headline=headline,
        items={item["name"]: item["value"] for item in items},
        rows=rows,
        remarks=[remark.removeprefix("- ") for remark in remarks],
    )


def _row(line: str) -> Row | None:
    row = _ROW.fullmatch(line)
    due = _DUE.fullmatch(row["due"]) if row else None
    return Row(row["rung"], due["on"], due["mark"] or "", row["told"], row["standing"]) if row and due else None
