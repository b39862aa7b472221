"""Rows and documents of a backup, put into an empty place, and looked at there."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg import sql

from models.backups.errors import BackupDamagedError, PlaceNotEmptyError
from models.backups.opening import Opened
from models.backups.rows import ORDERLY, Connection, Table, lines_of, tables_of
from models.documents import sealing
from models.documents.blobs import Blobs
from models.documents.errors import StoreError
from models.documents.names import SEALED, plain_digest
from models.errors import KeyUnknownError, SealBrokenError
from models.keys import FieldCipher
from models.workbook_vault import FOLDER, proven

Beat = Callable[[str], None]
_IDENTITIES = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND a.attidentity <> '' ORDER BY 1
"""
_NAMED = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT a.attisdropped
    AND (a.attname IN ('document_sha256', 'prepared_sha256', 'current_sha256')
        OR (c.relname = 'attachments' AND a.attname = 'sha256')) ORDER BY 1, 2
"""


def restore_rows(connection: Connection, opened: Opened, beat: Beat = lambda _text: None) -> int:
    """Write every row into a database that has the backup's schema and no rows; answers how many.

    ``connection`` is a superuser's: policies are forced on the owner, and constraints and triggers have
    judged these rows when they were first written.

    Raises:
        PlaceNotEmptyError: there are rows already.
        BackupDamagedError: a file is not what was written, or its columns are not those of the schema. The
            transaction is then rolled back: half of a backup is none.
    """
    with connection.transaction():
        connection.execute(ORDERLY)
        connection.execute("SET LOCAL session_replication_role = replica")
        known = {table.name: table for table in tables_of(connection)}
        for name in known:
            if connection.execute(
                sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(name))
            ).fetchone():
                raise PlaceNotEmptyError(f"cơ sở dữ liệu đã có dữ liệu / the database has rows: {name}")
        for name, kept in opened.manifest.tables.items():
            beat(name)
            if name not in known or set(kept.columns) != set(known[name].columns):
                raise BackupDamagedError(kept.file, "cột khác lược đồ / columns are not the schema's")
            with connection.cursor() as cursor, cursor.copy(Table(name, kept.columns).copy_in()) as copy:
                for chunk in opened.plain(kept.file):
                    copy.write(chunk)
        for table, column in connection.execute(_IDENTITIES).fetchall():
            _go_on(connection, table, column)
    connection.execute("ANALYZE")
    return opened.manifest.rows


def _go_on(connection: Connection, table: str, column: str) -> None:
    """The next number of a row that PostgreSQL numbers comes after those restored."""
    statement = sql.SQL(
        "SELECT setval(pg_get_serial_sequence({}, {}), greatest((SELECT max({}) FROM {}), 1))"
    ).format(sql.Literal(table), sql.Literal(column), sql.Identifier(column), sql.Identifier(table))
    connection.execute(statement)


def compare_rows(connection: Connection, opened: Opened, beat: Beat = lambda _text: None) -> list[str]:
    """Read every row again, as it stands in the database, and name the tables that differ."""
    found = []
    connection.execute(ORDERLY)
    with connection.transaction():
        for name, kept in opened.manifest.tables.items():
            beat(name)
            told, counted = sha256(), {}
            for authority in opened.manifest.authorities:
                lines = 0
                for line in lines_of(connection, Table(name, kept.columns), UUID(authority)):
                    told.update(line)
                    lines += 1
                counted[authority] = lines
            if counted != kept.rows:
                found.append(f"{name}: {sum(counted.values())} ≠ {sum(kept.rows.values())} hàng / rows")
            elif told.hexdigest() != opened.manifest.files[kept.file].plain_sha256:
                found.append(f"{name}: nội dung khác / other content")
    return found


def restore_archive(opened: Opened, name: str, target: Blobs, beat: Beat = lambda _text: None) -> int:
    """Write an archive's files into an empty place; answers how many.

    Raises:
        PlaceNotEmptyError: the place holds something.
        BackupDamagedError: the archive is not what was written.
        StoreAwayError: the place cannot be reached.
    """
    if any(True for _ in target.names()):
        raise PlaceNotEmptyError(f"nơi khôi phục không trống / the place is not empty: {name}")
    count = 0
    for path, data in opened.archive(name):
        target.keep(path, data)
        count += 1
        if count % 100 == 1:
            beat(name)
    return count


Held = set[tuple[UUID | None, str]]
"""Documents by authority and hash; no authority: kept before documents were sealed, good for any."""


def documents_of(opened: Opened, beat: Beat = lambda _text: None) -> tuple[Held, list[str]]:
    """The documents in a backup, each opened by the backup's own ring and its hash reckoned again, and in
    words those that are not what they are called; likewise workbooks, which no row must name."""
    held: Held = set()
    wrong, cipher = [], FieldCipher(opened.ring)
    for path, data in opened.archive("documents.sealed"):
        try:
            known = _known(cipher, path, data)
        except (StoreError, SealBrokenError, KeyUnknownError) as error:
            wrong.append(f"{path}: không mở được / does not open: {type(error).__name__}")
            continue
        if known is None:
            wrong.append(f"{path}: nội dung khác tên / not the content it is named after")
        elif known[1]:
            held.add(known)
        if len(held) % 100 == 1:
            beat("documents")
    return held, wrong


def _known(cipher: FieldCipher, path: str, data: bytes) -> tuple[UUID | None, str] | None:
    """Whose a file is and by which hash it is known (a workbook: by none); None if it is another."""
    if path.startswith(f"{FOLDER}/"):
        return (None, "") if proven(cipher, path, data) else None
    if path.startswith(f"{SEALED}/"):
        place, plain = sealing.opened(cipher, path, data)
        return place.authority_id, sha256(plain).hexdigest()
    digest = plain_digest(path)
    return (None, digest) if digest == sha256(data).hexdigest() else None


def missing_documents(connection: Connection, held: Held) -> list[str]:
    """Documents that rows name and the backup does not hold, but for those that a disposal destroyed."""
    missing: list[Any] = []
    held = held | set(connection.execute("SELECT authority_id, sha256 FROM disposed_files").fetchall())
    for table, column in connection.execute(_NAMED).fetchall():
        statement = sql.SQL("SELECT DISTINCT authority_id, {0} FROM {1} WHERE {0} IS NOT NULL").format(
            sql.Identifier(column), sql.Identifier(table)
        )
        with connection.cursor() as cursor:
            missing += [
                f"{table}.{column}: {digest}"
                for authority_id, digest in cursor.execute(statement)
                if not {(authority_id, digest), (None, digest)} & held
            ]
    return missing
