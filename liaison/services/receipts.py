"""Receipts: what became of a message a gateway took."""

from liaison.db.messages import note_receipt
from liaison.gateways.sms.port import Fate, Receipt
from liaison.policy.words import MessageState
from liaison.services.platform import Platform

_STATES = {Fate.DELIVERED: MessageState.DELIVERED, Fate.FAILED: MessageState.FAILED}


async def take_receipt(platform: Platform, gateway: str, receipt: Receipt) -> bool:
    """Settle the message a receipt speaks of; False if no message bears its id yet."""
    async with platform.db.write() as session:
        return await note_receipt(session, gateway, receipt.provider_id, _STATES.get(receipt.fate), receipt.code)
