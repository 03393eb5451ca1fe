"""Everything that must never be read outside the registration book, its backups and the telephone network."""

import csv
import json
import re
from collections.abc import Iterable
from importlib.resources import files

from liaison.sample_city import __name__ as SAMPLE_CITY

PROVEN_NAME, PROVEN_PHONE, QUERY_CODE = "罗湛棠", "13900005001", "QCYBBM6T"
CASE_NUMBER = "（2026）粤0104民初1234号"
CASE_STATE = "已排期开庭"
"""What the machine answers the proven party."""
STRANGER_NAME, STRANGER_PHONE = "Canary Mockingbird", "13777770001"
REACHED_AT = "13777770002"
"""The number of a recorded call."""

QUESTION = "金丝雀提问：法官为何一直不接电话？"
REPLY = "金丝雀答复：承办法官已于今日致电。"
LATE_REPLY = "金丝雀迟复：合议庭已经评议。"
ANSWER = "金丝雀即答：请于窗口领取文书。"
GIST = "金丝雀通话：已当面说明进展。"
TRANSFER_REASON = "金丝雀转办缘由"
WITHDRAWAL_REASON = "金丝雀撤回缘由"
PROCEDURE_REASON = "金丝雀程序缘由"
NOTES = ("金丝雀催办批示", "金丝雀询问批示", "金丝雀说明情况")
SIGNAL_TEXT = "金丝雀信号，经我方客户端发出"
WORDS = (
    *(QUESTION, REPLY, LATE_REPLY, ANSWER, GIST, TRANSFER_REASON, WITHDRAWAL_REASON, PROCEDURE_REASON, *NOTES),
    *(SIGNAL_TEXT, "金丝雀", "Canary Mockingbird", "Mockingbird"),
)

PLAIN_REPLY = "明文信号答复：开庭时间已通知。"
"""Typed in Temporal's own command line, the one documented exception (issue line L32)."""


def persons() -> set[str]:
    """Marker persons with their texts, and everybody of the sample city and its trial register; not ``PLAIN_REPLY``."""
    directory, register = _rows("directory.csv"), _rows("trial_register.csv")
    found = {row[field] for row in directory if row["kind"] == "person" for field in ("name", "mobile", "office_phone")}
    found |= {row[field] for row in register for field in ("party_name", "party_phone", "party_query_code")}
    found |= {row["case_number"] for row in register} | {row["case_number"][6:] for row in register}
    return {*found, *WORDS, STRANGER_PHONE, REACHED_AT, CASE_STATE} - {""}


class Markers:
    """Finds markers in bytes, as UTF-8, as JSON escapes it, and as logs print bytes: octal or hexadecimal."""

    def __init__(self, markers: Iterable[str]) -> None:
        self._spelt = {spelling: marker for marker in markers for spelling in _spellings(marker)}
        longest_first = sorted(self._spelt, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(re.escape(spelling) for spelling in longest_first))

    def found_in(self, pieces: Iterable[tuple[str, bytes]]) -> set[tuple[str, str]]:
        """Places with the markers found there."""
        return {(place, self._spelt[hit]) for place, stood in pieces for hit in self._pattern.findall(stood)}


def _spellings(marker: str) -> set[bytes]:
    octal = "".join(chr(byte) if byte < 0x80 else f"\\{byte:03o}" for byte in marker.encode())
    hexadecimal = "".join(chr(byte) if byte < 0x80 else f"\\x{byte:02x}" for byte in marker.encode())
    escaped = {json.dumps(marker)[1:-1], octal, hexadecimal}
    # A line of JSON doubles the backslashes of what it quotes.
    return {text.encode() for text in {marker, *escaped, *(text.replace("\\", "\\\\") for text in escaped)}}


def _rows(name: str) -> list[dict[str, str]]:
    text = (files(SAMPLE_CITY) / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
