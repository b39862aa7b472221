"""Whether a signing session's holder may still sign: a token is worth what its account may do today; and the
line that taking the prepared document leaves."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.reading import read_log
from api.scope import Asker, Reading
from models.access import Allowed, Target, Verb, may, reach
from models.errors import RefusedError
from models.record.law_of import LawOf
from models.record.tools import Tools
from models.regulations import RuleSet

SIGNS = {
    "approval": (Verb.APPROVE, Verb.DECLARE),
    "list": (Verb.APPROVE,),
    "report": (Verb.SIGN_REPORT,),
    "export": (Verb.EXPORT,),
}
"""The rights on which each kind of session is completed (``models.record.authorise``)."""
_OF = {
    "list": "SELECT agency_id FROM agency_months WHERE id = :id",
    "report": "SELECT agency_id FROM review_reports WHERE id = :id",
}
_LINE = text(
    "SELECT ARRAY(SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = :agency"
    " AND c.valid_to IS NULL ORDER BY c.depth)"
)


_LISTED = text("SELECT profile_id FROM approval_list_rows WHERE list_id = :id")


async def refuse_former_signer(
    connection: AsyncConnection, tools: Tools, who: Asker, kind: str, subject_id: UUID
) -> None:
    """What was given out to be signed is not given to whoever lost the right since (effect at once).

    A step that is laid on an agency beside the profile's is its signer's by the own agency; ``act`` asks for
    the very step when the signature comes.

    Raises:
        RefusedError: ``not-permitted``.
    """
    for target, law in await _places(connection, tools, who, kind, subject_id):
        if any(reach(who.actor, verb, who.today, law).covers(target) for verb in SIGNS[kind]):
            return
    raise RefusedError.of(
        "not-permitted",
        "Tài khoản không còn quyền ký văn bản của phiên này.",
        "The account may no longer sign what this session is for.",
    )


async def record_source(read: Reading, session: Row[Any]) -> None:
    """Write down that a prepared document was taken: it shows a whole file, or names everybody on a list. A
    review's report is figures, and shows nobody's file."""
    subject_id = session.subject_id or session.profile_id
    about = [subject_id]
    if session.kind == "list":
        about = list((await read.connection.execute(_LISTED, {"id": session.document_id})).scalars())
    if session.kind == "report" or all(read.who.is_about(one) for one in about):
        return
    places = await _places(read.connection, read.tools, read.who, session.kind, subject_id)
    verdicts = (
        may(read.who.actor, verb, target, read.today, law)
        for target, law in places
        for verb in SIGNS[session.kind]
    )
    as_what = next((one for one in verdicts if isinstance(one, Allowed)), None)
    if as_what is None:
        raise RefusedError.of("not-permitted")
    await read_log.record_several(read, about, as_what)


async def _places(
    connection: AsyncConnection, tools: Tools, who: Asker, kind: str, subject_id: UUID
) -> list[tuple[Target, RuleSet]]:
    """Where the right to sign may lie, with the law there: where the subject is, and where the signer is."""
    agency = await connection.scalar(
        text(_OF.get(kind, "SELECT agency_id FROM profiles WHERE id = :id")), {"id": subject_id}
    )
    profile_id = None if kind in _OF else subject_id
    found = []
    for place in filter(None, [agency] if kind != "approval" else [agency, who.agency_id]):
        law, _ = await tools.law(connection, LawOf.unit(who.authority_id, place), who.today)
        line = await connection.scalar(_LINE, {"agency": place}) or []
        found.append((Target(place, tuple(line), profile_id=profile_id), law))
    return found
