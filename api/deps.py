"""What routes are given: who calls and may he, which request is meant, what he sends and under which key.

Every route names its policy through ``allow`` or ``public``; a test walks the routes and fails for one that does not.
Checks come in this order: key, role, reference, ``Idempotency-Key``, body. Only whoever may act is told of faults.
"""

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, TypeVar, cast

import structlog
from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import TypeAdapter, ValidationError

from api.bodies import LONGEST_BODY, read_json, unfit_texts
from api.faults import faults_of_body
from liaison.contract.reference import BadReference, parse_reference
from liaison.policy.scope import Scope
from liaison.policy.words import KeyRole
from liaison.services.access import scope_of
from liaison.services.errors import Fault, Refused, Slug
from liaison.services.once import Call
from liaison.services.platform import Platform

Model = TypeVar("Model")

_BEARER: Final = HTTPBearer(auto_error=False, bearerFormat="jl_<id>_<secret>", description="A key of the platform.")
_IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
_ULID: Final = re.compile("[0-9A-HJKMNP-TV-Z]{26}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever calls: the platform's parts and what his key may see."""

    platform: Platform
    scope: Scope


def platform_of(request: Request) -> Platform:
    """The parts that ``create_app`` was given."""
    return cast(Platform, request.app.state.platform)


class Policy:
    """Who may call a route: holders of a key with one of these roles and, if one is named, with this scope."""

    def __init__(self, roles: frozenset[KeyRole], scope: str | None = None) -> None:
        self.roles = roles
        self.scope = scope

    async def __call__(
        self, request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
    ) -> Caller:
        """Let the caller in.

        Raises:
            Refused: no valid key, or not one for this route.
        """
        if bearer is None:
            raise Refused(Slug.UNAUTHENTICATED)
        platform = platform_of(request)
        scope = await scope_of(platform, bearer.credentials)
        if scope.role not in self.roles or (self.scope is not None and self.scope not in scope.scopes):
            raise Refused(Slug.FORBIDDEN)
        return Caller(platform, scope)


def allow(*roles: KeyRole, scope: str | None = None) -> Any:
    """A route's policy, in the annotation of its parameter ``caller``. No roles named means every role."""
    return Depends(Policy(frozenset(roles or KeyRole), scope))


async def public() -> None:
    """The policy of a route that needs no key: it shows nothing of any request."""


def reference_of(reference: str) -> str:
    """The one written form of a reference in any spelling.

    Raises:
        Refused: not a reference, or one with a typing error.
    """
    try:
        return parse_reference(reference)
    except BadReference:
        raise Refused(
            Slug.NOT_FOUND,
            zh="这不是有效的诉求编号，请核对末位校验字母。",
            en="This is not a valid reference; check its last letter.",
        ) from None


async def _reference_of_path(reference: str) -> str:
    known = reference_of(reference)
    structlog.contextvars.bind_contextvars(reference=known)
    return known


Reference = Annotated[str, Depends(_reference_of_path)]
"""The request of the path; lines of the log bear it from here on."""


async def _action_of_path(action_id: str) -> str:
    return _ulid(action_id)


async def _proposal_of_path(proposal_id: str) -> str:
    return _ulid(proposal_id, "没有此提案。", "There is no such proposal.")


async def _closure_of_path(closure_id: str) -> str:
    return _ulid(closure_id, "没有此停止对外服务记录。", "There is no such closure.")


async def _inbound_of_path(inbound_id: str) -> str:
    return _ulid(inbound_id, "没有此短信。", "There is no such message.")


def _ulid(given: str, zh: str = "", en: str = "") -> str:
    if not _ULID.fullmatch(given):
        raise Refused(Slug.NOT_FOUND, zh, en)
    return given


ActionId = Annotated[str, Depends(_action_of_path)]
"""The action of the path."""

ProposalId = Annotated[str, Depends(_proposal_of_path)]
"""The proposal of the path."""

ClosureId = Annotated[str, Depends(_closure_of_path)]
"""The closure of the path."""

InboundId = Annotated[str, Depends(_inbound_of_path)]
"""The short message of the path."""

ItemId = Annotated[int, Path(ge=1, le=2**31 - 1)]
"""The clerks' item of the path."""

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
"""The version of the path."""


@dataclass(frozen=True, slots=True)
class Once:
    """A call that is carried out once: its key, and what tells another call under the same key apart."""

    key: str
    path: str

    def fingerprint(self, platform: Platform, body: Any) -> str:
        """Keyed hash of operation and body, 64 hex digits; the spelling of the JSON does not matter."""
        canonical = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return platform.ring.mac("idempotency", f"{self.path}\n{canonical}")


async def once(request: Request) -> Once:
    """The call's ``Idempotency-Key``.

    Raises:
        Refused: missing, or not 1 to 200 visible ASCII characters; or there is no room left to write anything.
    """
    platform_of(request).storage.refuse_if_full()
    key = request.headers.get("idempotency-key", "")
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise Refused(Slug.KEY_MISSING)
    return Once(key, f"{request.method} {_canonical_path(request)}")


OnceCall = Annotated[Once, Depends(once)]
"""A call that writes."""


def call_of(caller: Caller, call: Once, sent: "Sent[Any]") -> Call:
    """The call as services of the rules know it."""
    return Call(caller.scope, call.key, call.fingerprint(caller.platform, sent.raw))


def _canonical_path(request: Request) -> str:
    """The path with its reference in the one written form, so that spellings of it make one operation."""
    given = request.path_params.get("reference")
    return request.url.path.replace(given, reference_of(given)) if given else request.url.path


@dataclass(frozen=True)
class Sent(Generic[Model]):
    """A body: ``raw`` as it came, for the fingerprint, and ``model`` as it was read."""

    raw: Any
    model: Model


class BodyOf(Generic[Model]):
    """Reads a body of one shape.

    ``tagged_by`` is the field that decides between several, ``longest`` how many bytes it may have.
    """

    def __init__(self, shape: Any, tagged_by: str = "", longest: int = LONGEST_BODY) -> None:
        self.adapter: TypeAdapter[Model] = TypeAdapter(shape)
        self._tagged_by = tagged_by
        self._longest = longest

    async def __call__(self, request: Request) -> Sent[Model]:
        """Read the body.

        Raises:
            Refused: too large, not JSON, or faults, all of them at once.
        """
        raw = await read_json(request, self._longest)
        model, faults = self.read(raw)
        if model is None or faults:
            raise Refused(Slug.INVALID, faults=faults)
        return Sent(raw, model)

    def read(self, raw: Any) -> tuple[Model | None, tuple[Fault, ...]]:
        """The model, or None, and every fault of shape or text."""
        unfit = unfit_texts(raw)
        try:
            return self.adapter.validate_python(raw), unfit
        except ValidationError as bad:
            found = faults_of_body(bad.errors(include_url=False, include_input=False), self._tagged_by)
        # A name no encoding can hold makes pydantic refuse the whole, which says less than we know.
        told = {fault.pointer for fault in unfit} | ({""} if unfit else set())
        return None, (*unfit, *(fault for fault in found if fault.pointer not in told))
