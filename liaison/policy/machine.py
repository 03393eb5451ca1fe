"""What a machine may answer by itself (Opinions art. 4): case inquiries of proven parties, receipts for opinions."""

from liaison.policy.words import Category, Procedure

ANSWERED_BY_MACHINE = frozenset({Category.CASE_INQUIRY, Category.OPINION})


def machine_may_answer(category: Category, procedure: Procedure) -> bool:
    """Whether a machine may try before a clerk; ordinary requests are always for people."""
    return procedure is Procedure.SUMMARY and category in ANSWERED_BY_MACHINE
