"""Every metric of a rule is in a live scrape, every alert has its chapter in the runbook (H31)."""

import re
from typing import Any

import pytest
import yaml

from liaison.policy.message_words import MessageState
from tests.docs.markdown import ROOT, read
from tests.e2e.platform import Running
from tests.oncall.scraping import names, scraped

RULES: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text(encoding="utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
METRIC = re.compile(r"\b(?:liaison|temporal)_[a-z_]+\b")
SDK_FIVE = ("NoPollers", "NonDeterminism", "MessageTooLarge", "TasksWait", "TemporalRefuses")

each_alert = pytest.mark.parametrize("alert", ALERTS, ids=[alert["alert"] for alert in ALERTS])


def metrics_of(alert: dict[str, Any]) -> set[str]:
    return set(METRIC.findall(re.sub(r'"[^"]*"', '""', alert["expr"])))


def chapters() -> dict[str, str]:
    """The runbook's chapters by heading."""
    parts = re.split(r"^## (.+)$", read("docs/runbook.md"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_rules_are_whole() -> None:
    assert {alert["alert"] for alert in ALERTS} >= {*SDK_FIVE, "RungsUnfired", "StartsPending", "ClockOff"}
    assert len({alert["alert"] for alert in ALERTS}) == len(ALERTS)


@each_alert
def test_a_rule_has_a_sentence_a_severity_and_its_chapter(alert: dict[str, Any]) -> None:
    assert set(alert) == {"alert", "expr", "for", "labels", "annotations"}
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert re.fullmatch(r"\d+[mh]", alert["for"])
    assert alert["annotations"]["summary"]
    assert alert["annotations"]["runbook"] == f"docs/runbook.md#{alert['alert'].lower()}"
    assert alert["expr"].count("(") == alert["expr"].count(")")
    chapter = chapters()[alert["alert"]]
    assert re.findall(r"^\*\*(.+?):\*\*", chapter, re.MULTILINE) == ["It means", "Look at", "Do"]


def test_the_runbook_has_no_chapter_without_an_alert() -> None:
    assert list(chapters()) == [alert["alert"] for alert in ALERTS]


@pytest.mark.timeout(120)
def test_every_metric_of_a_rule_is_in_a_live_scrape(watched: Running, troubled: str) -> None:
    served = names(scraped(watched, "API")) | names(scraped(watched, "WORKER"))
    wanted = {metric for alert in ALERTS for metric in metrics_of(alert)}
    assert len(wanted) > 15
    assert wanted <= served, sorted(wanted - served)


@pytest.mark.timeout(120)
def test_labels_of_the_rules_are_those_of_the_scrape(watched: Running, troubled: str) -> None:
    page = scraped(watched, "API") + scraped(watched, "WORKER")
    for alert in ALERTS:
        for metric, selector in re.findall(r"(\w+)\{([^}]*)\}", alert["expr"]):
            labels = set(re.findall(r"(\w+)=~?\"", selector))
            lines = [line for line in page.splitlines() if line.startswith(metric + "{")]
            assert any(labels <= set(re.findall(r"(\w+)=\"", line)) for line in lines), (alert["alert"], metric)


def test_the_states_that_rules_select_are_states_of_messages() -> None:
    selected = [states for alert in ALERTS for states in re.findall(r'state=~?"([^"]+)"', alert["expr"])]
    assert len(selected) > 2
    assert {state for states in selected for state in states.split("|")} <= {state.value for state in MessageState}
