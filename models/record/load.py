"""Rows to state: the subject's row is locked, then the whole of it read; all in one round trip.

The lock is a statement of its own: what is read in the statement that waited for a lock is as old as that
statement's beginning, except for the locked row itself.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.database import together
from models.form import join
from models.keys import Sealed
from models.lifecycle.life import (
    Account,
    AccountState,
    AgencyMonth,
    Approval,
    Case,
    Chapter,
    Duty,
    Life,
    MonthItem,
    Report,
    Revision,
    Share,
    ShownList,
    Status,
)
from models.record.signing import AS_OF, SESSION, open_sessions, session_of, sessions_of
from models.record.tools import Tools

DUTY = (
    "json_build_object('id', d.id, 'slot', d.slot, 'party', d.party, 'agency_id', d.agency_id,"
    " 'rule_id', d.rule_id, 'citation', d.citation, 'event_on', d.event_on, 'due_on', d.due_on,"
    " 'due_at', d.due_at, 'opened_at', (d.opened_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date,"
    " 'ladder_step', d.ladder_step, 'next_wake_at', d.next_wake_at, 'profile_id', d.profile_id,"
    " 'case_id', d.case_id, 'agency_month_id', d.agency_month_id, 'report_id', d.report_id,"
    " 'returned', coalesce((d.facts ->> 'returned')::boolean, false),"
    " 'revision', (d.facts ->> 'revision')::int, 'mapping', d.facts ->> 'mapping')"
)
REVISION = (
    "json_build_object('id', r.id, 'number', r.number, 'state', r.state, 'digest', r.digest,"
    " 'author_id', r.author_id, 'evidence', r.evidence, 'form_version', r.form_version,"
    " 'submitted_on', (r.submitted_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date)"
)
_CERTIFIED = (
    "(SELECT count(*) FROM attachments t WHERE t.profile_id = r.profile_id AND t.certified_by IS NOT NULL"
    " AND r.evidence ? t.sha256)"
)
"""How many of a revision's files are copies of certified documents: asked of drafts only."""
_DRAFT = f"{REVISION[:-1]}, 'certified', {_CERTIFIED})"
STANDING = "coalesce(g.standing, CASE WHEN g.has_account THEN 'subordinate' ELSE 'constituent' END)"
"""How an agency ``g`` stands to its authority; where nobody said it, by its account."""
_LIFE = f"""
    SELECT p.*,
      (SELECT json_build_object('id', a.id, 'state', a.state) FROM accounts a
          WHERE a.id = p.account_id) AS account,
      (SELECT {REVISION} FROM revisions r WHERE r.id = p.pending_revision_id) AS pending,
      (SELECT {_DRAFT} FROM revisions r WHERE r.profile_id = p.id AND r.state = 'draft') AS draft,
      (SELECT row_to_json(s) FROM approvals s WHERE s.profile_id = p.id AND s.state = 'signing') AS approval,
      {SESSION} AS session,
      {open_sessions("p", as_of=AS_OF)} AS export_sessions,
      (SELECT coalesce(max(s.step), 0) FROM approvals s WHERE s.profile_id = p.id
          AND s.revision_id = p.pending_revision_id AND s.state = 'signed') AS signed_steps,
      (SELECT {STANDING} FROM agencies g WHERE g.id = p.agency_id) AS standing,
      (SELECT g.kind FROM agencies g WHERE g.id = p.agency_id) AS agency_kind,
      (SELECT row_to_json(c) FROM cases c WHERE c.id = p.case_id) AS open_case,
      (SELECT row_to_json(h) FROM shares h WHERE h.profile_id = p.id AND h.ended_at IS NULL) AS share,
      (SELECT coalesce(json_agg({DUTY}), '[]') FROM duties d WHERE d.profile_id = p.id AND d.state = 'open'
          OR d.case_id = p.case_id AND d.state = 'open') AS duties,
      (SELECT coalesce(json_agg(a.id ORDER BY a.id), '[]') FROM accounts a
          WHERE a.profile_id = p.id AND a.kind = 'agency') AS post_accounts,
      (SELECT count(*) FROM grants g JOIN accounts a ON a.id = g.account_id
          WHERE a.profile_id = p.id AND g.valid_to IS NULL) AS posts,
      (SELECT k.follows FROM custody k WHERE k.profile_id = p.id AND k.ends_on IS NULL) AS changed_hands_on,
      (SELECT json_agg(c.ancestor_id ORDER BY c.depth) FROM agency_closure c
          WHERE c.descendant_id = p.agency_id AND c.valid_to IS NULL) AS ancestors,
      (SELECT department_id FROM authorities WHERE authority_id = p.authority_id) AS department_id,
      (SELECT ict_department_id FROM authorities WHERE authority_id = p.authority_id) AS ict_department_id
    FROM profiles p WHERE p.id = """  # noqa: S608 — fragments above, no input
