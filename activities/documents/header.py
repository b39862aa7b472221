"""What is known about a document besides its content."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignaturePlace:
    """A place where someone will sign. ``field`` names the PDF field; ``name`` is printed below if known."""

    field: str
    title: str
    note: str = ""
    dated: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class DossierHeader:
    """Printed at the head and foot of a document.

    ``code`` is the document's own code (no spaces or commas); ``form`` the version of the form;
    ``revision`` the number of the dossier's revision; ``place`` stands before the date. Without ``places``
    the form's own two are laid out: the official and the authority. ``photo`` is a JPEG or PNG.
    """

    code: str
    managing_authority: str
    employing_unit: str
    revision: int
    place: str = "Hà Nội"
    form: str = "tt06_2023"
    official_name: str = ""
    photo: bytes | None = None
    places: tuple[SignaturePlace, ...] = ()


@dataclass(frozen=True, slots=True)
class SlipLine:
    """One line of a slip: a label and what stands after it."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """One document that travels with a dossier; ``count`` in the words of the slip, e.g. ``"3 tờ"``."""

    name: str
    count: str


@dataclass(frozen=True, slots=True)
class Slip:
    """A transfer or separation slip. ``legal`` cites the article it follows."""

    title: str
    legal: str
    lines: tuple[SlipLine, ...]
    documents: tuple[HandedOver, ...]
    places: tuple[SignaturePlace, ...]
