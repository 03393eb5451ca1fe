"""What operators read in Temporal's UI without a codec server: posts and dates, never people or texts."""

from liaison.contract.messages import Rung
from liaison.contract.public import Public
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


def current_details(state: RequestState) -> Public:
    """Markdown: where the request stands, who holds it, the ladder, what comes next and why."""
    lines = [
        f"**{STAGES[state.stage]}** · {PROCEDURES[state.procedure]}",
        "",
        f"Holder 承办人: {state.holder.post if state.holder else 'none yet 尚未派单'}",
    ]
    if state.offered is not None:
        lines.append(f"Offered to 拟转办: {state.offered.post} (not signed in 未签收)")
    lines += ["", "| rung 督办层级 | due on 到期日 | post 报送 | |", "|---|---|---|---|"]
    lines += [_row(state, rung) for rung in state.rungs]
    lines += ["", _next(state)]
    lines += [f"- {remark}" for remark in state.remarks[-REMARKS_SHOWN:]]
    return Public("\n".join(lines))


def rung_name(rung: Rung) -> str:
    """``warning 预警`` or the rung's number."""
    return "warning 预警" if rung.rung == 0 else f"rung {rung.rung}"


def timer_summary(state: RequestState) -> Public:
    """One line on the timer that runs."""
    if state.procedure is Procedure.SUMMARY:
        return Public(f"answer by the end of {state.answer_due_on} 即答期限")
    rung = state.unrecorded()[0]
    return Public(f"{rung_name(rung)}: {rung.post}, after {rung.due_on}")


def _row(state: RequestState, rung: Rung) -> str:
    if rung.rung in state.recorded:
        standing = "recorded 已报送"
    elif state.ending is not None:
        standing = "not reached 未触发"
    else:
        standing = "provisional 暂定" if rung.provisional else "to come 待触发"
    return f"| {rung_name(rung)} | {rung.due_on} | {rung.post} | {standing} |"


def _next(state: RequestState) -> str:
    if state.ending is not None:
        return f"Next 下一步: none, ended by {state.ending.kind} 已结束"
    if state.procedure is Procedure.SUMMARY:
        return (
            f"Next 下一步: a clerk answers by the end of {state.answer_due_on}; if not, the request becomes ordinary, "
            "for summary matters are answered at once (art. 4) 逾期转普通程序"
        )
    to_come = state.unrecorded()
    if not to_come:
        return "Next 下一步: none above; every informed leader keeps it on his list until a reply 已达最高层级"
    rung = to_come[0]
    return (
        f"Next 下一步: {rung_name(rung)} to {rung.post} when {rung.due_on} ends without a reply, "
        f"the {rung.business_day}. business day after receipt (art. 8) 收到后第{rung.business_day}个工作日"
    )
