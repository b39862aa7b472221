"""A backup holds every row and document, opens with the master key alone, restores the same, names damage."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from models.backups import taking
from models.backups.errors import (
    BackupDamagedError,
    BackupRoomError,
    BackupUnknownError,
    PlaceNotEmptyError,
)
from models.backups.opening import Opened, damaged_files, open_backup
from models.backups.restoring import (
    compare_rows,
    documents_of,
    missing_documents,
    restore_archive,
    restore_rows,
)
from models.backups.streams import SealedWriter
from models.backups.taking import PARTIAL, take
from models.documents import DocumentStore, FolderBlobs
from models.documents.names import plain
from models.errors import KeyRingDamagedError
from models.keys import FieldCipher, MasterKey
from tests.models.backups.conftest import BACKUP, OLD, OLD_DIGEST, PAPER, START, Installation


def test_every_row_of_every_table_is_in_it(installation: Installation, opened: Opened) -> None:
    """Counted past every policy: what a scope would hide from the backup shows here."""
    names = installation.superuser(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    counted = {name: installation.superuser(f'SELECT count(*) FROM "{name}"')[0][0] for (name,) in names}
    assert {name: sum(table.rows.values()) for name, table in opened.manifest.tables.items()} == counted
    assert len(opened.manifest.authorities) == 2
    assert counted["events"] > 10
    assert opened.manifest.documents == 3


def test_restored_it_is_the_same(opened: Opened, empty: Any, installation: Installation) -> None:
    assert restore_rows(empty, opened) == opened.manifest.rows
    assert compare_rows(empty, opened) == []
    held, wrong = documents_of(opened)
    assert (held, wrong) == ({(installation.authority, installation.document), (None, OLD_DIGEST)}, [])
    assert missing_documents(empty, held) == []
    assert missing_documents(empty, {(uuid4(), installation.document)}) == [
        f"archived_files.current_sha256: {installation.document}",
        f"archived_files.document_sha256: {installation.document}",
    ]
    # PostgreSQL goes on numbering after what was restored.
    newest = empty.execute("SELECT max(position) FROM events").fetchone()[0]
    sequence = empty.execute("SELECT nextval(pg_get_serial_sequence('events', 'position'))").fetchone()[0]
    assert sequence == newest + 1
    with pytest.raises(PlaceNotEmptyError):
        restore_rows(empty, opened)


def test_a_row_changed_after_restoring_is_named(opened: Opened, empty: Any) -> None:
    restore_rows(empty, opened)
    empty.execute("SET session_replication_role = replica")
    empty.execute("UPDATE events SET kind = 'nothing' WHERE position = (SELECT min(position) FROM events)")
    empty.execute("DELETE FROM grants WHERE id = (SELECT id FROM grants LIMIT 1)")
    found = compare_rows(empty, opened)
    assert [one.split(":")[0] for one in found] == ["events", "grants"]


def test_nothing_readable_without_the_master_key(taken: Path, installation: Installation) -> None:
    master = installation.source.ring_file.with_name("master.key").read_bytes().strip()
    everything = b"".join(path.read_bytes() for path in taken.iterdir())
    assert installation.source.master.material not in everything
    assert master not in everything
    names = [name for (name,) in installation.superuser("SELECT full_name FROM profiles")]
    assert names
    assert not [name for name in names if name.encode() in everything]
    with pytest.raises(KeyRingDamagedError):
        open_backup(taken, MasterKey(os.urandom(32)))
    note = (taken / "KEYS.txt").read_text(encoding="utf-8")
    assert all(key.id in note for key in installation.source.ring.keys)
    assert {path.stat().st_mode & 0o077 for path in taken.iterdir()} <= {0, 0o044}


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["table-events.sealed", "documents.sealed", "keyring.json", "KEYS.txt"])
def test_a_damaged_file_is_named(copy: Path, installation: Installation, name: str) -> None:
    _flip(copy / name, (copy / name).stat().st_size // 2)
    try:
        found = damaged_files(open_backup(copy, installation.source.master))
    except BackupDamagedError as error:
        found = [str(error)]
    assert [one.split(":")[0] for one in found] == [name]


def test_a_damaged_table_restores_nothing(copy: Path, empty: Any, installation: Installation) -> None:
    path = copy / "table-profiles.sealed"
    _flip(path, path.stat().st_size - 1)
    with pytest.raises(BackupDamagedError, match="table-profiles"):
        restore_rows(empty, open_backup(copy, installation.source.master))
    assert empty.execute("SELECT count(*) FROM agencies").fetchone()[0] == 0


def test_files_of_other_names_or_backups_do_not_pass(
    copy: Path, installation: Installation, tmp_path: Path
) -> None:
    opened = open_backup(copy, installation.source.master)
    shutil.copy(copy / "table-agencies.sealed", copy / "table-grants.sealed")
    with pytest.raises(BackupDamagedError, match="table-grants"):
        list(opened.plain("table-grants.sealed"))
    other = take(installation.source, tmp_path / "other", BACKUP.replace("1", "2"), START)
    shutil.copy(other / "table-agencies.sealed", copy / "table-agencies.sealed")
    with pytest.raises(BackupDamagedError, match="table-agencies"):
        list(opened.plain("table-agencies.sealed"))


def test_a_manifest_that_was_edited_is_found(copy: Path, installation: Installation) -> None:
    stored = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    stored["documents"] = 0
    (copy / "manifest.json").write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(BackupDamagedError, match=r"manifest\.json"):
        open_backup(copy, installation.source.master)
    stored["format"] = 99
    (copy / "manifest.json").write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(BackupUnknownError):
        open_backup(copy, installation.source.master)
    (copy / "manifest.json").unlink()
    with pytest.raises(BackupUnknownError):
        open_backup(copy, installation.source.master)


@pytest.mark.parametrize("size", [0, 1, 1024 * 1024, 1024 * 1024 + 1, 3 * 1024 * 1024])
@pytest.mark.parametrize("packed", [True, False])
def test_chunks(tmp_path: Path, installation: Installation, size: int, packed: bool) -> None:
    """Every length comes back, and no chunk can be left out, not even at the end."""
    from models.backups.manifest import backup_key
    from models.backups.streams import plain_chunks

    key, path, data = backup_key(installation.source.ring), tmp_path / "x.sealed", os.urandom(size)
    with SealedWriter(path, key, "one", packed=packed) as out:
        out.write(data)
    assert b"".join(plain_chunks(path, key, "one")) == data
    whole = path.read_bytes()
    assert len(whole) == out.sealed_bytes
    if size > 1024 * 1024:
        path.write_bytes(whole[: 41 + 5 + 1024 * 1024 + 16])  # the first chunk alone, which is not the last
        with pytest.raises(BackupDamagedError, match="cut short"):
            list(plain_chunks(path, key, "one"))
    path.write_bytes(whole + b"x")
    with pytest.raises(BackupDamagedError, match="after the end"):
        list(plain_chunks(path, key, "one"))


def test_a_full_disk_leaves_nothing_that_counts(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "place"
    written = SealedWriter.write

    def full(self: SealedWriter, data: bytes) -> None:
        if self.plain_bytes > 2000:
            raise OSError(errno.ENOSPC, "No space left on device")
        written(self, data)

    monkeypatch.setattr(SealedWriter, "write", full)
    with pytest.raises(BackupRoomError, match="disk full"):
        take(installation.source, place, BACKUP, START)
    assert [path.name for path in place.iterdir()] == [".lock"]
    monkeypatch.setattr(SealedWriter, "write", written)
    monkeypatch.setattr(taking, "SPARE", 1 << 60)
    with pytest.raises(BackupRoomError, match="not enough room"):
        take(installation.source, place, BACKUP, START)
    assert [path.name for path in place.iterdir()] == [".lock"]


KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from models.backups.taking import Source, take
from models.documents import FolderBlobs
from models.keys import KeyRing, MasterKey
from datetime import datetime, UTC
ring = Path(sys.argv[2])
master = MasterKey.from_file(ring.with_name("master.key"))
source = Source(sys.argv[1], ring, KeyRing(ring, master), master, FolderBlobs(Path(sys.argv[3])))
def beat(name):
    if name == "documents":
        os.kill(os.getpid(), signal.SIGKILL)
take(source, Path(sys.argv[4]), sys.argv[5], datetime(2025, 12, 1, 3, tzinfo=UTC), beat)
"""


