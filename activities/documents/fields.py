"""Empty signature fields, laid out before anyone signs (ISO 32000-2, 12.7.5.5).

A field added after a signature would be a change to what was signed. Each field is tagged as a form element
(ISO 14289-1, 7.18.4) with a name a screen reader speaks, and has an empty appearance (ISO 19005-3, 6.3.3).
Beside each lies a text field without a place on any page, for the record of competence of a signature whose
dictionary somebody else writes: filled before the file is given out, it is covered by that signature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic as untyped_generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.sign.fields import SigFieldSpec, append_signature_field, enumerate_sig_fields

from activities.documents.errors import DocumentError
from activities.documents.revision import Revision
from models.evidence.competence import FIELD_SUFFIX

generic: Any = untyped_generic

PAGE_HEIGHT = 841.89
"""A4, in points; the templates know no other paper."""


def lay_out(pdf: bytes, places: Sequence[Mapping[str, Any]]) -> bytes:
    """The document with one empty field per place. The same input gives the same bytes."""
    if not places:
        return pdf
    writer: Any = Revision(BytesIO(pdf))
    for place in places:
        append_signature_field(writer, _specification(place))
    form = writer.root["/AcroForm"]
    form["/Fields"].extend(writer.add_object(_record_field(place)) for place in places)
    writer.update_container(form["/Fields"])
    # Append only from the start (ISO 32000-2, 12.7.3): the first signature then changes its own field only.
    form[pdf_name("/SigFlags")] = generic.NumberObject(3)
    writer.update_container(form)
    _tag(writer, [reference for _, _, reference in enumerate_sig_fields(writer)])
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def state_beside(pdf: bytes, field: str, record: str) -> bytes:
    """The document with a record of competence in the text field beside a signature's field, as an update.

    A document that was laid out without such a field stays as it is: none can be added to what others signed.
    """
    writer: Any = Revision(BytesIO(pdf))
    for reference in writer.root["/AcroForm"]["/Fields"]:
        if reference.get_object().get("/T") == f"{field}{FIELD_SUFFIX}":
            reference.get_object()[pdf_name("/V")] = generic.TextStringObject(record)
            writer.mark_update(reference)
            output = BytesIO()
            writer.write(output)
            return output.getvalue()
    return pdf


def _record_field(place: Mapping[str, Any]) -> Any:
    """Nobody types into it, and no page shows it (ISO 32000-2, 12.7.4: a field need not have a widget)."""
    return generic.DictionaryObject(
        {
            pdf_name("/FT"): pdf_name("/Tx"),
            pdf_name("/T"): generic.pdf_string(f"{place['field']}{FIELD_SUFFIX}"),
            pdf_name("/TU"): generic.pdf_string(f"Căn cứ thẩm quyền ký: {place['title']}"),
            pdf_name("/Ff"): generic.NumberObject(1),  # read-only (ISO 32000-2, table 227)
        }
    )


def _specification(place: Mapping[str, Any]) -> SigFieldSpec:
    left, top = round(place["x"]), round(PAGE_HEIGHT - place["y"])
    box = (left, top - round(place["height"]), left + round(place["width"]), top)
    return SigFieldSpec(
        place["field"], on_page=place["page"] - 1, box=box, readable_field_name=f"Chữ ký số: {place['title']}"
    )


def _tag(writer: Revision, fields: Sequence[Any]) -> None:
    """Append a Form element per field to the document's structure, and tell the parent tree about it."""
    tree = writer.root["/StructTreeRoot"]
    document = _document_element(tree)
    numbers = tree["/ParentTree"].get("/Nums")
    if numbers is None:
        raise DocumentError("rendering-failed", "the structure's parent tree is not a single list")
    following = (
        max([int(key) for key in list(numbers)[0::2]] + [int(tree.get("/ParentTreeNextKey", 0)) - 1]) + 1
    )
    for key, field in enumerate(fields, start=following):
        annotation = field.get_object()
        element = writer.add_object(_form_element(writer, document.container_ref, field, annotation))
        document["/K"].append(element)
        numbers.extend([generic.NumberObject(key), element])
        annotation[pdf_name("/StructParent")] = generic.NumberObject(key)
        annotation[pdf_name("/Contents")] = annotation["/TU"]
        writer.mark_update(field)
        page = annotation["/P"]
        page[pdf_name("/Tabs")] = pdf_name("/S")
        writer.update_container(page)
    tree[pdf_name("/ParentTreeNextKey")] = generic.NumberObject(following + len(fields))
    for changed in (document, document["/K"], tree["/ParentTree"], numbers, tree):
        writer.update_container(changed)


def _document_element(tree: Any) -> Any:
    top = tree["/K"]
    element = top[0] if isinstance(top, generic.ArrayObject) else top
    if not isinstance(element.get("/K"), generic.ArrayObject):
        raise DocumentError("rendering-failed", "the structure has no list of elements at its top")
    return element


def _form_element(writer: Revision, parent: Any, field: Any, annotation: Any) -> Any:
    reference = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/OBJR"),
            pdf_name("/Obj"): field,
            pdf_name("/Pg"): annotation.raw_get("/P"),
        }
    )
    return generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/StructElem"),
            pdf_name("/S"): pdf_name("/Form"),
            pdf_name("/P"): generic.IndirectObject(parent.idnum, parent.generation, writer),
            pdf_name("/Alt"): annotation["/TU"],
            pdf_name("/K"): reference,
        }
    )