_OF_CASE = "(SELECT profile_id FROM cases WHERE id = :id)"
LOCK_LIFE = text("SELECT 1 FROM profiles WHERE id = :id FOR NO KEY UPDATE")
LIFE = text(f"{_LIFE} :id")
LIVES = text(f"{_LIFE} ANY (:ids)")
LOCK_LIFE_OF_CASE = text(f"SELECT 1 FROM profiles WHERE id = {_OF_CASE} FOR NO KEY UPDATE")  # noqa: S608 — the same
LIFE_OF_CASE = text(f"{_LIFE} {_OF_CASE}")
CASE = text("SELECT * FROM cases WHERE id = :id")
_CHANGED = (
    "approval_list_rows w JOIN approval_lists l ON l.id = w.list_id"
    " LEFT JOIN month_items i ON i.agency_month_id = l.agency_month_id AND i.profile_id = w.profile_id"
    " AND i.state = 'listed' LEFT JOIN profiles p ON p.id = w.profile_id"
    " AND p.pending_revision_id = w.revision_id LEFT JOIN revisions r ON r.id = p.pending_revision_id"
    " AND r.state = 'submitted' AND r.digest = w.digest WHERE (i.profile_id IS NULL OR r.id IS NULL)"
)
"""Rows of a list that are no longer what was shown: newer, withdrawn, moved away, or being signed."""
_STALE = f"x.state <> 'completing' AND EXISTS (SELECT 1 FROM {_CHANGED} AND w.list_id = x.document_id)"  # noqa: S608 — fragments
_MONTH = f"""
    SELECT m.*,
      (SELECT coalesce(json_agg({DUTY}), '[]') FROM duties d
          WHERE d.agency_month_id = m.id AND d.state = 'open') AS duties,
      (SELECT coalesce(json_object_agg(state, n), '{{}}') FROM (SELECT state, count(*) AS n FROM month_items
          WHERE agency_month_id = m.id GROUP BY state) AS counted) AS counts,
      (SELECT coalesce(json_agg(o.command_id ORDER BY o.number), '[]') FROM approval_rounds o
          WHERE o.agency_month_id = m.id AND o.done_at IS NULL) AS rounds,
      {open_sessions("m", _STALE)} AS sessions,
      (SELECT json_agg(c.ancestor_id ORDER BY c.depth) FROM agency_closure c
          WHERE c.descendant_id = m.agency_id AND c.valid_to IS NULL) AS ancestors,
      (SELECT department_id FROM authorities WHERE authority_id = m.authority_id) AS department_id
    FROM agency_months m WHERE m.id = """  # noqa: S608 — fragments above, no input
LOCK_MONTH = text("SELECT 1 FROM agency_months WHERE id = :id FOR NO KEY UPDATE")
MONTH = text(f"{_MONTH} :id")
MONTH_LISTING = text(
    f"{_MONTH} (SELECT o.id FROM month_items i JOIN agency_months o ON o.id = i.agency_month_id"  # noqa: S608
    " WHERE i.profile_id = :id AND i.state = 'listed' AND o.state <> 'closed' ORDER BY o.month LIMIT 1)"
)
"""The month on whose list a profile stands."""
ITEMS = text(
    "SELECT i.profile_id, i.revision_id, i.digest, i.state, i.tran_code IS NOT NULL AS packed, form_version"
    " FROM month_items i JOIN revisions r ON r.id = i.revision_id WHERE agency_month_id = :id ORDER BY 1"
)
SHOWN_LIST = text(
    "SELECT l.id, l.account_id, l.state, l.digest,"
    " (SELECT coalesce(json_agg(w.profile_id ORDER BY w.position), '[]')"
    "   FROM approval_list_rows w WHERE w.list_id = l.id) AS profiles"
    " FROM approval_lists l WHERE l.id = :id AND l.agency_month_id = :month"
)
CHANGED_ROWS = text(f"SELECT w.profile_id FROM {_CHANGED} AND w.list_id = :id ORDER BY w.position")  # noqa: S608 — a fragment
LOCK_REPORT = text("SELECT 1 FROM review_reports WHERE id = :id FOR NO KEY UPDATE")
REPORT = text(
    "SELECT t.*, w.period, w.slot, w.opens_on, w.nominal_due_on, w.due_on, w.due_at, w.rule_id,"  # noqa: S608 — fragments above, no input
    f" w.policy_date, (SELECT coalesce(json_agg({DUTY}), '[]') FROM duties d"
    f"   WHERE d.report_id = t.id AND d.state = 'open') AS duties, {open_sessions('t')} AS sessions,"
    " (SELECT json_agg(c.ancestor_id ORDER BY c.depth) FROM agency_closure c"
    "   WHERE c.descendant_id = t.agency_id AND c.valid_to IS NULL) AS ancestors,"
    " (SELECT department_id FROM authorities WHERE authority_id = t.authority_id) AS department_id"
    " FROM review_reports t JOIN reviews w ON w.id = t.review_id WHERE t.id = :id"
)
_CONTENTS = text("SELECT id, content, sealed, key_id FROM revisions WHERE id = ANY (:ids)")
_CONTENT = text("SELECT id, content, sealed, key_id FROM revisions WHERE id = :id")


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _id(value: str | None) -> UUID | None:
    return UUID(value) if value else None


