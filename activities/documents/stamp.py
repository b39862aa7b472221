"""The face of a visible signature: who, as what, when (NĐ 30/2020/NĐ-CP, Phụ lục I)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from secrets import token_hex

from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, InnerScaling, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.stamp import StaticStampStyle

from activities.documents.typesetting import typeset
from models.evidence.verdict import VIETNAM


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a visible signature shows. Empty lines are left out."""

    signer: str
    post: str
    organisation: str
    signed_at: datetime
    reason: str = ""

    def lines(self) -> list[dict[str, str]]:
        """Labels and values in order; the time with its zone as the decree asks."""
        local = self.signed_at.astimezone(VIETNAM)
        person = (
            [("Người ký", self.signer), ("Chức vụ", self.post)] if self.signer != self.organisation else []
        )
        shown = [
            *person,
            ("Cơ quan", self.organisation),
            ("Nội dung", self.reason),
            ("Thời gian ký", local.strftime("%d/%m/%Y %H:%M:%S %z").replace("+0700", "+07:00")),
        ]
        return [{"label": label, "value": value} for label, value in shown if value]


def stamp_style(stamp: Stamp) -> StaticStampStyle:
    """The stamp as pyHanko wants it."""
    done = typeset("stamp.typ", {"lines": stamp.lines()}, issued_at=stamp.signed_at, standards=("a-3b",))
    fill = SimpleBoxLayoutRule(
        x_align=AxisAlignment.ALIGN_MID,
        y_align=AxisAlignment.ALIGN_MID,
        margins=Margins(0, 0, 0, 0),
        inner_content_scaling=InnerScaling.STRETCH_TO_FIT,
    )
    return StaticStampStyle(background=_Page(done.pdf), border_width=0, background_layout=fill)


class _Page(PdfContent):
    """The one page of a PDF as drawing content (pyHanko's own class wants a file on disk)."""

    def __init__(self, pdf: bytes) -> None:
        self._pdf = pdf
        super().__init__()

    def render(self) -> bytes:
        """Import the page into the document being written."""
        page = self._ensure_writer.import_page_as_xobject(PdfFileReader(BytesIO(self._pdf)))
        name = f"/Stamp{token_hex(4)}"
        self.resources.xobject[name] = page
        left, bottom, right, top = (float(edge) for edge in page.get_object()["/BBox"])
        self.box = BoxConstraints(width=right - left, height=top - bottom)
        return f"{name} Do".encode()
