"""The end of a file's content: every value of the person is overwritten, in the transaction that decided it.

The rows stay, and so do their hashes: a revision still says which content it was, an event still chains to
the next. What was sealed is sealed anew over nothing. Files go after the act, by `activities.slips`.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.command_disposal import DISPOSALS
from models.lifecycle.archived import Archived, Hold
from models.lifecycle.disposal import KIND
from models.lifecycle.life import Life
from models.record.writing import Writing

GONE = "Hồ sơ đã hủy"
"""What stands where the name stood."""
# A file that was merged is kept as long as the one it was merged into, once that one is archived.
_LEFT = text(
    "SELECT max(c.effective_on) AS left_on, s.status FROM profiles p"
    " JOIN profiles s ON s.id = coalesce(p.merged_into, p.id) AND s.chapter = 'archive'"
    " JOIN cases c ON c.profile_id = s.id AND c.kind = 'separation' AND c.state = 'archived'"
    " WHERE p.id = :profile GROUP BY s.status"
)
_HOLDS = text(
    "SELECT id, document FROM legal_holds WHERE profile_id = :profile AND ended_at IS NULL"
    " ORDER BY placed_at, id"
)
_PROPOSER = text("SELECT profile_id FROM accounts WHERE id = :id")


async def with_archived(connection: AsyncConnection, life: Life) -> Life:
    """The life with what holds it, and since when its keeping runs."""
    one = {"profile": life.profile_id}
    left = (await connection.execute(_LEFT, one)).one_or_none()
    holds = tuple(Hold(row.id, row.document) for row in await connection.execute(_HOLDS, one))
    proposer = None
    if life.case is not None and life.case.kind == KIND:
        proposer = await connection.scalar(_PROPOSER, {"id": UUID(life.case.facts["proposed_by"])})
    left_on, leaving = (left.left_on, left.status) if left is not None else (None, None)
    return replace(life, archived=Archived(left_on, holds, proposer, leaving))


_PROFILE = text(
    "UPDATE profiles SET disposed_at = :on, full_name = :gone, staff_number = NULL, foretold = '[]',"
    " id_number_index = decode(replace(id::text, '-', ''), 'hex'), id_number_key = NULL,"
    " id_number_guard = NULL WHERE id = :profile"
)
_OPEN = (
    text("UPDATE revisions SET content = '{}', returned_fields = NULL WHERE profile_id = :profile"),
    text("UPDATE national_records SET filled = '[]', kept = '[]', unfit = '[]' WHERE profile_id = :profile"),
    text("UPDATE bulk_items SET answer = '{}' WHERE profile_id = :profile AND answer IS NOT NULL"),
    text(
        "UPDATE accounts SET login = 'disposed:' || id, display_name = :gone, password_hash = '!',"
        " email_sealed = NULL, email_key = NULL WHERE profile_id = :profile AND kind = 'personal'"
    ),
)
_SUBJECTS = (
    "(SELECT CAST(:profile AS uuid) UNION SELECT id FROM cases WHERE profile_id = :profile"
    " UNION SELECT id FROM accounts WHERE profile_id = :profile AND kind = 'personal')"
)
_DONE = f"subject_id IN {_SUBJECTS} AND settled_at IS NOT NULL AND verb <> ALL (:kept)"
_ANSWERS = text(f"UPDATE commands SET answer = '{{}}' WHERE {_DONE}")  # noqa: S608 — a fragment above
EMPTY = (
    ("revisions", "sealed", "key_id", "{}", "profile_id = :profile"),
    ("national_records", "sealed", "key_id", "{}", "profile_id = :profile"),
    ("national_proposals", "sealed", "key_id", "{}", "profile_id = :profile"),
    ("file_requests", "words", "words_key", '{"reason": ""}', "profile_id = :profile"),
    ("file_requests", "answer", "answer_key", "", "profile_id = :profile AND answer IS NOT NULL"),
    ("commands", "body", "key_id", "{}", _DONE),
    ("bulk_items", "body", "key_id", "{}", "profile_id = :profile AND state <> 'waiting'"),
)
"""Sealed columns, what is sealed in their place, and which rows: by the profile that they are about."""
_KEPT = [body.verb for body in DISPOSALS]
"""Commands that say why and by whom: part of the tombstone."""


async def shredded(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """Overwrite all that is the person's; the profile first, for its mark is what lets a revision change."""
    one = {"profile": writing.profile_id, "gone": GONE}
    await connection.execute(_PROFILE, {**one, "on": values["on"]})
    for query in _OPEN:
        await connection.execute(query, one)
    for table, column, key, nothing, where in EMPTY:
        await _emptied(connection, writing, (table, column, key, nothing), where)
    await connection.execute(_ANSWERS, {**one, "kept": _KEPT})
    await connection.execute(_FILES, {**one, "authority": writing.authority_id, "on": values["on"]})
    await connection.execute(_NEVER_RENEWED, one)


