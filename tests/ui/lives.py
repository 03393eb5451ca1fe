"""The lives of marker persons, through every way in which a request can be touched."""

import json

import pytest
from temporalio.client import Client

from liaison.policy.words import ActionKind, ActionState, AsksFor, Category, Language, Outcome, Procedure
from liaison.policy.words import SupervisionAct as Act
from liaison.services.errors import Refused
from tests.city import City
from tests.ui import markers
from tests.ui.operator import temporal

JUDGE, TAKER, LEADER = "0104-j01", "0104-j04", "0104-l02"
PROVEN = {"party_name": markers.PROVEN_NAME, "phone": markers.PROVEN_PHONE, "case_number": markers.CASE_NUMBER}
STRANGER = {"party_name": markers.STRANGER_NAME, "phone": markers.STRANGER_PHONE, "content": markers.QUESTION}


async def answered_by_machine(city: City) -> str:
    reference = await city.submit(category=Category.CASE_INQUIRY, judge=None, content=markers.QUESTION, **PROVEN)
    assert (await city.handle(reference).result()).outcome is Outcome.ANSWERED
    return reference


async def answered_by_clerk(city: City) -> str:
    stranger = STRANGER | {"case_number": markers.CASE_NUMBER, "query_code": "WRONGONE"}
    reference = await city.submit(category=Category.CASE_INQUIRY, judge=None, language=Language.EN, **stranger)
    await city.advance(minutes=1)
    clerk = city.credentials.clerk_key
    for procedure in (Procedure.ORDINARY, Procedure.SUMMARY):
        given = {"detail": procedure.value, "text": {"reason": markers.PROCEDURE_REASON}}
        await city.act(clerk, reference, ActionKind.PROCEDURE_CHANGE, **given)
        await city.advance(minutes=1)
    await city.act(clerk, reference, ActionKind.ANSWER, text={"text": markers.ANSWER})
    assert (await city.handle(reference).result()).outcome is Outcome.ANSWERED
    return reference


async def withdrawn(city: City) -> str:
    reference = await city.submit(asks_for=AsksFor.JUDGE, category=Category.COMPLAINT, about=(JUDGE,), **STRANGER)
    await city.advance(minutes=1)
    bearer = city.credentials.channel_key
    await city.act(bearer, reference, ActionKind.WITHDRAWAL, text={"reason": markers.WITHDRAWAL_REASON})
    assert (await city.handle(reference).result()).outcome is Outcome.WITHDRAWN
    return reference


async def climbed_and_transferred(city: City) -> str:
    """Warning, two rungs, supervision, transfer, then a reply that comes late, twice."""
    reference = await city.submit(judge=None, content=markers.QUESTION, **PROVEN)
    await city.advance_to("2026-09-24 10:00")
    keys = city.credentials
    for bearer, act, note in (
        (keys.leader_keys[LEADER], Act.URGE, markers.NOTES[0]),
        (keys.leader_keys[LEADER], Act.ASK_WHY, markers.NOTES[1]),
        (keys.judge_keys[JUDGE], Act.EXPLAIN, markers.NOTES[2]),
    ):
        await city.act(bearer, reference, ActionKind.SUPERVISION_ACT, detail=act.value, text={"note": note})
    await city.advance_to("2026-09-28 10:00")
    moved = {"target": {"judge": TAKER}, "text": {"reason": markers.TRANSFER_REASON}}
    await city.act(keys.judge_keys[JUDGE], reference, ActionKind.TRANSFER, **moved)
    await city.advance(minutes=1)
    await city.act(keys.judge_keys[TAKER], reference, ActionKind.SIGN_IN)
    await city.advance(minutes=1)
    with pytest.raises(Refused):
        await city.reply(reference, judge=JUDGE, text=markers.REPLY)
    late = await city.reply(reference, judge=TAKER, text=markers.LATE_REPLY)
    assert late.body["state"] == ActionState.LATE
    await city.handle(reference).result()
    after = await city.reply(reference, judge=TAKER, text=markers.REPLY)
    assert after.body["state"] == ActionState.AFTER_CLOSURE
    return reference


async def reached_by_telephone(city: City) -> str:
    reference = await city.submit(**STRANGER)
    await city.advance(minutes=1)
    now = city.world.now().isoformat()
    call = {"kind": "call", "number": markers.REACHED_AT, "time": now, "gist": markers.GIST}
    await city.act(city.credentials.judge_keys[JUDGE], reference, ActionKind.REPLY, text=call)
    assert (await city.handle(reference).result()).outcome is Outcome.REPLIED
    return reference


async def signalled(city: City, plain: Client) -> str:
    """Signals good and bad through our client, then a reply typed in Temporal's own command line."""
    reference = await city.submit(**(STRANGER | {"phone": "13777770003"}))
    await city.advance(minutes=1)
    handle = city.handle(reference)
    for name, body in (
        ("reply", {"judge": JUDGE, "words": markers.SIGNAL_TEXT}),
        ("reply", {"judge": markers.STRANGER_NAME, "text": markers.SIGNAL_TEXT}),
        ("escalate", {"by": markers.PROVEN_NAME, "reason": markers.SIGNAL_TEXT}),
        ("unknown", markers.SIGNAL_TEXT),
        ("nothing", None),
    ):
        await handle.signal(name, body)
    await city.advance(minutes=1)
    said = json.dumps({"judge": JUDGE, "text": markers.PLAIN_REPLY}, ensure_ascii=False)
    await temporal(plain, "workflow", "signal", "-w", f"request-{reference}", "--name", "reply", "--input", said)
    assert (await handle.result()).outcome is Outcome.REPLIED
    return reference
