"""Reading what a channel sends: faults of shape and faults the city finds, in one answer."""

from typing import Any, Final

from api.deps import BodyOf, Caller, Sent
from api.models.intake import EXAMPLE, RequestIn
from liaison.services.errors import Fault, Refused, Slug
from liaison.services.intake import Intake
from liaison.services.intake_faults import faults_of_intake

REQUEST_BODY: Final = BodyOf[RequestIn](RequestIn)

_STAND_IN: Final[dict[str, Any]] = {name: EXAMPLE[name] for name in ("channel", "court", "category", "content")}
_PARTY_STAND_IN: Final[dict[str, Any]] = dict(EXAMPLE["party"])

# A value can only be judged together with these; where one of them is faulty, nothing is said about it.
_JUDGED_WITH: Final = {
    "department": {"court"},
    "judge": {"court"},
    "answer": {"category", "asks_for", "content"},
}


async def read_request(caller: Caller, raw: Any) -> Sent[RequestIn]:
    """Read the body of an intake.

    Raises:
        Refused: ``INVALID`` with the faults of shape and, for every field that is well-formed, those of substance.
            Faults of substance alone are left to ``accept_request``, which first looks for a stored answer.
    """
    model, faults = REQUEST_BODY.read(raw)
    if model is not None and not faults:
        return Sent(raw, model)
    if isinstance(raw, dict):
        faults = (*faults, *await _substance(caller, raw, faults))
    raise Refused(Slug.INVALID, faults=faults)


def intake_of(model: RequestIn) -> Intake:
    """The service's value of a body."""
    return Intake(
        channel=model.channel,
        court=model.court,
        category=model.category,
        content=model.content,
        party_name=model.party.name,
        phone=model.party.phone,
        party_role=model.party.role,
        language=model.party.language,
        query_code=model.party.query_code,
        asks_for=model.asks_for,
        case_number=model.case_number,
        department=model.department,
        judge=model.judge,
        about=tuple(model.about),
        received_at=model.received_at,
        answer=model.answer,
    )


async def _substance(caller: Caller, raw: dict[str, Any], faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Faults of substance of the fields without a fault of shape; stand-ins take the place of the others."""
    wrong = {tuple(fault.pointer.split("/")[1:3]) for fault in faults}
    wrong_fields = {place[0] for place in wrong if place}
    mended, _ = REQUEST_BODY.read(_mended(raw, wrong_fields, {place[-1] for place in wrong if place[:1] == ("party",)}))
    if mended is None:
        return ()
    untold = wrong_fields | {field for field, others in _JUDGED_WITH.items() if others & wrong_fields}
    found = await faults_of_intake(caller.platform, caller.scope, intake_of(mended))
    told = {fault.pointer for fault in faults}
    return tuple(
        fault
        for fault in found
        if fault.pointer not in told and (fault.pointer == "/party/phone" or fault.pointer.split("/")[1] not in untold)
    )


def _mended(raw: dict[str, Any], wrong_fields: set[str], wrong_of_party: set[str]) -> dict[str, Any]:
    good = {name: value for name, value in raw.items() if name not in wrong_fields}
    party = raw.get("party")
    good_party = (
        {name: value for name, value in party.items() if name not in wrong_of_party} if isinstance(party, dict) else {}
    )
    return {**_STAND_IN, **good, "party": {**_PARTY_STAND_IN, **good_party}}
