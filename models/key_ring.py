"""The key ring: data keys by purpose, current and old, wrapped by a master key (AES-256-GCM).

The ring is one JSON file; the master key lives elsewhere (environment or another file), so neither alone
opens anything. Each entry is wrapped with its id, purpose and authority as associated data (NIST SP 800-38D),
and the whole list is sealed with an HMAC: entries can be neither swapped, dropped nor put in another order.

A key without an authority serves every authority through a key derived for it (HKDF, RFC 5869), so no two
authorities ever share one. An authority may also be given a key of its own, which can be destroyed with it.
"""

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from models.errors import KeyRingDamagedError, KeyRingMissingError, KeyUnknownError
from models.key_files import alone, read_private, write_private

KEY_BYTES = 32
NONCE_BYTES = 12
FORMAT = 1


class Purpose(StrEnum):
    """What a data key may be used for; a key of one purpose opens nothing of another."""

    FIELDS = "fields"
    CODEC = "codec"
    BACKUPS = "backups"
    BLIND_INDEX = "blind-index"


def framed(*parts: bytes) -> bytes:
    """Parts joined so that no two different lists give the same bytes: each is preceded by its length."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def derive(material: bytes, *context: bytes) -> bytes:
    """A 32-byte key for one use, by HKDF-SHA-256 with the framed context as `info`."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=framed(b"hoso", *context)).derive(material)


@dataclass(frozen=True, slots=True, repr=False)
class MasterKey:
    """The key that wraps the others. Its `repr` shows nothing of it."""

    material: bytes

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read 32 bytes in base64; KeyRingDamagedError for anything else."""
        try:
            material = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            material = b""
        if len(material) != KEY_BYTES:
            raise KeyRingDamagedError(
                "khoá chủ phải là 32 byte dạng base64 / the master key must be 32 bytes in base64"
            )
        return cls(material)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read the file `create` wrote; errors as in `read_private` and `from_text`."""
        return cls.from_text(read_private(path).decode("ascii", "replace"))

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new one in a new file; FileExistsError rather than replace a key that still opens things."""
        material = secrets.token_bytes(KEY_BYTES)
        write_private(path, base64.b64encode(material) + b"\n", replace=False)
        return cls(material)


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """One data key. `authority_id` None: serves every authority, through a derived key for each."""

    id: str
    purpose: Purpose
    authority_id: UUID | None
    made_at: datetime
    material: bytes

    def __repr__(self) -> str:
        return f"DataKey({self.id})"

    def derived(self, *context: bytes) -> bytes:
        """The key for one use of this key."""
        return derive(self.material, self.purpose.encode(), *context)

    @classmethod
    def make(cls, purpose: Purpose, authority_id: UUID | None = None) -> Self:
        """A fresh random key with an id that says its purpose."""
        made_at = datetime.now(UTC).replace(microsecond=0)
        name = f"{purpose}-{secrets.token_hex(6)}"
        return cls(name, purpose, authority_id, made_at, secrets.token_bytes(KEY_BYTES))


class KeyRing:
    """The unwrapped ring. Opened once at start; an unknown key id makes it look at its file once more."""

    def __init__(self, path: Path, master: MasterKey) -> None:
        self._path = path
        self._master = master
        self._keys: tuple[DataKey, ...] = _unwrap(read_private(path), master)

    def __repr__(self) -> str:
        return f"KeyRing({len(self._keys)} keys)"

    @property
    def keys(self) -> Sequence[DataKey]:
        """All keys, oldest first."""
        return self._keys

    def current(self, purpose: Purpose, authority_id: UUID | None = None) -> DataKey:
        """The key to seal with: the newest of the authority's own, else the newest that serves all."""
        for owner in (authority_id, None):
            for key in reversed(self._keys):
                if key.purpose is purpose and key.authority_id == owner:
                    return key
        raise KeyUnknownError(f"chùm khoá không có khoá {purpose} / the ring has no key for {purpose}")

    def find(self, purpose: Purpose, key_id: str) -> DataKey:
        """The key to open with, current or old; KeyUnknownError if the ring, also re-read, lacks it."""
        found = self._lookup(purpose, key_id)
        if found is None:  # another process may have rotated since this one opened the ring
            self._keys = _unwrap(read_private(self._path), self._master)
            found = self._lookup(purpose, key_id)
        if found is None:
            raise KeyUnknownError(
                f"chùm khoá không có khoá {key_id[:40]!r} / the ring has no key {key_id[:40]!r} for {purpose}"
            )
        return found

    def _lookup(self, purpose: Purpose, key_id: str) -> DataKey | None:
        return next((key for key in self._keys if key.id == key_id and key.purpose is purpose), None)


