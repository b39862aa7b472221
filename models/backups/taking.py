"""Taking one backup: rows of one snapshot, then the documents they may name, then the manifest.

The folder bears another name until all of it is on disk: what a kill or a full disk leaves behind is no
backup, and the next taking removes it. Documents are read after the rows, and a document is on disk before
the row that names it: so each one that a row of the snapshot names is there.
"""

import errno
import fcntl
import io
import shutil
import sqlite3
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import psycopg

from models.backups.errors import BackupRoomError
from models.backups.escrow import escrow_note, master_fingerprint
from models.backups.manifest import ESCROW, RING, KeptFile, KeptTable, Manifest, backup_key
from models.backups.rows import ORDERLY, Connection, authorities_of, enter, lines_of, tables_of
from models.backups.streams import SealedWriter
from models.documents.blobs import BlobMissingError, Blobs, FolderBlobs
from models.key_files import sync_folder
from models.key_ring import KeyRing, MasterKey
from models.keys import DataKey

PARTIAL = ".partial-"
SPARE = 256 * 1024**2
"""Bytes that stay free on the disk a backup goes to."""
Beat = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up, and with which keys."""

    url: str
    """libpq address of a role that reads every table under each authority's scope."""
    ring_file: Path
    ring: KeyRing
    master: MasterKey
    documents: Blobs
    folders: dict[str, Path] = field(default_factory=dict)
    """More folders to keep, by the name of their file: certificates, trust lists."""
    engine_file: Path | None = None
    """The embedded engine's database, copied for inspection; the engine itself is rebuilt from rows."""


def folder_name(made_at: datetime, backup_id: str) -> str:
    """A backup's folder: the instant it was begun (UTC) and the start of its id."""
    return f"hoso-{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{backup_id[:8]}"


def take(
    source: Source, place: Path, backup_id: str, made_at: datetime, beat: Beat = lambda _text: None
) -> Path:
    """Take a backup into a new folder below ``place``; answers the folder. One at a time in a place.

    The same id once more answers the folder that is there: a repetition after a lost answer takes no second.

    Raises:
        BackupRoomError: the disk is full, or would be.
        psycopg.Error: the database cannot be read.
    """
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(place):
        final = place / folder_name(made_at, backup_id)
        if final.exists():
            return final
        for left in place.glob(PARTIAL + "*"):
            shutil.rmtree(left)
        partial = place / (PARTIAL + final.name)
        try:
            _write(source, partial, backup_id, made_at, beat)
            sync_folder(partial)
            partial.rename(final)
            sync_folder(place)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise BackupRoomError(f"hết chỗ trên đĩa / disk full: {place}") from error
            raise
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        return final


def _write(source: Source, folder: Path, backup_id: str, made_at: datetime, beat: Beat) -> None:
    started = time.monotonic()
    key = backup_key(source.ring)
    with psycopg.connect(source.url, autocommit=True) as connection:
        connection.execute(ORDERLY)
        _room(connection, source, folder.parent)
        folder.mkdir(mode=0o700)
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            row = connection.execute(
                "SELECT (SELECT version_num FROM alembic_version), current_setting('server_version')"
            ).fetchone()
            assert row is not None
            authorities, tables, files = authorities_of(connection), {}, {}
            for table in tables_of(connection):
                beat(table.name)
                name = f"table-{table.name}.sealed"
                with SealedWriter(folder / name, key, backup_id, packed=True) as out:
                    counted = {}
                    for authority in authorities:
                        enter(connection, authority)
                        counted[str(authority)] = 0
                        for line in lines_of(connection, table, authority):
                            out.write(line)
                            counted[str(authority)] += 1
                files[name] = _kept(out)
                tables[table.name] = KeptTable(file=name, columns=table.columns, rows=counted)
    files |= _folders(source, folder, key, backup_id, beat)
    count, size, files["documents.sealed"] = _archive(
        source.documents, folder / "documents.sealed", key, backup_id, beat
    )
    files |= _in_clear(source, folder, backup_id)
    Manifest(
        backup_id=backup_id,
        made_at=made_at,
        schema_revision=row[0],
        server=row[1],
        key_id=key.id,
        keys=tuple(one.id for one in source.ring.keys),
        authorities=tuple(str(one) for one in authorities),
        tables=tables,
        documents=count,
        document_bytes=size,
        files=files,
        seconds=round(time.monotonic() - started, 3),
    ).write(folder, key)


