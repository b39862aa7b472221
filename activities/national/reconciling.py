"""Everything both sides hold, compared page by page in both directions, listed, and repaired.

First what they hold for us, then what we believe they hold. A page's differences are written before anything
is done about them and the cursor moves after, so whatever dies, the next attempt finds them and goes on.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.national.adapter import Difference, HeldRecord, NationalError, NationalGateway
from activities.national.items import items_of
from activities.national.judging import Found, Ours, judge_theirs
from activities.national.mappings import Mapping
from activities.national.trouble import open_way, troubled
from models.database import Scope, transaction
from models.messages import Ask
from models.messages_admin import Reconciled, ReconciliationRun
from models.record import proposals
from models.record.act import act
from models.record.differences import keep_differences
from models.record.tools import Tools

PAGE = 200
"""Records of one page: some tens of milliseconds here and over there."""

_RUN = text(
    "SELECT r.*, u.national_code FROM reconciliations r JOIN authorities u ON u.authority_id = r.authority_id"
    " WHERE r.id = :id"
)
_OURS = (
    "SELECT p.id, p.status, p.synced_revision_id, p.approved_revision_id, r.digest,"
    " EXISTS (SELECT 1 FROM month_items i JOIN agency_months m ON m.id = i.agency_month_id"
    "   WHERE i.profile_id = p.id AND m.state <> 'closed'"
    "   AND i.state IN ('approved', 'held', 'cleared', 'sent')) AS under_way"
    " FROM profiles p LEFT JOIN revisions r ON r.id = p.synced_revision_id"
)
_NAMED = text(f"{_OURS} WHERE p.id = ANY (:ids)")
_TOLD = text(
    f"{_OURS} WHERE p.synced_revision_id IS NOT NULL AND p.status IN ('pending', 'working')"
    " AND p.id::text > :after ORDER BY p.id::text LIMIT :most"
)
_REPAIRS = text(
    "SELECT d.id, d.profile_id, d.repair, q.id AS proposal FROM national_differences d"
    " LEFT JOIN national_proposals q ON q.profile_id = d.profile_id AND q.state = 'fetched'"
    " WHERE d.reconciliation_id = :run AND d.repair IN ('resend', 'proposal') AND NOT d.repaired"
    " AND (d.repair = 'resend' OR q.id IS NOT NULL) ORDER BY d.id"
)
_REPAIRED = text("UPDATE national_differences SET repaired = true WHERE id = :id")
_ON = text(
    "UPDATE reconciliations SET state = :state, cursor = :cursor, compared = compared + :seen,"
    " ended_at = CASE WHEN :state = 'done' THEN CAST(:now AS timestamptz) END WHERE id = :id"
)
_RESULT = text(
    "SELECT r.compared, count(d.id) AS different, count(*) FILTER (WHERE d.repaired AND d.repair = 'resend')"
    " AS resent, count(*) FILTER (WHERE d.repaired AND d.repair = 'proposal') AS proposed"
    " FROM reconciliations r LEFT JOIN national_differences d ON d.reconciliation_id = r.id"
    " WHERE r.id = :id GROUP BY r.id"
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run with what it needs."""

    tools: Tools
    gateway: NationalGateway
    mapping: Mapping
    run: ReconciliationRun
    beat: Callable[[str, int], None]

    @property
    def scope(self) -> Scope:
        """The whole authority: a comparison is the authority's."""
        return Scope(self.run.authority_id, everything=True)


async def reconcile(comparison: Comparison) -> Reconciled:
    """Carry it on from wherever it is, to its end or for ``run.most`` pages; a second time it only says what
    it came to.

    Raises:
        ApplicationError: no answer now; the engine tries again, for a whole night of maintenance if need be.
    """
    tools, run = comparison.tools, comparison.run
    try:
        pages = 0
        while (row := await _row(comparison)).state != "done":
            if pages == run.most:
                return Reconciled(more=True, compared=row.compared)
            pages += 1
            await open_way(tools, run.authority_id, run.now)
            await (_theirs if row.state == "theirs" else _ours)(comparison, row)
            comparison.beat(row.state, row.compared)
    except NationalError as error:
        raise await troubled(tools, run.authority_id, error, run.now) from None
    async with transaction(tools.engine, comparison.scope) as connection:
        done = (await connection.execute(_RESULT, {"id": run.reconciliation_id})).one()
    return Reconciled.model_validate(dict(done._mapping))


async def _row(comparison: Comparison) -> Row[Any]:
    async with transaction(comparison.tools.engine, comparison.scope) as connection:
        return (await connection.execute(_RUN, {"id": comparison.run.reconciliation_id})).one()


