"""What the calls are made on: the API over a real book, Temporal away, and requests in every stage of their lives."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import requests
from anyio.from_thread import BlockingPortal, start_blocking_portal
from ulid import ULID

from liaison.contract.names import run_stream
from liaison.db.record import append_clerk_item, append_event
from liaison.db.tables import AnswerDelivery, Request, RungRecord
from liaison.gateways.sms.port import Inbound
from liaison.policy.message_words import DeliveryState
from liaison.policy.words import EventKind, KeyRole, Outcome, Post, Stage
from liaison.services.inbound import take_inbound
from tests.api.conftest import City, open_city
from tests.api.test_actions import TEXT, held
from tests.services.rules import invented_2027, policy_document

BASE: Final = "http://liaison.test"
QUESTION: Final = {
    "channel": "web",
    "court": "0104",
    "category": "judge_contact",
    "content": "请问我的案件何时开庭？",
    "party": {"name": "张三", "phone": "13800138000", "role": "party", "language": "zh-CN"},
}
CLOSURE: Final = {
    "from": "2026-09-21T08:00:00+08:00",
    "to": "2026-09-23T18:00:00+08:00",
    "days_off": [],
    "decided_by": "Case Filing Chamber",
    "source": "invented",
}
MOBILE: Final = "13900001027"
"""Of the judge who holds what is held."""
SAID: Final = "已联系当事人，定于下周三开庭。"
STRANGERS_MESSAGES: Final = 60
REMARKS: Final = 60
LEADER: Final = "0104-l02"
ASKED: Final = "（2026）粤0104民初1234号"


@dataclass(frozen=True)
class Ready:
    """Somebody whose action was taken, and would be again: his key, the request, the action's id, what he sent."""

    key: str
    reference: str
    action_id: str
    body: Any = None


@dataclass(frozen=True)
class Ground:
    """Keys by role, requests, who is ready for each list of actions, and a way to call from another thread.

    ``ids`` are those of proposals, closures, re-plans, short messages and clerks' items, by the name of the path's
    parameter.
    """

    portal: BlockingPortal
    city: City
    keys: dict[KeyRole, tuple[str, ...]]
    references: tuple[str, ...]
    ready: dict[str, Ready]
    ids: dict[str, list[Any]]

    def call(self, prepared: requests.PreparedRequest) -> httpx2.Response:
        """Send a call as it would go over the wire."""
        body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
        headers = [(name.encode(), _bytes(value)) for name, value in prepared.headers.items()]

        async def send() -> httpx2.Response:
            return await self.city.http.request(prepared.method, prepared.url, headers=headers, content=body)

        return self.portal.call(send)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")


@contextmanager
def open_ground(home: Path) -> Iterator[Ground]:
    """A city in a thread of its own: the calls are made by Hypothesis, which is not asynchronous."""
    with start_blocking_portal() as portal:
        opening = open_city(home, lambda: datetime.now(UTC))
        with portal.wrap_async_context_manager(opening) as city:
            yield portal.call(_lay_out, portal, city)


async def _lay_out(portal: BlockingPortal, city: City) -> Ground:
    new = await _submitted(city)
    simple = await _submitted(city, category="consultation")
    main = await _submitted(city, case_number=ASKED)
    attached = await _submitted(city, case_number=ASKED)
    climbed, holder, stranger = await held(city, QUESTION)
    closed, _, _ = await held(city, QUESTION)
    claimed, _, _ = await held(city, QUESTION)
    await _text(city, MOBILE, f"{claimed} {SAID}")
    keys = city.credentials
    by_role = {
        KeyRole.CHANNEL: (keys.channel_key,),
        KeyRole.CLERK: (keys.clerk_key,),
        KeyRole.JUDGE: (keys.judge_keys[holder], keys.judge_keys[stranger]),
        KeyRole.LEADER: (keys.leader_keys[LEADER],),
        KeyRole.OPERATOR: tuple(keys.operator_keys.values()),
        KeyRole.CHAMBER: tuple(keys.chamber_keys.values()),
    }
    await _climb(city, climbed)
    await _close(city, closed)
    ready = {path: await _act(city, path, *how) for path, how in _acts(by_role, simple, climbed, claimed).items()}
    ready |= await _aftercare(city, keys.clerk_key, keys.channel_key)
    references = (new, simple, main, attached, climbed, closed, claimed, ready["deliveries"].reference)
    ids = {**await _rules(city, by_role), "inbound_id": await _unmatched(city), "item_id": await _items(city, new)}
    return Ground(portal, city, by_role, references, ready, ids)


async def _aftercare(city: City, clerk: str, channel: str) -> dict[str, Ready]:
    """A closed request whose answer a clerk must bring, and which its channel may rate."""
    reference, _, _ = await held(city, QUESTION)
    await _close(city, reference)
    answered = datetime(2026, 9, 1, tzinfo=UTC)
    delivery = AnswerDelivery(reference=reference, action_id="", court="0104", since=answered)
    delivery.state, delivery.to_call_since = DeliveryState.TO_CALL, answered
    async with city.platform.db.write() as session:
        session.add(delivery)
    return {"deliveries": Ready(clerk, reference, ""), "ratings": Ready(channel, reference, "")}


