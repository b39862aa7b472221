"""Whether a signing session's holder may still sign: a token is worth what its account may do today."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.scope import Asker
from models.access import Target, Verb, reach
from models.errors import RefusedError
from models.record.law_of import LawOf
from models.record.tools import Tools

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


async def refuse_former_signer(
    connection: AsyncConnection, tools: Tools, who: Asker, kind: str, subject_id: UUID
) -> None:
    """What was given out to be signed is not given to whoever lost the right since (effect at once).

    A step that is laid on an agency beside the profile's is its signer's by the own agency; ``act`` asks for
    the very step when the signature comes.

    Raises:
        RefusedError: ``not-permitted``.
    """
    agency = await connection.scalar(
        text(_OF.get(kind, "SELECT agency_id FROM profiles WHERE id = :id")), {"id": subject_id}
    )
    profile_id = None if kind in _OF else subject_id
    places = [agency] if kind != "approval" else [agency, who.agency_id]
    for place in filter(None, places):
        law, _ = await tools.law(connection, LawOf.unit(who.authority_id, place), who.today)
        line = await connection.scalar(_LINE, {"agency": place}) or []
        target = Target(place, tuple(line), profile_id=profile_id)
        if any(reach(who.actor, verb, who.today, law).covers(target) for verb in SIGNS[kind]):
            return
    raise RefusedError.of(
        "not-permitted",
        "Tài khoản không còn quyền ký văn bản của phiên này.",
        "The account may no longer sign what this session is for.",
    )
