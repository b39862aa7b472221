"""PDFs looked through before they are kept: what runs by itself is refused, what deserves a look is named."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from api.cli.demo.papers import paper
from api.intake import papers
from api.intake.pages import LONGEST_SIDE, page
from api.intake.papers import look
from api.intake.refusing import FileRefusedError


def written(change: Any) -> bytes:
    writer = PdfWriter(clone_from=BytesIO(paper("A certificate")))
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def action(kind: str, **more: Any) -> DictionaryObject:
    return DictionaryObject(
        {NameObject("/S"): NameObject(kind), **{NameObject(f"/{key}"): value for key, value in more.items()}}
    )


def opening(kind: str, **more: Any) -> bytes:
    """A file whose opening does something."""
    return written(lambda w: w.root_object.update({NameObject("/OpenAction"): action(kind, **more)}))


def on_a_link(kind: str) -> bytes:
    """The same behind a link on a page, one step behind a harmless one (chains: ISO 32000-2, 12.6.2)."""

    def change(writer: PdfWriter) -> None:
        first = action("/URI", URI=TextStringObject("https://example.test"))
        first[NameObject("/Next")] = writer._add_object(action(kind))
        link = {"/Type": NameObject("/Annot"), "/Subtype": NameObject("/Link"), "/A": first}
        link["/Rect"] = ArrayObject([NumberObject(one) for one in (0, 0, 9, 9)])
        made = writer._add_object(DictionaryObject({NameObject(key): value for key, value in link.items()}))
        writer.pages[0][NameObject("/Annots")] = ArrayObject([made])

    return written(change)


def named_script(writer: PdfWriter) -> None:
    """A script that runs by standing in the document's name tree (ISO 32000-2, 7.7.4)."""
    script = writer._add_object(action("/JavaScript", JS=TextStringObject("app.alert(1)")))
    leaf = DictionaryObject({NameObject("/Names"): ArrayObject([TextStringObject("a"), script])})
    writer.root_object[NameObject("/Names")] = DictionaryObject({NameObject("/JavaScript"): leaf})


def holding(name: str, content: bytes) -> bytes:
    return written(lambda w: w.add_attachment(name, content))


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (opening("/JavaScript", JS=TextStringObject("app.alert(1)")), "javascript"),
        (opening("/Launch", F=TextStringObject("cmd.exe")), "launch"),
        (opening("/ImportData", F=TextStringObject("x.fdf")), "import-data"),
        (on_a_link("/JavaScript"), "javascript"),
        (on_a_link("/Launch"), "launch"),
        (written(named_script), "javascript"),
        (holding("invoice.exe", b"harmless text"), "program"),
        (holding("photo.jpg", b"MZ\x90\0 a program by its bytes"), "program"),
        (holding("run.JS", b"1"), "program"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_runs_by_itself_is_refused(data: bytes, found: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        look(data)
    assert refused.value.code == "attachment-active"
    assert found in refused.value.found


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (paper("nothing"), ()),
        (holding("../../etc/annex.xml", b"<a/>"), ("embedded-file",)),
        (opening("/SubmitForm", F=TextStringObject("https://example.test")), ("submit-form",)),
        (opening("/GoTo"), ()),
    ],
    ids=["plain", "annex", "submit", "goto"],
)
def test_what_deserves_a_look_is_named(data: bytes, found: tuple[str, ...]) -> None:
    seen = look(data)
    assert (seen.pages, seen.findings, seen.signatures) == (1, found, 0)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.7\n%%EOF", "attachment-unreadable"),
        (paper("x")[:200] + b"%%EOF", "attachment-unreadable"),
        (written(lambda w: w.encrypt("secret")), "attachment-encrypted"),
        (written(lambda w: w.encrypt("", "owner")), "attachment-encrypted"),
    ],
    ids=["empty", "cut", "password", "owner"],
)
def test_what_cannot_be_looked_through_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        look(data)
    assert refused.value.code == code


def test_objects_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "MAXIMUM_OBJECTS", 5)
    with pytest.raises(FileRefusedError) as refused:
        look(paper("x"))
    assert refused.value.code == "attachment-too-complex"


def test_a_page_is_drawn() -> None:
    drawn = Image.open(BytesIO(page(paper("Look at me"), "application/pdf", 1)))
    assert drawn.format == "PNG"
    assert max(drawn.size) == LONGEST_SIDE
    assert len(drawn.convert("L").histogram()) == 256
    assert drawn.convert("L").getextrema()[0] < 64, "the line is there"
    with pytest.raises(FileRefusedError) as refused:
        page(paper("x"), "application/pdf", 2)
    assert refused.value.code == "not-found"


def test_an_enormous_page_makes_a_small_picture() -> None:
    wide = written(lambda w: w.pages[0].mediabox.__setitem__(2, NumberObject(5_000_000)))
    assert max(Image.open(BytesIO(page(wide, "application/pdf", 1))).size) <= LONGEST_SIDE