def create_keyring(path: Path, master: MasterKey) -> KeyRing:
    """Make a new ring with one key per purpose; FileExistsError if there is a file already."""
    keys = [DataKey.make(purpose) for purpose in Purpose]
    write_private(path, _wrap(keys, master), replace=False)
    return KeyRing(path, master)


def rotate(path: Path, master: MasterKey, purpose: Purpose, authority_id: UUID | None = None) -> DataKey:
    """Add a new current key; what older keys sealed stays readable.

    With an authority the key is that authority's own. After rotating `BLIND_INDEX` the stored indexes must be
    computed again; `BlindIndex.candidates` finds rows under old keys until then.
    """
    with alone(path.parent):
        keys = _unwrap(read_private(path), master)
        made = DataKey.make(purpose, authority_id)
        write_private(path, _wrap([*keys, made], master), replace=True)
    return made


def rewrap(path: Path, master: MasterKey, new_master: MasterKey) -> None:
    """Wrap the same keys with another master key; what is sealed stays as it is."""
    with alone(path.parent):
        write_private(path, _wrap(_unwrap(read_private(path), master), new_master), replace=True)


def find_master(text: str | None, file: Path) -> MasterKey:
    """The master key from the environment if set there, else from its file; KeyRingMissingError if none."""
    return MasterKey.from_text(text) if text is not None else MasterKey.from_file(file)


def ensure_keyring(path: Path, text: str | None, file: Path) -> KeyRing:
    """Open the ring, or on a first run make it, with a master key file unless the environment gives one.

    Where a ring exists a missing master key is an error: a new one would open nothing.
    """
    if not path.exists():
        try:
            master = find_master(text, file)
        except KeyRingMissingError:
            master = MasterKey.create(file)
        return create_keyring(path, master)
    return KeyRing(path, find_master(text, file))


def _wrap(keys: Iterable[DataKey], master: MasterKey) -> bytes:
    wrapping = AESGCM(derive(master.material, b"wrap"))
    entries: list[dict[str, Any]] = []
    for key in keys:
        nonce = secrets.token_bytes(NONCE_BYTES)
        entry: dict[str, Any] = {
            "id": key.id,
            "purpose": key.purpose.value,
            "authority": str(key.authority_id) if key.authority_id else None,
            "made_at": key.made_at.isoformat(),
        }
        wrapped = nonce + wrapping.encrypt(nonce, key.material, _canonical(entry))
        entries.append({**entry, "wrapped": base64.b64encode(wrapped).decode()})
    body = {"format": FORMAT, "keys": entries}
    return json.dumps({**body, "seal": _seal(body, master)}, indent=2).encode() + b"\n"


def _unwrap(content: bytes, master: MasterKey) -> tuple[DataKey, ...]:
    try:
        stored = json.loads(content)
        body = {"format": stored["format"], "keys": stored["keys"]}
        if stored["format"] != FORMAT or not hmac.compare_digest(stored["seal"], _seal(body, master)):
            raise ValueError("seal")
        wrapping = AESGCM(derive(master.material, b"wrap"))
        return tuple(_unwrap_one(entry, wrapping) for entry in stored["keys"])
    except (ValueError, KeyError, TypeError, AttributeError, InvalidTag):
        raise KeyRingDamagedError(
            "chùm khoá hỏng hoặc sai khoá chủ / the key ring is damaged or the master key is another one"
        ) from None


def _unwrap_one(entry: dict[str, Any], wrapping: AESGCM) -> DataKey:
    public = {name: value for name, value in entry.items() if name != "wrapped"}
    wrapped = base64.b64decode(entry["wrapped"], validate=True)
    return DataKey(
        id=entry["id"],
        purpose=Purpose(entry["purpose"]),
        authority_id=UUID(entry["authority"]) if entry["authority"] else None,
        made_at=datetime.fromisoformat(entry["made_at"]),
        material=wrapping.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _canonical(public)),
    )


def _seal(body: dict[str, Any], master: MasterKey) -> str:
    return hmac.digest(derive(master.material, b"seal"), _canonical(body), "sha256").hex()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
