"""Search attributes, within the limits of Temporal's SQL stores (10 Keyword, 3 of each other type).

None of them may hold personal data or a case number: they are stored in the clear.
"""

from typing import Any

from temporalio.common import SearchAttributeKey

COURT = SearchAttributeKey.for_keyword("LiaisonCourt")
DEPARTMENT = SearchAttributeKey.for_keyword("LiaisonDepartment")
STAGE = SearchAttributeKey.for_keyword("LiaisonStage")
PROCEDURE = SearchAttributeKey.for_keyword("LiaisonProcedure")
CHANNEL = SearchAttributeKey.for_keyword("LiaisonChannel")
CATEGORY = SearchAttributeKey.for_keyword("LiaisonCategory")
JUDGE = SearchAttributeKey.for_keyword("LiaisonJudge")
RUNG = SearchAttributeKey.for_int("LiaisonRung")
CALENDAR_VERSION = SearchAttributeKey.for_int("LiaisonCalendarVersion")
POLICY_VERSION = SearchAttributeKey.for_int("LiaisonPolicyVersion")
NEXT_DEADLINE = SearchAttributeKey.for_datetime("LiaisonNextDeadline")
PROVISIONAL = SearchAttributeKey.for_bool("LiaisonProvisional")
EMERGENCY = SearchAttributeKey.for_bool("LiaisonEmergency")

ALL: tuple[SearchAttributeKey[Any], ...] = (
    COURT,
    DEPARTMENT,
    STAGE,
    PROCEDURE,
    CHANNEL,
    CATEGORY,
    JUDGE,
    RUNG,
    CALENDAR_VERSION,
    POLICY_VERSION,
    NEXT_DEADLINE,
    PROVISIONAL,
    EMERGENCY,
)
