"""Faults on demand. They are kept in a file, so that an outage survives a restart of the process."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=3600)]


class Switches(BaseModel):
    """What each service does instead of its work; ``ok`` is its work."""

    model_config = ConfigDict(extra="forbid")

    tsa: Literal[
        "ok", "down", "hang", "rubbish", "rejects", "other_nonce", "other_hash", "stranger", "wrong_time"
    ] = "ok"
    ocsp: Literal["ok", "down", "hang", "rubbish", "try_later", "unknown", "stale", "other_nonce"] = "ok"
    crl: Literal["ok", "down", "hang", "rubbish", "stale"] = "ok"
    hang_seconds: Seconds = 30
    ocsp_valid_seconds: Annotated[int, Field(ge=1, le=864_000)] = 600
    crl_valid_seconds: Annotated[int, Field(ge=1, le=8_640_000)] = 86_400
    clock_at: AwareDatetime | None = None
    """The instant to answer with, whatever any clock says."""


class SwitchBoard:
    """The switches with their memory, and how often each service was asked."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "switches.json"
        self.now = (
            Switches.model_validate_json(self._file.read_bytes()) if self._file.exists() else Switches()
        )
        self.asked = {"tsa": 0, "ocsp": 0, "crl": 0}

    def change(self, changes: dict[str, Any]) -> Switches:
        """Merge in some switches; pydantic's ValidationError if one is not known or out of range."""
        self.now = Switches.model_validate(self.now.model_dump() | changes)
        write_whole(self._file, self.now.model_dump_json().encode())
        return self.now


class Revocations:
    """Which serial numbers are revoked since when and why (RFC 5280, 5.3.1); kept in a file."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "revoked.json"
        self._all: dict[str, dict[str, str]] = (
            json.loads(self._file.read_bytes()) if self._file.exists() else {}
        )

    def all(self) -> dict[str, dict[str, str]]:
        """Serial number (hex) → ``at`` (ISO 8601), ``reason``."""
        return dict(self._all)

    def add(self, serial: str, at: str, reason: str) -> dict[str, str]:
        """Revoke; what was revoked before keeps its date: a revocation is final (RFC 5280, 5.3.1)."""
        self._all.setdefault(serial, {"at": at, "reason": reason})
        write_whole(self._file, json.dumps(self._all).encode())
        return self._all[serial]


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file at once: a reader, or we after `kill -9`, meet the old or the new one."""
    draft = path.with_suffix(".new")
    with draft.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    draft.chmod(0o600)
    draft.replace(path)
