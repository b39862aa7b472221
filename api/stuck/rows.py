"""What stands still according to PostgreSQL: one bounded question per kind."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.stuck.kinds import Found
from models.identifiers import (
    agency_month_workflow,
    backup_workflow,
    digest_workflow,
    profile_workflow,
    reorganisation_workflow,
)
from models.record.service import paused, windows

MOST = 50
"""Findings of one kind; further ones show once these are gone."""
LATE = timedelta(minutes=5)
"""What takes longer than this is no longer under way but stuck."""
PATIENCE = timedelta(minutes=15)
"""For what waits for somebody outside and is tried again by itself."""
DAY = timedelta(days=1)
AHEAD = timedelta(days=30)
MONTHLY = timedelta(days=35)
"""A month, and the nights a backup may take to be tried again."""

_QUESTIONS: dict[str, str] = {
    "command-unsettled": """
        SELECT id AS subject, workflow_id, accepted_at AS since, verb AS code, 1 AS n FROM commands
        WHERE settled_at IS NULL AND accepted_at < :late ORDER BY accepted_at""",
    "line-unsent": """
        SELECT id AS subject, workflow_id, created_at AS since, '' AS code, 1 AS n FROM outbox WHERE
        sent_at IS NULL AND created_at < :late ORDER BY id""",
    "wake-missed": """
        SELECT '' AS subject, '' AS workflow_id, min(w.at) AS since, w.code, count(*) AS n FROM (
        SELECT 'profile' AS code, next_wake_at AS at FROM profiles WHERE next_wake_at < :patient
        UNION ALL SELECT 'transfer', next_wake_at FROM cases WHERE kind = 'transfer' AND closed_at IS
        NULL AND next_wake_at < :patient
        UNION ALL SELECT 'agency_month', next_wake_at FROM agency_months WHERE state <> 'closed' AND
        next_wake_at < :patient
        UNION ALL SELECT 'delegation', next_wake_at FROM delegations WHERE state <> 'ended' AND
        next_wake_at < :patient
        UNION ALL SELECT 'breach', next_wake_at FROM breaches WHERE state <> 'closed' AND
        next_wake_at < :patient
        UNION ALL SELECT 'reorganisation', next_wake_at FROM reorganisations WHERE state NOT IN
        ('done', 'withdrawn') AND next_wake_at < :patient
        UNION ALL SELECT 'review_report', next_wake_at FROM review_reports WHERE state IN ('open',
        'signing') AND next_wake_at < :patient) w GROUP BY w.code ORDER BY 3""",
    "mail-unsent": """
        SELECT day AS subject, '' AS workflow_id, CAST(day AS timestamptz) AS since,
        coalesce(last_error, '') AS code, count(*) AS n FROM mails WHERE state IN ('waiting',
        'failed') AND day > :week GROUP BY day, last_error ORDER BY day""",
    "mail-refused": """
        SELECT day AS subject, '' AS workflow_id, CAST(day AS timestamptz) AS since,
        coalesce(last_error, '') AS code, count(*) AS n FROM mails WHERE state = 'refused' AND day >
        :week GROUP BY day, last_error ORDER BY day""",
    "signature-waits": """
        SELECT t.id AS subject, t.since, t.reason AS code, t.tries AS n, a.profile_id, m.agency_id,
        m.month FROM signing_troubles t LEFT JOIN approvals a ON a.id = t.id LEFT JOIN approval_lists
        l ON l.id = t.id LEFT JOIN agency_months m ON m.id = l.agency_month_id WHERE t.since <
        :patient ORDER BY t.since""",
    "round-waits": """
        SELECT r.command_id AS subject, r.accepted_at AS since, r.trouble AS code, 1 AS n,
        m.agency_id, m.month FROM approval_rounds r JOIN agency_months m ON m.id = r.agency_month_id
        WHERE r.trouble IS NOT NULL AND r.done_at IS NULL ORDER BY r.accepted_at""",
    "packet-waits": """
        SELECT s.agency_month_id AS subject, min(s.sent_at) AS since, '' AS code, count(*) AS n,
        m.agency_id, m.month FROM submissions s JOIN agency_months m ON m.id = s.agency_month_id WHERE
        s.state IN ('prepared', 'sent') AND coalesce(s.sent_at, s.created_at) < :yesterday GROUP BY 1,
        m.agency_id, m.month ORDER BY 2""",
    "packet-refused": """
        SELECT s.agency_month_id AS subject, min(s.settled_at) AS since, min(s.result ->> 'code') AS
        code, count(*) AS n, m.agency_id, m.month FROM submissions s JOIN agency_months m ON m.id =
        s.agency_month_id WHERE s.state = 'refused' AND m.state <> 'closed' GROUP BY 1, m.agency_id,
        m.month ORDER BY 2""",
    "sealer-trouble": """
        SELECT '' AS subject, trouble_since AS since, trouble AS code, 1 AS n FROM sealers WHERE
        trouble IS NOT NULL""",
    "sealer-silent": """
        SELECT '' AS subject, looked_at AS since, '' AS code, 1 AS n FROM sealers WHERE looked_at <
        :late""",
    "archive-trouble": """
        SELECT '' AS subject, min(tried_at) AS since, trouble AS code, count(*) AS n FROM
        archived_files WHERE trouble IS NOT NULL GROUP BY trouble""",
    "archive-ending": """
        SELECT '' AS subject, min(ends_at) AS since, '' AS code, count(*) AS n FROM archived_files
        WHERE ends_at < :ahead HAVING count(*) > 0""",
    "certificate-expiring": """
        SELECT c.account_id AS subject, c.valid_to AS since, c.sha256 AS code, 1 AS n FROM
        certificates c WHERE c.withdrawn_at IS NULL AND c.valid_to < :ahead AND c.valid_to > :week AND
        NOT EXISTS (SELECT 1 FROM certificates o WHERE o.account_id = c.account_id AND o.withdrawn_at
        IS NULL AND o.valid_to >= :ahead) ORDER BY c.valid_to""",
    "certificate-revoked": """
        SELECT c.account_id AS subject, min(s.closed_at) AS since, CAST(c.id AS text) AS code, count(*) AS n
        FROM certificates c JOIN signing_sessions s ON s.account_id = c.account_id AND s.certificate_id = c.id
        AND s.state = 'failed' AND s.reason = 'certificate-revoked' WHERE c.withdrawn_at IS NULL
        GROUP BY c.account_id, c.id ORDER BY 2""",
    "service-key-expiring": """
        SELECT k.account_id AS subject, k.expires_at AS since, k.kid AS code, 1 AS n FROM service_keys
        k WHERE k.withdrawn_at IS NULL AND k.expires_at < :ahead AND k.expires_at > :week AND NOT
        EXISTS (SELECT 1 FROM service_keys o WHERE o.account_id = k.account_id AND o.withdrawn_at IS
        NULL AND o.expires_at >= :ahead) ORDER BY k.expires_at""",
    "backup-damaged": """
        SELECT id AS subject, checked_at AS since, coalesce(problems ->> 0, '') AS code,
        jsonb_array_length(coalesce(problems, '[]')) AS n FROM backups b WHERE state = 'damaged' AND
        NOT EXISTS (SELECT 1 FROM backups g WHERE g.state = 'good' AND g.made_at > b.made_at) ORDER BY
        checked_at""",
    "backup-waits": """
        SELECT id AS subject, ordered_at AS since, month AS code, 1 AS n FROM backups WHERE state =
        'ordered' AND ordered_at < :patient ORDER BY ordered_at""",
    # Since when there should have been one: a month after the last good one, or after the installation.
    "backup-old": """
        SELECT '' AS subject, last + :monthly AS since, '' AS code, 1 AS n FROM (SELECT
        coalesce((SELECT max(made_at) FROM backups WHERE state = 'good'), CAST(installed_on AS
        timestamptz)) AS last FROM authorities WHERE authority_id = :authority) b WHERE last +
        :monthly < :now""",
    # Since when: as its own story says; a plan of before that event, since its day began.
    "reorganisation-stuck": """
        SELECT r.id AS subject, coalesce((SELECT max(e.at) FROM events e WHERE e.stream_id = r.id AND
        e.kind = 'reorganisation.stuck'), r.begun_at, r.approved_at, r.drafted_at) AS since,
        r.trouble AS code, 1 AS n FROM reorganisations r WHERE r.trouble IS NOT NULL AND r.state IN
        ('approved', 'executing') ORDER BY since""",
    "post-vacant": """
        SELECT d.agency_id AS subject, min(d.opened_at) AS since, d.party AS code, count(*) AS n FROM
        duties d WHERE d.state = 'open' AND d.party = ANY (:posts) AND NOT EXISTS (SELECT 1 FROM
        grants h JOIN accounts a ON a.id = h.account_id AND a.state <> 'cancelled' AND a.suspended_at
        IS NULL WHERE h.role = d.party AND h.valid_from <= :today AND (h.valid_to IS NULL OR h.valid_to
        > :today) AND h.agency_id = d.agency_id) GROUP BY 1, d.party ORDER BY 2""",
}
QUESTIONS: dict[str, TextClause] = {
    kind: text(f"{question} LIMIT {MOST}") for kind, question in _QUESTIONS.items()
}
POSTS = ("hr_officer", "hr_head", "approver", "head")
"""Posts of an agency whose work somebody must hold; a department's and the person's own are elsewhere."""


async def of_rows(connection: AsyncConnection, authority: Any, now: datetime, today: Any) -> list[Found]:
    """Everything, the kinds in order; bounded, so that a night with thousands of them is still answered."""
    values = {
        "now": now,
        "today": today,
        "authority": authority,
        "posts": list(POSTS),
        "late": now - LATE,
        "patient": now - PATIENCE,
        "yesterday": now - DAY,
        "week": now - 7 * DAY,
        "ahead": now + AHEAD,
        "monthly": MONTHLY,
    }
    found: list[Found] = []
    for kind, question in QUESTIONS.items():
        used = {name: value for name, value in values.items() if f":{name}" in question.text}
        rows = (await connection.execute(question, used)).all()
        found += [_found(kind, row, authority) for row in rows]
    return [*found, *[one async for one in _service(connection, now)]]


def _found(kind: str, row: Row[Any], authority: Any) -> Found:
    workflow_id = getattr(row, "workflow_id", "") or _workflow(kind, row, authority)
    agency = str(row.subject) if kind == "post-vacant" else ""
    return Found(kind, row.since, str(row.subject), row.code or "", row.n, workflow_id, agency)


def _workflow(kind: str, row: Row[Any], authority: Any) -> str:
    """Whose work it is."""
    if kind == "mail-unsent":
        return digest_workflow(authority)
    if kind == "backup-waits":
        return backup_workflow(row.code)
    if kind == "reorganisation-stuck":
        return reorganisation_workflow(row.subject)
    if getattr(row, "profile_id", None) is not None:
        return profile_workflow(row.profile_id)
    if getattr(row, "agency_id", None) is not None:
        return agency_month_workflow(row.agency_id, row.month)
    return ""


async def _service(connection: AsyncConnection, now: datetime) -> AsyncIterator[Found]:
    for pause in (await paused(connection, now)).values():
        yield Found("party-paused", pause.since, pause.party, pause.reason)
    for window in await windows(connection, now):
        if window.holds(now):
            yield Found("maintenance", window.starts_at, str(window.id), window.document)


_BUSY = text(
    "SELECT workflow_id FROM (SELECT workflow_id, accepted_at AS at FROM commands WHERE settled_at IS NULL"
    " UNION SELECT 'profile/' || profile_id, NULL FROM approvals WHERE state = 'signing'"
    " UNION SELECT 'profile/' || id, next_wake_at FROM profiles WHERE chapter = 'separation'"
    " UNION SELECT 'month-end/' || agency_id || '/' || month, opened_at FROM agency_months"
    "   WHERE state <> 'closed'"
    " UNION SELECT 'digest/' || authority_id, NULL FROM authorities WHERE authority_id = :authority"
    " UNION SELECT 'review/' || authority_id || '/' || period, NULL FROM reviews WHERE state <> 'closed'"
    " UNION SELECT 'import/' || id, created_at FROM imports WHERE state IN ('waiting', 'running')"
    " UNION SELECT 'backup/' || month, ordered_at FROM backups WHERE state = 'ordered') b"
    " GROUP BY workflow_id ORDER BY min(at) NULLS FIRST LIMIT :most"
)


async def at_work(connection: AsyncConnection, authority: Any, most: int) -> list[str]:
    """Workflows that rows say have something under way, the longest first: worth a look in the engine."""
    return list((await connection.execute(_BUSY, {"most": most, "authority": authority})).scalars())
