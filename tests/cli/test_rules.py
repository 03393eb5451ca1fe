"""Versions, policies, closures and explanations on the command line (C02, C10, C30, C32)."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from liaison.cli.exits import Exit
from tests.calendars.ics import many_years_with_2027
from tests.cli.conftest import Liaison, Place, a_request
from tests.services.rules import NOTICES, amendment_2026

INVENTED = str(NOTICES / "2027-invented.toml")
CHINESE = {"LANG": "zh_CN.UTF-8"}
CLOSED = ("--from", "2026-11-25T19:00:00+08:00", "--to", "2026-11-26T18:00:00+08:00")
DECIDED = ("--decided-by", "Case Filing Chamber", "--source", "invented")


def parsed(liaison: Liaison, *words: str) -> Any:
    result = liaison(*words, "--json")
    assert result.exit_code == Exit.DONE, result.output
    return json.loads(result.stdout)


def test_a_notice_goes_from_one_operator_to_another(served: Place, liaison: Liaison) -> None:
    proposal = parsed(liaison, "calendar", "propose", INVENTED)["id"]
    assert proposal in liaison("calendar", "review").stdout
    review = liaison("calendar", "review", proposal).stdout
    assert "2027-02-20" in review and "worked in exchange for Spring Festival" in review
    assert "open requests may get other dates" in review
    assert "虚构〔2026〕0号" in review and "https://example.invalid/notices/2027" in review
    assert "春节调休上班" in liaison("calendar", "review", proposal, env=CHINESE).stdout
    own = liaison("calendar", "approve", proposal)
    assert (own.exit_code, own.stderr.strip()) == (
        Exit.REFUSED,
        "One proposes, another approves: this proposal is your own.",
    )
    approved = parsed(liaison, "calendar", "approve", proposal, "--as", "operator:operator-2")
    number = approved["made_version"]
    assert approved["state"] == "approved"
    assert parsed(liaison, "calendar", "versions")["items"][-1]["approved_by"] == "sample-operator-2"
    shown = [line for line in liaison("calendar", "show", str(number)).stdout.splitlines() if "〔" in line]
    assert "虚构〔2026〕0号" in shown[-1] and "sample-operator-1" in shown[-1] and "sample-operator-2" in shown[-1]
    assert "release " in shown[-2] and "came with the program, its installer answers for it" in shown[-2]
    assert "随程序发布，由安装者负责" in liaison("policy", "versions", env=CHINESE).stdout
    diff = liaison("calendar", "diff", str(number - 1), str(number)).stdout
    assert "Announced until 2027-12-31, before until 2026-12-31." in diff
    assert f"version {number}: The calendar is announced until 2027-12-31." in liaison("status").stdout


def test_a_refused_notice_and_a_rejected_one(served: Place, liaison: Liaison, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.toml"
    spoilt.write_text(Path(INVENTED).read_text("utf-8").replace('"2027-10-09"]', '"2027-10-13"]'), "utf-8")
    refused = liaison("calendar", "propose", str(spoilt))
    assert refused.exit_code == Exit.REFUSED
    assert "2027-10-13 is no weekend day" in refused.stderr
    amended = tmp_path / "amended.json"
    amended.write_text(json.dumps(amendment_2026()), "utf-8")
    proposal = parsed(liaison, "calendar", "propose", str(amended))["id"]
    rejected = parsed(liaison, "calendar", "reject", proposal, "--reason", "a typing error")
    assert (rejected["state"], rejected["reason"]) == ("rejected", "a typing error")
    assert proposal not in liaison("calendar", "review").stdout


def test_a_file_of_many_years_is_read_and_one_that_is_too_large_is_not(
    served: Place, liaison: Liaison, tmp_path: Path
) -> None:
    years, feed = tmp_path / "years.ics", tmp_path / "feed.json"
    years.write_text(many_years_with_2027(), "utf-8")
    dated = ("--published", "2026-11-30")
    read = liaison("calendar", "propose", "--ics", str(years), "--year", "2028", *dated)
    assert (read.exit_code, "no day of 2028 is listed" in read.stderr) == (Exit.REFUSED, True)
    with feed.open("wb") as file:
        file.truncate(50_000_000)
    for language, says in (({}, "is larger than 1 MB."), (CHINESE, "超过 1 MB。")):
        refused = liaison("calendar", "propose", "--feed", str(feed), *dated, env=language)
        assert (refused.exit_code, refused.stderr.endswith(f"{says}\n"), len(refused.stderr.splitlines())) == (
            Exit.REFUSED, True, 1,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (("calendar", "propose"), Exit.USAGE),
        (("calendar", "propose", INVENTED, "--from", "holidays"), Exit.USAGE),
        (("calendar", "propose", "no such file"), Exit.USAGE),
        (("calendar", "propose", __file__), Exit.USAGE),
        (("calendar", "propose", "--from", "holidays", "--year", "2027"), Exit.REFUSED),
        (("calendar", "review", "../versions"), Exit.NOT_FOUND),
        (("calendar", "show", "999"), Exit.NOT_FOUND),
        (("calendar", "explain"), Exit.USAGE),
        (("calendar", "explain", "--received-at", "2026-09-18T10:00:00+08:00"), Exit.USAGE),
        (("policy", "propose", INVENTED), Exit.REFUSED),
        (("policy", "show", "999"), Exit.NOT_FOUND),
    ],
)
def test_bad_input_is_one_line_and_an_exit_code(
    served: Place, liaison: Liaison, words: tuple[str, ...], exit_code: Exit
) -> None:
    result = liaison(*words)
    assert result.exit_code == exit_code, result.output
    assert result.stdout == "" and 0 < len(result.stderr.splitlines()) <= 2


def test_only_the_chamber_names_days_off(served: Place, liaison: Liaison) -> None:
    refused = liaison("calendar", "closure", "add", *CLOSED, *DECIDED, "--day-off", "2026-11-26")
    assert refused.exit_code == Exit.REFUSED
    assert refused.stderr.strip() == (
        "Only the Case Filing Chamber of the Intermediate Court decides which dates count as days off."
    )
    closure = parsed(liaison, "calendar", "closure", "add", *CLOSED, *DECIDED, "--court", "0104")
    assert (closure["days_off"], closure["made_version"]) == ([], None)
    words = ("amend", closure["id"], *CLOSED, *DECIDED, "--day-off", "2026-11-26", "--as", "chamber")
    amended = parsed(liaison, "calendar", "closure", *words)
    assert (amended["days_off"], amended["court"]) == (["2026-11-26"], "0104")
    again = liaison("calendar", "closure", *words)
    assert again.exit_code == Exit.CONFLICT
    table = liaison("calendar", "closure", "list").stdout
    assert "none, clocks run" in table and amended["id"] in table
    question = ("calendar", "explain", "--received-at", "2026-11-24T10:00:00+08:00", "--court", "0104")
    said = f"closure {amended['id']}, decided by Case Filing Chamber, source: invented"
    assert said in liaison(*question).stdout


def test_a_policy_goes_to_the_chamber(served: Place, liaison: Liaison, tmp_path: Path) -> None:
    text = (files("liaison.policy") / "policy.toml").read_text("utf-8")
    laxer = tmp_path / "laxer.toml"
    laxer.write_text(text.replace("rung = 4, business_day = 8", "rung = 4, business_day = 9"), "utf-8")
    refused = liaison("policy", "propose", str(laxer))
    assert (refused.exit_code, "is laxer than art. 8" in refused.stderr) == (Exit.REFUSED, True)
    proposal = parsed(liaison, "policy", "propose", str(laxer), "--cites", "虚构〔2026〕2号")["id"]
    review = liaison("policy", "review", proposal).stdout
    assert "ladder.primary[3].business_day" in review and "虚构〔2026〕2号" in review
    assert "open requests would move" in review
    approved = parsed(liaison, "policy", "approve", proposal)
    assert approved["decided_by"] == "sample-chamber-1"
    assert "虚构〔2026〕2号" in liaison("policy", "versions").stdout
    number = str(approved["made_version"])
    assert parsed(liaison, "policy", "show", number)["document"]["ladder"]["cited_document"] == "虚构〔2026〕2号"
    assert "new requests only" in liaison("policy", "show", number).stdout
    back = parsed(liaison, "policy", "propose", str(files("liaison.policy") / "policy.toml"))["id"]
    moving = parsed(liaison, "policy", "approve", back, "--open-requests")["made_version"]
    assert "新诉求及在办诉求" in liaison("policy", "versions", env=CHINESE).stdout
    assert parsed(liaison, "policy", "show", str(moving))["open_requests"] is True
    table = liaison("policy", "show", number).stdout
    rows = [line.split() for line in table.splitlines()]
    assert ["ladder.primary[3].business_day", "9"] in rows and ["cites", "虚构〔2026〕2号"] in rows


def test_a_date_is_explained_in_both_languages(served: Place, liaison: Liaison) -> None:
    reference = json.loads(liaison("submit", "-", "--json", text=json.dumps(a_request())).stdout)["reference"]
    found = parsed(liaison, "calendar", "explain", reference)
    table = liaison("calendar", "explain", reference).stdout
    assert found["day0"] in table and "never counted for a rung" in table
    assert all(due["due_on"] in table for due in found["deadlines"])
    question = ("calendar", "explain", "--received-at", "2026-09-28T10:00:00+08:00", "--court", "0105")
    english, chinese = liaison(*question).stdout, liaison(*question, env=CHINESE).stdout
    assert "Thursday, day off for National Day (notice of 2025-11-04)" in english
    assert "国办发明电〔2025〕7号" in english and "星期四，国庆节放假" in chinese


def test_the_limit_to_answer_on_the_spot_says_how_sure_it_is(served: Place, liaison: Liaison) -> None:
    question = ("calendar", "explain", "--court", "0105", "--received-at")
    # A year that no test of this book announces.
    english, chinese = (liaison(*question, "2029-02-10T10:00:00+08:00", env=env).stdout for env in ({}, CHINESE))
    found = parsed(liaison, *question, "2029-02-10T10:00:00+08:00")["answer"]
    assert (found["provisional"], found["earliest"], found["due_on"]) == (True, "2029-02-10", "2029-02-16")
    span = f"2029-02-10 … {found['latest']}"
    assert f"2029-02-16 (provisional, {span}): Opinions art. 4" in english
    assert "for a request in the summary procedure only" in english
    assert f"2029-02-16（暂定，{span}）：《意见》第四条" in chinese
    assert "2026-09-28 (final): Opinions art. 4" in liaison(*question, "2026-09-28T10:00:00+08:00").stdout
