"""What people see: tables in the terminal's language, or the API's JSON as it is."""

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from calendars.core import SHANGHAI
from liaison.cli.language import say

Json = Annotated[bool, typer.Option("--json", help="Print the API's JSON.")]

_WIDTH_OF_A_PIPE: Final = 240
_TITLES: Final = {
    "reference": ("编号", "reference"),
    "procedure": ("程序", "procedure"),
    "stage": ("阶段", "stage"),
    "outcome": ("结果", "outcome"),
    "received_at": ("收到时间", "received at"),
    "holder": ("承办人", "holder"),
    "post": ("职务", "post"),
    "supervision": ("督办", "supervision"),
    "attached_to": ("并入", "attached to"),
    "rung": ("督办层级", "rung"),
    "business_day": ("工作日", "business day"),
    "due_on": ("期限", "due on"),
    "next_due": ("下一期限", "next due"),
    "note": ("说明", "note"),
    "at": ("时间", "at"),
    "kind": ("事项", "kind"),
    "actor": ("经办", "actor"),
    "detail": ("详情", "detail"),
    "state": ("状态", "state"),
    "refusal": ("未采纳原因", "refusal"),
    "recipient": ("收件人", "recipient"),
    "template": ("模板", "template"),
    "party": ("当事人", "party"),
    "phone": ("电话", "phone"),
    "tell": ("告知", "tell"),
    "language": ("语言", "language"),
    "case_number": ("案号", "case number"),
    "about": ("反映对象", "about"),
    "content": ("诉求内容", "content"),
    "in_place_of": ("代", "in place of"),
    "court": ("法院", "court"),
    "category": ("类别", "category"),
    "days_since_receipt": ("已过工作日", "days since receipt"),
    "days_overdue": ("逾期工作日", "days overdue"),
    "last_act": ("最近督办", "last act"),
    "due_at": ("到期时间", "due at"),
    "sent_at": ("送达时间", "sent at"),
    "opened_at": ("查看时间", "opened at"),
    "reserved_at": ("生成时间", "reserved at"),
    "send_after": ("发送时间", "send after"),
    "settled_at": ("结束时间", "settled at"),
    "failure": ("失败原因", "failure"),
    "started_at": ("开始时间", "started at"),
    "finished_at": ("完成时间", "finished at"),
    "passes": ("轮次", "passes"),
    "moved": ("已调整", "moved"),
    "made_final": ("已确定", "made final"),
    "untouched": ("不受影响", "untouched"),
    "remaining": ("待处理", "to go"),
    "requests": ("件数", "requests"),
    "part": ("部件", "part"),
    "id": ("编号", "id"),
    "title": ("标题", "title"),
    "source": ("来源", "source"),
    "base_version": ("所依据版本", "checked against"),
    "proposed_by": ("提出人", "proposed by"),
    "proposed_at": ("提出时间", "proposed at"),
    "decided_by": ("决定人", "decided by"),
    "approved_by": ("批准人", "approved by"),
    "made_version": ("形成版本", "made version"),
    "open_requests": ("适用于", "holds for"),
    "made_at": ("形成时间", "made at"),
    "number": ("版本", "version"),
    "announced_until": ("公布至", "announced until"),
    "reason": ("原因", "reason"),
    "published_on": ("发布日期", "published on"),
    "doc_no": ("文号", "document"),
    "url": ("网址", "address"),
    "text_sha256": ("正文摘要", "text digest"),
    "checksum": ("校验和", "checksum"),
    "closure": ("停止对外服务", "closure"),
    "days_off": ("休息日", "days off"),
    "on": ("日期", "on"),
    "before": ("原为", "before"),
    "after": ("改为", "after"),
    "from": ("自", "from"),
    "to": ("至", "to"),
    "entered_by": ("录入人", "entered by"),
    "replaces": ("取代", "replaces"),
    "replaced_by": ("被取代", "replaced by"),
    "cites": ("依据文件", "cites"),
    "day0": ("收到当日", "day 0"),
    "calendar_version": ("日历版本", "calendar version"),
    "policy_version": ("规则版本", "policy version"),
    "certainty": ("确定性", "certainty"),
    "rule": ("规则", "rule"),
    "value": ("值", "value"),
    "proposal": ("提案", "proposal"),
    "counted": ("计为", "counted"),
    "why": ("原因", "why"),
    "notice": ("通知", "notice"),
    "since": ("自", "since"),
    "means": ("方式", "means"),
    "made_by": ("送达人", "made by"),
    "rating": ("评价", "rating"),
    "answered_at": ("回复时间", "answered at"),
    "redo_offered_at": ("提供重办", "redo offered at"),
    "created_at": ("列入时间", "created at"),
    "done_at": ("办理时间", "done at"),
}


def present(value: dict[str, Any], json_: bool, as_table: Callable[[Mapping[str, Any]], None]) -> None:
    """Show what the API gave, as JSON or as a table."""
    if json_:
        show_json(value)
    else:
        as_table(value)


def show_json(value: Any) -> None:
    """Print a value as JSON; what a terminal would obey is escaped by JSON itself."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows under the columns' titles; None shows as nothing."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(_title(column), overflow="fold", no_wrap=column == "reference")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    _console().print(table)


def show_fields(fields: Mapping[str, Any]) -> None:
    """Print names and values, one pair a line; those without a value are left out."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in fields.items():
        if value is not None:
            table.add_row(_title(name), cell(value))
    _console().print(table)


def show_line(sentence: str) -> None:
    """Print one sentence on standard output."""
    typer.echo(sentence)


def when(instant: str | None) -> str | None:
    """An RFC 3339 instant as people in Shanghai read it, to the minute."""
    if instant is None:
        return None
    return datetime.fromisoformat(instant).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def cell(value: Any) -> str:
    """A value as text; what could drive the terminal becomes U+FFFD."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(
        letter if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cf") else "�" for letter in text
    )


def _title(name: str) -> str:
    return say(*_TITLES[name]) if name in _TITLES else name.replace("_", " ")


def _console() -> Console:
    width = None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE
    return Console(width=width, markup=False, emoji=False, highlight=False)
