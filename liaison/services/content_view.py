"""What a party asked, for those who must read it."""

from liaison.db.texts import CONTENT, data_key, read_contact, read_text
from liaison.policy.scope import Scope
from liaison.policy.words import KeyRole
from liaison.services.errors import Refused, Slug
from liaison.services.finding import refuse_if_erased, visible_request
from liaison.services.platform import Body, Platform
from liaison.services.readers import may_read


async def content_view(platform: Platform, scope: Scope, reference: str) -> Body:
    """A party's text and how to reach him; of an attached request its own.

    The channel key that submitted a request may read what it sent; everybody else is judged by ``may_read``.

    Returns:
        ``{reference, content, case_number, party: {name, phone, role, language}}``, and ``about``, the staff ids of
        those complained of, where there are any; ``phone`` is E.164.

    Raises:
        Refused: ``NOT_FOUND``; ``FORBIDDEN`` to those who may see the request but need not read it; ``ERASED``.
    """
    async with platform.db.peek() as session:
        found = await visible_request(session, scope, reference)
        roster = await platform.rulebook.roster(session)
        if scope.role is not KeyRole.CHANNEL and not await may_read(session, roster, scope, found):
            zh = "仅限承办人及其团队、受派人、督办领导、平台工作人员查阅。"
            raise Refused(Slug.FORBIDDEN, zh, "Only those who must act on this request may read it.")
        own = found.own
        refuse_if_erased(own)
        party = await read_contact(session, platform.ring, own.reference)
        key = await data_key(session, platform.ring, own.reference)
        content = await read_text(session, key, own.reference, CONTENT)
    body: Body = {
        "reference": own.reference,
        "content": content,
        "case_number": party.case_number,
        "party": {"name": party.name, "phone": party.phone, "role": party.role, "language": own.language.value},
    }
    return body | {"about": own.about} if own.about else body
