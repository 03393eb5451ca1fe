"""``liaison calls``, ``delivered``, ``rate`` and ``items``: closed requests from the command line (M12, M33)."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from liaison.cli.exits import Exit
from liaison.db.engine import Database
from liaison.db.tables import AnswerDelivery, Request
from liaison.policy.message_words import DeliveryState
from liaison.policy.words import Outcome, Stage
from tests.cli.conftest import Liaison, Place, a_request

pytestmark = pytest.mark.usefixtures("served")


def _submit(liaison: Liaison, phone: str) -> str:
    result = liaison("submit", "-", "--json", text=json.dumps(a_request(phone)))
    return str(json.loads(result.stdout)["reference"])


def _close(place: Place, reference: str) -> None:
    """As a worker closes it whose message could not be delivered."""

    async def work() -> None:
        db, now = Database(place.settings.database_url.get_secret_value()), datetime.now(UTC)
        async with db.write() as session:
            request = (await session.exec(select(Request).where(Request.reference == reference))).one()
            request.stage, request.outcome, request.closed_at = Stage.CLOSED, Outcome.REPLIED, now
            delivery = AnswerDelivery(reference=reference, action_id="", court=request.court, since=now)
            delivery.state, delivery.to_call_since = DeliveryState.TO_CALL, now
            session.add_all([request, delivery])
        await db.close()

    asyncio.run(work())


def test_a_call_is_listed_made_and_rated(liaison: Liaison, place: Place) -> None:
    reference = _submit(liaison, "13800138077")
    assert liaison("rate", reference, "1").exit_code == Exit.CONFLICT
    _close(place, reference)
    listed = liaison("calls").stdout
    assert reference in listed and "+8613800138077" in listed
    told = json.dumps(
        {"number": "13800138077", "time": datetime.now(UTC).isoformat(), "gist": "已在电话中告知答复全文。"}
    )
    made = liaison("delivered", reference, "-", "--means", "call", text=told)
    assert (made.exit_code, "made" in made.stdout) == (Exit.DONE, True), made.stderr
    assert reference not in liaison("calls").stdout
    rated = json.loads(liaison("rate", reference, "4", "--json").stdout)
    assert (rated["state"], rated["rating"]) == ("not_answered", None)
    assert liaison("rate", reference, "1").exit_code == Exit.CONFLICT
    _look_at_what_was_said(liaison, reference)


def _look_at_what_was_said(liaison: Liaison, reference: str) -> None:
    [item] = json.loads(liaison("items", "list", "--json").stdout)["items"]
    assert (item["reference"], item["kind"]) == (reference, "redo_offered")
    for language, title in (("C", "reason"), ("zh_CN.UTF-8", "原因")):
        shown = liaison("items", "list", env={"LANG": language}).stdout
        assert reference in shown and title in shown
    done = ("items", "done", str(item["id"]), "--note", "已另行登记")
    assert "done at" in liaison(*done).stdout
    assert liaison(*done).exit_code == Exit.CONFLICT
    assert json.loads(liaison("items", "list", "--json").stdout)["items"] == []
    assert liaison("items", "done", "999", "--note", "-", text="已另行登记").exit_code == Exit.NOT_FOUND
    assert liaison("items", "done", "first", "--note", "x").exit_code == Exit.USAGE


def test_what_a_message_made_is_nobodys_to_record(liaison: Liaison) -> None:
    result = liaison("delivered", "7K3M-9QXF-2T4W-Z", "-", "--means", "message", text="{}")
    assert (result.exit_code, len(result.stderr.strip().splitlines())) == (Exit.USAGE, 1)
