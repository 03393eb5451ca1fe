"""Callback addresses, the clerks' queue, confirmations and revocations on the command line (M30-M32)."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import httpx2

from liaison.cli.exits import Exit
from tests.cli.conftest import Liaison, Place, a_request, give_to

HOLDER, MOBILE = "0104-j01", "13900001027"
SAID, TEST = "已联系当事人，定于下周三上午开庭。", "测试短信"


def _address(liaison: Liaison) -> tuple[str, str]:
    """A token's id, and the path for short messages."""
    made = liaison("callbacks", "token", "new", "outbox")
    assert made.exit_code == Exit.DONE, made.output
    replies, receipts = made.stdout.split()
    assert (replies.rsplit("/", 1)[1], receipts.rsplit("/", 1)[1]) == ("replies", "receipts")
    return made.stderr.split()[1].rstrip(";"), replies


def _text(place: Place, path: str, id_: str, text: str) -> int:
    line = {"id": id_, "from": MOBILE, "text": text, "sent_at": datetime.now(UTC).isoformat()}
    return httpx2.post(place.settings.api_url + path, json={"messages": [line]}, trust_env=False).status_code


def _queue(liaison: Liaison) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(liaison("unmatched", "list", "--json").stdout)["items"]
    return items


def _submitted(liaison: Liaison, place: Place, phone: str) -> str:
    request = a_request(phone, judge=HOLDER)
    reference: str = json.loads(liaison("submit", "-", "--json", text=json.dumps(request)).stdout)["reference"]
    give_to(place, reference, HOLDER)
    return reference


def test_an_address_is_made_shown_once_and_revoked(served: Place, liaison: Liaison) -> None:
    token, path = _address(liaison)
    assert _text(served, path, "cli-1", "你好") == 200
    listed = liaison("callbacks", "token", "list").stdout
    assert token in listed
    assert path.split("/")[3] not in listed
    assert liaison("callbacks", "token", "revoke", token).exit_code == Exit.DONE
    assert _text(served, path, "cli-2", "你好") == 404
    assert liaison("callbacks", "token", "revoke", "01J00000000000000000000000").exit_code == Exit.NOT_FOUND
    refused = liaison("callbacks", "token", "new", "nobody")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (Exit.REFUSED, 1)


def test_a_clerk_works_off_the_queue(served: Place, liaison: Liaison) -> None:
    _, path = _address(liaison)
    reference = _submitted(liaison, served, "13800138011")
    for number, text in enumerate((SAID, TEST)):
        assert _text(served, path, f"cli-queue-{number}", text) == 200
    deadline = time.monotonic() + 20
    while len(waiting := [item for item in _queue(liaison) if item["text"] in (SAID, TEST)]) < 2:
        assert time.monotonic() < deadline
    shown = liaison("unmatched", "list").stdout
    assert "no_code" in shown
    assert SAID in shown
    said, test = waiting
    assigned = liaison("unmatched", "assign", said["id"], reference, "--reason", "已致电核实", "--json")
    assert json.loads(assigned.stdout)["state"] == "assigned"
    dismissed = liaison("unmatched", "dismiss", test["id"], "--reason", TEST)
    assert "dismissed" in dismissed.stdout
    again = liaison("unmatched", "dismiss", said["id"], "--reason", "重复")
    assert again.exit_code == Exit.CONFLICT
    assert [item for item in _queue(liaison) if item["id"] in (said["id"], test["id"])] == []
    # Temporal is away: both are kept and delivered later, in their order.
    revoked = liaison("revoke", reference, "--reason", "非本人所发", "--as", "clerk", "--json")
    assert (revoked.exit_code, json.loads(revoked.stdout)["state"]) == (Exit.DONE, "pending")


def test_a_judge_confirms_his_own_and_no_other(served: Place, liaison: Liaison) -> None:
    reference = _submitted(liaison, served, "13800138012")
    assert liaison("confirm", reference, "--as", f"judge:{HOLDER}").exit_code == Exit.CONFLICT
    for command in (("confirm", reference), ("revoke", reference, "--reason", "不属实")):
        assert liaison(*command, "--as", "judge:0104-j04").exit_code == Exit.REFUSED
