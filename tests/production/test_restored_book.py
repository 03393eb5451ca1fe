"""H32 in production: the book comes out of a backup, Temporal does not, and nothing leaves twice.

The steps are those of ``deploy/README.md``, "Backup and restore". A copy of the database stands for the dump, which
operators make and put back by PostgreSQL's own means.
"""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from sqlmodel import select, update

from liaison.db.engine import Database
from liaison.db.messages import PARTY
from liaison.db.tables import Message, PolicyVersion, Request, Sends
from liaison.policy.message_words import MessageState
from tests.postgres import copied_database
from tests.production.installation import Installation
from tests.production.traffic import JUDGE, Traffic
from tests.services.temporal import until


def outbox(court: Installation) -> "Counter[str]":
    """How often each message left, by the key its gateway knows it by."""
    log = court.home / "outbox.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return Counter(json.loads(line)["key"] for line in lines)


async def tell_parties_at_any_hour(court: Installation) -> None:
    db = Database(court.environment["LIAISON_DATABASE_URL"])
    async with db.write() as session:
        packaged = (await session.get_one(PolicyVersion, 1)).policy
        windows = {**packaged["windows"], "party": [["00:00", "24:00"]]}
        policy = {**packaged, "version": 2, "windows": windows}
        session.add(PolicyVersion(number=2, policy=policy, made_at=datetime.now(UTC)))
    await db.close()


async def taken_while_messages_left(url: str) -> None:
    """The backup of a book whose messages were leaving, some minutes old: the doctor leaves out what is younger."""
    db = Database(url)
    async with db.write() as session:
        await session.exec(update(Sends).values(frozen=False))
        await session.exec(update(Request).values(registered_at=datetime.now(UTC) - timedelta(minutes=5)))
    await db.close()


async def to_parties(court: Installation) -> set[MessageState]:
    db = Database(court.environment["LIAISON_DATABASE_URL"])
    async with db.read() as session:
        states = set((await session.exec(select(Message.state).where(Message.recipient == PARTY))).all())
    await db.close()
    return states


@pytest.mark.timeout(300)
async def test_the_book_out_of_a_backup(tmp_path: Path, new_database: Callable[[], str], temporal_address: str) -> None:
    court = Installation(tmp_path / "home", new_database(), temporal_address)
    court.make()
    await tell_parties_at_any_hour(court)
    keys = court.keys(
        channel=("--role", "channel", "--channel", "hotline"),
        clerk=("--role", "clerk"),
        judge=("--role", "judge", "--staff", JUDGE),
    )
    async with httpx2.AsyncClient(trust_env=False, timeout=10) as http:
        with court.serving(apis=1, workers=1) as addresses:
            traffic = Traffic(addresses, keys, http)
            court.liaison("sends", "freeze", "--reason", "the backup shall believe that nobody was told")
            known = await traffic.submit(1)
            await traffic.until(known, stage="awaiting_reply")
        backup = copied_database(court.environment["LIAISON_DATABASE_URL"])
        with court.serving(apis=1, workers=1) as addresses:
            traffic = Traffic(addresses, keys, http)
            court.liaison("sends", "release")
            unknown = await traffic.submit(2)
            await traffic.until(unknown, stage="awaiting_reply")
            await until(lambda: _are(court, {MessageState.DELIVERED}))
        told = outbox(court)

        await taken_while_messages_left(backup)
        court.environment["LIAISON_DATABASE_URL"] = backup
        court.liaison("db", "upgrade")
        mended = json.loads(court.liaison("repair", "--all", "--restored", "--json"))["items"]
        assert {item["reference"] for item in mended} == {known, unknown}
        with court.serving(apis=1, workers=1) as addresses:
            traffic = Traffic(addresses, keys, http)
            await traffic.reply(known)
            await traffic.until(known, stage="closed", outcome="replied")
            assert json.loads(court.liaison("sends", "status", "--json"))["frozen"] is True
            assert outbox(court) == told
            court.liaison("sends", "release")
            await until(lambda: _are(court, {MessageState.DELIVERED, MessageState.SUPERSEDED}))
            missing = await http.get(
                f"{addresses[0]}/v1/requests/{unknown}", headers={"Authorization": f"Bearer {keys['clerk']}"}
            )
            assert missing.status_code == 404
    assert set(outbox(court).values()) == {1}
    assert outbox(court).keys() > told.keys()


async def _are(court: Installation, states: set[MessageState]) -> bool:
    return await to_parties(court) <= states
