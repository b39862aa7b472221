"""Documents of every authority, known by the SHA-256 of their own bytes, sealed where they lie.

Signed documents and attachments alike. Each is sealed under the authority's field key (AES-256-GCM, bound to
the authority and to the name it lies under by its hash: see `names`); keys change as those of fields do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from models.documents import names
from models.documents.blobs import BlobMissingError, Blobs
from models.documents.errors import StoreError, StoreLockedError
from models.documents.kinds import detect
from models.documents.sealing import BOUND_TO, opened
from models.keys import DataKey, FieldCipher, Purpose

MAXIMUM_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """One kept file; ``size`` in bytes, of its own bytes as the hash."""

    sha256: str
    size: int
    media_type: str


class DocumentStore:
    """Documents by content and authority. Safe for several threads and processes at once."""

    def __init__(self, blobs: Blobs, cipher: FieldCipher, *, maximum_bytes: int = MAXIMUM_BYTES) -> None:
        self._blobs, self._cipher = blobs, cipher
        self._maximum = maximum_bytes

    def put(self, authority_id: UUID, source: bytes | Path, declared_type: str) -> Stored:
        """Keep a file; the same content twice is kept once.

        Raises:
            StoreError: attachment-empty, attachment-too-large, or attachment-type (not allowed, not what
                was declared, or cut short). Nothing is kept then.
            StoreAwayError: the place cannot be reached.
        """
        data = self._read(source)
        found = detect(data)
        if found != declared_type:
            raise StoreError(
                "attachment-type", f"declared {declared_type[:60]}, found {found or 'no known type'}"
            )
        digest = sha256(data).hexdigest()
        self._keep(authority_id, digest, data)
        return Stored(digest, len(data), found)

    def get(self, authority_id: UUID, digest: str) -> bytes:
        """The authority's document known by ``digest``, checked.

        Raises:
            StoreError: attachment-missing, or attachment-damaged when the bytes that lie there are not those
                that were kept.
            StoreAwayError: the place cannot be reached.
        """
        if not names.is_digest(digest):
            raise StoreError("attachment-missing", "not a SHA-256 digest")
        found = self._find(authority_id, digest)
        if found is None:  # sealed anew meanwhile, or by a process that has a newer key
            self._cipher.ring.look_again()
            found = self._find(authority_id, digest)
        if found is None:
            raise StoreError("attachment-missing", f"nothing is kept under {digest}")
        if sha256(found).hexdigest() != digest:
            raise StoreError("attachment-damaged", f"the bytes under {digest} have changed where they lie")
        return found

    def forget(self, authority_id: UUID, digest: str) -> bool:
        """Let go of a document, for a recorded disposal and nothing else; whether there was one.

        With every version that a bucket keeps of it, under whichever of the authority's keys.

        Raises:
            StoreLockedError: the bucket's own lock keeps it as yet. Nobody can read it here any more; it is
                to be asked for again until it is gone.
            StoreAwayError: the place cannot be reached.
        """
        if not names.is_digest(digest):
            return False
        keys = self._keys(authority_id)
        places = [names.plain(digest), *(names.sealed(key, authority_id, digest) for key in keys)]
        gone: list[bool] = []
        locked: list[StoreLockedError] = []
        for name in places:  # each of them, also after the first
            try:
                gone.append(self._blobs.destroy(name))
            except StoreLockedError as kept:
                locked.append(kept)
        if locked:
            raise locked[0]
        return any(gone)

    # --- keys: see `hoso keys` ---

    def kept(self, authority_id: UUID) -> Iterator[tuple[str, str]]:
        """Name and key id of every sealed document of the authority; nothing is opened."""
        for name in self._blobs.names(names.all_of(authority_id)):
            place = names.Place.parse(name)
            if place is not None:
                yield name, place.key_id

    def reseal(self, authority_id: UUID, name: str) -> None:
        """Seal a document anew under the authority's current key, then let go of what lay there before.

        Raises:
            StoreError: attachment-damaged; what lies there stays.
            KeyUnknownError: it was sealed under a key this ring does not hold.
        """
        try:
            _, data = opened(self._cipher, name, self._blobs.read(name))
        except BlobMissingError:
            return  # somebody else has just done it
        if self._moved(authority_id, data) != name:
            self._blobs.remove(name)

    def unsealed(self) -> Iterator[str]:
        """Hashes of the documents kept before documents were sealed."""
        for name in self._blobs.names():
            digest = names.plain_digest(name)
            if digest is not None:
                yield digest

    def seal(self, digest: str, owners: list[UUID]) -> None:
        """Seal an unsealed document for each authority whose rows name it, then let go of the open one.

        Raises:
            StoreError: attachment-damaged; what lies there stays.
        """
        if not owners:
            raise ValueError("whose document is it?")
        try:
            data = self._blobs.read(names.plain(digest))
        except BlobMissingError:
            return
        if sha256(data).hexdigest() != digest:
            raise StoreError("attachment-damaged", f"the bytes under {digest} have changed where they lie")
        for owner in owners:
            self._moved(owner, data)
        self._blobs.remove(names.plain(digest))

    def _keep(self, authority_id: UUID, digest: str, data: bytes) -> str:
        sealed = self._cipher.seal(authority_id, *BOUND_TO, data)
        key = self._cipher.ring.find(Purpose.FIELDS, sealed.key_id)
        name = names.sealed(key, authority_id, digest)
        self._blobs.keep(name, sealed.pack())
        return name

    def _moved(self, authority_id: UUID, data: bytes) -> str:
        """The name under which it lies now, read back: what it lay under may go."""
        name = self._keep(authority_id, sha256(data).hexdigest(), data)
        opened(self._cipher, name, self._blobs.read(name))
        return name

    def _find(self, authority_id: UUID, digest: str) -> bytes | None:
        for key in self._keys(authority_id):
            name = names.sealed(key, authority_id, digest)
            try:
                return opened(self._cipher, name, self._blobs.read(name))[1]
            except BlobMissingError:
                continue
        try:
            return self._blobs.read(names.plain(digest))
        except BlobMissingError:
            return None

    def _keys(self, authority_id: UUID) -> list[DataKey]:
        """Keys the authority's documents may be sealed under, the current one first."""
        return list(reversed(self._cipher.ring.serving(Purpose.FIELDS, authority_id)))

    def _read(self, source: bytes | Path) -> bytes:
        if isinstance(source, Path):
            with source.open("rb") as stream:  # never more than the limit in memory, whatever the file claims
                source = stream.read(self._maximum + 1)
        if not source:
            raise StoreError("attachment-empty", "the file is empty")
        if len(source) > self._maximum:
            raise StoreError("attachment-too-large", f"the file is larger than {self._maximum} bytes")
        return source