async def _theirs(comparison: Comparison, row: Row[Any]) -> None:
    """A page of what they hold, each record beside ours."""
    page = await comparison.gateway.held(row.national_code, row.cursor, PAGE)
    async with transaction(comparison.tools.engine, comparison.scope) as connection:
        ours = await _known(connection, comparison, [one.profile_id for one in page.records])
        found = await asyncio.to_thread(_judged, comparison.mapping, page.records, ours)
        await _keep(connection, comparison, [one for one in found if one is not None])
    await _repair(comparison)
    state = "theirs" if page.next else "ours"
    await _go_on(comparison, state, page.next, len(page.records))


def _judged(mapping: Mapping, records: Sequence[HeldRecord], ours: dict[UUID, Ours]) -> list[Found | None]:
    return [judge_theirs(mapping, one, ours.get(one.profile_id)) for one in records]


async def _ours(comparison: Comparison, row: Row[Any]) -> None:
    """A page of what we believe they hold: they are asked by key, no content leaves the house."""
    async with transaction(comparison.tools.engine, comparison.scope) as connection:
        rows = (await connection.execute(_TOLD, {"after": row.cursor, "most": PAGE})).all()
    answers = await comparison.gateway.known([f"{one.id}.{one.digest}" for one in rows])
    lost = [one for one, said in zip(rows, answers, strict=True) if said.state is Difference.NEW]
    async with transaction(comparison.tools.engine, comparison.scope) as connection:
        repairs = ("under_way" if one.under_way else "resend" for one in lost)
        found = [
            Found(one.id, one.id, "missing_there", (), repair)
            for one, repair in zip(lost, repairs, strict=True)
        ]
        await _keep(connection, comparison, found)
    await _repair(comparison)
    more = len(rows) == PAGE
    await _go_on(comparison, "ours" if more else "done", str(rows[-1].id) if more else "", 0)


async def _known(
    connection: AsyncConnection, comparison: Comparison, ids: Sequence[UUID]
) -> dict[UUID, Ours]:
    """Our side of some profiles: the revision they have acknowledged, as it would go over today."""
    rows = (await connection.execute(_NAMED, {"ids": list(ids)})).all()
    held = {row.id: row.synced_revision_id or row.approved_revision_id for row in rows}
    revisions = [one for one in held.values() if one is not None]
    authority_id = comparison.run.authority_id
    made = await items_of(connection, comparison.tools, comparison.mapping, authority_id, revisions)
    return {row.id: Ours(row, held[row.id], made.get(held[row.id])) for row in rows}


async def _keep(connection: AsyncConnection, comparison: Comparison, found: Sequence[Found]) -> None:
    run = comparison.run
    kept: list[Found] = []
    for one in found:
        if one.repair == "proposal" and one.profile_id is not None and one.revision_id is not None:
            put = await proposals.keep(
                connection,
                comparison.tools,
                run.authority_id,
                reconciliation_id=run.reconciliation_id,
                profile_id=one.profile_id,
                revision_id=one.revision_id,
                form=comparison.mapping.form,
                fields=one.theirs,
                now=run.now,
            )
            kept.append(one if put else one.waiting())
        else:
            kept.append(one)
    await keep_differences(
        connection,
        run.authority_id,
        run.reconciliation_id,
        [(o.national_id, o.profile_id, o.kind, list(o.fields), o.repair) for o in kept],
        run.now,
    )


async def _repair(comparison: Comparison) -> None:
    """Do what the differences found so far ask for, each by the profile's own act; again after a crash."""
    run = comparison.run
    async with transaction(comparison.tools.engine, comparison.scope) as connection:
        rows = (await connection.execute(_REPAIRS, {"run": run.reconciliation_id})).all()
    for row in rows:
        await act(
            comparison.tools,
            Ask(
                authority_id=run.authority_id,
                subject="profile",
                subject_id=row.profile_id,
                internal="national_differs",
                now=run.now,
                facts={"proposal": str(row.proposal)} if row.repair == "proposal" else {},
                bulk=True,
            ),
        )
        async with transaction(comparison.tools.engine, comparison.scope) as connection:
            await connection.execute(_REPAIRED, {"id": row.id})
        comparison.beat("repair", 0)


async def _go_on(comparison: Comparison, state: str, cursor: str, seen: int) -> None:
    run = comparison.run
    values = {"id": run.reconciliation_id, "state": state, "cursor": cursor, "seen": seen, "now": run.now}
    async with transaction(comparison.tools.engine, comparison.scope) as connection:
        await connection.execute(_ON, values)
