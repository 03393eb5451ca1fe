"""What operators read in Temporal's UI without a codec server: posts and dates, never people or texts."""

from liaison.contract.plans import Rung
from liaison.contract.public import Public
from liaison.policy.told_dates import ToldDate, for_operators
from liaison.policy.words import Procedure, Stage
from workflows.state import RequestState

STAGES = {
    Stage.REGISTERED: "registered 已登记",
    Stage.ANSWERING: "to be answered on the spot 待即答",
    Stage.AWAITING_REPLY: "awaiting reply 待答复",
    Stage.CONFIRMING: "awaiting confirmation 待确认",
    Stage.CLOSED: "closed 已办结",
}
PROCEDURES = {Procedure.SUMMARY: "summary 简易", Procedure.ORDINARY: "ordinary 普通"}
REMARKS_SHOWN = 8
TABLE_HEAD = ["| rung 督办层级 | due on 到期日 | told 报送 | standing 状态 |", "|---|---|---|---|"]


def current_details(state: RequestState) -> Public:
    """Markdown: where the request stands, who holds it, what comes next and why, the ladder, what was remarked."""
    upcoming, why = _next(state)
    lines = [
        f"**{STAGES[state.stage]}** · {PROCEDURES[state.procedure]}",
        "",
        f"- Holder 承办人: {_holder(state)}",
        *([f"- Offered to 拟转办: {_offer(state)}"] if state.offered else []),
        f"- Next 下一步: {upcoming}",
        f"- Why 缘由: {why}",
        *_counting(state),
        "",
        *TABLE_HEAD,
        *(_row(state, rung) for rung in state.rungs),
    ]
    if state.remarks:
        # The list above must not swallow these.
        lines += ["", "Remarks 备注", "", *(f"- {remark}" for remark in state.remarks[-REMARKS_SHOWN:])]
    return Public("\n".join(lines))


def rung_name(rung: Rung) -> str:
    """``warning 预警`` or ``rung`` and its number."""
    return "warning 预警" if rung.rung == 0 else f"rung {rung.rung}"


def timer_summary(state: RequestState) -> Public:
    """One line on the timer that runs."""
    if state.procedure is Procedure.SUMMARY:
        return Public(f"answer by the end of {_answer_due_on(state)} 即答期限")
    if state.claimed is not None:
        return Public("a claimed reply: confirmed by silence unless revoked 无异议即确认")
    rung = state.unrecorded()[0]
    return Public(f"{rung_name(rung)}: {rung.post}, after {_due_on(rung)}")


def _due_on(rung: Rung) -> str:
    return for_operators(ToldDate(rung.due_on, rung.provisional))


def _answer_due_on(state: RequestState) -> str:
    return for_operators(ToldDate(state.answer_due_on, state.answer_provisional))


def _holder(state: RequestState) -> str:
    if state.holder is not None:
        return f"{state.holder.post} ({state.holder.id})"
    if state.procedure is Procedure.SUMMARY:
        return "none yet; a clerk of the service platform answers 尚未派单，由平台即答"
    return "none yet 尚未派单"


def _offer(state: RequestState) -> str:
    return f"{state.offered.post} ({state.offered.id}), not signed in 未签收" if state.offered else ""


def _counting(state: RequestState) -> list[str]:
    """How the date that comes next was counted: that of a rung, or the limit to answer on the spot."""
    if state.ending is not None:
        return []
    if state.procedure is Procedure.SUMMARY:
        counted, head = state.answer_counted, "Counted from the day of receipt on 自收到之日起算"
    else:
        counted, head = next((rung.counted for rung in state.unrecorded()), ""), "Counted 计算"
    return [f"- {head}: {counted}"] if counted else []


def _row(state: RequestState, rung: Rung) -> str:
    if rung.rung in state.recorded:
        standing = "recorded 已报送"
    elif state.ending is not None:
        standing = "not reached 未触发"
    elif state.claimed is not None:
        standing = "stopped by a claimed reply 因待确认答复暂停"
    elif rung.rung in state.held_back:
        standing = "held back: a timely reply on its way 及时答复送达中"
    else:
        standing = "to come 待触发"
    return f"| {rung_name(rung)} | {_due_on(rung)} | {rung.post} | {standing} |"


def _next(state: RequestState) -> tuple[str, str]:
    """What comes next, and why."""
    if state.ending is not None:
        return "nothing 无", f"ended by {state.ending.kind} 已结束"
    if state.claimed is not None:
        return (
            "the reply counts when confirmed, or after a working hour of silence; revoked, the ladder goes on "
            "确认或一个工作小时无异议即生效，撤销则恢复督办",
            "anybody could have sent it in the judge's name 该答复可能系冒名",
        )
    if state.procedure is Procedure.SUMMARY:
        return (
            f"not answered by the end of {_answer_due_on(state)}, the request becomes ordinary 逾期转普通程序",
            "summary matters are answered at once (art. 4) 简易诉求接诉即答（第四条）",
        )
    to_come = state.unrecorded()
    if not to_come:
        return (
            "nobody above is left; every informed leader keeps it until a reply 已达最高层级，督办至答复为止",
            "the last rung is recorded without a reply (art. 8) 各层级均已报送仍未答复（第八条）",
        )
    rung = to_come[0]
    return (
        f"{rung_name(rung)}, told to {rung.post} if {_due_on(rung)} ends without a reply",
        f"business day {rung.business_day} after receipt (art. 8) 收到后第{rung.business_day}个工作日（第八条）",
    )