def duty_of(d: dict[str, Any]) -> Duty:
    """One duty from its JSON."""
    return Duty(
        id=UUID(d["id"]),
        slot=d["slot"],
        party=d["party"],
        agency_id=UUID(d["agency_id"]),
        rule_id=d["rule_id"],
        citation=d["citation"],
        event_on=date.fromisoformat(d["event_on"]),
        due_on=_day(d["due_on"]),
        due_at=_instant(d["due_at"]),
        opened_on=date.fromisoformat(d["opened_at"]),
        ladder_step=d["ladder_step"],
        next_wake_at=_instant(d["next_wake_at"]),
        profile_id=_id(d["profile_id"]),
        case_id=_id(d["case_id"]),
        agency_month_id=_id(d["agency_month_id"]),
        report_id=_id(d["report_id"]),
        returned=d["returned"],
        revision=d["revision"],
        mapping=d["mapping"],
    )


def _revision(r: dict[str, Any] | None) -> Revision | None:
    if r is None:
        return None
    return Revision(
        id=UUID(r["id"]),
        number=r["number"],
        state=r["state"],
        digest=r["digest"],
        author_id=UUID(r["author_id"]),
        evidence=tuple(r["evidence"]),
        certified=r.get("certified", 0),
        form_version=r["form_version"],
        submitted_on=_day(r["submitted_on"]),
    )


def _case_json(c: dict[str, Any] | None) -> Case | None:
    if c is None:
        return None
    effective = _day(c["effective_on"])
    assert effective is not None
    return Case(
        id=UUID(c["id"]),
        kind=c["kind"],
        profile_id=UUID(c["profile_id"]),
        from_agency_id=UUID(c["from_agency_id"]),
        to_agency_id=_id(c["to_agency_id"]),
        mode=c["mode"],
        effective_on=effective,
        document=c["document"],
        state=c["state"],
        version=c["version"],
        facts=c["facts"],
        closed=c["closed_at"] is not None,
    )


def _approval(a: dict[str, Any] | None) -> Approval | None:
    if a is None:
        return None
    return Approval(
        id=UUID(a["id"]),
        revision_id=UUID(a["revision_id"]),
        digest=a["digest"],
        approver_id=UUID(a["approver_id"]),
        approver_role=a["approver_role"],
        agency_month_id=_id(a["agency_month_id"]),
        rule_ids=tuple(a["rule_ids"]),
        late_days=a["late_days"],
        step=a["step"],
        facts=a["facts"],
        on_behalf_of=_id(a["on_behalf_of"]),
        delegation_id=_id(a["delegation_id"]),
    )


def _share(h: dict[str, Any] | None) -> Share | None:
    if h is None:
        return None
    return Share(
        id=UUID(h["id"]),
        kind=h["kind"],
        from_agency_id=UUID(h["from_agency_id"]),
        agency_id=UUID(h["agency_id"]),
        starts_on=date.fromisoformat(h["starts_on"]),
        ends_on=date.fromisoformat(h["ends_on"]),
        state=h["state"],
        warned=h["warned"],
        next_on=date.fromisoformat(h["next_on"]),
    )


