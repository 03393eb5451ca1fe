"""What a channel sends to register a request (Opinions art. 6)."""

from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from api.models.text import Body, Moment, Name, Text, Word
from liaison.policy.words import AsksFor, Category, Channel, Language, PartyRole

EXAMPLE: Final[dict[str, Any]] = {
    "channel": "web",
    "court": "0104",
    "category": "judge_contact",
    "content": "请问我的案件何时开庭？When will my case be heard?",
    "party": {"name": "张三", "phone": "13800138000", "role": "party", "language": "zh-CN"},
    "case_number": "（2026）粤0104民初1234号",
}


class PartyIn(Body):
    """Who asks. ``query_code`` proves a party to a case without the registered telephone number."""

    name: Name
    phone: Name = Field(description="Any usual spelling; full-width digits too.")
    role: PartyRole
    language: Language
    query_code: Word | None = None


class RequestIn(Body):
    """A request 诉求 as a channel hands it in."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    channel: Channel = Field(description="One of the key's channels.")
    court: Word = Field(description="Code of the court, such as 0104.")
    category: Category
    content: Text
    party: PartyIn
    asks_for: AsksFor | None = None
    case_number: Name | None = Field(default=None, description="With full-width or half-width brackets.")
    department: Word | None = Field(default=None, description="Code of a department of that court.")
    judge: Word | None = Field(default=None, description="Staff id of a judge of that court.")
    about: Annotated[list[Word], Field(max_length=20)] = Field(
        default_factory=list, description="Staff ids complained of by name."
    )
    received_at: Moment | None = Field(
        default=None, description="When the channel received it; at most 5 minutes ahead and 72 hours back."
    )
    answer: Text | None = Field(default=None, description="What the party was answered on the spot.")
