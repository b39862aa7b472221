"""Whose profile a new agency asks for: found by the personal ID number it has from the person's papers."""

from uuid import UUID

from sqlalchemy import text

from api.reading import permits
from api.scope import Asker
from models.access import Allowed, Target, may
from models.database import Scope, transaction
from models.errors import RefusedError
from models.record.law_of import LawOf
from models.record.tools import Tools

_ABOVE = text(
    "SELECT ancestor_id FROM agency_closure WHERE descendant_id = :agency AND valid_to IS NULL ORDER BY depth"
)
_OPEN = text("SELECT id FROM profiles WHERE id_number_index = ANY (:indexes) AND chapter <> 'archive'")


async def profile_of(tools: Tools, who: Asker, to_agency_id: UUID, personal_id_number: str) -> UUID:
    """The open profile of that number in the authority, for whoever may receive profiles in the new agency.

    The asker sees nothing of it but its id, and only by this: the profile is still another agency's.

    Raises:
        RefusedError: ``not-permitted`` and the like; ``not-found``.
    """
    async with transaction(tools.engine, Scope(who.authority_id, everything=True)) as connection:
        law, _ = await tools.law(connection, LawOf.unit(who.authority_id, to_agency_id), who.today)
        above = tuple((await connection.execute(_ABOVE, {"agency": to_agency_id})).scalars())
        verdict = may(who.actor, "accept_transfer", Target(to_agency_id, above), who.today, law)
        if not isinstance(verdict, Allowed):
            raise RefusedError.of(verdict.code, verdict.reason_vi, verdict.reason_en)
        indexes = list(tools.blind.candidates(who.authority_id, personal_id_number))
        found: UUID | None = await connection.scalar(_OPEN, {"indexes": indexes})
    if found is None:
        raise permits.missing()
    return found
