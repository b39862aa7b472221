"""A stock of many people, written by the database itself, for tests of plans and benches of reads.

Two agencies above the rest of the tree, a fifth of the people with something open, a few in a hundred late:
the shape of a city in its working days. Rows are written past triggers and policies, as a restore does.
"""

from datetime import datetime
from hashlib import md5
from typing import Any
from uuid import UUID

import psycopg

TREE = """
INSERT INTO agencies (id, authority_id, code, name, kind, parent_id, has_account, valid_from)
    SELECT md5('agency' || n)::uuid, %(authority)s, 'S26.' || n, 'Đơn vị ' || n, 'unit',
        CASE WHEN n > %(tops)s THEN md5('agency' || (n %% %(tops)s + 1))::uuid END, n <= %(tops)s,
        '2025-01-01'
    FROM generate_series(1, %(agencies)s) n;
INSERT INTO agency_lines (authority_id, ancestor_id, descendant_id, depth, valid_from)
    SELECT authority_id, id, id, 0, '2025-01-01'::date FROM agencies WHERE code LIKE 'S26.%%'
    UNION ALL SELECT authority_id, parent_id, id, 1, '2025-01-01'::date FROM agencies
    WHERE code LIKE 'S26.%%' AND parent_id IS NOT NULL;
INSERT INTO agency_spans
    (agency_id, valid_from, authority_id, code, name, kind, parent_id, has_account, ended)
    SELECT id, valid_from, authority_id, code, name, kind, parent_id, has_account, false FROM agencies
    WHERE code LIKE 'S26.%%';
"""
PEOPLE = """
INSERT INTO profiles (id, authority_id, agency_id, category, full_name, staff_number, id_number_index,
        chapter, status, version, revision_number, foretold, last_event, last_hash, created_at,
        pending_revision_id)
    SELECT md5('person' || n)::uuid, %(authority)s, md5('agency' || (n %% %(agencies)s + 1))::uuid,
        'civil_servant',
        (ARRAY['Nguyễn', 'Trần', 'Lê', 'Phạm', 'Hoàng', 'Vũ', 'Đặng', 'Bùi'])[n %% 8 + 1] || ' '
            || (ARRAY['Văn', 'Thị', 'Đức', 'Minh', 'Thu'])[n / 8 %% 5 + 1] || ' Người' || n, 'CB-' || n,
        decode(md5('number' || n), 'hex'), CASE WHEN n %% 40 = 0 THEN 'declaration' ELSE 'service' END,
        CASE WHEN n %% 40 = 0 THEN 'pending' ELSE 'working' END, 1, 1, '[]', 2, repeat('0', 64), %(now)s,
        CASE WHEN n %% 50 = 0 THEN md5('revision' || n)::uuid END
    FROM generate_series(1, %(people)s) n;
INSERT INTO accounts (id, authority_id, kind, login, display_name, password_hash, state, profile_id,
        agency_id, created_at)
    SELECT md5('account' || staff_number)::uuid, authority_id, 'personal', staff_number, full_name, '!',
        'active', id, agency_id, %(now)s
    FROM profiles WHERE staff_number LIKE 'CB-%%';
UPDATE profiles SET account_id = md5('account' || staff_number)::uuid WHERE staff_number LIKE 'CB-%%';
INSERT INTO custody (id, authority_id, profile_id, agency_id, starts_on)
    SELECT md5('custody' || id)::uuid, authority_id, id, agency_id, '2025-01-01' FROM profiles
    WHERE staff_number LIKE 'CB-%%';
INSERT INTO revisions (id, authority_id, profile_id, number, form_version, content, sealed, key_id, digest,
        state, author_id, evidence, saved_at, submitted_at)
    SELECT md5('revision' || n)::uuid, %(authority)s, md5('person' || n)::uuid, 1, 'tt06_2023', '{}', '\\x00',
        'k', repeat('0', 64), CASE WHEN n %% 50 = 0 THEN 'submitted' ELSE 'approved' END,
        md5('person' || n)::uuid, '[]', %(now)s, %(now)s - (n %% 20) * interval '1 day'
    FROM generate_series(1, %(people)s) n;
"""
WORK = """
INSERT INTO duties (id, authority_id, agency_id, profile_id, slot, party, rule_id, citation, rule_set_hash,
        calendar_hash, event_on, nominal_due_on, due_on, due_at, state, facts, opened_at, late_days,
        ladder_step)
    SELECT md5('duty' || n)::uuid, %(authority)s, md5('agency' || (n %% %(agencies)s + 1))::uuid,
        md5('person' || n)::uuid, 'update_after_change',
        (ARRAY['person', 'hr_officer', 'approver'])[n / 5 %% 3 + 1], 'hanoi.art6.3', 'Điều 6.3', '0', '0',
        %(now)s::date - 10, due, due, (due + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh',
        CASE WHEN n %% 5 = 0 THEN 'open' ELSE 'met' END,
        CASE WHEN n %% 500 = 0 THEN '{"returned": true}'::jsonb ELSE '{}'::jsonb END, %(now)s, 0, 0
    FROM (SELECT n, %(now)s::date + (n / 5 %% 60 - 8) AS due FROM generate_series(1, %(people)s) n) made;
INSERT INTO events (authority_id, stream_id, number, profile_id, agency_id, kind, at, actor_role,
        rule_set_hash, facts, previous_hash, hash)
    SELECT %(authority)s, md5('person' || n)::uuid, e, md5('person' || n)::uuid,
        md5('agency' || (n %% %(agencies)s + 1))::uuid, 'profile.opened', %(now)s, 'system', '0', '{}',
        repeat('0', 64), repeat('0', 64)
    FROM generate_series(1, %(people)s) n, generate_series(1, 2) e;
INSERT INTO notices (id, authority_id, agency_id, role, kind, profile_id, facts, created_at)
    SELECT md5('notice' || n)::uuid, %(authority)s, md5('agency' || (n %% %(agencies)s + 1))::uuid,
        'hr_officer', 'reminder', md5('person' || n)::uuid, '{}', %(now)s - (n %% 90) * interval '1 hour'
    FROM generate_series(1, %(people)s) n WHERE n %% 4 = 0;
"""
BOARD = """
INSERT INTO readiness (profile_id, authority_id, agency_id, revision_id, marks, faults, measured_at, basis)
    SELECT md5('person' || n)::uuid, %(authority)s, md5('agency' || (n %% %(agencies)s + 1))::uuid,
        md5('revision' || n)::uuid, 2047 - CASE WHEN n %% 7 = 0 THEN 2 ELSE 0 END
            - CASE WHEN n %% 11 = 0 THEN 12 ELSE 0 END - CASE WHEN n %% 50 = 0 THEN 1280 ELSE 0 END,
        CASE WHEN n %% 7 = 0 THEN '{"complete": [["missing", "ethnicity"]]}'::jsonb ELSE '{}' END,
        %(now)s, 'b'
    FROM generate_series(1, %(people)s) n;
INSERT INTO readiness_counts (authority_id, agency_id, marks, n)
    SELECT authority_id, agency_id, marks, count(*) FROM readiness GROUP BY 1, 2, 3;
"""
LARGE = frozenset(
    {"profiles", "accounts", "custody", "revisions", "duties", "events", "notices", "readiness"}
)
"""The tables that grow with the people: none of them is ever read from end to end for a page or an act."""


def agency(number: int) -> UUID:
    """The id of one agency of the stock, from 1; the first ``tops`` have those after them below."""
    return UUID(md5(f"agency{number}".encode(), usedforsecurity=False).hexdigest())


def fill(
    superuser: "psycopg.Connection[Any]",
    authority: UUID,
    now: datetime,
    *,
    people: int,
    agencies: int,
    tops: int,
) -> None:
    """Write the stock and let the planner know of it."""
    values = {"authority": authority, "now": now, "people": people, "agencies": agencies, "tops": tops}
    with superuser.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for script in (TREE, PEOPLE, WORK, BOARD):
            for statement in filter(str.strip, script.split(";\n")):
                cursor.execute(statement, values)  # type: ignore[arg-type] # text of this file
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")