def life_of(row: Any) -> Life:
    """The state of a profile from its joined row."""
    account = row.account and Account(UUID(row.account["id"]), AccountState(row.account["state"]))
    return Life(
        profile_id=row.id,
        authority_id=row.authority_id,
        agency_id=row.agency_id,
        category=row.category,
        chapter=Chapter(row.chapter),
        status=Status(row.status),
        version=row.version,
        revision_number=row.revision_number,
        account=account,
        approved_revision_id=row.approved_revision_id,
        synced_revision_id=row.synced_revision_id,
        pending=_revision(row.pending),
        draft=_revision(row.draft),
        approval=_approval(row.approval),
        session=session_of(row.session),
        export_sessions=sessions_of(row.export_sessions),
        signed_steps=row.signed_steps,
        standing=row.standing,
        agency_kind=row.agency_kind,
        case=_case_json(row.open_case),
        share=_share(row.share),
        duties=tuple(duty_of(d) for d in row.duties),
        foretold=tuple((kind, date.fromisoformat(on)) for kind, on in row.foretold),
        origin=row.origin,
        changed_hands_on=row.changed_hands_on,
        posts=row.posts,
        disposed=row.disposed_at is not None,
        post_accounts=tuple(UUID(one) for one in row.post_accounts),
    )


async def load_life(connection: AsyncConnection, profile_id: UUID) -> Any | None:
    """The profile's row, locked, with all that hangs on it; none where there is no such profile."""
    rows = (await together(connection, [(LOCK_LIFE, {"id": profile_id}), (LIFE, {"id": profile_id})]))[1]
    return rows[0] if rows else None


def case_of(row: Any) -> Case:
    """A case from its row."""
    return Case(
        id=row.id,
        kind=row.kind,
        profile_id=row.profile_id,
        from_agency_id=row.from_agency_id,
        to_agency_id=row.to_agency_id,
        mode=row.mode,
        effective_on=row.effective_on,
        document=row.document,
        state=row.state,
        version=row.version,
        facts=row.facts,
        closed=row.closed_at is not None,
        next_wake_at=row.next_wake_at,
    )


def month_of(row: Any, items: Sequence[Any] = ()) -> AgencyMonth:
    """An agency's month from its joined row; with the items, where they are judged."""
    return AgencyMonth(
        id=row.id,
        authority_id=row.authority_id,
        agency_id=row.agency_id,
        month=row.month,
        state=row.state,
        opens_on=row.opens_on,
        nominal_end=row.nominal_end,
        rolled_end=row.rolled_end,
        version=row.version,
        duties=tuple(duty_of(d) for d in row.duties),
        items=tuple(MonthItem(*item) for item in items),  # in the order of ITEMS' columns
        counts=dict(row.counts),
        gate=row.gate,
        kind=row.kind,
        rounds=tuple(UUID(one) for one in row.rounds),
        sessions=sessions_of(row.sessions),
    )


def shown_of(row: Any, changed: Sequence[Any]) -> ShownList:
    """An approval list from its row and from those of its rows that have changed."""
    return ShownList(
        id=row.id,
        account_id=row.account_id,
        state=row.state,
        digest=row.digest,
        profiles=tuple(UUID(one) for one in row.profiles),
        changed=tuple(one.profile_id for one in changed),
    )


def report_of(row: Any) -> Report:
    """A report of a data review from its joined row."""
    return Report(
        id=row.id,
        review_id=row.review_id,
        authority_id=row.authority_id,
        agency_id=row.agency_id,
        whole=row.whole,
        slot=row.slot,
        period=row.period,
        state=row.state,
        version=row.version,
        opens_on=row.opens_on,
        nominal_due_on=row.nominal_due_on,
        due_on=row.due_on,
        due_at=row.due_at,
        policy_date=row.policy_date,
        rule_id=row.rule_id,
        signature_id=row.signature_id,
        on_behalf_of=row.on_behalf_of,
        delegation_id=row.delegation_id,
        duties=tuple(duty_of(d) for d in row.duties),
        sessions=sessions_of(row.sessions),
    )


def opened(tools: Tools, authority_id: UUID, row: Any) -> dict[str, Any]:
    """The content of a revision's row (id, content, sealed, key_id), the sealed fields opened."""
    sealed = tools.cipher.open(
        authority_id, "revisions", row.id, "sealed", Sealed(row.key_id, bytes(row.sealed))
    )
    return dict(join(row.content, json.loads(sealed)))


async def contents_of(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, revisions: Sequence[UUID]
) -> dict[UUID, dict[str, Any]]:
    """The whole contents of many revisions by id, in one round trip."""
    (rows,) = await together(connection, [(_CONTENTS, {"ids": list(revisions)})])
    return {row.id: opened(tools, authority_id, row) for row in rows}


async def content_of(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, revision_id: UUID
) -> dict[str, Any]:
    """The whole content of a revision, the sealed fields opened."""
    return opened(tools, authority_id, (await connection.execute(_CONTENT, {"id": revision_id})).one())