def test_killed_half_way_it_starts_over(installation: Installation, tmp_path: Path) -> None:
    source, place = installation.source, tmp_path / "place"
    arguments = [
        source.url,
        str(source.ring_file),
        str(installation.folder / "documents"),
        str(place),
        BACKUP,
    ]
    done = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = [path for path in place.iterdir() if path.name != ".lock"]
    assert left.name.startswith(PARTIAL)
    assert not (left / "manifest.json").exists()
    folder = take(source, place, BACKUP, START)
    assert {path.name for path in place.iterdir()} == {".lock", folder.name}
    assert damaged_files(open_backup(folder, source.master)) == []
    before = folder.stat().st_mtime_ns
    assert take(source, place, BACKUP, START) == folder  # asked again: no second one
    assert folder.stat().st_mtime_ns == before


def test_documents_go_into_an_empty_folder_only(opened: Opened, tmp_path: Path) -> None:
    place = FolderBlobs(tmp_path / "documents")
    assert restore_archive(opened, "documents.sealed", place) == 3
    with pytest.raises(PlaceNotEmptyError):
        restore_archive(opened, "documents.sealed", place)


def test_documents_are_handed_out_where_they_were_restored(
    opened: Opened, installation: Installation, tmp_path: Path
) -> None:
    """By the ring of the backup: rows keep naming them by the hash of their own bytes."""
    restore_archive(opened, "documents.sealed", FolderBlobs(tmp_path))
    store = DocumentStore(FolderBlobs(tmp_path), FieldCipher(opened.ring))
    assert store.get(installation.authority, installation.document) == PAPER
    assert store.get(installation.authority, OLD_DIGEST) == OLD


