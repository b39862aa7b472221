"""What the national database refused, laid on whoever can mend it: one duty for each refused revision."""

from sqlalchemy import text
from temporalio import activity

from models.database import Scope, transaction
from models.messages import Ask, Batch
from models.record.act import act
from models.record.tools import Tools

# Asked for once: a duty of this list and revision, met or not, is not opened again; a newer one mends it.
_REFUSED = text(
    "SELECT i.profile_id, r.number, r.form_version, i.refusal FROM month_items i"
    " JOIN revisions r ON r.id = i.revision_id JOIN profiles p ON p.id = i.profile_id"
    " WHERE i.agency_month_id = :month AND i.state = 'rejected' AND i.refusal IS NOT NULL"
    " AND p.approved_revision_id = i.revision_id"
    " AND NOT EXISTS (SELECT 1 FROM duties d WHERE d.profile_id = i.profile_id"
    "   AND d.facts ->> 'national' = CAST(:month AS text) AND (d.facts ->> 'revision')::int = r.number)"
    " ORDER BY i.profile_id"
)


async def ask_for_corrections(tools: Tools, batch: Batch) -> None:
    """Have each profile's own act open what it owes; by rows, so also after a kill."""
    async with transaction(tools.engine, Scope(batch.authority_id, everything=True)) as connection:
        rows = (await connection.execute(_REFUSED, {"month": batch.agency_month_id})).all()
    for row in rows:
        await act(
            tools,
            Ask(
                authority_id=batch.authority_id,
                subject="profile",
                subject_id=row.profile_id,
                internal="national_refused",
                now=batch.now,
                facts={
                    "list": str(batch.agency_month_id),
                    "revision": row.number,
                    "form": row.form_version,
                    "code": row.refusal["code"][:40],
                    "path": row.refusal.get("path", "")[:120],
                },
                bulk=True,
            ),
        )
        activity.heartbeat(str(row.profile_id))
