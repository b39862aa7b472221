"""The best in 60 lines for the same rows: sets for each share, no decision, none of our code, no policy.

Custody, profile, account, open duties, one chained event and one notice for everybody, as statements over the
frozen list; hashes are SHA-256 of the event before and a line of text.
"""

from typing import Any
from uuid import UUID

import psycopg

SHARE = 500
_STATEMENTS = (
    "CREATE TEMP TABLE share ON COMMIT DROP AS SELECT i.profile_id AS id, i.from_agency_id AS old,"
    " i.to_agency_id AS new FROM reorganisation_items i WHERE i.reorganisation_id = %(case)s"
    " AND i.state = 'waiting' ORDER BY i.position LIMIT %(share)s FOR NO KEY UPDATE",
    "SELECT count(*) FROM profiles p JOIN share s ON s.id = p.id",
    "UPDATE custody c SET ends_on = %(on)s FROM share s WHERE c.profile_id = s.id AND c.ends_on IS NULL",
    "INSERT INTO custody (id, authority_id, profile_id, agency_id, starts_on, follows, case_id)"
    " SELECT gen_random_uuid(), %(authority)s, s.id, s.new, %(on)s, %(on)s, %(case)s FROM share s",
    "UPDATE accounts a SET agency_id = s.new FROM share s WHERE a.profile_id = s.id AND a.kind = 'personal'",
    "UPDATE duties d SET agency_id = s.new FROM share s WHERE d.profile_id = s.id AND d.state = 'open'"
    " AND d.agency_id = s.old",
    "INSERT INTO events (authority_id, stream_id, number, profile_id, agency_id, kind, at, actor_role,"
    " rule_set_hash, facts, previous_hash, hash) SELECT p.authority_id, p.id, p.last_event + 1, p.id, s.new,"
    " 'profile.reorganised', %(now)s, 'system', '', jsonb_build_object('reorganisation', %(case)s::text,"
    " 'from_agency', s.old, 'to_agency', s.new), p.last_hash, encode(sha256(convert_to(p.last_hash ||"
    " s.new::text || %(now)s::text, 'UTF8')), 'hex') FROM share s JOIN profiles p ON p.id = s.id",
    "INSERT INTO notices (id, authority_id, account_id, agency_id, kind, profile_id, facts, created_at)"
    " SELECT gen_random_uuid(), p.authority_id, p.account_id, s.new, 'reorganised', p.id,"
    " jsonb_build_object('reorganisation', %(case)s::text), %(now)s FROM share s"
    " JOIN profiles p ON p.id = s.id",
    "UPDATE profiles p SET agency_id = s.new, version = version + 1, last_event = last_event + 1,"
    " last_hash = e.hash FROM share s JOIN events e ON e.stream_id = s.id WHERE p.id = s.id"
    " AND e.number = p.last_event + 1",
    "UPDATE reorganisation_items i SET state = 'moved', moved_at = %(now)s FROM share s"
    " WHERE i.profile_id = s.id AND i.reorganisation_id = %(case)s",
)


def bare(connection: psycopg.Connection[Any], case: UUID, authority: UUID, on: Any, now: Any) -> int:
    """Move everybody, share after share; answers how many."""
    values = {"case": case, "authority": authority, "on": on, "now": now, "share": SHARE}
    moved = 0
    while True:
        with connection.transaction():
            for number, statement in enumerate(_STATEMENTS):
                found = connection.execute(statement, values)
                if number == 1:
                    row = found.fetchone()
                    assert row is not None
                    if not row[0]:
                        return moved
                    moved += row[0]
