"""Drafts that nobody has touched for some working days: recalled to the person once for each save.

How long is policy. A draft saved again is touched, and is recalled again only after the whole period.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import Calendar, MissingYear, start_of_day

_REMIND = text(
    "INSERT INTO notices (id, authority_id, account_id, agency_id, kind, profile_id, facts, created_at)"
    " SELECT md5('draft_untouched:' || r.id || ':' || extract(epoch FROM r.saved_at))::uuid,"
    " r.authority_id, p.account_id, p.agency_id, 'draft_untouched', p.id, jsonb_build_object("
    " 'revision', r.number, 'working_days',"
    " CAST(:days AS integer), 'policy', true), :now FROM revisions r JOIN profiles p ON p.id = r.profile_id"
    " WHERE r.state = 'draft' AND r.saved_at < :since AND p.account_id IS NOT NULL"
    " AND p.chapter NOT IN ('separation', 'archive') ON CONFLICT DO NOTHING"
)


async def recall_idle_drafts(
    connection: AsyncConnection, calendar: Calendar, days: int, day: date, now: datetime
) -> int:
    """Put a line in the inbox of everybody whose draft has lain for ``days`` working days; how many."""
    try:
        last_touched = calendar.subtract_working_days(day, days)
    except MissingYear:
        return 0  # a reminder of policy waits for its calendar
    since = start_of_day(last_touched + timedelta(days=1))
    done = await connection.execute(_REMIND, {"days": days, "since": since, "now": now})
    return done.rowcount