def _folders(
    source: Source, folder: Path, key: DataKey, backup_id: str, beat: Beat
) -> Iterator[tuple[str, KeptFile]]:
    """Other folders, and the engine's database as it stands."""
    for title, path in source.folders.items():
        if path.is_dir():
            name = f"{title}.sealed"
            yield name, _archive(FolderBlobs(path), folder / name, key, backup_id, beat)[2]
    if source.engine_file is not None and source.engine_file.exists():
        beat("engine")
        copy = folder / "engine.copy"
        with (
            closing(sqlite3.connect(f"file:{source.engine_file}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(copy)) as other,
        ):
            live.backup(other, pages=4096)
        with (
            SealedWriter(folder / "engine.sealed", key, backup_id, packed=True) as out,
            copy.open("rb") as file,
        ):
            while data := file.read(1024 * 1024):
                out.write(data)
        copy.unlink()
        yield "engine.sealed", _kept(out)


def _archive(
    blobs: Blobs, target: Path, key: DataKey, backup_id: str, beat: Beat
) -> tuple[int, int, KeptFile]:
    """What a place holds as a sealed tar (POSIX.1-2001); answers files, their bytes, and the sealed file.

    Signed PDFs and photographs do not shrink, so nothing is packed.
    """
    count, size = 0, 0
    with (
        SealedWriter(target, key, backup_id, packed=False) as out,
        tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar,  # type: ignore[call-overload] # a writer needs only `write`
    ):
        for name in _all_names(blobs):
            try:
                data = blobs.read(name)
            except BlobMissingError:
                continue  # sealed anew meanwhile: it lies under another name
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o600
            tar.addfile(entry, io.BytesIO(data))
            count, size = count + 1, size + len(data)
            if count % 100 == 1:
                beat(target.stem)
    return count, size, _kept(out)


def _all_names(blobs: Blobs) -> Iterator[str]:
    """Every name, also those that came up behind the walk: a document sealed anew lies elsewhere."""
    seen: set[str] = set()
    while fresh := [name for name in blobs.names() if name not in seen]:
        yield from fresh
        seen.update(fresh)


def _in_clear(source: Source, folder: Path, backup_id: str) -> Iterator[tuple[str, KeptFile]]:
    """The wrapped key ring and what must be brought to open it: readable before anything is opened."""
    note = escrow_note(source.ring, master_fingerprint(source.master), backup_id).encode()
    for name, data in ((RING, source.ring_file.read_bytes()), (ESCROW, note)):
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(data)
        yield name, KeptFile(sha256=sha256(data).hexdigest(), size=len(data))


def _kept(out: SealedWriter) -> KeptFile:
    return KeptFile(
        sha256=out.sha256,
        size=out.sealed_bytes,
        plain_sha256=out.plain_sha256,
        plain_size=out.plain_bytes,
    )


def _room(connection: Connection, source: Source, place: Path) -> None:
    """Rather refuse at once than fill the disk the system itself lives on.

    Rows are packed (to a third or less); a database's size counts its indexes, which are not kept.
    """
    row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    needed = (row[0] if row else 0) // 2 + source.documents.sizes()
    if source.engine_file is not None and source.engine_file.exists():
        needed += source.engine_file.stat().st_size
    free = shutil.disk_usage(place).free
    if free < needed + SPARE:
        raise BackupRoomError(
            f"thiếu chỗ trên đĩa / not enough room: {place}: {free >> 20} MiB < {(needed + SPARE) >> 20} MiB"
        )


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
