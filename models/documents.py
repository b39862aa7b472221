"""Files kept under the SHA-256 of their bytes: ``ab/cd/abcd…``. Signed documents and attachments alike.

A file is complete before it has its name (written aside, fsynced, renamed, folders fsynced), so neither a
crash nor two writers leave half of one. The type is what the first and last bytes say, never what a file
name says.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from models.errors import HosoError

MAXIMUM_BYTES = 20 * 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


class StoreError(HosoError):
    """A file cannot be stored or returned. ``code`` is stable: attachment-empty, attachment-too-large,
    attachment-type, attachment-missing or attachment-damaged.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Stored:
    """One kept file; ``size`` in bytes."""

    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class MediaType:
    """How a format begins and how it ends (``ending`` must stand in the last ``within`` bytes)."""

    name: str
    beginning: bytes
    ending: bytes
    within: int


MEDIA_TYPES = (
    MediaType("application/pdf", b"%PDF-", b"%%EOF", 1024),  # ISO 32000-2, 7.5.2 and 7.5.5
    MediaType("image/jpeg", b"\xff\xd8\xff", b"\xff\xd9", 64),  # ISO/IEC 10918-1, B.1.1.3
    MediaType("image/png", b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82", 64),  # ISO/IEC 15948, 5.2 and 11.2.5
)


class DocumentStore:
    """A folder of files by content. Safe for several processes at once."""

    def __init__(self, folder: Path, *, maximum_bytes: int = MAXIMUM_BYTES) -> None:
        self._folder = folder
        self._maximum = maximum_bytes

    def put(self, source: bytes | Path, declared_type: str) -> Stored:
        """Keep a file; the same content twice is kept once.

        Raises:
            StoreError: attachment-empty, attachment-too-large, or attachment-type (not allowed, not what
                was declared, or cut short). Nothing is kept then.
        """
        data = self._read(source)
        found = detect(data)
        if found != declared_type:
            raise StoreError(
                "attachment-type", f"declared {declared_type[:60]}, found {found or 'no known type'}"
            )
        digest = sha256(data).hexdigest()
        path = self._path(digest)
        if not path.exists():
            _write(path, data)
        return Stored(digest, len(data), found)

    def get(self, digest: str) -> bytes:
        """The bytes kept under ``digest``, checked.

        Raises:
            StoreError: attachment-missing, or attachment-damaged when the bytes on disk are not those that
                were kept.
        """
        if not _SHA256.fullmatch(digest):
            raise StoreError("attachment-missing", "not a SHA-256 digest")
        try:
            data = self._path(digest).read_bytes()
        except FileNotFoundError as error:
            raise StoreError("attachment-missing", f"nothing is kept under {digest}") from error
        if sha256(data).hexdigest() != digest:
            raise StoreError("attachment-damaged", f"the bytes under {digest} have changed on disk")
        return data

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:4] / digest

    def _read(self, source: bytes | Path) -> bytes:
        if isinstance(source, Path):
            with source.open("rb") as stream:  # never more than the limit in memory, whatever the file claims
                source = stream.read(self._maximum + 1)
        if not source:
            raise StoreError("attachment-empty", "the file is empty")
        if len(source) > self._maximum:
            raise StoreError("attachment-too-large", f"the file is larger than {self._maximum} bytes")
        return source


HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif"})
"""Major brands of what phones save as HEIC (ISO/IEC 23008-12, annex B) and of its relatives."""


def is_heif(data: bytes) -> bool:
    """Whether it is a picture as newer phones save them: known, and not accepted."""
    return data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS


def detect(data: bytes) -> str | None:
    """The media type the bytes show at both ends, or None."""
    for kind in MEDIA_TYPES:
        if data.startswith(kind.beginning) and kind.ending in data[-kind.within :]:
            return kind.name
    return None


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """A new name survives a power cut only once its folder is on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
