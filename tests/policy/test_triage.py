"""Triage over the whole table of category and whom the party asks for (issue line L25)."""

from itertools import product

import pytest

from liaison.policy.rules import Policy
from liaison.policy.triage import triage
from liaison.policy.words import AsksFor, Category, Procedure

ALWAYS_ORDINARY = {Category.JUDGE_CONTACT, Category.COMPLAINT}
RAISES = {AsksFor.JUDGE, AsksFor.DEPARTMENT}
WORK_ORDERS = [category for category in Category if category is not Category.DISCIPLINE_REPORT]


@pytest.mark.parametrize(("category", "asks_for"), list(product(WORK_ORDERS, [None, *AsksFor])))
def test_every_pair(policy: Policy, category: Category, asks_for: AsksFor | None) -> None:
    ordinary = category in ALWAYS_ORDINARY or asks_for in RAISES
    assert triage(category, asks_for, policy).procedure is (Procedure.ORDINARY if ordinary else Procedure.SUMMARY)


def test_the_reason_names_what_decided(policy: Policy) -> None:
    assert triage(Category.CASE_INQUIRY, None, policy).reason == "case inquiry, art. 4 案件查询，第四条"
    assert "asks for the judge" in triage(Category.CASE_INQUIRY, AsksFor.JUDGE, policy).reason
    assert "投诉" in triage(Category.COMPLAINT, AsksFor.JUDGE, policy).reason


def test_a_discipline_report_is_never_a_work_order(policy: Policy) -> None:
    with pytest.raises(ValueError, match="discipline desk"):
        triage(Category.DISCIPLINE_REPORT, None, policy)
