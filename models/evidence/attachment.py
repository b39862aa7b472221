"""What the document states about its content, and the data attached to it, read as the first signer saw them.

The statements are PDF keywords (ISO 32000-1, 14.3.3) because any reader shows them and no font can disguise
them: ``hoso-code:<document code>`` and ``hoso-sha256:<hex digest of the attached canonical JSON>``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.rw_common import PdfHandler

from models.canonical import dumps
from models.evidence.listing import ListingError, is_manifest, read_manifest
from models.evidence.verdict import Problem, problem

CONTENT_NAME = "ho-so.json"
"""Name of the associated file that holds the canonical JSON (RFC 8785)."""

CODE_KEY = "hoso-code"
DIGEST_KEY = "hoso-sha256"
COMPETENCE_KEY = "hoso-competence"
_KEYWORD = re.compile(r"(hoso-[a-z0-9]+):([^\s,]+)")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MAXIMUM_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Statement:
    """What one revision says: code, stated digest, and the digests of all files attached by our name.

    ``canonical`` tells whether the content is RFC 8785, ``is_list`` whether it claims to be an approval
    list's manifest, ``sound`` whether it then is one.
    """

    code: str | None
    digest: str | None
    attached: tuple[str, ...]
    competence: str | None = None
    """The authority that promises a record of competence in every signature, by its id."""
    canonical: bool = True
    is_list: bool = False
    sound: bool = True

    def problems(self) -> Iterator[Problem]:
        """Everything that keeps the attached data from being the content that was signed."""
        if self.code is None:
            yield problem("document-code-missing")
        if self.digest is None:
            yield problem("digest-missing")
        if not self.attached:
            yield problem("attachment-missing", name=CONTENT_NAME)
        elif len(set(self.attached)) > 1:
            yield problem("attachment-ambiguous", name=CONTENT_NAME)
        elif self.digest is not None and self.attached[0] != self.digest:
            yield problem("attachment-differs", name=CONTENT_NAME)
        elif not self.canonical:
            yield problem("content-not-canonical", name=CONTENT_NAME)
        elif not self.sound:
            yield problem("list-malformed")


def keywords(code: str, digest: str) -> tuple[str, str]:
    """The keywords a document must carry to be verified later.

    Raises:
        ValueError: the code holds a space or comma, or the digest is not SHA-256 in lower-case hex.
    """
    stated = (f"{CODE_KEY}:{code}", f"{DIGEST_KEY}:{digest}")
    if not all(_KEYWORD.fullmatch(line) for line in stated) or not _DIGEST.fullmatch(digest):
        raise ValueError("a document code has no spaces or commas and the digest is 64 hex digits")
    return stated


def read_statement(revision: PdfHandler, known: Statement | None = None) -> Statement:
    """Read code, digest and attachments from one revision. Malformed structures raise pyHanko's errors.

    ``known`` is what another revision says: content with the hash of its content is not read again.
    """
    stated = _stated(revision)
    attached = attached_data(revision)
    content = attached[0] if attached else b"{}"
    hashes = tuple(sha256(data).hexdigest() for data in attached)
    about: dict[str, Any] = {
        "code": _single(stated, CODE_KEY),
        "digest": _single(stated, DIGEST_KEY),
        "attached": hashes,
        "competence": _single(stated, COMPETENCE_KEY),
    }
    if known is not None and known.attached[:1] == hashes[:1]:
        return replace(known, **about)
    is_list = is_manifest(content)
    return Statement(
        **about,
        canonical=is_canonical(content),
        is_list=is_list,
        sound=not is_list or _is_sound(content),
    )


def stated_in(revision: PdfHandler) -> tuple[str | None, str | None]:
    """Code and digest as one revision states them, the content itself unread."""
    stated = _stated(revision)
    return _single(stated, CODE_KEY), _single(stated, DIGEST_KEY)


def _stated(revision: PdfHandler) -> list[tuple[str, str]]:
    trailer = revision.trailer_view
    info = trailer["/Info"] if "/Info" in trailer else {}  # noqa: SIM401 - its get() does not follow references
    return _KEYWORD.findall(str(info.get("/Keywords", "")))


def is_canonical(data: bytes) -> bool:
    """Whether bytes are JSON in its one canonical spelling (RFC 8785)."""
    try:
        return dumps(json.loads(data)) == data
    except (ValueError, RecursionError):  # rfc8785's own errors are ValueErrors
        return False


def _is_sound(manifest: bytes) -> bool:
    try:
        read_manifest(manifest)
    except ListingError:
        return False
    return True


def attached_data(revision: PdfHandler, name: str = CONTENT_NAME) -> list[bytes]:
    """The content of every file attached under ``name``, whether associated or merely embedded."""
    specifications = list(_associated(revision.root)) + list(_embedded(revision.root))
    return [
        data
        for specification in specifications
        if name in (str(specification.get("/UF", "")), str(specification.get("/F", "")))
        for data in _streams(specification)
    ]


def _single(stated: list[tuple[str, str]], key: str) -> str | None:
    values = {value for found, value in stated if found == key}
    return values.pop() if len(values) == 1 else None


def _associated(root: Any) -> Iterator[Any]:
    for entry in root.get("/AF", ()):
        yield entry.get_object()


def _embedded(root: Any) -> Iterator[Any]:
    names = root.get("/Names", {}).get("/EmbeddedFiles")
    yield from _leaves(names, _MAXIMUM_DEPTH) if names is not None else ()


def _leaves(node: Any, depth: int) -> Iterator[Any]:
    if depth == 0:
        raise ValueError("the name tree of attachments is too deep")
    for entry in list(node.get("/Names", ()))[1::2]:
        yield entry.get_object()
    for child in node.get("/Kids", ()):
        yield from _leaves(child.get_object(), depth - 1)


def _streams(specification: Any) -> Iterator[bytes]:
    for stream in specification.get("/EF", {}).values():
        found = stream.get_object()
        if isinstance(found, generic.StreamObject):
            yield bytes(found.data)
