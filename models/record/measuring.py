"""What is known of a profile when it is measured, read from its rows; and its measures written for the board.

One way of reading for all who measure (a data review, the readiness of the next window): they differ in which
revision they look at.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.database import Query, together
from models.errors import SealBrokenError
from models.form import join, lists_version
from models.keys import Sealed
from models.lifecycle.life import Life
from models.lifecycle.outcome import Outcome
from models.lifecycle.quality import Criterion, Fault, Measured, Yardstick, measure
from models.lifecycle.readiness import VERSION, marks_of
from models.record.law_of import Laws
from models.record.tools import Tools
from models.regulations import RuleSet, Slot

Form = Mapping[str, Any]
"""What a person's form says."""

_KNOWN = (
    "SELECT p.id, p.authority_id, p.agency_id, p.full_name, p.staff_number, p.id_number_index,"
    " p.approved_revision_id, p.synced_revision_id, r.id AS revision_id, r.number, {content},"
    " r.form_version, r.evidence, r.saved_at, r.submitted_at, s.signed_at,"
    " (SELECT count(*) FROM duties d WHERE d.profile_id = p.id AND d.state = 'open' AND d.due_at <= :now)"
    "   AS overdue,"
    " (SELECT count(*) FROM profiles q JOIN revisions o ON o.id = q.approved_revision_id"
    "   WHERE q.name_key = p.name_key AND q.id <> p.id AND q.chapter <> 'archive'"
    "   AND o.content ->> 'birth_date' = r.content ->> 'birth_date'"
    "   AND o.content ->> 'gender' = r.content ->> 'gender') AS namesakes,"
    " (SELECT count(*) FROM profiles q WHERE q.authority_id = p.authority_id"
    "   AND q.staff_number = p.staff_number AND q.id <> p.id AND q.chapter <> 'archive') AS same_staff_number"
    " FROM profiles p LEFT JOIN revisions r ON r.id = {revision}"
    " LEFT JOIN LATERAL (SELECT max(signed_at) AS signed_at FROM approvals a"
    "   WHERE a.revision_id = r.id AND a.state = 'signed') s ON true"
    " WHERE p.chapter NOT IN ('separation', 'archive')"
)
_FORM = "r.content, r.sealed, r.key_id"
_NEXT = "coalesce(p.pending_revision_id, p.approved_revision_id)"
APPROVED = _KNOWN.format(content=_FORM, revision="p.approved_revision_id")
"""Open profiles with what was approved; a condition may follow. Wants ``:now``."""
STANDING = _KNOWN.format(content=_FORM, revision=_NEXT)
"""The same with what would be signed next."""
UNREADABLE: dict[Criterion, tuple[Fault, ...]] = {Criterion.CORRECT: (("unreadable", ""),)}
"""What is measured where the sealed part cannot be opened: the round goes on, the profile is not ready."""

_THESE = text(f"{STANDING} AND p.id = ANY (:ids)")
_IN_HAND = text(f"{_KNOWN.format(content='NULL AS content', revision=_NEXT)} AND p.id = ANY (:ids)")
"""The same of forms that whoever measures has just written: they are not read and opened again."""
LAST_WINDOW = text("SELECT max(rolled_end) AS rolled_end FROM month_ends WHERE state = 'closed'")
# What the row says of the profile stays; where another revision stands by now, who put it there measures it.
_MEASURED = text(
    "UPDATE readiness r SET marks = (r.marks & ~255) | m.marks, faults = m.faults, measured_at = :now,"
    " basis = m.basis FROM jsonb_to_recordset(:rows)"
    " AS m (id uuid, revision uuid, marks integer, faults jsonb, basis text)"
    " WHERE r.profile_id = m.id AND r.revision_id IS NOT DISTINCT FROM m.revision"
)


def known(tools: Tools, row: Row[Any] | Any) -> Measured:
    """What the rows say of one profile, its form opened.

    Raises:
        SealBrokenError: the sealed part of the form cannot be opened.
    """
    if row.revision_id is None:
        return Measured(row.full_name, row.staff_number, overdue=row.overdue)
    sealed = Sealed(row.key_id, bytes(row.sealed))
    opened = tools.cipher.open(row.authority_id, "revisions", row.revision_id, "sealed", sealed)
    return _said(tools, row, join(row.content, json.loads(opened)))


def _said(tools: Tools, row: Any, content: Form) -> Measured:
    approved = row.revision_id == row.approved_revision_id
    return Measured(
        full_name=row.full_name,
        staff_number=row.staff_number,
        content=content,
        form_version=row.form_version,
        revision=row.number,
        evidence=len(row.evidence),
        imported=approved and row.signed_at is None,
        same_id_number=_same_number(tools, row, content.get("citizen_id_number")),
        namesakes=row.namesakes,
        same_staff_number=row.same_staff_number,
        overdue=row.overdue,
        synced=row.synced_revision_id == row.revision_id,
        ever_synced=row.synced_revision_id is not None,
        approved_on=legal_date(row.signed_at or row.saved_at) if approved else None,
    )


