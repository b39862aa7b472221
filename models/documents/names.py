"""Under which name a document lies: ``sealed/<authority>/<key>/ab/ab…``.

A document is *known* by the SHA-256 of its own bytes, as rows, approvals and whoever verifies offline know
it. It *lies* under a code of that hash (HMAC-SHA-256 by the key it is sealed with, RFC 2104): who sees the
names only can neither tell whether a file he has is among them nor whether two authorities keep the same one,
while the same document twice in one authority still lies there once. The key's id stands in the name, so
what is left under a former key is counted without opening anything.
"""

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Self
from uuid import UUID

from models.keys import DataKey

SEALED = "sealed"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PLAIN = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Place:
    """A sealed document's name, taken apart."""

    authority_id: UUID
    key_id: str
    code: str

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """None for a name of another kind."""
        match name.split("/"):
            case [top, authority, key_id, short, code] if top == SEALED and code[:2] == short:
                try:
                    return cls(UUID(authority), key_id, code)
                except ValueError:
                    return None
        return None

    def holds(self, key: DataKey, data: bytes) -> bool:
        """Whether the place is that of these bytes."""
        return hmac.compare_digest(self.code, _code(key, self.authority_id, sha256(data).hexdigest()))


def is_digest(text: str) -> bool:
    """Whether it is a SHA-256 in hex."""
    return _SHA256.fullmatch(text) is not None


def all_of(authority_id: UUID) -> str:
    """What every name of an authority stands below."""
    return f"{SEALED}/{authority_id}"


def sealed(key: DataKey, authority_id: UUID, digest: str) -> str:
    """The name of a document sealed under a key."""
    code = _code(key, authority_id, digest)
    return f"{all_of(authority_id)}/{key.id}/{code[:2]}/{code}"


def plain(digest: str) -> str:
    """The name of a document kept before documents were sealed."""
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def plain_digest(name: str) -> str | None:
    """The hash of a document that lies unsealed under this name."""
    return name[-64:] if _PLAIN.fullmatch(name) and name == plain(name[-64:]) else None


def _code(key: DataKey, authority_id: UUID, digest: str) -> str:
    return hmac.digest(key.derived(b"document name", authority_id.bytes), digest.encode(), "sha256").hex()
