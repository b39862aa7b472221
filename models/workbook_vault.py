"""Uploaded workbooks, kept sealed under the SHA-256 of their bytes until and after they are imported.

A workbook holds every field marked E in clear, so its bytes are sealed like those fields: bound to the
authority and to their own hash. A file is complete before it has its name.
"""

from collections.abc import Iterator
from hashlib import sha256
from uuid import UUID

from models.documents.blobs import BlobMissingError, Blobs
from models.errors import HosoError
from models.keys import FieldCipher, Sealed

FOLDER = "workbooks"
_PLACE = ("imports", "workbook")


class WorkbookMissingError(HosoError):
    """No workbook is kept under this hash (another data folder, or a lost one)."""


class WorkbookVault:
    """Sealed workbooks, where documents lie; API and workers share them."""

    def __init__(self, blobs: Blobs, cipher: FieldCipher) -> None:
        self._blobs, self._cipher = blobs, cipher

    def keep(self, authority_id: UUID, data: bytes) -> str:
        """Seal and keep; the same bytes twice are kept once. Answers their SHA-256 in hex."""
        digest = sha256(data).hexdigest()
        table, field = _PLACE
        sealed = self._cipher.seal(authority_id, table, digest, field, data)
        self._blobs.keep(_name(authority_id, digest), sealed.pack())
        return digest

    def fetch(self, authority_id: UUID, digest: str) -> bytes:
        """The bytes kept under ``digest``.

        Raises:
            WorkbookMissingError: there are none.
            SealBrokenError: the file was altered where it lies.
            KeyUnknownError: it was sealed under a key this ring does not hold.
        """
        try:
            packed = self._blobs.read(_name(authority_id, digest))
        except BlobMissingError:
            raise WorkbookMissingError(f"no workbook is kept under {digest}") from None
        table, field = _PLACE
        return self._cipher.open(authority_id, table, digest, field, Sealed.unpack(packed))

    def kept(self, authority_id: UUID) -> Iterator[tuple[str, str]]:
        """Digest and key id of every workbook of the authority."""
        for name in self._blobs.names(f"{FOLDER}/{authority_id}"):
            yield name.rpartition("/")[2], Sealed.unpack(self._blobs.read(name)).key_id

    def reseal(self, authority_id: UUID, digest: str) -> None:
        """Seal a workbook anew under the current key; errors as `fetch`."""
        data = self.fetch(authority_id, digest)
        table, field = _PLACE
        sealed = self._cipher.seal(authority_id, table, digest, field, data)
        self._blobs.replace(_name(authority_id, digest), sealed.pack())


def proven(cipher: FieldCipher, name: str, packed: bytes) -> bool:
    """Whether a workbook that lies under a name is the one of that name; errors as `fetch`."""
    _, authority, _, digest = name.split("/")
    table, field = _PLACE
    data = cipher.open(UUID(authority), table, digest, field, Sealed.unpack(packed))
    return sha256(data).hexdigest() == digest


def _name(authority_id: UUID, digest: str) -> str:
    return f"{FOLDER}/{authority_id}/{digest[:2]}/{digest}"
