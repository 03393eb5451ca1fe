"""Who is told at a rung when posts are vacant, people away, or the person himself concerned (design section 5).

A post is asked for; who receives is the first of these who can: the person of the post, his stand-in while he is away,
the next person up the ladder, in the end the Case Filing Chamber. No request is ever dropped.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from liaison.policy.roster import Department, Holder, Roster, Staff, StaffStatus
from liaison.policy.words import Category, HolderKind, Post, StaffRole

_ACCUSING = frozenset({Category.COMPLAINT, Category.DISCIPLINE_REPORT})


class FaultKind(StrEnum):
    """What the register of people lacks."""

    VACANT = "vacant"
    ABSENT = "absent"
    NOBODY_LEFT = "nobody_left"
    UNREACHABLE = "unreachable"
    """A message to him failed for good: a wrong number, or none, or a template that was refused."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in the register, found when ``post`` was needed; ``staff_id`` is None where nobody is left."""

    kind: FaultKind
    post: Post
    staff_id: str | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person (``staff_id``) or a duty desk (``desk``, a department code): exactly one of them is set.

    ``post`` is the post that receives, which may be higher than the one asked for; ``in_place_of`` is the staff id
    of the person first meant, if another receives.
    """

    post: Post
    staff_id: str | None = None
    desk: str | None = None
    in_place_of: str | None = None
    faults: tuple[Fault, ...] = ()


class Request(Protocol):
    """What a complaint is: the row of a request has it."""

    @property
    def category(self) -> Category: ...
    @property
    def about(self) -> Sequence[str]: ...


def accused_in(category: Category, about: Iterable[str]) -> frozenset[str]:
    """Staff ids complained of by name. Other categories, and a complaint that names nobody, accuse nobody."""
    return frozenset(about) if category in _ACCUSING else frozenset()


def accused_by(*requests: Request) -> frozenset[str]:
    """Whom any of these requests complains of by name: they act for nobody in it and read nothing of it."""
    return frozenset().union(*(accused_in(request.category, request.about) for request in requests))


def recipient_of(
    roster: Roster, post: Post, holder: Holder, *, category: Category, about: Iterable[str] = ()
) -> Recipient:
    """Who receives what is meant for ``post`` in a request that ``holder`` holds.

    Args:
        roster: The register as it stands now: each rung looks anew, so a person skipped below still gets his own rung.
        post: The post of the rung or the warning.
        holder: Who must reply; his department decides who the leaders are.
        category: What the request is about.
        about: Staff ids complained of by name (the request's ``about``).

    Returns:
        One recipient, always; for a post above this court's ladder the last of it, who is the president of the
        Intermediate Court in that court's own requests.
    """
    accused = accused_in(category, about)
    if post is Post.HOLDER and holder.kind is HolderKind.DEPARTMENT:
        return Recipient(post, desk=holder.id)
    if post is Post.CASE_FILING_CHAMBER:
        return Recipient(post, desk=roster.case_filing_chamber().code)
    barred = accused if post is Post.HOLDER else accused | {holder.id}
    return _first_who_can(roster, list(_upwards(roster, post, holder)), barred)


def one_message_each(recipients: Iterable[Recipient]) -> tuple[Recipient, ...]:
    """Who has two roles gets one message: the first is kept, with the faults of all."""
    kept: dict[tuple[str | None, str | None], Recipient] = {}
    for recipient in recipients:
        who = (recipient.staff_id, recipient.desk)
        first = kept.get(who, recipient)
        kept[who] = replace(first, faults=tuple(dict.fromkeys(first.faults + recipient.faults)))
    return tuple(kept.values())


def acting_for(roster: Roster, person: Staff, barred: frozenset[str]) -> Staff | None:
    """The person himself if present, else his stand-in; None if that one is away too or is barred.

    A person who is barred is not replaced by his own stand-in: the matter leaves his hands altogether.
    """
    if person.id in barred:
        return None
    if person.is_present:
        return person
    stand_in = roster.staff(person.stand_in) if person.stand_in else None
    return stand_in if stand_in and stand_in.is_present and stand_in.id not in barred else None


def fault_of(person: Staff, post: Post) -> tuple[Fault, ...]:
    """The fault that somebody needed is vacant or absent; empty if he is present."""
    if person.is_present:
        return ()
    kind = FaultKind.VACANT if person.status is StaffStatus.VACANT else FaultKind.ABSENT
    return (Fault(kind, post, person.id),)


def _upwards(roster: Roster, post: Post, holder: Holder) -> Iterator[tuple[Post, Staff]]:
    """The person of the post, then those above him, up to the last before the Case Filing Chamber."""
    # The register may have changed since dispatch: a department that is gone is succeeded by litigation service.
    own = roster.department(holder.court, holder.department) or roster.litigation_service(holder.court)
    if post is Post.LIAISON_OFFICER:
        # The liaison officer is a department leader (art. 9): whoever supervises that department comes next.
        (_, officer), *above = _leaders(roster, roster.liaison_department(own.code))
        yield from [(post, officer), *above]
        return
    ladder = [(Post.HOLDER, _judge(roster, holder)), *_leaders(roster, own)]
    posts = [rung for rung, _ in ladder]
    yield from ladder[posts.index(post) if post in posts else -1 :]


def _leaders(roster: Roster, department: Department) -> list[tuple[Post, Staff]]:
    """Those who supervise a department, lowest first (art. 8)."""
    leaders = [
        (Post.DEPARTMENT_LEADER, roster.leader_of(department.code)),
        (Post.DEPUTY_PRESIDENT, roster.deputy_of(department.code)),
        (Post.PRESIDENT, roster.president_of(department.court)),
    ]
    highest = (Post.INTERMEDIATE_PRESIDENT, roster.intermediate_president())
    return leaders if highest[1] is leaders[-1][1] else [*leaders, highest]


def _judge(roster: Roster, holder: Holder) -> Staff:
    """The judge who holds; one who has left the register since leaves a vacancy."""
    gone = Staff(holder.id, holder.court, holder.department, StaffRole.JUDGE, "", "", status=StaffStatus.VACANT)
    return roster.staff(holder.id) or gone


def _first_who_can(roster: Roster, rungs: list[tuple[Post, Staff]], barred: frozenset[str]) -> Recipient:
    asked_post, asked = rungs[0]
    faults: tuple[Fault, ...] = ()
    for post, person in rungs:
        faults += fault_of(person, post)
        receiver = acting_for(roster, person, barred)
        if receiver is not None:
            in_place_of = asked.id if receiver.id != asked.id else None
            return Recipient(post, staff_id=receiver.id, in_place_of=in_place_of, faults=faults)
    faults += (Fault(FaultKind.NOBODY_LEFT, asked_post, None),)
    chamber = roster.case_filing_chamber().code
    return Recipient(Post.CASE_FILING_CHAMBER, desk=chamber, in_place_of=asked.id, faults=faults)
