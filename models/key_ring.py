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
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
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

from models.errors import HosoError, KeyRingDamagedError, KeyUnknownError
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


OWN = (Purpose.FIELDS, Purpose.BLIND_INDEX)
"""What an authority has keys of its own for. A backup holds all authorities; the codec is not told whose
workflow it serves: those keys are derived per use."""


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

    @property
    def text(self) -> str:
        """In base64, as a file or the environment holds it."""
        return base64.b64encode(self.material).decode()

    @property
    def check_value(self) -> str:
        """Which master key it is, told without telling it: the start of an HMAC under it."""
        return hmac.digest(self.material, b"hoso master key check value", "sha256").hex()[:16]

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read the file `create` wrote; errors as in `read_private` and `from_text`."""
        return cls.from_text(read_private(path).decode("ascii", "replace"))

    @classmethod
    def make(cls) -> Self:
        """A fresh random one."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new one in a new file; FileExistsError rather than replace a key that still opens things."""
        made = cls.make()
        write_private(path, made.text.encode() + b"\n", replace=False)
        return made


UNKNOWN = "*"
"""What a key of a ring written by an earlier version follows: any made before it."""


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """One data key. `authority_id` None: serves every authority, through a derived key for each."""

    id: str
    purpose: Purpose
    authority_id: UUID | None
    made_at: datetime
    material: bytes
    follows: str | None = UNKNOWN
    """The key that sealed for the same before it; None: nothing did."""

    def __repr__(self) -> str:
        return f"DataKey({self.id})"

    def derived(self, *context: bytes) -> bytes:
        """The key for one use of this key."""
        return derive(self.material, self.purpose.encode(), *context)

    @classmethod
    def make(cls, purpose: Purpose, authority_id: UUID | None = None, follows: str | None = None) -> Self:
        """A fresh random key with an id that says its purpose."""
        made_at = datetime.now(UTC)  # to the microsecond: a run begun in the same second is older than it
        name = f"{purpose}-{secrets.token_hex(6)}"
        return cls(name, purpose, authority_id, made_at, secrets.token_bytes(KEY_BYTES), follows)


LEARNS_WITHIN = 1.0
"""Seconds after which a running process has noticed that its ring's file was written anew."""


class KeyRing:
    """The unwrapped ring. Opened once at start; a file written anew, and an unknown key id, is read again.

    ``master`` is the master key, or what finds it wherever it is kept: a process that runs while the master
    key is changed then reads the next ring too. One that was given the key itself keeps the keys it has.
    """

    def __init__(self, path: Path, master: MasterKey | Callable[[], Sequence[MasterKey]]) -> None:
        self._path = path
        self._masters = master if callable(master) else lambda: (master,)
        self._master: MasterKey | None = None
        self._looked = time.monotonic()
        self._read()

    def __repr__(self) -> str:
        return f"KeyRing({len(self._keys)} keys)"

    @property
    def keys(self) -> Sequence[DataKey]:
        """All keys, oldest first."""
        return self._keys

    @property
    def check_value(self) -> str:
        """That of the master key which wraps the ring now."""
        self._look()
        assert self._master is not None, "a ring that was read has been unwrapped"
        return self._master.check_value

    def current(self, purpose: Purpose, authority_id: UUID | None = None) -> DataKey:
        """The key to seal with: the newest of the authority's own, else the newest that serves all."""
        self._look()
        found = current_of(self._keys, purpose, authority_id)
        if found is not None:
            return found
        raise KeyUnknownError(f"chùm khoá không có khoá {purpose} / the ring has no key for {purpose}")

    def find(self, purpose: Purpose, key_id: str) -> DataKey:
        """The key to open with, current or old; KeyUnknownError if the ring, also re-read, lacks it."""
        found = self._lookup(purpose, key_id)
        if found is None:  # another process may have rotated since this one opened the ring
            self._read()
            found = self._lookup(purpose, key_id)
        if found is None:
            raise KeyUnknownError(
                f"chùm khoá không có khoá {key_id[:40]!r} / the ring has no key {key_id[:40]!r} for {purpose}"
            )
        return found

    def serving(self, purpose: Purpose, authority_id: UUID | None) -> tuple[DataKey, ...]:
        """Every key of the ring that may have sealed for the authority, oldest first, the current last."""
        at = self.current(purpose, authority_id)
        chain = [at]
        earlier = [k for k in self._keys if k.purpose is purpose and k.authority_id in (None, authority_id)]
        for key in reversed(earlier[: earlier.index(at)]):
            if at.follows in (key.id, UNKNOWN):
                at = key
                chain.append(at)
        return tuple(reversed(chain))

    def give(self, authority_id: UUID) -> None:
        """Give an authority keys of its own, where it has none: nobody else's rows are sealed under them."""
        with alone(self._path.parent):
            self._read()
            own = {key.purpose for key in self._keys if key.authority_id == authority_id}
            made = [DataKey.make(purpose, authority_id) for purpose in OWN if purpose not in own]
            if made:
                assert self._master is not None
                write_private(self._path, wrap([*self._keys, *made], self._master), replace=True)
                self._read()

    def look_again(self) -> None:
        """Read the ring at the next use if its file was written since, however short the time."""
        self._looked = -LEARNS_WITHIN

    def _look(self) -> None:
        """Read the ring again if its file was written since; what cannot be read now leaves what is held."""
        if (now := time.monotonic()) - self._looked < LEARNS_WITHIN:
            return
        self._looked = now
        try:
            if _stamp(self._path) != self._seen:
                self._read()
        except (HosoError, OSError):
            return

    def _read(self) -> None:
        stamp, content = _stamp(self._path), read_private(self._path)
        if self._master is not None:
            with suppress(KeyRingDamagedError):
                self._keys, self._seen = unwrap(content, self._master), stamp
                return
        # The master key may be another one by now.
        self._master, self._keys = unwrap_by_any(content, self._masters())
        self._seen = stamp

    def _lookup(self, purpose: Purpose, key_id: str) -> DataKey | None:
        return next((key for key in self._keys if key.id == key_id and key.purpose is purpose), None)


