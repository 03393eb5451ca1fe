"""How far open requests have been brought to newer rules, as the API shows it."""

from pydantic import AwareDatetime, Field

from api.models.views import View


class ReplanView(View):
    """One re-plan: every open request is brought to a calendar version, or to a policy version."""

    id: str
    calendar_version: int
    policy_version: int | None = Field(description="The policy open requests move to; null where they keep theirs.")
    started_at: AwareDatetime
    finished_at: AwareDatetime | None = Field(description="Null until no open request is left.")
    passes: int = Field(description="How many times the book was gone through.")
    moved: int = Field(description="Requests of which a date is another now.")
    made_final: int = Field(description="Requests whose dates stayed and became final.")
    untouched: int = Field(description="Requests that no change touches: they hear nothing.")
    remaining: int = Field(description="Open requests still counted by older rules, at this moment.")
