"""What tests about versions of the rules hand in: an invented notice for 2027, policies, calls of several people."""

import copy
import tomllib
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from liaison.policy.scope import Scope
from liaison.policy.words import ProposalKind, ProposalState
from liaison.services.closures import ClosureInput
from liaison.services.deciding import proposals_view
from liaison.services.notice_sources import NoticeInput
from liaison.services.once import Call
from tests.services.office import Office, fresh_key

NOTICES = Path(__file__).parents[1] / "data" / "notices"


def invented_2027() -> dict[str, Any]:
    """The invented notice for 2027, as a document."""
    return tomllib.loads((NOTICES / "2027-invented.toml").read_text(encoding="utf-8"))


def amendment_2026(published_on: str = "2026-09-16", last_off: str = "2026-10-08") -> dict[str, Any]:
    """An invented amendment that gives one more day for National Day 2026 and takes no make-up day for it."""
    return {
        "year": 2026,
        "title": "虚构：延长2026年国庆节假期",
        "doc_no": "虚构〔2026〕1号",
        "published_on": published_on,
        "url": "https://example.invalid/notices/2026-amended",
        "amends": "2025-11-04",
        "formula_difference": "invented: a day given for good",
        "holidays": [
            {
                "zh": "国庆节",
                "en": "National Day",
                "off": [f"2026-10-01/{last_off}"],
                "work": ["2026-09-20", "2026-10-10"],
            }
        ],
    }


def given(document: dict[str, Any]) -> NoticeInput:
    """A notice typed in."""
    return NoticeInput("notice", document=document)


def policy_document(**ladder_days: int) -> dict[str, Any]:
    """The packaged policy with other business days for the rungs of primary courts, ``rung_1=2``."""
    document = tomllib.loads((files("liaison.policy") / "policy.toml").read_text(encoding="utf-8"))
    changed = copy.deepcopy(document)
    for name, days in ladder_days.items():
        changed["ladder"]["primary"][int(name.removeprefix("rung_")) - 1]["business_day"] = days
    return changed


async def operator(office: Office, number: int = 1) -> Scope:
    return await office.scope(office.credentials.operator_keys[f"operator-{number}"])


async def chamber(office: Office, number: int = 1) -> Scope:
    return await office.scope(office.credentials.chamber_keys[f"chamber-{number}"])


def call(scope: Scope, key: str | None = None, fingerprint: str = "same") -> Call:
    """A call under a fresh key unless one is given."""
    return Call(scope, key or fresh_key(), fingerprint)


def closure(*days_off: str, first: str = "2026-09-21", last: str = "2026-09-23") -> ClosureInput:
    """A closure from the morning of one day to the evening of another."""
    return ClosureInput(
        datetime.fromisoformat(f"{first}T08:00:00+08:00").astimezone(UTC),
        datetime.fromisoformat(f"{last}T18:00:00+08:00").astimezone(UTC),
        tuple(map(date.fromisoformat, days_off)),
        "Case Filing Chamber 立案庭",
        "Typhoon signal, invented 虚构",
    )


async def listed_as_outdated(office: Office, kind: ProposalKind) -> dict[str, bool]:
    """Each proposal in the list of those that wait, with whether it is said to be outdated."""
    page = await proposals_view(office.platform, kind, ProposalState.PROPOSED)
    return {item["id"]: item["outdated"] for item in page["items"]}