def _same_number(tools: Tools, row: Any, number: Any) -> bool:
    if not isinstance(number, str):
        return True  # that it is missing is another criterion's matter
    return bytes(row.id_number_index) in tools.blind.candidates(row.authority_id, number)


def yardstick(law: RuleSet, now: datetime, synced_until: date | None) -> Yardstick:
    """The day, the law's demand and the last month's end."""
    update = law.slot(Slot.UPDATE_AFTER_CHANGE)
    return Yardstick(
        on=legal_date(now),
        evidence_required=update is not None and update.evidence_required,
        code_is_number=law.slot(Slot.DOSSIER_CODE) is not None,
        synced_until=synced_until,
    )


def basis_of(law: RuleSet) -> str:
    """By what a profile is measured, as one short word: another law or list means measuring again."""
    return f"{VERSION}.{law.hash[:16]}.{lists_version()[:16]}"


def looking(ids: Sequence[UUID], now: datetime) -> list[Query]:
    """What `measured` wants to know of these profiles."""
    return [(_THESE, {"ids": list(ids), "now": now}), (LAST_WINDOW, {})]


def measured(tools: Tools, laws: Laws, now: datetime, rows: Sequence[Any], last: Sequence[Any]) -> Query:
    """What writes the measures of the profiles that `looking` found on their rows of the board.

    Each by the law of the unit that has it.
    """
    by = _yardsticks(laws, now, last)
    return _written([_measured(tools, by, laws.of(row.agency_id), row) for row in rows], now)


def _yardsticks(laws: Laws, now: datetime, last: Sequence[Any]) -> Mapping[str, Yardstick]:
    until = last[0].rolled_end if last else None
    return {law.hash: yardstick(law, now, until) for law in laws.every}


def _written(found: list[dict[str, Any]], now: datetime) -> Query:
    return _MEASURED, {"rows": Jsonb(found), "now": now}


async def measure_these(
    connection: AsyncConnection, tools: Tools, laws: Laws, now: datetime, ids: Sequence[UUID]
) -> int:
    """Measure profiles of the authority the transaction is under; how many there were."""
    rows, last = await together(connection, looking(ids, now))
    # Opening and judging a hundred forms is work for a thread, so that heartbeats and others go on.
    write = await asyncio.to_thread(measured, tools, laws, now, rows, last)
    await together(connection, [write])
    return len(rows)


async def measure_in_hand(
    connection: AsyncConnection, tools: Tools, laws: Laws, now: datetime, forms: Mapping[UUID, Form]
) -> None:
    """Measure profiles by the forms this transaction wrote as what stands of each.

    ``forms``: tidy, and found without fault by the form's own judgement today, which is not asked again.
    """
    ids = {"ids": list(forms), "now": now}
    rows, last = await together(connection, [(_IN_HAND, ids), (LAST_WINDOW, {})])

    def each(row: Any, by: Mapping[str, Yardstick]) -> dict[str, Any]:
        law = laws.of(row.agency_id)
        said = replace(_said(tools, row, forms[row.id]), valid_on=legal_date(now))
        return _row(row, measure(said, by[law.hash]), law)

    def write() -> Query:
        by = _yardsticks(laws, now, last)
        return _written([each(row, by) for row in rows], now)

    await together(connection, [await asyncio.to_thread(write)])


def _measured(tools: Tools, by: Mapping[str, Yardstick], law: RuleSet, row: Any) -> dict[str, Any]:
    try:
        faults = measure(known(tools, row), by[law.hash])
    except SealBrokenError:
        faults = UNREADABLE
    return _row(row, faults, law)


def _row(row: Any, faults: Mapping[Criterion, Sequence[Fault]], law: RuleSet) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "revision": str(row.revision_id) if row.revision_id else None,
        "marks": int(marks_of(faults)),
        "faults": plain(faults),
        "basis": basis_of(law),
    }


def plain(found: Mapping[Criterion, Sequence[Fault]]) -> dict[str, Any]:
    """Faults as JSON holds them."""
    return {criterion.value: [list(fault) for fault in faults] for criterion, faults in found.items()}


def stands_anew(life: Life | None, outcome: Outcome) -> bool:
    """Whether after an act another revision would be signed next than before it."""
    if life is None:
        return True  # opened by this act
    waits = life.pending.id if life.pending else None
    after = (
        outcome.subject.get("pending_revision_id", waits),
        outcome.subject.get("approved_revision_id", life.approved_revision_id),
    )
    return (after[0] or after[1]) != (waits or life.approved_revision_id)
