"""Passwords that reach the age at which the law's "regularly" is over: told before, once for each password.

The period is policy (`policy.yaml`, `accounts`); whether passwords age at all says the law in force
(slot ``password_rotation``; moha.art14.4). After that day a login leads to nothing but a new password. Failed
logins of network addresses are forgotten in passing.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import start_of_day
from models.record.law_of import Laws
from models.regulations import Policy

_REMIND = text(
    "INSERT INTO notices (id, authority_id, account_id, agency_id, kind, citation, due_on, facts, created_at)"
    " SELECT md5('password_ages:' || a.id || ':' || extract(epoch FROM a.password_changed_at))::uuid,"
    " a.authority_id, a.id, a.agency_id, 'password_ages', :citation,"
    " (a.password_changed_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date + CAST(:days AS integer),"
    " jsonb_build_object('days', CAST(:days AS integer), 'policy', true), :now FROM accounts a"
    " WHERE a.state = 'active' AND a.kind <> 'service' AND a.suspended_at IS NULL"
    " AND a.password_changed_at < :since"
    " AND (:own AND a.agency_id <> ALL (:units) OR NOT :own AND a.agency_id = ANY (:units))"
    " ON CONFLICT DO NOTHING"
)
_FORGET = text("DELETE FROM login_addresses WHERE failed_at < :before")
_FORGET_ASKERS = text("DELETE FROM verify_askers WHERE begun_at < clock_timestamp() - interval '1 day'")
KEPT = timedelta(days=2)


async def remind_of_passwords(
    connection: AsyncConnection, laws: Laws, policy: Policy, day: date, now: datetime
) -> int:
    """A line in the inbox of everybody whose password ends within the policy's notice; how many.

    Whether passwords age at all is asked of the law of the unit that has the account.
    """
    await connection.execute(_FORGET, {"before": now - KEPT})
    await connection.execute(_FORGET_ASKERS)
    periods, told = policy.accounts, 0
    last = day - timedelta(days=periods.rotation_days - periods.rotation_notice_days)
    for law in laws.every:
        rule, own = law.slot("password_rotation"), law.hash == laws.own.hash
        if rule is None:
            continue
        done = await connection.execute(
            _REMIND,
            {
                "citation": rule.citation,
                "days": periods.rotation_days,
                "since": start_of_day(last + timedelta(days=1)),
                "now": now,
                "own": own,
                "units": sorted(laws.by_unit) if own else laws.units_under(law),
            },
        )
        told += done.rowcount
    return told
