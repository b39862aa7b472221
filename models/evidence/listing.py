"""Approval lists: one signature over a manifest approves many revisions; each row is provable by itself.

The manifest is canonical JSON (RFC 8785), attached to the signed list as its content. It names every row
(profile, revision, SHA-256 of the revision's canonical JSON, what changed) and the root of the Merkle tree
(RFC 6962, 2.1) over the rows. A profile's evidence is the signed list, its row and the path to that root.
Nothing here reads a clock or a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.canonical import dumps
from models.evidence.merkle import Tree, includes, leaf_hash

KIND = "approval-list"
VERSION = 1
MAXIMUM_ROWS = 5000
"""A list that people can still look through; larger stocks are cut into several lists."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RESERVED = frozenset({"kind", "version", "size", "root", "rows"})


class ListingError(ValueError):
    """A manifest, row or proof is not of the form described here. The message holds no personal data."""


@dataclass(frozen=True, slots=True)
class ListRow:
    """One approved revision.

    Args:
        position: the printed number, from 1, without gaps.
        profile: id of the profile (UUID).
        revision: id of the revision (UUID).
        digest: SHA-256 of the revision's canonical JSON, hex.
        changes: what the list says changed, as printed.

    Raises:
        ListingError: not of this form.
    """

    position: int
    profile: str
    revision: str
    digest: str
    changes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Rows come from files of strangers too."""
        ids = all(
            isinstance(one, str) and _IDENTIFIER.fullmatch(one) for one in (self.profile, self.revision)
        )
        if not ids or not isinstance(self.digest, str) or not _DIGEST.fullmatch(self.digest):
            raise ListingError("a row names profile and revision by UUID and a SHA-256 in lower-case hex")
        if type(self.position) is not int or not 1 <= self.position <= MAXIMUM_ROWS:
            raise ListingError(f"a row's position is a number from 1 to {MAXIMUM_ROWS}")
        if not all(isinstance(one, str) for one in self.changes):
            raise ListingError("a row's changes are texts")

    @classmethod
    def of(cls, document: Any) -> ListRow:
        """The row of its JSON form; ListingError on anything more, less or else."""
        names = {"position", "profile", "revision", "digest", "changes"}
        if not isinstance(document, dict) or set(document) != names:
            raise ListingError(f"a row has exactly {', '.join(sorted(names))}")
        if not isinstance(document["changes"], list):
            raise ListingError("a row's changes are a list")
        return cls(**{**document, "changes": tuple(document["changes"])})

    def to_json(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "position": self.position,
            "profile": self.profile,
            "revision": self.revision,
            "digest": self.digest,
            "changes": list(self.changes),
        }

    def leaf(self) -> bytes:
        """The row's leaf hash: over its canonical JSON."""
        return leaf_hash(dumps(self.to_json()))


@dataclass(frozen=True, slots=True)
class Proof:
    """That a row stands at its position in a list of ``size`` rows with root ``root`` (hex)."""

    size: int
    root: str
    path: tuple[str, ...]

    @classmethod
    def of(cls, document: Any) -> Proof:
        """The proof of its JSON form; ListingError on anything else."""
        if not isinstance(document, dict) or set(document) != {"size", "root", "path"}:
            raise ListingError("a proof has exactly size, root and path")
        size, root, path = document["size"], document["root"], document["path"]
        if type(size) is not int or not isinstance(path, list):
            raise ListingError("a proof's size is a number and its path a list")
        if not all(isinstance(one, str) and _DIGEST.fullmatch(one) for one in [root, *path]):
            raise ListingError("a proof's hashes are SHA-256 in lower-case hex")
        return cls(size, root, tuple(path))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"size": self.size, "root": self.root, "path": list(self.path)}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as read: ``about`` is everything it says beside the rows (authority, agency, month, …)."""

    about: Mapping[str, Any]
    rows: tuple[ListRow, ...]
    root: str


def build_manifest(about: Mapping[str, Any], rows: Sequence[ListRow]) -> bytes:
    """The manifest's canonical JSON: what the list's document attaches and its signature covers.

    Args:
        about: what the list is about, JSON-ready; may not use the manifest's own names.
        rows: numbered 1, 2, 3, …; no profile twice.

    Raises:
        ListingError: no rows, too many, wrongly numbered, a profile twice, or a reserved name in ``about``.
    """
    _require_sound(rows)
    if taken := _RESERVED & set(about):
        raise ListingError(f"reserved in a manifest: {', '.join(sorted(taken))}")
    return dumps(
        {
            **about,
            "kind": KIND,
            "version": VERSION,
            "size": len(rows),
            "root": Tree(row.leaf() for row in rows).root.hex(),
            "rows": [row.to_json() for row in rows],
        }
    )


def is_manifest(data: bytes) -> bool:
    """Whether attached data claims to be an approval list's manifest."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("kind") == KIND


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest and hold it to its own rules: canonical, rows numbered, root that of the rows.

    Raises:
        ListingError: it is not what ``build_manifest`` makes.
    """
    try:
        document = json.loads(data)
        rows = tuple(ListRow.of(row) for row in document["rows"])
        about = {name: value for name, value in document.items() if name not in _RESERVED}
        rebuilt = build_manifest(about, rows)
    except ListingError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ListingError(f"the manifest is malformed: {type(error).__name__}") from error
    if rebuilt != data:
        raise ListingError("the manifest is not canonical, or its root is not that of its rows")
    return Manifest(about, rows, document["root"])


def prove(rows: Sequence[ListRow]) -> list[Proof]:
    """The proof of every row, in order: the tree is built once for all of them."""
    tree = Tree(row.leaf() for row in rows)
    root = tree.root.hex()
    return [Proof(tree.size, root, tuple(one.hex() for one in tree.inclusion(at))) for at in range(tree.size)]


def is_included(row: ListRow, proof: Proof, root: str) -> bool:
    """Whether ``proof`` leads from ``row`` to ``root``, the root that the signed manifest states (hex)."""
    path = [bytes.fromhex(one) for one in proof.path]
    return proof.root == root and includes(
        bytes.fromhex(root), row.leaf(), row.position - 1, proof.size, path
    )


def _require_sound(rows: Sequence[ListRow]) -> None:
    if not 1 <= len(rows) <= MAXIMUM_ROWS:
        raise ListingError(f"a list has 1 to {MAXIMUM_ROWS} rows")
    if [row.position for row in rows] != list(range(1, len(rows) + 1)):
        raise ListingError("rows are numbered 1, 2, 3 and so on")
    if len({row.profile for row in rows}) != len(rows):
        raise ListingError("a profile stands on the list twice")