def current_of(keys: Sequence[DataKey], purpose: Purpose, authority_id: UUID | None) -> DataKey | None:
    """The newest of the authority's own, else the newest that serves all."""
    for owner in (authority_id, None):
        for key in reversed(keys):
            if key.purpose is purpose and key.authority_id == owner:
                return key
    return None


def _stamp(path: Path) -> tuple[int, int, int]:
    """What differs once a file was replaced by another of its name."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def wrap(keys: Iterable[DataKey], master: MasterKey) -> bytes:
    """The ring's file: every key wrapped by the master key, and the whole sealed."""
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
        if key.follows != UNKNOWN:
            entry["follows"] = key.follows
        wrapped = nonce + wrapping.encrypt(nonce, key.material, _canonical(entry))
        entries.append({**entry, "wrapped": base64.b64encode(wrapped).decode()})
    body = {"format": FORMAT, "keys": entries}
    return json.dumps({**body, "seal": _seal(body, master)}, indent=2).encode() + b"\n"


def unwrap(content: bytes, master: MasterKey) -> tuple[DataKey, ...]:
    """The keys of a ring's file; KeyRingDamagedError if it is damaged or the master key is another one."""
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


def unwrap_by_any(content: bytes, masters: Sequence[MasterKey]) -> tuple[MasterKey, tuple[DataKey, ...]]:
    """The keys and the master key that opens them: while it is changed there are two. Errors as `unwrap`."""
    for master in masters[:-1]:
        with suppress(KeyRingDamagedError):
            return master, unwrap(content, master)
    return masters[-1], unwrap(content, masters[-1])


def _unwrap_one(entry: dict[str, Any], wrapping: AESGCM) -> DataKey:
    public = {name: value for name, value in entry.items() if name != "wrapped"}
    wrapped = base64.b64decode(entry["wrapped"], validate=True)
    return DataKey(
        id=entry["id"],
        purpose=Purpose(entry["purpose"]),
        authority_id=UUID(entry["authority"]) if entry["authority"] else None,
        made_at=datetime.fromisoformat(entry["made_at"]),
        material=wrapping.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _canonical(public)),
        follows=entry.get("follows", UNKNOWN),
    )


def _seal(body: dict[str, Any], master: MasterKey) -> str:
    return hmac.digest(derive(master.material, b"seal"), _canonical(body), "sha256").hex()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
