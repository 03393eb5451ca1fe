"""What people send and see of a closed request: how its answer was made, what the party thinks of it."""

from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from api.models.text import Body, Moment, Name, Reason, Text, fault
from api.models.views import View
from liaison.policy.message_words import DeliveryMeans, DeliveryState, FollowUpState
from liaison.policy.words import Category, Language


class CalledIn(Body):
    """The answer was told by telephone: with which number, when, and what was said."""

    means: Literal[DeliveryMeans.CALL]
    number: Name
    time: Moment
    gist: Text


class HandedOverIn(Body):
    """The answer was handed over: to whom, when, and in what form."""

    means: Literal[DeliveryMeans.HAND_OVER]
    to: Name
    time: Moment
    gist: Text


DeliveryIn = Annotated[CalledIn | HandedOverIn, Field(discriminator="means")]


class RatingIn(Body):
    """What the party thinks of the answer: 1 satisfied, 2 fairly, 3 not; or that there was no answer."""

    rating: Literal[1, 2, 3] | None = None
    no_answer: bool = False
    comment: Reason | None = None

    @model_validator(mode="after")
    def _one_verdict(self) -> Self:
        if (self.rating is not None) == self.no_answer:
            raise fault("rating 与 no_answer 须且只能给出一个。", "Give either rating or no_answer.")
        return self


class DeliveryView(View):
    """How far the answer of a request has come to its party; ``due_at`` is when silence reaches the next leader."""

    reference: str
    state: DeliveryState
    since: AwareDatetime
    due_at: AwareDatetime | None
    to_call_since: AwareDatetime | None
    reason: str | None
    made_at: AwareDatetime | None
    made_by: str | None
    means: DeliveryMeans | None
    text: dict[str, Any] | None = None


class RatingView(View):
    """Follow-up 回访 of a request: how often the party was asked, and what it said."""

    reference: str
    state: FollowUpState
    tries: int
    asked_at: AwareDatetime | None
    rating: int | None
    answered_at: AwareDatetime | None
    redo_offered_at: AwareDatetime | None
    text: str | None = None


class CalleeView(View):
    """Whom to call; ``phone`` is E.164."""

    name: str
    phone: str


class NewsView(View):
    """What a party is to be told beside its answer; ``text`` is in its language, to be read out."""

    template: str
    since: AwareDatetime
    text: str


class CallView(View):
    """A party that no message reaches, and what it must be told."""

    reference: str
    court: str
    category: Category
    language: Language
    reason: str | None
    since: AwareDatetime | None
    closed_at: AwareDatetime | None
    due_at: AwareDatetime | None
    answer: bool = Field(description="Whether the answer is to be brought.")
    news: list[NewsView] = Field(description="What else the party has not heard, oldest first.")
    party: CalleeView | None
