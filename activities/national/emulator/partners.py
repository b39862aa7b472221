"""Who may speak: the key pair in `partners.json`, and the tokens issued on it."""

import base64
import hashlib
import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

from activities.national.emulator.store import Store

__all__ = ["Partners"]


class Partners:
    """One partner is enough here. Its pair is made on the first start, in a file only its owner reads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.file = store.folder / "partners.json"
        if not self.file.exists():
            self.rotate()

    def rotate(self) -> Path:
        """Cancel the pair in force and issue a new one (CV 5034/BNV-CCVC did so overnight)."""
        pair = {
            "access_key": secrets.token_hex(12),
            "secret_key": secrets.token_urlsafe(32),
            "app_name": "hoso",
            "partner_code": "H26",
            "partner_code_cus": "H26.hoso",
            # The sample partner's own; see `seals`.
            "seal_key_file": str((self._store.folder / "seal.key").absolute()),
        }
        fresh = self.file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(pair, out, indent=2)
        fresh.replace(self.file)
        self.withdraw_tokens()
        return self.file

    def knows(self, header: str | None) -> bool:
        """Whether an `lgspaccesstoken` header carries the pair in force."""
        pair = json.loads(self.file.read_text(encoding="utf-8"))
        shown = _decode(header or "")
        same = [
            secrets.compare_digest(str(shown.get(theirs)).encode(), pair[ours].encode())
            for theirs, ours in (("AccessKey", "access_key"), ("SecretKey", "secret_key"))
        ]
        return all(same) and bool(shown.get("AppName")) and bool(shown.get("PartnerCode"))

    def issue(self, seconds: float) -> str:
        """A new token, remembered by its hash only."""
        token = secrets.token_urlsafe(32)
        with self._store.light():
            self._store.write("delete from tokens where expires < %s", time.time())
            self._store.write("insert into tokens values (%s, %s)", _hash(token), time.time() + seconds)
        return token

    def admits(self, authorization: str | None) -> bool:
        """Whether an Authorization header carries a token that is still good."""
        scheme, _, token = (authorization or "").partition(" ")
        row = self._store.row("select expires from tokens where hash = %s", _hash(token))
        return scheme == "Bearer" and row is not None and row["expires"] > time.time()

    def withdraw_tokens(self) -> None:
        """Make every token issued so far worthless."""
        with self._store.transaction():
            self._store.write("delete from tokens")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _decode(header: str) -> dict[str, Any]:
    try:
        shown = json.loads(base64.b64decode(header, validate=True))
    except ValueError:
        return {}
    return shown if isinstance(shown, dict) else {}