def test_a_document_of_another_content_or_place_is_named(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken while the store was already damaged: the backup is whole, its documents are not."""
    shutil.copytree(installation.folder / "documents", tmp_path / "documents")
    blobs = FolderBlobs(tmp_path / "documents")
    (sealed,) = blobs.names("sealed")
    (workbook,) = blobs.names("workbooks")
    before = blobs.read(sealed)
    blobs.replace(plain(OLD_DIGEST), OLD + b" ")
    blobs.replace(workbook, blobs.read(workbook)[:-1] + b"x")
    blobs.replace(sealed, before[:-1] + bytes([before[-1] ^ 1]))
    other = sealed.rpartition("/")[0] + "/" + sealed[-64:-62] + "0" * 62
    blobs.keep(other, before)
    folder = take(replace(installation.source, documents=blobs), tmp_path / "place", BACKUP, START)
    held, wrong = documents_of(open_backup(folder, installation.source.master))
    assert held == set()
    assert sorted(one.split(":")[0] for one in wrong) == sorted([plain(OLD_DIGEST), workbook, sealed, other])


def test_what_is_sealed_anew_while_it_is_taken_is_in_it(installation: Installation, tmp_path: Path) -> None:
    """It moves behind the walk: to a name that comes before those already read."""
    documents = tmp_path / "documents"
    shutil.copytree(installation.folder / "documents", documents)

    class Moving(FolderBlobs):
        moved = False

        def read(self, name: str) -> bytes:
            if name.startswith("sealed/") and not self.moved:
                self.moved = True
                self.keep(
                    f"sealed/{installation.authority}/aaa/{name[-64:-62]}/{name[-64:]}", super().read(name)
                )
                self.remove(name)
            return super().read(name)

    folder = take(
        replace(installation.source, documents=Moving(documents)), tmp_path / "place", BACKUP, START
    )
    names = [name for name, _ in open_backup(folder, installation.source.master).archive("documents.sealed")]
    assert [name.split("/")[2] for name in names if name.startswith("sealed/")] == ["aaa"]
