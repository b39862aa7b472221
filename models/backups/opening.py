"""A backup opened: its ring unwrapped by the master key, its manifest proven, its files looked at."""

import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from models.backups.errors import BackupDamagedError
from models.backups.manifest import MANIFEST, RING, KeptFile, Manifest, backup_key
from models.backups.streams import plain_chunks
from models.errors import KeyRingDamagedError, KeyRingError, KeyUnknownError
from models.key_ring import KeyRing, MasterKey
from models.keys import DataKey


@dataclass(frozen=True, slots=True)
class Opened:
    """A backup whose manifest is proven by a key of its own ring."""

    folder: Path
    manifest: Manifest
    ring: KeyRing
    key: DataKey

    def plain(self, name: str) -> Iterator[bytes]:
        """The plain bytes of one file; at its end they were those that were written.

        Raises:
            BackupDamagedError: they are not.
        """
        kept, told, size = self._known(name), sha256(), 0
        for chunk in plain_chunks(self.folder / name, self.key, self.manifest.backup_id):
            told.update(chunk)
            size += len(chunk)
            yield chunk
        if told.hexdigest() != kept.plain_sha256 or size != kept.plain_size:
            raise BackupDamagedError(name, "nội dung khác bản kê / not what the manifest says")

    def archive(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Names and bytes of the files of an archive.

        Raises:
            BackupDamagedError: it is not what was written, or names a place outside itself.
        """
        stream = _Stream(self.plain(name))
        try:
            with tarfile.open(fileobj=io.BufferedReader(stream, 1 << 20), mode="r|") as tar:
                for entry in tar:
                    file = tar.extractfile(entry) if entry.isreg() else None
                    parts = Path(entry.name).parts
                    if file is None or Path(entry.name).is_absolute() or ".." in parts or not parts:
                        raise BackupDamagedError(name, "tên tệp lạ / a strange name")
                    yield entry.name, file.read()
        except tarfile.TarError:
            raise BackupDamagedError(name, "không đọc được / unreadable") from None
        stream.rest()

    def _known(self, name: str) -> KeptFile:
        kept = self.manifest.files.get(name)
        if kept is None:
            raise BackupDamagedError(name, "không có trong bản kê / not in the manifest")
        return kept


class _Stream(io.RawIOBase):
    """Chunks as a file to read from."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._left = chunks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override] # a buffer is all it gets
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = chunk
        part = self._left[: len(buffer)]
        buffer[: len(part)] = part
        self._left = self._left[len(part) :]
        return len(part)

    def rest(self) -> None:
        """To the end: only there is everything proven."""
        for _ in self._chunks:
            pass


def open_backup(folder: Path, master: MasterKey) -> Opened:
    """Open a backup with the master key alone: everything else it needs is in it.

    Raises:
        BackupUnknownError: there is none here.
        BackupDamagedError: its manifest or its ring was altered.
        KeyRingDamagedError: the master key is another one.
    """
    manifest, seal = Manifest.read(folder)
    try:
        ring = KeyRing(folder / RING, master)
    except KeyRingDamagedError:
        _look(folder, RING, manifest.files.get(RING))  # altered, or only another master key?
        raise
    except (KeyRingError, OSError):
        raise BackupDamagedError(RING, "không đọc được / unreadable") from None
    try:
        key = backup_key(ring, manifest.key_id)
    except KeyUnknownError:
        raise BackupDamagedError(MANIFEST, "khoá không có trong chùm / its key is not in the ring") from None
    manifest.check(seal, key)
    return Opened(folder, manifest, ring, key)


def damaged_files(opened: Opened, beat: Callable[[str], None] = lambda _name: None) -> list[str]:
    """Every file that is not what was written, in words that name it; empty where all are."""
    found = []
    for name, kept in sorted(opened.manifest.files.items()):
        beat(name)
        try:
            _look(opened.folder, name, kept)
        except BackupDamagedError as error:
            found.append(str(error))
    return found


def _look(folder: Path, name: str, kept: KeptFile | None) -> None:
    told, size = sha256(), 0
    try:
        with (folder / name).open("rb") as file:
            while data := file.read(1 << 20):
                told.update(data)
                size += len(data)
    except FileNotFoundError:
        raise BackupDamagedError(name, "không có / missing") from None
    if kept is None or told.hexdigest() != kept.sha256 or size != kept.size:
        raise BackupDamagedError(name, "đã bị sửa hoặc hỏng / altered or damaged")
