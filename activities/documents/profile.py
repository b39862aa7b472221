"""The dossier's form on paper: the 38 items of TT 06/2023/TT-BNV, with their data attached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from typing import Any

import yaml

from activities.documents.cover import Cover
from activities.documents.errors import DocumentError
from activities.documents.fields import lay_out
from activities.documents.header import DossierHeader, SignaturePlace
from activities.documents.layout import entries
from activities.documents.typesetting import templates, typeset
from activities.documents.words import in_words
from models.calendar.zone import legal_date
from models.evidence.attachment import keywords
from models.form.dates import PartialDate
from models.form.fields import Catalogue, catalogue
from models.form.normal import canonical, normalise


def render_profile(
    content: Mapping[str, Any],
    header: DossierHeader,
    attached: bytes,
    issued_at: datetime,
    cover: Cover | None = None,
) -> bytes:
    """Typeset a dossier with empty signature fields.

    Args:
        content: the form, english_field → value; printed as it is, not validated.
        header: what is printed around it.
        attached: canonical JSON (RFC 8785) of the content, attached as ``ho-so.json``; its SHA-256 is
            printed and stated.
        cover: the leaf before it, where the approved dossier is taken out: signatures go there, and the
            paper is the one of the day of its approval.
        issued_at: aware instant; decides the template and is written into the file. Nothing reads the clock.

    Raises:
        DocumentError: form-unknown, content-mismatch (``attached`` is not this content),
            document-code-invalid or rendering-failed.
    """
    form = form_in_force(header.form, cover.approved_on if cover else legal_date(issued_at))
    cat = catalogue(form["form"])
    _require_same(content, attached)
    content = normalise(content)
    data = {
        **foundation(header, attached, issued_at, form),
        "subtitle": form["subtitle"],
        "photo": list(header.photo) if header.photo else None,
        "identity": [
            {"label": cat.label(name), "value": _value(cat, content, name)} for name in form["identity"]
        ],
        "entries": entries(cat, form, content),
        "declaration": form["declaration"],
        "places": [asdict(place) for place in header.places or _places(form, header)],
    }
    if cover is not None:
        data |= {"export": cover.printed(data["dated"]), "places": cover.given(data["places"])}
    done = typeset(form["template"], data, attached=attached, issued_at=issued_at)
    return lay_out(done.pdf, done.signature_places)


def form_in_force(version: str, on: date) -> Mapping[str, Any]:
    """The newest record of ``forms.yaml`` in force that day; DocumentError ``form-unknown`` if none."""
    candidates = [one for one in _forms() if one["form"] == version and one["in_force_from"] <= on]
    if not candidates:
        raise DocumentError("form-unknown", f"no template for form {version} on {on.isoformat()}")
    return max(candidates, key=lambda one: one["in_force_from"])


def foundation(
    header: DossierHeader, attached: bytes, issued_at: datetime, form: Mapping[str, Any]
) -> dict[str, Any]:
    """What ``common.typ`` needs for every document."""
    digest = sha256(attached).hexdigest()
    try:
        stated = keywords(header.code, digest)
    except ValueError as error:
        raise DocumentError("document-code-invalid", "a document code has no spaces or commas") from error
    return {
        "title": form["title"],
        "legal": form["legal"],
        "attached-description": form["attached_description"],
        "issuer": header.managing_authority or header.employing_unit,
        "authority": header.managing_authority,
        "unit": header.employing_unit,
        "code": header.code,
        "digest": digest,
        "keywords": list(stated),
        "form": header.form,
        "revision": str(header.revision),
        "dated": f"{header.place}, {PartialDate.of(legal_date(issued_at)).in_vietnamese()}",
    }


@cache
def _forms() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((templates() / "forms.yaml").read_text("utf-8"))
    return found


def _places(form: Mapping[str, Any], header: DossierHeader) -> list[SignaturePlace]:
    names = {"official": header.official_name}
    return [SignaturePlace(**place, name=names.get(place["field"], "")) for place in form["places"]]


def _value(cat: Catalogue, content: Mapping[str, Any], name: str) -> str:
    return in_words(cat.by_name[name], content.get(name))


def _require_same(content: Mapping[str, Any], attached: bytes) -> None:
    """Paper and data must say the same, or the signature would cover two different contents."""
    if canonical(content) != attached:
        raise DocumentError("content-mismatch", "the attached data is not the content to be printed")
