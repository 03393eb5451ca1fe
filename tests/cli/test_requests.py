"""Client commands against the real API (issue lines L51, L42, L07)."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from liaison.cli.exits import Exit
from liaison.cli.identity import open_api
from tests.cli.conftest import Liaison, Place, a_request, give_to

pytestmark = pytest.mark.usefixtures("served")


def submitted(liaison: Liaison, phone: str) -> str:
    result = liaison("submit", "-", "--json", text=json.dumps(a_request(phone)))
    assert result.exit_code == Exit.DONE, result.stderr
    return str(json.loads(result.stdout)["reference"])


def shown(liaison: Liaison, *words: str) -> Any:
    result = liaison(*words, "--json")
    assert result.exit_code == Exit.DONE, result.stderr
    return json.loads(result.stdout)


def test_submit_prints_reference_and_dates_as_a_table(liaison: Liaison, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text("\ufeff" + json.dumps(a_request("13800138001"), ensure_ascii=False), encoding="utf-8")
    result = liaison("submit", f"@{file}")
    assert result.exit_code == Exit.DONE, result.stderr
    reference = result.stdout.split()[1]
    view = shown(liaison, "show", reference)
    assert view["reference"] == reference
    for due in view["deadlines"]:
        assert due["due_on"] in result.stdout
    assert "warning" in result.stdout and "张三" not in result.stdout


def test_submit_speaks_chinese_in_a_chinese_terminal(liaison: Liaison) -> None:
    result = liaison(
        "submit", "-", text=json.dumps(a_request("13800138002")), env={"LC_ALL": "", "LANG": "zh_CN.UTF-8"}
    )
    assert result.exit_code == Exit.DONE
    assert "编号" in result.stdout and "预警" in result.stdout


def test_json_is_the_shape_of_the_api(liaison: Liaison) -> None:
    view = shown(liaison, "show", submitted(liaison, "13800138003"))
    assert set(view) == {
        "reference",
        "procedure",
        "stage",
        "outcome",
        "received_at",
        "holder",
        "supervision",
        "deadlines",
        "calendar_version",
        "policy_version",
    }


def test_the_same_idempotency_key_registers_once(liaison: Liaison) -> None:
    words = ("submit", "-", "--json", "--idempotency-key", "again-1")
    body = json.dumps(a_request("13800138004"))
    first, second = (json.loads(liaison(*words, text=body).stdout) for _ in range(2))
    assert first["reference"] == second["reference"]
    other = liaison(*words, text=json.dumps(a_request("13800138005")))
    assert other.exit_code == Exit.REFUSED
    assert submitted(liaison, "13800138004") != first["reference"]


def test_every_fault_is_told_by_its_place(liaison: Liaison) -> None:
    result = liaison("submit", "-", text='{"channel": "pigeon", "court": "0104"}')
    assert result.exit_code == Exit.REFUSED
    lines = result.stderr.splitlines()
    assert {line.partition(":")[0] for line in lines[1:]} == {"/channel", "/category", "/content", "/party"}
    assert result.stdout == ""


def test_problems_come_in_the_terminal_s_language(liaison: Liaison) -> None:
    result = liaison("submit", "-", text="{}", env={"LC_ALL": "zh_CN.UTF-8"})
    assert "/court: 缺少" in result.stderr


def test_list_narrows_and_pages(liaison: Liaison) -> None:
    references = {submitted(liaison, f"1380013801{n}") for n in range(3)}
    everything = shown(liaison, "list", "--court", "0104", "--limit", "1000")
    assert references <= {item["reference"] for item in everything["items"]}
    assert shown(liaison, "list", "--stage", "closed")["items"] == []
    assert shown(liaison, "list", "--court", "0105")["items"] == []
    first = shown(liaison, "list", "--limit", "2")
    rest = shown(liaison, "list", "--limit", "1000", "--cursor", first["next_cursor"])
    assert [*first["items"], *rest["items"]] == everything["items"]
    table = liaison("list", "--limit", "2")
    assert first["items"][0]["reference"] in table.stdout and "--cursor" in table.stdout


def test_a_long_list_is_gathered_over_pages(liaison: Liaison, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        submitted(liaison, f"1380013802{n}")
    whole = shown(liaison, "list", "--limit", "1000")["items"]
    monkeypatch.setattr("liaison.cli.client._PAGE", 2)
    assert shown(liaison, "list", "--limit", "1000")["items"] == whole
    assert shown(liaison, "list", "--limit", "3")["items"] == whole[:3]


def test_events_show_the_record(liaison: Liaison) -> None:
    reference = submitted(liaison, "13800138030")
    assert [event["kind"] for event in shown(liaison, "events", reference)["items"]] == ["registered"]
    assert "registered" in liaison("events", reference).stdout


def test_a_judge_replies_from_standard_input(served: Place, liaison: Liaison) -> None:
    reference = submitted(liaison, "13800138040")
    give_to(served, reference, "0104-j01")
    result = liaison("reply", reference, "--as", "judge:0104-j01", "--json", text="您的案件将于十二月二日开庭。\n")
    assert result.exit_code == Exit.DONE, result.stderr
    assert json.loads(result.stdout)["state"] == "pending"
    assert "pending" in liaison("reply", reference, "-", "--as", "judge:0104-j02", text="合议庭十二月再议。").stdout


def test_a_recorded_call_comes_as_json(served: Place, liaison: Liaison, tmp_path: Path) -> None:
    reference = submitted(liaison, "13800138041")
    give_to(served, reference, "0104-j01")
    said = {"number": "13800138041", "time": datetime.now(UTC).isoformat(), "gist": "已告知开庭日期。"}
    file = tmp_path / "call.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    result = liaison("reply", reference, f"@{file}", "--kind", "call", "--as", "judge:0104-j01", "--json")
    assert result.exit_code == Exit.DONE, result.stderr
    assert json.loads(result.stdout)["kind"] == "reply"


def said_by(reference: str, kind: str = "replies") -> list[Any]:
    """What the record of a request holds as said, read as a clerk over the API."""
    with open_api("clerk") as api:
        return [action["text"] for action in api.get(f"/v1/requests/{reference}/{kind}")["items"]]


def test_a_json_object_is_the_reply_itself_and_never_its_text(
    served: Place, liaison: Liaison, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    reference = submitted(liaison, "13800138061")
    give_to(served, reference, "0104-j01")
    call = {"kind": "call", "number": "13800138041", "time": datetime.now(UTC).isoformat(), "gist": "已告知开庭日期。"}
    written = {"kind": "text", "text": "您的案件定于下周三开庭。"}
    kindless = {"text": "开庭地点为第五法庭，请准时。"}
    plain = "{您的案件} 另行通知。"
    for said in (json.dumps(call), json.dumps(written), json.dumps(kindless), plain):
        result = liaison("reply", reference, "-", "--as", "judge:0104-j01", text=said)
        assert result.exit_code == Exit.DONE, result.stderr
    *texts, last = said_by(reference)
    assert [text["kind"] for text in texts] == ["call", "text", "text"]
    assert (texts[0]["gist"], texts[1], texts[2]["text"]) == (call["gist"], written, kindless["text"])
    assert last == {"kind": "text", "text": plain}


def test_a_reply_in_json_that_the_api_does_not_know_is_told_by_its_place(served: Place, liaison: Liaison) -> None:
    reference = submitted(liaison, "13800138062")
    give_to(served, reference, "0104-j01")
    for said, pointer in (
        ({"kind": "shout", "text": "x"}, "/kind"),
        ({"reply": "您的案件定于下周三开庭。"}, "/text"),
        ({"kind": "call", "text": "您的案件定于下周三开庭。"}, "/number"),
    ):
        result = liaison("reply", reference, "--as", "judge:0104-j01", text=json.dumps(said))
        assert result.exit_code == Exit.REFUSED
        assert pointer in {line.partition(":")[0] for line in result.stderr.splitlines()[1:]}


def test_the_holder_reads_the_question_and_others_may_not(served: Place, liaison: Liaison) -> None:
    reference = submitted(liaison, "13800138063")
    give_to(served, reference, "0104-j01")
    read = shown(liaison, "read", reference, "--as", "judge:0104-j01")
    assert read == {
        "reference": reference,
        "content": a_request()["content"],
        "case_number": None,
        "party": {"name": "张三", "phone": "+8613800138063", "role": "party", "language": "zh-CN"},
    }
    table = liaison("read", reference, "--as", "judge:0104-j01").stdout
    assert a_request()["content"] in table and "张三" in table and "+8613800138063" in table
    assert liaison("read", reference, "--as", "judge:0104-j05").exit_code == Exit.REFUSED
    assert liaison("read", reference, "--as", "judge:0105-j01").exit_code == Exit.NOT_FOUND


def test_a_stranger_s_reply_is_refused(served: Place, liaison: Liaison) -> None:
    reference = submitted(liaison, "13800138042")
    give_to(served, reference, "0104-j01")
    result = liaison("reply", reference, "--as", "judge:0104-j05", text="您的案件将于十二月开庭。")
    assert result.exit_code == Exit.REFUSED and result.stderr.strip()


def test_whoever_replies_must_say_who_he_is(liaison: Liaison) -> None:
    result = liaison("reply", submitted(liaison, "13800138043"), text="您的案件将于十二月开庭。")
    assert result.exit_code == Exit.USAGE
    assert "--as judge:ID" in result.stderr


def test_an_answer_to_an_ordinary_request_is_a_conflict(liaison: Liaison) -> None:
    result = liaison("answer", submitted(liaison, "13800138044"), text="请到诉讼服务中心领取文书。")
    assert result.exit_code == Exit.CONFLICT


def test_a_summary_request_is_answered(liaison: Liaison) -> None:
    body = json.dumps(a_request("13800138045", category="consultation"))
    reference = json.loads(liaison("submit", "-", "--json", text=body).stdout)["reference"]
    result = liaison("answer", reference, text="请到诉讼服务中心领取文书。")
    assert result.exit_code == Exit.DONE, result.stderr
    assert "pending" in result.stdout


def test_an_answer_in_json_is_its_text(served: Place, liaison: Liaison, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    body = json.dumps(a_request("13800138064", category="consultation"))
    reference = json.loads(liaison("submit", "-", "--json", text=body).stdout)["reference"]
    result = liaison("answer", reference, "-", text=json.dumps({"text": "请到诉讼服务中心领取文书。"}))
    assert result.exit_code == Exit.DONE, result.stderr
    assert [text["text"] for text in said_by(reference, "answers")] == ["请到诉讼服务中心领取文书。"]


def test_a_clerk_changes_the_procedure_and_says_why(liaison: Liaison) -> None:
    body = json.dumps(a_request("13800138071", category="consultation"))
    reference = json.loads(liaison("submit", "-", "--json", text=body).stdout)["reference"]
    assert liaison("change-procedure", reference, "--to", "ordinary").exit_code == Exit.USAGE
    why = ("--to", "ordinary", "--reason", "涉及实体问题")
    assert liaison("change-procedure", reference, *why, "--as", "channel").exit_code == Exit.REFUSED
    result = liaison("change-procedure", reference, *why, "--json")
    assert result.exit_code == Exit.DONE, result.stderr
    assert [json.loads(result.stdout)[name] for name in ("kind", "detail")] == ["procedure_change", "ordinary"]
    assert liaison("change-procedure", reference, "--to", "summary", *why[2:]).exit_code == Exit.CONFLICT


def test_a_request_that_nobody_holds_yet_is_being_dispatched(served: Place, liaison: Liaison) -> None:
    reference = submitted(liaison, "13800138072")
    assert "being dispatched 派单中" in liaison("show", reference).stdout
    give_to(served, reference, "0104-j01")
    assert "being dispatched" not in liaison("show", reference).stdout
    body = json.dumps(a_request("13800138073", category="consultation"))
    assert "being dispatched" not in liaison("submit", "-", text=body).stdout, "a clerk answers it"


def test_transfer_names_exactly_one_taker(served: Place, liaison: Liaison) -> None:
    reference = submitted(liaison, "13800138046")
    give_to(served, reference, "0104-j01")
    reason = ("--reason", "与该案无关")
    assert liaison("transfer", reference, *reason).exit_code == Exit.USAGE
    both = ("--judge", "0104-j02", "--department", "0104-d-civil1")
    assert liaison("transfer", reference, *reason, *both).exit_code == Exit.USAGE
    result = liaison("transfer", reference, *reason, "--judge", "0104-j02", "--as", "judge:0104-j01", "--json")
    assert result.exit_code == Exit.DONE, result.stderr
    assert json.loads(result.stdout)["target"] == {"judge": "0104-j02"}


def test_the_channel_withdraws_with_a_reason_from_a_file(liaison: Liaison, tmp_path: Path) -> None:
    file = tmp_path / "reason.txt"
    file.write_text("当事人已与法官取得联系\n", encoding="utf-8")
    reference = submitted(liaison, "13800138047")
    result = liaison("withdraw", reference, "--reason", f"@{file}", "--json")
    assert result.exit_code == Exit.DONE, result.stderr
    assert json.loads(result.stdout)["kind"] == "withdrawal"


def test_leaders_and_messages_have_their_lists(liaison: Liaison) -> None:
    assert shown(liaison, "supervisions", "--as", "leader:0104-l02")["items"] == []
    reference = submitted(liaison, "13800138048")
    assert shown(liaison, "message", "list", "--reference", reference)["items"] == []
    assert liaison("message", "list", "--as", "channel").exit_code == Exit.REFUSED


def test_wait_returns_at_once_for_a_stage_reached(liaison: Liaison) -> None:
    reference = submitted(liaison, "13800138049")
    result = liaison("wait", reference, "--stage", "registered", "--timeout", "5", "--json")
    assert result.exit_code == Exit.DONE
    assert json.loads(result.stdout)["stage"] == "registered"
    assert result.stderr.strip() == f"{reference}: registered"


def test_wait_gives_up_when_its_time_is_over(liaison: Liaison) -> None:
    result = liaison("wait", submitted(liaison, "13800138050"), "--timeout", "0.3")
    assert result.exit_code == Exit.NOT_READY
    assert "still registered" in result.stderr and result.stdout == ""


def test_status_counts_and_says_what_is_down(served: Place, liaison: Liaison) -> None:
    before = json.loads(liaison("status", "--json").stdout)
    give_to(served, submitted(liaison, "13800138051"), "0104-j01")
    result = liaison("status", "--json")
    after = json.loads(result.stdout)
    assert result.exit_code == Exit.NOT_READY
    assert after["health"]["checks"]["temporal"] == "down"
    assert after["open"]["awaiting_reply"] == before["open"]["awaiting_reply"] + 1
    assert 0 <= after["relay_age_seconds"] < 600
    assert "awaiting_reply" in liaison("status").stdout
