"""Replies that anybody could have given in a judge's name: they stop the ladder, and wait to be confirmed (ADR 0014).

Nothing here counts hours: when silence confirms is an instant that an activity returns.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from liaison.contract import activities
    from liaison.contract.claims import ClaimReply, ClaimSeen, LookAtClaim, RevokeClaim
    from liaison.contract.messages import Action, Confirmed, SignalReply
    from liaison.contract.names import SignalName
    from liaison.contract.options import patient
    from liaison.policy.words import ActionState, ClaimFate
    from workflows.consequences import Consequences
    from workflows.signal_bodies import ReplyBody


class Claims:
    """What becomes of claimed replies, and of replies that came as plain signals, which may be such."""

    def __init__(self, then: Consequences) -> None:
        self._then = then
        self._state = then.state

    def claim(self, action: Action) -> ActionState:
        """Stop the ladder at the reply's receipt; silence that lasted past a limit before it stays on record."""
        state = self._state
        for rung in state.missed_before(action.received_at):
            self._then.fire(rung, received_at=action.received_at)
        state.claim(action)
        order = ClaimReply(state.reference, state.stream, state.next_seq(), action)

        async def ask() -> None:
            summary = "put a claimed reply on record, ask its giver"
            self._heed(action, await workflow.execute_activity(activities.claim_reply, order, **patient(summary)))

        self._then.effects.add(ask)
        self._then.look_again = True
        self._then.show()
        return ActionState.CLAIMED

    def look(self) -> None:
        """Look whether the reply that waits has been confirmed by silence."""
        claim, self._state.look_at = self._state.claimed, ""
        if claim is None:
            return
        order = LookAtClaim(self._state.reference, claim.action_id)

        async def see() -> None:
            if self._waits(claim):
                seen = await workflow.execute_activity(
                    activities.look_at_claim, order, **patient("look whether silence has confirmed the reply")
                )
                self._heed(claim, seen)

        self._then.effects.add(see)

    def confirm(self, confirmation: Action | None = None) -> ActionState:
        """Let the claimed reply count, by a person's word or by silence: the request closes."""
        claim = self._state.claimed
        if claim is not None:
            self._then.end(claim, Confirmed(self._state.next_seq(), confirmation))
        return ActionState.ACCEPTED

    def revoke(self, revocation: Action | None = None) -> ActionState:
        """Set the claimed reply aside; the ladder goes on at its own instants, at once where they have passed."""
        state, claim = self._state, self._state.claimed
        if claim is None:
            return ActionState.ACCEPTED
        state.give_up_claim(workflow.now())
        order = RevokeClaim(state.reference, state.stream, state.next_seq(), claim, revocation)

        async def set_aside() -> None:
            await workflow.execute_activity(activities.revoke_claim, order, **patient("set a claimed reply aside"))

        self._then.effects.add(set_aside)
        self._then.look_again = True
        self._then.show()
        return ActionState.ACCEPTED

    def keep_signal_reply(self, body: ReplyBody) -> None:
        """Copy a reply typed as a signal into the inbox; if it is one, it closes the request or is claimed."""
        state = self._state
        reply = SignalReply(state.reference, state.stream, state.next_seq(), state.reply_signals, body.judge, body.text)

        async def keep() -> None:
            kept = await workflow.execute_activity(
                activities.keep_signal_reply, reply, **patient("keep a reply given as a signal")
            )
            if kept.reply is None:
                self._then.refuse_signal(SignalName.REPLY, kept.refused)
            elif kept.reply.action_id in state.taken and workflow.patched("signal-reply-heard-before"):
                # The relay found it in the inbox, and was faster.
                return
            elif state.ending is not None:
                self._then.refuse_signal(SignalName.REPLY, "the request is closed; the reply is kept")
            elif not kept.reply.claimed:
                self._then.end(kept.reply)
            elif state.claimed is not None:
                self._then.refuse_signal(SignalName.REPLY, "an earlier reply waits to be confirmed")
            else:
                state.taken[kept.reply.action_id] = self.claim(kept.reply)

        self._then.effects.add(keep)

    def _heed(self, claim: Action, seen: ClaimSeen) -> None:
        if not self._waits(claim):
            return
        if seen.fate is ClaimFate.CONFIRMED:
            self.confirm()
        elif seen.fate is ClaimFate.LAPSED:
            self.revoke()
        else:
            self._state.look_at = seen.look_at
            self._then.look_again = True

    def _waits(self, claim: Action) -> bool:
        """Whether this reply still waits: whoever looked may have been overtaken."""
        waiting = self._state.claimed
        return waiting is not None and waiting.action_id == claim.action_id
