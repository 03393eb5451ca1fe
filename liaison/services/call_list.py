"""The clerks' call list: whom no message reaches, and what he must be told."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.deliveries import news_to_tell, to_call
from liaison.db.messages import SAYS, read_params
from liaison.db.tables import AnswerDelivery, Message, Request
from liaison.db.texts import read_contact
from liaison.keys import KeysError
from liaison.policy.delivery import why_call_with_news
from liaison.policy.scope import Scope
from liaison.services.paging import DEFAULT_LIMIT, key_of, page
from liaison.services.platform import Body, Platform
from liaison.services.readers import READERS
from liaison.services.show import UNREADABLE, shown, shown_or_none

_News = tuple[Message, Body]
"""News, and how it is shown."""


async def call_list_view(
    platform: Platform, scope: Scope, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Body:
    """Parties that a clerk must call, by reference; whom to call is shown to those who read what parties wrote.

    One item a request, which grows with what its party is to be told: one call tells it all.

    Items: ``{reference, court, category, language, reason, since, closed_at, due_at, answer, news, party: {name, phone}
    | null}``; ``answer`` is whether an answer is to be brought, ``news`` what else is to be told, each ``{template,
    since, text}`` in the party's language.
    """
    async with platform.db.peek() as session:
        rows = await to_call(session, scope, key_of(cursor), limit + 1)
        requests = [request for request, _ in rows[:limit]]
        news = await _news(platform, session, requests)
        parties = {
            request.reference: await _party(platform, session, request) for request in requests if scope.role in READERS
        }
    return page(
        rows,
        limit,
        lambda row: row[0].reference,
        lambda row: _call(*row, news[row[0].reference], parties.get(row[0].reference)),
    )


async def _news(platform: Platform, session: AsyncSession, requests: Sequence[Request]) -> Mapping[str, list[_News]]:
    news = defaultdict[str, list[_News]](list)
    for message in await news_to_tell(session, [request.reference for request in requests]):
        news[message.reference].append((message, await _told(platform, session, message)))
    return news


async def _told(platform: Platform, session: AsyncSession, message: Message) -> Body:
    try:
        text = (await read_params(session, platform.ring, message))[SAYS]
    except KeysError:
        text = UNREADABLE
    return {"template": message.template, "since": shown(message.reserved_at), "text": text}


async def _party(platform: Platform, session: AsyncSession, request: Request) -> Body:
    try:
        party = await read_contact(session, platform.ring, request.reference)
    except KeysError:
        return {"name": UNREADABLE, "phone": ""}
    return {"name": party.name, "phone": party.phone}


def _call(request: Request, answer: AnswerDelivery | None, news: list[_News], party: Body | None) -> Body:
    return {
        "reference": request.reference,
        "court": request.court,
        "category": request.category.value,
        "language": request.language.value,
        "reason": answer.to_call_reason if answer else why_call_with_news(news[0][0].failure),
        "since": shown_or_none(answer.to_call_since) if answer else news[0][1]["since"],
        "closed_at": shown_or_none(request.closed_at),
        "due_at": shown_or_none(answer.due_at) if answer else None,
        "answer": answer is not None,
        "news": [told for _, told in news],
        "party": party,
    }
