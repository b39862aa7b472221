"""One page of a kept file as a PNG: small enough for a telephone, drawn where it can do no harm."""

from io import BytesIO

import pypdfium2
from PIL import Image

from api.intake.pictures import opened
from api.intake.refusing import FileRefusedError

LONGEST_SIDE = 1600
"""Pixels of the longer side: an A4 page at some 135 dots per inch."""


def page(data: bytes, media_type: str, number: int) -> bytes:
    """Page ``number``, counted from 1; a picture has one page.

    Raises:
        FileRefusedError: ``not-found`` (no such page), ``attachment-unreadable``, ``attachment-too-complex``.
    """
    drawn = (
        _of_pdf(data, number) if media_type == "application/pdf" else _of_picture(data, media_type, number)
    )
    out = BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()


def _of_pdf(data: bytes, number: int) -> Image.Image:
    try:
        with pypdfium2.PdfDocument(data) as document:
            if not 1 <= number <= len(document):
                raise FileRefusedError("not-found")
            document.init_forms()  # what stands in form fields belongs to the page
            sheet = document[number - 1]
            width, height = sheet.get_size()
            scale = min((LONGEST_SIDE - 0.01) / max(width, height, 1.0), 4.0)
            drawn: Image.Image = sheet.render(scale=scale).to_pil()
            return drawn
    except pypdfium2.PdfiumError:
        raise FileRefusedError("attachment-unreadable") from None


def _of_picture(data: bytes, media_type: str, number: int) -> Image.Image:
    if number != 1:
        raise FileRefusedError("not-found")
    picture = opened(data, media_type)
    try:
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return picture.convert("RGBA" if "A" in picture.getbands() else "RGB")
    except (OSError, ValueError, SyntaxError):
        raise FileRefusedError("attachment-unreadable") from None
