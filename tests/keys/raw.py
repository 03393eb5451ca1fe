"""Histories as the server stores them, read without any codec."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from temporalio.testing import WorkflowEnvironment


async def raw_history(server: WorkflowEnvironment, workflow_id: str) -> dict[str, Any]:
    history = await server.client.get_workflow_handle(workflow_id).fetch_history()
    return history.to_json_dict()


def payloads_in(node: Any) -> Iterator[dict[str, Any]]:
    """Every payload anywhere in a history's JSON form."""
    if isinstance(node, dict):
        if "encoding" in (node.get("metadata") or {}):
            yield node
        else:
            for child in node.values():
                yield from payloads_in(child)
    elif isinstance(node, list):
        for child in node:
            yield from payloads_in(child)


def clear_texts(history: dict[str, Any]) -> list[Any]:
    """The values of all payloads that anybody can read."""
    encrypted = base64.b64encode(b"binary/encrypted").decode()
    clear = [payload for payload in payloads_in(history) if payload["metadata"]["encoding"] != encrypted]
    assert all(payload["metadata"].keys() == {"encoding"} for payload in clear), "a mark was left on"
    return [json.loads(base64.b64decode(payload["data"])) for payload in clear]
