"""Damage by incremental updates: what anyone with a PDF library and no key can append to a signed file,
shadow attacks among it (hide, replace, hide and replace), and signature wrapping.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from tests.models.evidence.corpus.raw import Raw, Update

PAGE = rb"/Type ?/Page\b"
FORM = b" /Type /XObject /Subtype /Form /Resources << >> /BBox "


def _text(chance: Random) -> bytes:
    words = b" ".join(chance.randbytes(4).hex().encode() for _ in range(chance.randint(1, 8)))
    return b"q 1 1 1 rg 60 %d 480 %d re f Q BT /f0 12 Tf 70 %d Td (%s) Tj ET" % (
        chance.randint(100, 700),
        chance.randint(20, 200),
        chance.randint(100, 700),
        words,
    )


def _update(change: Callable[[Update, Random], None]) -> Callable[[bytes, Random], bytes]:
    def damage(pdf: bytes, chance: Random) -> bytes:
        update = Update.of(pdf)
        change(update, chance)
        return update.written()

    return damage


def _page(update: Update, chance: Random) -> int:
    return chance.choice(update.raw.numbers_of(PAGE))


def content_replaced(update: Update, chance: Random) -> None:
    """The page rendered anew with other words."""
    stream = update.add(update.stream(_text(chance)))
    update.replace(_page(update, chance), rb"/Contents ?\d+ 0 R", b"/Contents %d 0 R" % stream)


def content_object_rewritten(update: Update, chance: Random) -> None:
    page = update.body(_page(update, chance))
    (number,) = re.findall(rb"/Contents ?(\d+) 0 R", page)
    update.put(int(number), update.stream(_text(chance)))


def content_added(update: Update, chance: Random) -> None:
    stream = update.add(update.stream(_text(chance)))
    page = _page(update, chance)
    (old,) = re.findall(rb"/Contents ?(\d+) 0 R", update.body(page))
    update.replace(page, rb"/Contents ?\d+ 0 R", b"/Contents [%d 0 R %d 0 R]" % (int(old), stream))


def _annotation(subtype: bytes) -> Callable[[Update, Random], None]:
    def change(update: Update, chance: Random) -> None:
        page = _page(update, chance)
        face = update.add(update.stream(_text(chance), FORM + b"[0 0 595 842]"))
        note = update.add(
            b"<< /Type /Annot /Subtype /%s /Rect [0 0 %d 842] /F 4 /Contents (%s) /AP << /N %d 0 R >> >>"
            % (subtype, chance.randint(300, 595), chance.randbytes(4).hex().encode(), face)
        )
        if b"/Annots" in update.body(page):
            update.replace(page, rb"/Annots ?\[", b"/Annots [ %d 0 R " % note)
        else:
            update.into(page, b"/Annots [ %d 0 R ]" % note)

    return change


def appearance_changed(update: Update, chance: Random) -> None:
    """What the signature's own mark shows."""
    widget = chance.choice(update.raw.numbers_of(rb"/Subtype /Widget"))
    face = update.add(update.stream(_text(chance), FORM + b"[0 0 210 85]"))
    if b"/AP" in update.body(widget):
        update.replace(widget, rb"/AP <<\s*/N \d+ 0 R\s*>>", b"/AP << /N %d 0 R >>" % face)
    else:
        update.into(widget, b"/AP << /N %d 0 R >>" % face)


def widget_moved(update: Update, chance: Random) -> None:
    """A signature's mark drawn over something else."""
    widget = chance.choice(update.raw.numbers_of(rb"/Subtype /Widget.*/AP"))
    corner = chance.randint(10, 90)
    update.replace(widget, rb"/Rect \[[^\]]*\]", b"/Rect [ %d %d 590 800 ]" % (corner, corner))


def attachment_replaced(update: Update, chance: Random) -> None:
    number = update.raw.number_of(rb"/EmbeddedFile")
    update.put(number, update.stream(b'{"salary":"%d"}' % chance.randrange(10**8), b" /Type /EmbeddedFile"))


def _file(update: Update, chance: Random) -> int:
    data = update.add(update.stream(b'{"x":%d}' % chance.randrange(10**6), b" /Type /EmbeddedFile"))
    return update.add(b"<< /Type /Filespec /F (ho-so.json) /UF (ho-so.json) /EF << /F %d 0 R >> >>" % data)


