"""Sealing of fields and the blind index, with the keys of the ring.

`FieldCipher` is AES-256-GCM with a random 96-bit nonce; what the bytes belong to (authority, table, row,
field) is authenticated with them, so a value copied to another place no longer opens. With random nonces a
key should seal fewer than 2^32 values (NIST SP 800-38D, 8.3): rotate long before.

`BlindIndex` is HMAC-SHA-256 over a normalised personal number: it finds and tells apart without telling.
"""

import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import SealBrokenError
from models.key_changes import create_keyring, ensure_keyring, find_master, remove, rewrap, rotate
from models.key_ring import NONCE_BYTES, DataKey, KeyRing, MasterKey, Purpose, framed

__all__ = [
    "BlindIndex",
    "DataKey",
    "FieldCipher",
    "KeyRing",
    "MasterKey",
    "Purpose",
    "Sealed",
    "create_keyring",
    "ensure_keyring",
    "find_master",
    "remove",
    "rewrap",
    "rotate",
]

_PACKED = 1


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed value: the id of its key and nonce, ciphertext and tag in one."""

    key_id: str
    data: bytes

    def pack(self) -> bytes:
        """Both in one column: version, length of the key id, key id, data."""
        name = self.key_id.encode("ascii")
        return bytes([_PACKED, len(name)]) + name + self.data

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """The inverse of `pack`; SealBrokenError for anything else."""
        if len(packed) < 2 or packed[0] != _PACKED or len(packed) < 2 + packed[1] + NONCE_BYTES:
            raise SealBrokenError("not a packed sealed value")
        try:
            return cls(packed[2 : 2 + packed[1]].decode("ascii"), packed[2 + packed[1] :])
        except UnicodeDecodeError:
            raise SealBrokenError("not a packed sealed value") from None


class FieldCipher:
    """Seals and opens the fields marked E. Safe to share between threads."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._ciphers: dict[tuple[str, UUID], AESGCM] = {}

    @property
    def ring(self) -> KeyRing:
        """Where its keys come from."""
        return self._ring

    def seal(
        self, authority_id: UUID, table: str, row_id: UUID | str, field: str, plaintext: bytes
    ) -> Sealed:
        """Seal under the authority's current key."""
        key = self._ring.current(Purpose.FIELDS, authority_id)
        nonce = secrets.token_bytes(NONCE_BYTES)
        place = _place(key.id, authority_id, table, row_id, field)
        return Sealed(key.id, nonce + self._cipher(key, authority_id).encrypt(nonce, plaintext, place))

    def open(self, authority_id: UUID, table: str, row_id: UUID | str, field: str, sealed: Sealed) -> bytes:
        """The plaintext, under whichever key sealed it.

        SealBrokenError if the bytes were altered or sealed for another authority, table, row or field;
        KeyUnknownError if the ring does not hold the key.
        """
        key = self._ring.find(Purpose.FIELDS, sealed.key_id)
        place = _place(key.id, authority_id, table, row_id, field)
        nonce, ciphertext = sealed.data[:NONCE_BYTES], sealed.data[NONCE_BYTES:]
        try:
            return self._cipher(key, authority_id).decrypt(nonce, ciphertext, place)
        except (InvalidTag, ValueError):
            raise SealBrokenError(f"{table}.{field}: altered, or sealed for another place") from None

    def _cipher(self, key: DataKey, authority_id: UUID) -> AESGCM:
        if key.authority_id not in (None, authority_id):
            raise SealBrokenError("sealed under another authority's key")
        cipher = self._ciphers.get((key.id, authority_id))
        if cipher is None:
            cipher = AESGCM(key.derived(authority_id.bytes))
            self._ciphers[key.id, authority_id] = cipher
        return cipher


class BlindIndex:
    """Finds a person by personal ID number without storing the number. Different in every authority."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def of(self, authority_id: UUID, personal_id: str) -> bytes:
        """The 32-byte index to store; ValueError if no letter or digit remains after normalisation."""
        key = self._ring.current(Purpose.BLIND_INDEX, authority_id)
        return _index(key, authority_id, personal_id)

    def row(self, authority_id: UUID, personal_id: str) -> dict[str, str | bytes | None]:
        """The columns of a profile that its number decides; ValueError as `of`.

        While the ring holds a former key, its index is kept beside the new one: rows under either are then
        unique together (``uq_profiles_id_number_guard``).
        """
        keys = self._ring.serving(Purpose.BLIND_INDEX, authority_id)
        current = self._ring.current(Purpose.BLIND_INDEX, authority_id)
        former = _index(keys[0], authority_id, personal_id) if keys[0] != current else None
        return {
            "id_number_index": _index(current, authority_id, personal_id),
            "id_number_key": current.id,
            "id_number_guard": former,
        }

    def candidates(self, authority_id: UUID, personal_id: str) -> tuple[bytes, ...]:
        """The index under each key that may have been current, newest first: to search while re-indexing."""
        keys = self._ring.serving(Purpose.BLIND_INDEX, authority_id)
        return tuple(_index(key, authority_id, personal_id) for key in reversed(keys))


def normalise_number(personal_id: str) -> str:
    """A number as typed, in one form: compatibility forms folded, only letters and digits, upper case."""
    folded = unicodedata.normalize("NFKC", personal_id).upper()
    kept = "".join(letter for letter in folded if letter.isalnum())
    if not kept:
        raise ValueError("a personal ID number needs letters or digits")
    return kept


def _index(key: DataKey, authority_id: UUID, personal_id: str) -> bytes:
    secret = key.derived(authority_id.bytes)
    return hmac.digest(secret, normalise_number(personal_id).encode(), "sha256")


def _place(key_id: str, authority_id: UUID, table: str, row_id: UUID | str, field: str) -> bytes:
    parts = ("field/1", key_id, str(authority_id), table, str(row_id), field)
    return framed(*(part.encode() for part in parts))
