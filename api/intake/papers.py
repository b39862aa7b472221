"""What is in a PDF that somebody uploaded: pages, active content, embedded files, signatures.

Everything reachable from the document's root is looked at as readers of today see it, the newest revision.
What runs by itself is refused; what merely deserves a look is named (ISO 32000-2, 12.6 and 7.11.4).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pypdfium2
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from api.intake.refusing import FileRefusedError

MAXIMUM_OBJECTS = 500_000
"""Objects looked at; a scanned dossier of a thousand pages has some ten thousand."""

ACTIVE = {"/JavaScript": "javascript", "/Launch": "launch", "/ImportData": "import-data"}
"""Actions that run code or start programs: refused."""

CONSPICUOUS = {"/SubmitForm": "submit-form", "/GoToE": "embedded-target", "/Rendition": "multimedia"}
"""Actions that a reader should know of."""

_MEDIA = frozenset({"/RichMedia", "/Movie", "/Screen", "/Sound", "/3D"})
_PROGRAM_ENDINGS = tuple(
    f".{ending}"
    for ending in (
        "exe", "com", "dll", "scr", "msi", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "jar", "hta",
        "lnk", "wsf", "reg", "sh", "apk", "iso", "docm", "xlsm", "pptm",
    )
)  # fmt: skip
_PROGRAM_BEGINNINGS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"#!")


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF that may be kept: ``findings`` are named, not refused; ``signatures`` counts filled fields."""

    pages: int
    findings: tuple[str, ...]
    signatures: int


def look(data: bytes) -> Paper:
    """Look through a PDF.

    Raises:
        FileRefusedError: ``attachment-unreadable``, ``attachment-encrypted``, ``attachment-active``,
            ``attachment-too-complex``.
    """
    pages = _pages(data)
    try:
        file = PdfFileReader(BytesIO(data), strict=False)
        if file.encrypted:
            raise FileRefusedError("attachment-encrypted")
        found = {code for node in _reachable(file.root) for code in _codes(node)}
        signatures = len(list(file.embedded_signatures))
    except (FileRefusedError, MemoryError):
        raise
    except (
        Exception
    ):  # a hostile file breaks the parser in any way: what cannot be looked through is not kept
        raise FileRefusedError("attachment-unreadable") from None
    running = found & {*ACTIVE.values(), "program"}
    if running:
        raise FileRefusedError("attachment-active", tuple(sorted(running)))
    return Paper(pages, tuple(sorted(found)), signatures)


def _pages(data: bytes) -> int:
    try:
        with pypdfium2.PdfDocument(data) as document:
            count = len(document)
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower()
        raise FileRefusedError("attachment-encrypted" if locked else "attachment-unreadable") from None
    if count == 0:
        raise FileRefusedError("attachment-unreadable")
    return count


def _reachable(root: Any) -> Iterator[Any]:
    """Every dictionary below ``root``, each once, by a list and not by recursion: files nest without end."""
    waiting: list[Any] = [root]
    seen: set[Any] = set()
    count = 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, generic.IndirectObject):
            reference: Any = node.reference
            if reference in seen:
                continue
            seen.add(reference)
            node = reference.get_object()
        count += 1
        if count > MAXIMUM_OBJECTS:
            raise FileRefusedError("attachment-too-complex", ("objects",))
        if isinstance(node, generic.DictionaryObject):
            yield node
            waiting += [node.raw_get(key) for key in node]
        elif isinstance(node, generic.ArrayObject):
            waiting += [node.raw_get(place) for place in range(len(node))]


def _codes(node: Any) -> Iterator[str]:
    action = _name(node, "/S")
    if action in ACTIVE:
        yield ACTIVE[action]
    elif action in CONSPICUOUS:
        yield CONSPICUOUS[action]
    if "/JS" in node:
        yield "javascript"
    if "/XFA" in node:
        yield "dynamic-form"
    if _name(node, "/Subtype") in _MEDIA:
        yield "multimedia"
    if "/EF" in node:
        yield "program" if _is_program(node) else "embedded-file"


def _name(node: Any, key: str) -> str:
    return str(node[key]) if key in node else ""


def _is_program(specification: Any) -> bool:
    names = (_name(specification, key).lower().strip() for key in ("/F", "/UF"))
    if any(name.endswith(_PROGRAM_ENDINGS) for name in names):
        return True
    streams = specification["/EF"]
    return any(bytes(streams[key].data).startswith(_PROGRAM_BEGINNINGS) for key in streams)
