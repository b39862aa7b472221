"""What a backup says of itself: written last, under a code that only the ring's backup key can make."""

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.backups.errors import BackupDamagedError, BackupUnknownError
from models.key_ring import KeyRing, Purpose
from models.keys import DataKey

FORMAT = 1
MANIFEST = "manifest.json"
RING = "keyring.json"
ESCROW = "KEYS.txt"
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeptFile(_Strict):
    """One file beside the manifest: what must be found on disk, and what in it once opened."""

    sha256: Sha256
    size: int
    plain_sha256: Sha256 | None = None
    """Of what was sealed; none for a file that is not sealed."""
    plain_size: int | None = None


class KeptTable(_Strict):
    """One table: its file, its columns in order, its rows by authority."""

    file: str
    columns: tuple[str, ...]
    rows: dict[str, int]


class Manifest(_Strict):
    """A backup as a whole. Counts and hashes only: it stands in clear beside the sealed files."""

    format: int = FORMAT
    backup_id: str
    made_at: datetime
    schema_revision: str
    """The migration the rows were written under."""
    server: str
    """PostgreSQL's version."""
    key_id: str
    """The ring's backup key everything is sealed under."""
    keys: tuple[str, ...]
    """Ids of every key of the ring the rows may need; none of their bytes."""
    authorities: tuple[str, ...]
    tables: dict[str, KeptTable]
    documents: int
    """Files of the documents store."""
    document_bytes: int
    files: dict[str, KeptFile]
    seconds: float

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(sum(table.rows.values()) for table in self.tables.values())

    def write(self, folder: Path, key: DataKey) -> None:
        """The file `manifest.json`; it makes a folder a backup."""
        body = self.model_dump(mode="json")
        text = json.dumps({**body, "seal": _seal(body, key)}, ensure_ascii=False, indent=1)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> tuple[Self, str]:
        """The manifest and its seal, not yet checked.

        Raises:
            BackupUnknownError: there is none, or it is of a newer version.
            BackupDamagedError: it cannot be read.
        """
        try:
            stored = json.loads((folder / MANIFEST).read_bytes())
        except FileNotFoundError:
            raise BackupUnknownError(
                f"{folder}: không phải bản sao lưu / no backup (no {MANIFEST})"
            ) from None
        except (ValueError, UnicodeDecodeError):
            raise BackupDamagedError(MANIFEST, "không đọc được / unreadable") from None
        if not isinstance(stored, dict):
            raise BackupDamagedError(MANIFEST, "không đọc được / unreadable")
        if stored.get("format") != FORMAT:
            raise BackupUnknownError(f"{folder}: định dạng mới hơn / made by a newer version")
        seal = str(stored.pop("seal", ""))
        try:
            return cls.model_validate(stored), seal
        except ValidationError:
            raise BackupDamagedError(MANIFEST, "không đúng dạng / not a manifest") from None

    def check(self, seal: str, key: DataKey) -> None:
        """BackupDamagedError unless this very manifest was written under the key."""
        if not hmac.compare_digest(seal.encode(), _seal(self.model_dump(mode="json"), key).encode()):
            raise BackupDamagedError(MANIFEST, "đã bị sửa / was altered")


def _seal(body: Mapping[str, object], key: DataKey) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    return hmac.digest(key.derived(b"manifest"), canonical, "sha256").hex()


def backup_key(ring: KeyRing, key_id: str | None = None) -> DataKey:
    """The key to seal a backup with now, or the one a backup names."""
    return ring.current(Purpose.BACKUPS) if key_id is None else ring.find(Purpose.BACKUPS, key_id)
