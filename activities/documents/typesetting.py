"""Typst behind one function: a template and its data become PDF/A-3a and PDF/UA-1, repeatably.

A compiler is kept per thread and template: fonts and the parsed template stay in memory. Only packaged
fonts are used, so the same input gives the same file on every machine.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any
from unicodedata import normalize

import typst

from activities.documents.errors import DocumentError

STANDARDS = ("a-3a", "ua-1")
"""ISO 19005-3 level A (keeps, carries data) and ISO 14289-1 (readable by screen readers)."""

_kept = threading.local()


@dataclass(frozen=True, slots=True)
class Typeset:
    """A finished file, and the places left for signatures (page; x, y from its top left, in points)."""

    pdf: bytes
    signature_places: tuple[Mapping[str, Any], ...]


def templates() -> Path:
    """The folder of templates and of ``forms.yaml``."""
    return Path(str(resources.files("activities.documents") / "templates"))


def typeset(
    template: str,
    data: Mapping[str, Any],
    *,
    attached: bytes = b"",
    issued_at: datetime,
    standards: tuple[str, ...] = STANDARDS,
) -> Typeset:
    """Fill a template.

    Args:
        template: file name below ``templates``.
        data: JSON-ready values the template reads.
        attached: UTF-8 text attached as the document's source.
        issued_at: creation date written into the file.

    Raises:
        DocumentError: ``rendering-failed``; Typst's own words are in the cause only, as they may quote
            content.
    """
    inputs = {
        "doc": normalize("NFC", json.dumps(data, ensure_ascii=False)),
        "attached": attached.decode("utf-8"),
    }
    compiler = _compiler(template)
    try:
        pdf = compiler.compile(
            format="pdf", sys_inputs=inputs, pdf_standards=list(standards), timestamp=issued_at
        )
        places = json.loads(compiler.query("<signature-place>", field="value"))
    except typst.TypstError as error:
        raise DocumentError("rendering-failed", f"template {template} could not be filled") from error
    return Typeset(bytes(pdf), tuple(places))


def _compiler(template: str) -> Any:
    compilers: dict[str, Any] = _kept.__dict__.setdefault("compilers", {})
    if template not in compilers:
        folder = templates()
        compilers[template] = typst.Compiler(input=folder / template, root=folder, ignore_system_fonts=True)
    return compilers[template]