def attachment_added(update: Update, chance: Random) -> None:
    """A second file of the same name."""
    update.replace(update.raw.root, rb"/AF ?\[", b"/AF [ %d 0 R " % _file(update, chance))


def attachment_swapped(update: Update, chance: Random) -> None:
    """The name leads to another file."""
    file = _file(update, chance)
    update.replace(update.raw.root, rb"/AF ?\[[^\]]*\]", b"/AF [ %d 0 R ]" % file)
    if re.search(rb"/EmbeddedFiles", update.body(update.raw.root)):
        update.replace(update.raw.root, rb"/Names \[.*?\]\s*>>", b"/Names [ (ho-so.json) %d 0 R ] >>" % file)


def keywords_changed(update: Update, chance: Random) -> None:
    stated = (chance.randrange(10**9), chance.randbytes(32).hex().encode())
    update.replace(
        update.raw.info, rb"/Keywords ?\(.*?\)", b"/Keywords (hoso-code:HS-%d, hoso-sha256:%s)" % stated
    )


def title_changed(update: Update, chance: Random) -> None:
    title = b"/Title (%s)" % chance.randbytes(8).hex().encode()
    update.replace(update.raw.info, rb"/Title ?[<(].*?[>)]", title)


def metadata_changed(update: Update, chance: Random) -> None:
    number = update.raw.number_of(rb"/Type ?/Metadata")
    packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><a>%d</a></x:xmpmeta>" % chance.randrange(10**9)
    update.put(number, update.stream(packet, b" /Type /Metadata /Subtype /XML"))


def _into_root(entry: Callable[[Update, Random], bytes]) -> Callable[[Update, Random], None]:
    return lambda update, chance: update.into(update.raw.root, entry(update, chance))


def pages_replaced(update: Update, chance: Random) -> None:
    """Hide and replace: a whole second document under the same catalogue."""
    pages = update.next + 2
    stream = update.add(update.stream(_text(chance)))
    page = update.add(
        b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents %d 0 R >>"
        % (pages, stream)
    )
    assert update.add(b"<< /Type /Pages /Count 1 /Kids [ %d 0 R ] >>" % page) == pages
    update.replace(update.raw.root, rb"/Pages \d+ 0 R", b"/Pages %d 0 R" % pages)


def catalogue_replaced(update: Update, chance: Random) -> None:
    """The trailer leads to a catalogue of the attacker's, with the signature fields of the old one."""
    body = update.body(update.raw.root)
    pages_replaced(update, chance)
    changed = update.objects.pop(update.raw.root)
    assert changed != body
    update.root = update.add(changed)


def page_removed_or_added(update: Update, chance: Random) -> None:
    tree = update.raw.number_of(rb"/Type ?/Pages\b")
    page = update.add(
        b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 %d] /Resources << >> >>"
        % (tree, chance.randint(100, 900))
    )
    (listed,) = re.findall(rb"/Kids ?\[([^\]]*)\]", update.body(tree))
    kids = re.findall(rb"\d+ 0 R", listed)
    kids = [*kids[: chance.randint(0, len(kids))], b"%d 0 R" % page]
    update.put(tree, b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (len(kids), b" ".join(kids)))


def page_turned(update: Update, chance: Random) -> None:
    update.into(_page(update, chance), b"/Rotate %d" % chance.choice([90, 180, 270]))


def page_cropped(update: Update, chance: Random) -> None:
    box = b"/CropBox [0 0 %d %d]" % (chance.randint(50, 500), chance.randint(50, 700))
    update.into(_page(update, chance), box)


def fonts_replaced(update: Update, chance: Random) -> None:
    """Shadow attack, replace: the same codes, other glyphs."""
    number = chance.choice(update.raw.numbers_of(rb"/Type/Font/Subtype/Type0"))
    name = chance.choice([b"Symbol", b"Courier"])
    update.put(number, b"<< /Type /Font /Subtype /Type1 /BaseFont /%s >>" % name)


def glyphs_remapped(update: Update, chance: Random) -> None:
    """What a reader copies or hears is no longer what it sees."""
    number = chance.choice(update.raw.numbers_of(rb"/Type/CMap"))
    table = b"1 beginbfrange <0000> <00FF> <%04X> endbfrange" % chance.randrange(0x20, 0x1EF0)
    update.put(number, update.stream(table, b" /Type /CMap"))


def resources_replaced(update: Update, chance: Random) -> None:
    number = update.raw.number_of(rb"^\s*<</ProcSet")
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"
    update.put(number, b"<< /Font << /f0 %s >> /X %d >>" % (font, chance.randrange(99)))


