"""Open duties as they are judged: what they were reckoned from, and what the law may ask of their subject."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.lifecycle.rebasing import Standing
from models.record.load import DUTY, duty_of

_STANDING = (
    f"SELECT d.id, {DUTY} AS duty, d.nominal_due_on, d.rule_set_hash, d.calendar_hash, d.facts,"  # noqa: S608 — fragments of our own, no input
    " CASE WHEN p.id IS NULL THEN '{}' ELSE json_build_object('category', p.category, 'kind', g.kind,"
    " 'origin', p.origin, 'agency', coalesce(g.standing,"
    " CASE WHEN g.has_account THEN 'subordinate' ELSE 'constituent' END)) END AS asked,"
    " p.approved_revision_id IS NULL AS first, w.period,"
    " (r.submitted_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS submitted_on"
    " FROM duties d LEFT JOIN profiles p ON p.id = d.profile_id AND d.agency_month_id IS NULL"
    " AND d.report_id IS NULL LEFT JOIN agencies g ON g.id = p.agency_id"
    " LEFT JOIN revisions r ON r.id = p.pending_revision_id"
    " LEFT JOIN review_reports t ON t.id = d.report_id LEFT JOIN reviews w ON w.id = t.review_id"
    " WHERE d.state = 'open'"
)
PAGES = text(
    f"{_STANDING} AND (CAST(:after AS uuid) IS NULL OR d.id > CAST(:after AS uuid)) ORDER BY d.id LIMIT :most"
)
THESE = text(f"{_STANDING} AND d.id = ANY(:ids) ORDER BY d.id")


def standing_of(row: Any) -> Standing:
    """A duty as judged, from its joined row."""
    asked = {name: value for name, value in row.asked.items() if value}
    if "step" in row.facts:
        asked["subject"] = "first" if row.first else "change"
    return Standing(
        duty=duty_of(row.duty),
        nominal_due_on=row.nominal_due_on,
        law_hash=row.rule_set_hash,
        calendar_hash=row.calendar_hash,
        facts=row.facts,
        asked=asked,
        submitted_on=row.submitted_on,
        period=row.period,
    )


async def standings_of(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """These duties, those that are open, as they are judged."""
    rows = (await connection.execute(THESE, {"ids": list(ids)})).all()
    return {row.id: standing_of(row) for row in rows}
