"""A part of the tree bound by another regulation, written as rows: for tests of what follows from it."""

from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import text

from models.database import Scope, transaction
from models.record.loads import Load, load_regime
from models.record.tools import Tools
from models.regulations import RuleSet

DOCUMENT = "9/QĐ"
_REGIME = text(
    "INSERT INTO agency_regimes (id, authority_id, agency_id, regulation, valid_from, duties, duties_by,"
    " document) VALUES (gen_random_uuid(), :authority, :agency, :regulation, :on, 'keep', 'policy',"
    " :document)"
)


async def bind(tools: Tools, authority: UUID, agency: UUID, law: RuleSet, on: date) -> None:
    """From a day on an agency and all below it are under this law of another managing authority."""
    load = Load(authority, DOCUMENT, datetime.combine(on, datetime.min.time(), UTC))
    values = {"authority": authority, "agency": agency, "regulation": law.authority, "on": on}
    async with transaction(tools.engine, Scope(authority, everything=True)) as connection:
        await load_regime(connection, load, str(law.authority), law, on)
        await connection.execute(_REGIME, {**values, "document": DOCUMENT})
