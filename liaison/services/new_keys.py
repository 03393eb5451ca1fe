"""Making an API key for somebody: checked against the directory, stored as a hash, handed over once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ulid import ULID

from liaison.db.directory import newest_load, read_roster
from liaison.db.engine import Database
from liaison.db.seeding import put_api_keys
from liaison.db.tables import ApiKey
from liaison.keys import hash_secret, new_api_key, split_api_key
from liaison.policy.roster import Roster
from liaison.policy.words import Channel, KeyRole

PERSONAL = (KeyRole.JUDGE, KeyRole.LEADER)
"""Roles whose keys belong to a person of the directory."""


class KeyRefused(ValueError):
    """No such key may be made; a sentence in each language."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True)
class KeyOrder:
    """What a key shall be good for. ``court`` and ``staff`` are empty where nothing is said; no court means all."""

    role: KeyRole
    staff: str = ""
    court: str = ""
    channels: tuple[Channel, ...] = ()
    scopes: tuple[str, ...] = ()


async def make_key(
    db: Database, order: KeyOrder, at: datetime, expires_at: datetime, hand_over: Callable[[str], None]
) -> ApiKey:
    """Make a key, hand it over and keep its hash; the row that is kept.

    Args:
        db: The registration book.
        order: What the key is for.
        at: Now, aware.
        expires_at: When it ends, aware.
        hand_over: Gets the key before the transaction ends: if it raises, no key was made.

    Raises:
        KeyRefused: The order contradicts itself or the directory.
    """
    if expires_at <= at:
        raise KeyRefused("该密钥在生成时即已过期。", "The key would have expired already.")
    async with db.write() as session:
        roster = await read_roster(session) if await newest_load(session) else Roster((), (), ())
        court = _court(order, roster)
        key = new_api_key(f"{order.role.value}-{str(ULID()).lower()}")
        key_id, secret = split_api_key(key)
        row = ApiKey(
            id=key_id,
            secret_hash=hash_secret(secret),
            role=order.role,
            court=court,
            staff=order.staff or None,
            channels=[channel.value for channel in order.channels],
            scopes=list(order.scopes),
            expires_at=expires_at,
        )
        await put_api_keys(session, [row])
        hand_over(key)
    return row


def _court(order: KeyOrder, roster: Roster) -> str | None:
    if (order.role is KeyRole.CHANNEL) != bool(order.channels):
        raise KeyRefused("仅渠道密钥须且可列明渠道。", "A channel's key, and no other, names its channels.")
    if order.role in PERSONAL and not order.staff:
        zh = f"{order.role} 密钥须指明通讯录中的人员。"
        raise KeyRefused(zh, f"The key of a {order.role} names a person of the directory.")
    person = roster.staff(order.staff) if order.staff else None
    if order.staff and person is None:
        zh = f"通讯录中没有编号为 {order.staff[:40]!r} 的人员。"
        raise KeyRefused(zh, f"The directory knows nobody with the id {order.staff[:40]!r}.")
    if order.court and roster.court(order.court) is None:
        zh = f"通讯录中没有代码为 {order.court[:8]!r} 的法院。"
        raise KeyRefused(zh, f"The directory knows no court {order.court[:8]!r}.")
    if person is not None and order.court not in ("", person.court):
        raise KeyRefused(f"{person.id} 属于法院 {person.court}。", f"{person.id} belongs to court {person.court}.")
    court = person.court if person is not None else order.court or None
    if order.role is KeyRole.CHAMBER and court is not None and not roster.is_intermediate(court):
        zh = f"法院 {court} 为基层法院；立案庭密钥仅可发给市中级人民法院。"
        en = f"Court {court} is a primary court; a chamber's key is for that of the Intermediate Court."
        raise KeyRefused(zh, en)
    return court