def layers_added(update: Update, chance: Random) -> None:
    """Shadow attack, hide: optional content that can be switched."""
    layer = update.add(b"<< /Type /OCG /Name (%d) >>" % chance.randrange(10**6))
    update.into(
        update.raw.root, b"/OCProperties << /OCGs [ %d 0 R ] /D << /OFF [ %d 0 R ] >> >>" % (layer, layer)
    )


def alternative_text(update: Update, chance: Random) -> None:
    number = chance.choice(update.raw.numbers_of(rb"/StructElem"))
    update.into(number, b"/ActualText (%s)" % chance.randbytes(5).hex().encode())


def fields_removed(update: Update, chance: Random) -> None:
    number = update.raw.number_of(rb"/Fields \[")
    update.replace(number, rb"/Fields \[[^\]]*\]", b"/Fields [ ] /X %d" % chance.randrange(10**6))


def form_removed(update: Update, chance: Random) -> None:
    update.replace(update.raw.root, rb"/AcroForm \d+ 0 R", b"/X%d null" % chance.randrange(10**6))


def value_removed(update: Update, chance: Random) -> None:
    """One signature taken out of its field."""
    signed = update.raw.numbers_of(rb"/Subtype /Widget.*/V \d+ 0 R")
    update.replace(chance.choice(signed), rb"/V \d+ 0 R", b"/X %d" % chance.randrange(10**6))


def values_swapped(update: Update, chance: Random) -> None:
    """The signature shown in another field than it was given in."""
    signed = chance.choice(update.raw.numbers_of(rb"/Subtype /Widget.*/V \d+ 0 R"))
    (value,) = re.findall(rb"/V (\d+) 0 R", update.body(signed))
    widgets = update.raw.numbers_of(rb"/Subtype /Widget")
    other = chance.choice([one for one in widgets if one != signed])
    update.replace(signed, rb"/V \d+ 0 R", b"/X %d" % chance.randrange(99))
    if b"/V " in update.body(other):
        update.replace(other, rb"/V \d+ 0 R", b"/V %s 0 R" % value)
    else:
        update.into(other, b"/V %s 0 R" % value)


def field_renamed(update: Update, chance: Random) -> None:
    number = chance.choice(update.raw.numbers_of(rb"/Subtype /Widget"))
    update.replace(number, rb"/T \([^)]*\)", b"/T (%s)" % chance.randbytes(4).hex().encode())


def text_field_added(update: Update, chance: Random) -> None:
    """A form field that says something."""
    page = _page(update, chance)
    text = update.add(
        b"<< /FT /Tx /T (t%d) /V (%s) /DA (/f0 12 Tf 0 g) /Type /Annot /Subtype /Widget /F 4"
        b" /Rect [50 50 500 %d] >>"
        % (chance.randrange(10**6), chance.randbytes(6).hex().encode(), chance.randint(80, 800))
    )
    update.replace(update.raw.number_of(rb"/Fields \["), rb"/Fields \[", b"/Fields [ %d 0 R " % text)
    if b"/Annots" in update.body(page):
        update.replace(page, rb"/Annots ?\[", b"/Annots [ %d 0 R " % text)
    else:
        update.into(page, b"/Annots [ %d 0 R ]" % text)


def signature_dictionary_changed(update: Update, chance: Random) -> None:
    """Reason, place or time as shown, rewritten by an update."""
    number = chance.choice(update.raw.numbers_of(rb"/ByteRange"))
    body = re.sub(rb"/Reason \(.*?\)\n", b"", update.body(number), flags=re.DOTALL)
    update.put(number, re.sub(rb">>\s*$", b"/Reason (%d) >>" % chance.randrange(10**6), body))


def rubbish_store(update: Update, chance: Random) -> None:
    """Validation data of nobody."""
    junk = update.add(update.stream(chance.randbytes(200)))
    store = update.add(b"<< /Certs [ %d 0 R ] >>" % junk)
    body = re.sub(rb"/DSS \d+ 0 R", b"", update.body(update.raw.root))
    update.put(update.raw.root, re.sub(rb">>\s*$", b"/DSS %d 0 R >>" % store, body))


def unused_object(update: Update, chance: Random) -> None:
    """Prepared for later: an object that nothing uses yet."""
    update.add(update.stream(_text(chance)))


