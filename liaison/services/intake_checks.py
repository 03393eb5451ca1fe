"""What can be wrong with a well-formed request: every fault at once, and the values as they will be stored."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from liaison.gateways.phones import e164
from liaison.policy.case_number import BadCaseNumber, normalise_case_number
from liaison.policy.roster import Roster
from liaison.policy.rules import Policy
from liaison.policy.scope import Scope
from liaison.policy.triage import Triage, triage
from liaison.policy.words import AsksFor, Category, Channel, HolderKind, Language, PartyRole, Procedure
from liaison.services.errors import Fault, Refused, Slug
from liaison.services.reply_rules import text_fault


@dataclass(frozen=True)
class Intake:
    """A request as a channel hands it in: every value of the right shape, none checked against the city yet.

    Attributes:
        phone: As the party gave it; E.164 once checked. ``case_number`` likewise canonical.
        about: Staff ids complained of by name.
        received_at: When the channel received it; None means now.
        answer: The text of an answer given on the spot.
    """

    channel: Channel
    court: str
    category: Category
    content: str = field(repr=False)
    party_name: str = field(repr=False)
    phone: str = field(repr=False)
    party_role: PartyRole
    language: Language
    query_code: str | None = field(default=None, repr=False)
    asks_for: AsksFor | None = None
    case_number: str | None = field(default=None, repr=False)
    department: str | None = None
    judge: str | None = None
    about: tuple[str, ...] = ()
    received_at: datetime | None = None
    answer: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class CheckedIntake:
    """A request fit to be registered; ``intake`` holds normalised values."""

    intake: Intake
    received_at: datetime
    triage: Triage


def check_intake(intake: Intake, scope: Scope, roster: Roster, policy: Policy, now: datetime) -> CheckedIntake:
    """Check a request against the channel's key, the directory and the policy.

    Raises:
        Refused: ``INVALID`` with a fault for everything that is wrong.
    """
    phone, case_number = e164(intake.phone), _canonical(intake.case_number)
    faults = [
        *_key_faults(intake, scope),
        *_directory_faults(intake, roster),
        *_received_faults(intake.received_at, policy, now),
        *_answer_faults(intake, policy),
    ]
    if intake.category is Category.DISCIPLINE_REPORT:
        faults.append(
            Fault(
                "/category",
                "检举控告暂不经本平台办理，请直接向纪检监察部门提出。",
                "Discipline reports are not taken here yet; please bring them to the discipline office itself.",
            )
        )
    if phone is None:
        faults.append(Fault("/party/phone", "电话号码无效。", "This is not a valid telephone number."))
    if intake.case_number is not None and case_number is None:
        zh, en = "案号格式有误，示例：（2026）粤0104民初1234号。", "A case number looks like （2026）粤0104民初1234号."
        faults.append(Fault("/case_number", zh, en))
    if faults or phone is None:
        raise Refused(Slug.INVALID, "请求内容有误。", "The request has faults.", tuple(faults))
    checked = replace(intake, phone=phone, case_number=case_number)
    return CheckedIntake(checked, intake.received_at or now, triage(intake.category, intake.asks_for, policy))


def _canonical(case_number: str | None) -> str | None:
    try:
        return None if case_number is None else normalise_case_number(case_number)
    except BadCaseNumber:
        return None


def _key_faults(intake: Intake, scope: Scope) -> Iterator[Fault]:
    if intake.channel not in scope.channels:
        yield Fault("/channel", "该密钥不得使用此渠道。", "This key may not submit through this channel.")
    if scope.court is not None and intake.court != scope.court:
        yield Fault("/court", "该密钥不得向此法院提交。", "This key may not submit to this court.")


def _directory_faults(intake: Intake, roster: Roster) -> Iterator[Fault]:
    if roster.court(intake.court) is None:
        yield Fault("/court", "没有此法院代码。", "There is no court with this code.")
    if intake.department is not None and roster.department(intake.court, intake.department) is None:
        yield Fault("/department", "该法院没有此部门。", "That court has no such department.")
    if intake.judge is not None and not _sits_in(roster, intake.judge, intake.court):
        yield Fault("/judge", "该法院没有此法官。", "That court has no such judge.")
    for index, staff_id in enumerate(intake.about):
        if roster.staff(staff_id) is None:
            yield Fault(f"/about/{index}", "没有此工作人员编号。", "Nobody has this staff id.")


def _sits_in(roster: Roster, judge: str, court: str) -> bool:
    found = roster.holder(judge)
    return found is not None and found.kind is HolderKind.JUDGE and found.court == court


def _received_faults(received_at: datetime | None, policy: Policy, now: datetime) -> Iterator[Fault]:
    if received_at is None:
        return
    if received_at.utcoffset() is None:
        yield Fault("/received_at", "时间须带时区偏移，例如 +08:00。", "A time needs its offset, such as +08:00.")
    elif received_at > now + policy.received_ahead:
        yield Fault("/received_at", "收到时间晚于当前时间。", "The time of receipt lies in the future.")
    elif received_at < now - policy.received_back:
        hours = int(policy.received_back.total_seconds() // 3600)
        zh, en = f"收到时间早于 {hours} 小时前。", f"The time of receipt lies more than {hours} hours back."
        yield Fault("/received_at", zh, en)


def _answer_faults(intake: Intake, policy: Policy) -> Iterator[Fault]:
    if intake.answer is None or intake.category is Category.DISCIPLINE_REPORT:
        return
    if triage(intake.category, intake.asks_for, policy).procedure is not Procedure.SUMMARY:
        zh, en = "普通程序的诉求须由承办人答复。", "A request under the ordinary procedure is replied to by its holder."
        yield Fault("/answer", zh, en)
    fault = text_fault("/answer", intake.answer, intake.content, policy)
    if fault is not None:
        yield fault
