"""Cutting an approval list: what may be signed by it is frozen, typeset with its manifest, and shown.

What the approver may not sign stays behind with the reason. The document that lies ready is the very file
that is signed later; a cut that was interrupted begins its rows again, and nobody has seen them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.batches.beating import beating, step
from activities.batches.describing import describe
from activities.batches.progress import Progress
from activities.batches.results import stays, tell_own
from activities.documents.header import DossierHeader, SignaturePlace, SlipLine
from activities.documents.listing import PaperRow, render_list
from activities.documents.store import DocumentStore
from models.access import roles
from models.database import Query, Scope, together, transaction
from models.evidence.listing import MAXIMUM_ROWS, ListRow, build_manifest, read_manifest
from models.lifecycle.listing import Listed
from models.lifecycle.month import approving
from models.lifecycle.steps import LAST_FIELD
from models.messages import Ask, Batch, BatchResult, Internal
from models.record.act import act
from models.record.listing import Case, case_of, judge
from models.record.sets import in_sets
from models.record.sql import inserting
from models.record.tools import Tools

NEXT_LIST = "next-list"
"""Reason of what found no place on a full list: it stands on the next one."""
FORM = "danh_sach_phe_duyet"
LARGE = 500
"""Rows from which a list is typeset in a process of its own."""
MOST_WORDS = 8
"""Changed fields named in a printed row; the rest are counted."""

_WAITING = text(
    "SELECT i.profile_id, i.revision_id, i.digest, i.changes, i.risk, p.full_name, p.staff_number"
    " FROM month_items i JOIN profiles p ON p.id = i.profile_id"
    " WHERE i.agency_month_id = :month AND i.profile_id = ANY (:chosen) AND i.state = 'listed'"
    " AND i.described = i.digest ORDER BY i.risk DESC, p.full_name, i.profile_id"
)
_ABOUT = text(
    "SELECT l.state, l.account_role, a.display_name AS approver, h.name AS approver_agency,"
    " g.name AS agency, u.name AS authority, m.month, m.kind FROM approval_lists l"
    " JOIN accounts a ON a.id = l.account_id JOIN agencies h ON h.id = a.agency_id"
    " JOIN agency_months m ON m.id = l.agency_month_id JOIN agencies g ON g.id = m.agency_id"
    " JOIN authorities u ON u.authority_id = l.authority_id WHERE l.id = :id"
)
_BEGIN_AGAIN = text("DELETE FROM approval_list_rows WHERE list_id = :id")


async def cut_list(
    tools: Tools, store: DocumentStore, batch: Batch, list_id: UUID, chosen: Sequence[UUID]
) -> BatchResult:
    """Cut one list; a second run of the same one changes nothing once it was shown.

    What is not compared yet is compared share after share; the list itself is one file, made in one go.
    """
    assert batch.command_id is not None
    progress = Progress(tools, batch)
    before = await progress.told("describing")
    if not before:
        await progress.tell("describing")

    async def described(done: int) -> None:
        await progress.tell("describing", before + done)

    about_list = (tools, batch.authority_id, batch.agency_month_id, chosen, described)
    if await describe(*about_list, most=batch.most):
        return BatchResult(more=True)
    scope = Scope(batch.authority_id, everything=True)
    async with transaction(tools.engine, scope) as connection:
        about = (await connection.execute(_ABOUT, {"id": list_id})).one()
        if about.state != "cutting":
            return BatchResult()
        await progress.tell("judging")
        rows, behind = await _frozen(connection, progress, batch.command_id, list_id, chosen)
        case = await _case(connection, tools, batch, batch.command_id, list_id)
    left = len(behind)
    await tell_own(tools, batch, batch.command_id, behind.values())
    if not rows:
        await _ask(tools, batch, "list_failed", list=str(list_id), reason="nothing-to-sign")
        return BatchResult(refused=left)
    manifest = _manifest(case, list_id, batch, rows)
    await progress.tell("typesetting")
    async with beating(step("typesetting")):
        prepared = await asyncio.to_thread(_prepare, store, about, case, list_id, batch, rows, manifest)
    await _ask(
        tools,
        batch,
        "list_shown",
        list=str(list_id),
        size=len(rows),
        root=read_manifest(manifest).root,
        digest=sha256(manifest).hexdigest(),
        prepared_sha256=prepared,
        left=left,
    )
    return BatchResult(done=len(rows), refused=left)


async def _case(
    connection: AsyncConnection, tools: Tools, batch: Batch, command_id: UUID, list_id: UUID
) -> Case:
    return await case_of(
        connection,
        tools,
        authority_id=batch.authority_id,
        month_id=batch.agency_month_id,
        command_id=command_id,
        list_id=list_id,
        now=batch.now,
    )


async def _frozen(
    connection: AsyncConnection,
    progress: Progress,
    command_id: UUID,
    list_id: UUID,
    chosen: Sequence[UUID],
) -> tuple[list[Row[Any]], dict[UUID, str]]:
    """Write the rows that this approver may sign, riskiest first; answers them, and why the others stay."""
    tools, batch = progress.tools, progress.batch
    values = {"month": batch.agency_month_id, "chosen": list(chosen)}
    waiting = (await connection.execute(_WAITING, values)).all()
    case = await _case(connection, tools, batch, command_id, list_id)
    asked = [
        Listed(list_id, at, row.profile_id, row.revision_id, row.digest)
        for at, row in enumerate(waiting, start=1)
    ]
    judged = await judge(connection, case, asked, tell=progress.tell)
    may = [row for row, one in zip(waiting, judged, strict=True) if one.refusal is None]
    behind = {one.row.profile_id: one.refusal.refusal.code for one in judged if one.refusal is not None}
    behind |= {row.profile_id: NEXT_LIST for row in may[MAXIMUM_ROWS:]}
    kept = may[:MAXIMUM_ROWS]
    fixed = {"list_id": list_id, "authority_id": batch.authority_id}
    writes: list[Query] = [(_BEGIN_AGAIN, {"id": list_id})]
    writes += in_sets([[_row(fixed, position, row)] for position, row in enumerate(kept, start=1)])
    writes += [query for profile, why in behind.items() for query in stays(batch, profile, why)]
    await together(connection, writes)
    return kept, behind


def _row(fixed: Mapping[str, UUID], position: int, row: Row[Any]) -> Query:
    about = {
        "position": position,
        "profile_id": row.profile_id,
        "revision_id": row.revision_id,
        "digest": row.digest,
        "changes": row.changes,
        "risk": row.risk,
    }
    return inserting("approval_list_rows", {**fixed, **about})


def _manifest(case: Case, list_id: UUID, batch: Batch, rows: Sequence[Any]) -> bytes:
    month, scene = case.month, case.scene
    rule = approving(month.kind, scene)
    about = {
        "list": str(list_id),
        "authority": str(batch.authority_id),
        "agency": str(batch.agency_id),
        "month": month.month,
        "approver": str(case.command.actor.account_id),
        "rules": list(rule.rule_ids) if rule else [],
        "rule_set_hash": scene.law.hash,
        "cut_at": batch.now.replace(microsecond=0).isoformat(),
    }
    listed = [
        ListRow(position, str(row.profile_id), str(row.revision_id), row.digest, tuple(row.changes))
        for position, row in enumerate(rows, start=1)
    ]
    return build_manifest(about, listed)


def _prepare(
    store: DocumentStore,
    about: Row[Any],
    case: Case,
    list_id: UUID,
    batch: Batch,
    rows: Sequence[Any],
    manifest: bytes,
) -> str:
    rule = approving(about.kind, case.scene)
    post = roles().roles[about.account_role].vi
    header = DossierHeader(
        code=f"DS-{list_id.hex[:16].upper()}",
        managing_authority=about.authority,
        employing_unit=about.agency,
        revision=1,
        form=FORM,
        places=(SignaturePlace(LAST_FIELD, post, "(Ký số)", dated=True, name=about.approver),),
    )
    facts = (
        SlipLine("Cơ quan, đơn vị", about.agency),
        SlipLine("Số hồ sơ", str(len(rows))),
        SlipLine("Người phê duyệt", f"{about.approver}, {post}"),
    )
    printed = [PaperRow(code_of(row), row.full_name, words(row.changes), row.digest) for row in rows]
    now = batch.now.replace(microsecond=0)
    legal = rule.citation if rule else "Quy chế của cơ quan quản lý"
    apart = len(rows) >= LARGE
    pdf = render_list(printed, f"Tháng {about.month}", facts, legal, header, manifest, now, apart=apart)
    return store.put(batch.authority_id, pdf, "application/pdf").sha256


def code_of(row: Row[Any]) -> str:
    """How a profile is named on paper: its staff number, else the beginning of its id."""
    code: str = row.staff_number or row.profile_id.hex[:12].upper()
    return code


def words(changes: Sequence[str]) -> str:
    """The changed fields as one cell says them."""
    named = "; ".join(changes[:MOST_WORDS])
    more = len(changes) - MOST_WORDS
    return f"{named} và {more} mục khác" if more > 0 else named


async def _ask(tools: Tools, batch: Batch, internal: Internal, **facts: str | int) -> None:
    await act(
        tools,
        Ask(
            authority_id=batch.authority_id,
            subject="agency_month",
            subject_id=batch.agency_month_id,
            internal=internal,
            now=batch.now,
            facts=dict(facts),
            bulk=True,
        ),
    )