async def _rules(city: City, keys: dict[KeyRole, tuple[str, ...]]) -> dict[str, list[str]]:
    """A notice and a policy that are approved, of each another one that is rejected, a closure, and what they cause."""
    (proposer, approver), (chamber, _) = keys[KeyRole.OPERATOR], keys[KeyRole.CHAMBER]
    proposals = []
    for path, document, by in (
        ("/v1/calendar/proposals", {"source": "notice", "document": invented_2027()}, approver),
        ("/v1/policy/proposals", {"document": policy_document() | {"spread_minutes": 11}}, chamber),
    ):
        for decision, body in (("rejections", {"reason": "typing errors"}), ("approvals", {})):
            proposal = await _made(city, path, document, proposer)
            await _made(city, f"{path}/{proposal}/{decision}", body, by)
            proposals.append(proposal)
    closure = await _made(city, "/v1/calendar/closures", CLOSURE, proposer)
    page = (await city.get("/v1/calendar/replans", key=proposer)).json()
    return {"proposal_id": proposals, "closure_id": [closure], "replan": [item["id"] for item in page["items"]]}


async def _made(city: City, path: str, body: Any, key: str) -> str:
    answer = await city.post(path, body, key=key)
    assert answer.status_code == 201, (path, answer.text)
    return str(answer.json()["id"])


async def _submitted(city: City, **changes: Any) -> str:
    return str((await city.send(QUESTION | changes)).json()["reference"])


async def _climb(city: City, reference: str) -> None:
    now = datetime.now(UTC)
    record = RungRecord(
        reference=reference, round=1, rung=1, post=Post.DEPARTMENT_LEADER, recipient=LEADER, due_at=now, recorded_at=now
    )
    async with city.platform.db.write() as session:
        session.add(record)


async def _close(city: City, reference: str) -> None:
    async with city.platform.db.write() as session:
        request = await session.get_one(Request, reference)
        request.stage, request.outcome, request.closed_at = Stage.CLOSED, Outcome.REPLIED, datetime.now(UTC)


async def _text(city: City, number: str, text: str) -> None:
    """A short message, as a gateway tells of it."""
    now = datetime.now(UTC)
    await take_inbound(city.platform, "outbox", Inbound(str(ULID()), number, text, now), now)


async def _unmatched(city: City) -> list[str]:
    """Ids of short messages of one stranger that wait for a clerk: each is assigned or dismissed once."""
    for _ in range(STRANGERS_MESSAGES):
        await _text(city, "13800139997", SAID)
    page = (await city.get("/v1/unmatched-messages?limit=200", key=city.credentials.clerk_key)).json()
    return [item["id"] for item in page["items"]]


async def _items(city: City, reference: str) -> list[int]:
    """Ids of what clerks are to look at: each is done once."""
    now = datetime.now(UTC)
    async with city.platform.db.write() as session:
        for seq in range(1, REMARKS + 1):
            line, refused = (session, reference, run_stream(1)), EventKind.SIGNAL_REFUSED
            await append_event(*line, refused, now, "platform", recorded_at=now, seq=seq)
            await append_clerk_item(*line, seq, "signal reply not followed 信号未执行", now)
    page = (await city.get("/v1/clerk-items?limit=200", key=city.credentials.clerk_key)).json()
    return [item["id"] for item in page["items"]]


def _acts(
    keys: dict[KeyRole, tuple[str, ...]], simple: str, climbed: str, claimed: str
) -> dict[str, tuple[str, str, Any]]:
    """By list of actions: the request, who acts, what he sends."""
    clerk, judge, leader = (keys[role][0] for role in (KeyRole.CLERK, KeyRole.JUDGE, KeyRole.LEADER))
    because = {"reason": "原承办法官外出开庭"}
    return {
        "answers": (simple, clerk, {"text": "请到诉讼服务中心领取文书。"}),
        "replies": (climbed, judge, TEXT),
        "sign-ins": (climbed, judge, {}),
        "transfers": (climbed, judge, because | {"judge": "0104-j05"}),
        "returns": (climbed, judge, because),
        "withdrawals": (climbed, clerk, {}),
        "procedure-changes": (simple, clerk, because | {"procedure": "ordinary"}),
        "supervision-acts": (climbed, leader, {"act": "urge"}),
        "confirmations": (claimed, judge, {}),
        "revocations": (claimed, judge, because),
    }


async def _act(city: City, path: str, reference: str, key: str, body: Any) -> Ready:
    answer = await city.post(f"/v1/requests/{reference}/{path}", body, key=key)
    assert answer.status_code == 202, (path, answer.text)
    return Ready(key, reference, answer.json()["id"], body)
