"""Uploaded workbooks, kept sealed under the SHA-256 of their bytes until and after they are imported.

A workbook holds every field marked E in clear, so its bytes are sealed like those fields: bound to the
authority and to their own hash. A file is complete before it has its name.
"""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from uuid import UUID

from models.errors import HosoError
from models.keys import FieldCipher, Sealed

_PLACE = ("imports", "workbook")


class WorkbookMissingError(HosoError):
    """No workbook is kept under this hash (another data folder, or a lost one)."""


class WorkbookVault:
    """A folder of sealed workbooks; API and workers share it."""

    def __init__(self, documents: Path, cipher: FieldCipher) -> None:
        self._folder, self._cipher = documents / "workbooks", cipher

    def keep(self, authority_id: UUID, data: bytes) -> str:
        """Seal and keep; the same bytes twice are kept once. Answers their SHA-256 in hex."""
        digest = sha256(data).hexdigest()
        path = self._path(authority_id, digest)
        if not path.exists():
            table, field = _PLACE
            _write(path, self._cipher.seal(authority_id, table, digest, field, data).pack())
        return digest

    def fetch(self, authority_id: UUID, digest: str) -> bytes:
        """The bytes kept under ``digest``.

        Raises:
            WorkbookMissingError: there are none.
            SealBrokenError: the file was altered on disk.
            KeyUnknownError: it was sealed under a key this ring does not hold.
        """
        try:
            packed = self._path(authority_id, digest).read_bytes()
        except FileNotFoundError:
            raise WorkbookMissingError(f"no workbook is kept under {digest}") from None
        table, field = _PLACE
        return self._cipher.open(authority_id, table, digest, field, Sealed.unpack(packed))

    def kept(self, authority_id: UUID) -> Iterator[tuple[str, str]]:
        """Digest and key id of every workbook of the authority."""
        for path in sorted((self._folder / str(authority_id)).glob("??/*")):
            if not path.name.startswith("."):
                yield path.name, Sealed.unpack(path.read_bytes()).key_id

    def reseal(self, authority_id: UUID, digest: str) -> None:
        """Seal a workbook anew under the current key; errors as `fetch`."""
        data = self.fetch(authority_id, digest)
        table, field = _PLACE
        sealed = self._cipher.seal(authority_id, table, digest, field, data)
        _write(self._path(authority_id, digest), sealed.pack())

    def _path(self, authority_id: UUID, digest: str) -> Path:
        return self._folder / str(authority_id) / digest[:2] / digest


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    for folder in list(path.parents)[:3]:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)  # a new name survives a power cut only once its folder is on disk too
        finally:
            os.close(handle)
