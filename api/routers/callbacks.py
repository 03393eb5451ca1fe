"""``/callbacks``: where gateways tell us what people sent and what became of our messages, each in its own shape.

The address is the secret: a token in it that only the provider knows. These routes alone need no ``Idempotency-Key``
and answer no problem+json, for a provider understands neither; the bound on bodies holds here too.
"""

from typing import Final

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, Response

from api.bodies import LONGEST_OF_A_PROVIDER, read_within
from api.deps import platform_of, public
from liaison.gateways.sms.port import CallbackAnswer
from liaison.policy.message_words import CallbackKind
from liaison.services.callbacks import Desk, is_address
from liaison.services.errors import Refused, Slug

router = APIRouter(prefix="/callbacks", tags=["callbacks"], dependencies=[Depends(public)], include_in_schema=False)

_AGAIN: Final = 503
_log = structlog.get_logger("api")


@router.post("/{gateway}/{token}/replies")
async def take_replies(request: Request, gateway: str, token: str) -> Response:
    """Keep short messages that people sent us."""
    return await _take(request, gateway, token, CallbackKind.REPLIES)


@router.post("/{gateway}/{token}/receipts")
async def take_receipts(request: Request, gateway: str, token: str) -> Response:
    """Keep receipts of what we sent."""
    return await _take(request, gateway, token, CallbackKind.RECEIPTS)


async def _take(request: Request, gateway: str, token: str, kind: CallbackKind) -> Response:
    """Have the call on disk, then say so; whatever stands in the way, the provider hears "again" and repeats it."""
    platform = platform_of(request)
    shapes = platform.shapes_of(gateway)
    if shapes is None:
        return _not_found()
    try:
        if not await is_address(platform, gateway, token):
            return _not_found()
        await Desk(platform, gateway).keep(kind, await read_within(request, LONGEST_OF_A_PROVIDER))
    except Refused as refused:
        if refused.slug is Slug.TOO_LARGE:
            return PlainTextResponse("too large", 413)
        return _said(shapes.answer(kept=False), _AGAIN)
    except Exception as error:
        _log.warning("a gateway's call was not kept", gateway=gateway, error_type=type(error).__name__)
        return _said(shapes.answer(kept=False), _AGAIN)
    return _said(shapes.answer(kept=True), 200)


def _said(answer: CallbackAnswer, status: int) -> Response:
    return Response(answer.body, status, media_type=answer.media_type)


def _not_found() -> Response:
    return PlainTextResponse("not found", 404)