def wrapped(pdf: bytes, chance: Random) -> bytes:
    """Signature wrapping: the signed second part moved back, the attacker's objects in between, and a
    ByteRange that tells readers where the old part went.
    """
    raw = Raw(pdf)
    one = list(re.finditer(rb"/ByteRange ?\[ ?(\d+) (\d+) (\d+) (\d+) ?\]", pdf))[-1]
    first, second, length = int(one[2]), int(one[3]), int(one[4])
    evil = b"\n%d 0 obj\n<< /Type /Pages /Count 0 /Kids [ ] /X %d >>\nendobj\n" % (
        raw.number_of(rb"/Type ?/Pages\b"),
        chance.randrange(10**6),
    )
    moved = second + len(evil)
    new = b"/ByteRange [0 %d %d %d]" % (first, moved, length)
    changed = re.sub(re.escape(one[0]), lambda _: new, pdf[second : second + length])
    changed = changed.ljust(length)[:length] if len(changed) <= length else changed
    return pdf[:second] + evil + changed + pdf[second + length :]


def forged(pdf: bytes, chance: Random) -> bytes:
    """Universal forgery: the signature made unreadable in ways that confused readers once."""
    raw = Raw(pdf)
    start, end = chance.choice(raw.containers())
    way = chance.randrange(5)
    if way == 0:
        return pdf[:start] + b"0" * (end - start) + pdf[end:]
    if way == 1:
        return pdf[: start - 1] + b"()".ljust(end - start + 2) + pdf[end + 1 :]
    if way == 2:
        return pdf[: start - 1] + b"null".ljust(end - start + 2) + pdf[end + 1 :]
    spots = list(re.finditer(rb"/ByteRange ?\[[^\]]*\]", pdf))
    one = chance.choice(spots)
    other = [b"null", b"[0 -1 1 1]"][way - 3] if way == 3 else b"[]"
    return pdf[: one.start()] + b"/ByteRange " + other.ljust(len(one[0]) - 11) + pdf[one.end() :]


KINDS = {
    "update: page rendered anew": _update(content_replaced),
    "update: content object rewritten": _update(content_object_rewritten),
    "update: content added": _update(content_added),
    "update: note over the page": _update(_annotation(b"FreeText")),
    "update: stamp over the page": _update(_annotation(b"Stamp")),
    "update: redaction over the page": _update(_annotation(b"Redact")),
    "update: mark's face changed": _update(appearance_changed),
    "update: mark moved": _update(widget_moved),
    "update: attachment replaced": _update(attachment_replaced),
    "update: attachment added": _update(attachment_added),
    "update: attachment swapped": _update(attachment_swapped),
    "update: keywords changed": _update(keywords_changed),
    "update: title changed": _update(title_changed),
    "update: metadata changed": _update(metadata_changed),
    "update: script added": _update(
        _into_root(lambda _, chance: b"/OpenAction << /S /JavaScript /JS (a(%d)) >>" % chance.randrange(99))
    ),
    "update: actions added": _update(
        _into_root(lambda _, chance: b"/AA << /WC << /S /URI /URI (http://x/%d) >> >>" % chance.randrange(99))
    ),
    "update: language changed": _update(
        lambda update, chance: update.replace(
            update.raw.root, rb"/Lang ?\(vi\)", b"/Lang (en-%d)" % chance.randrange(99)
        )
    ),
    "shadow: hide and replace by pages": _update(pages_replaced),
    "shadow: hide and replace by catalogue": _update(catalogue_replaced),
    "shadow: replace by fonts": _update(fonts_replaced),
    "shadow: replace by glyph table": _update(glyphs_remapped),
    "shadow: replace by resources": _update(resources_replaced),
    "shadow: hide by layers": _update(layers_added),
    "update: page removed or added": _update(page_removed_or_added),
    "update: page turned": _update(page_turned),
    "update: page cropped": _update(page_cropped),
    "update: spoken text changed": _update(alternative_text),
    "update: fields removed": _update(fields_removed),
    "update: form removed": _update(form_removed),
    "update: signature taken out": _update(value_removed),
    "update: signature in another field": _update(values_swapped),
    "update: field renamed": _update(field_renamed),
    "update: text field added": _update(text_field_added),
    "update: signature dictionary rewritten": _update(signature_dictionary_changed),
    "update: rubbish validation data": _update(rubbish_store),
    "update: object for later": _update(unused_object),
    "signature wrapping": wrapped,
    "universal forgery": forged,
}