async def _emptied(
    connection: AsyncConnection, writing: Writing, place: tuple[str, str, str, str], where: str
) -> None:
    table, column, key, nothing = place
    named: dict[str, Any] = {"profile": writing.profile_id}
    if ":kept" in where:
        named["kept"] = _KEPT
    found = await connection.execute(text(f"SELECT id FROM {table} WHERE {where}"), named)  # noqa: S608 — names of ours, no input
    write = text(f"UPDATE {table} SET {column} = :data, {key} = :key WHERE id = :id")  # noqa: S608 — names of ours, no input
    rows = []
    for row_id in found.scalars():
        sealed = writing.tools.cipher.seal(writing.authority_id, table, row_id, column, nothing.encode())
        rows.append({"id": row_id, "data": sealed.data, "key": sealed.key_id})
    if rows:
        await connection.execute(write, rows)


_LIVING = (
    "EXISTS (SELECT 1 FROM attachments a JOIN profiles p ON p.id = a.profile_id"
    " WHERE a.sha256 = f.sha256 AND p.disposed_at IS NULL)"
)
_OWN = (
    "SELECT sha256 FROM attachments WHERE profile_id = :profile"
    " UNION SELECT document_sha256 FROM approvals WHERE profile_id = :profile AND list_id IS NULL"
    " UNION SELECT document_sha256 FROM exports WHERE profile_id = :profile"
    " UNION SELECT prepared FROM signing_sessions WHERE profile_id = :profile"
    " UNION SELECT document_sha256 FROM slips WHERE profile_id = :profile AND kind <> 'disposal'"
)
_FILES = text(
    "INSERT INTO disposed_files (authority_id, sha256, profile_id, disposed_at)"  # noqa: S608 — fragments above
    f" SELECT :authority, f.sha256, :profile, :on FROM ({_OWN} UNION SELECT r.current_sha256"
    f" FROM archived_files r WHERE r.document_sha256 IN ({_OWN})) f (sha256)"
    f" WHERE f.sha256 IS NOT NULL AND NOT {_LIVING}"
)
_NEVER_RENEWED = text(
    "UPDATE archived_files SET ends_at = '9999-12-31', trouble = NULL WHERE document_sha256 IN"
    " (SELECT sha256 FROM disposed_files WHERE profile_id = :profile)"
)
_TO_GO = text(
    f"SELECT f.sha256 FROM disposed_files f WHERE f.profile_id = :profile AND NOT {_LIVING} ORDER BY 1"  # noqa: S608 — a fragment
)


async def files_of(connection: AsyncConnection, profile_id: UUID) -> list[str]:
    """Files that went with this person, by SHA-256; a list of many stays, and what another file holds too."""
    return list((await connection.execute(_TO_GO, {"profile": profile_id})).scalars())


def sealed_places() -> set[tuple[str, str]]:
    """The sealed columns that are emptied: for the test that compares them with all there are."""
    return {(table, column) for table, column, *_ in EMPTY}
