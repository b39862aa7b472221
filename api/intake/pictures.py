"""JPEG and PNG as they are kept: upright, and without what a camera or a phone wrote beside the picture.

Place and device stand in EXIF (CIPA DC-008), XMP (ISO 16684-1), comments, makers' own segments, and in films
that phones append. A picture with none of them keeps its bytes.
"""

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image, ImageOps, JpegImagePlugin

from api.intake.refusing import FileRefusedError

MAXIMUM_PIXELS = 80_000_000
"""Width × height: A3 at 600 dots per inch is 70 million, a telephone's finest picture 50 million."""

_KEPT_SEGMENTS = (("APP0", b"JFIF\0"), ("APP2", b"ICC_PROFILE\0"), ("APP14", b"Adobe"))
_KEPT_CHUNKS = frozenset(
    {
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"iCCP",
        b"sBIT",
        b"bKGD",
        b"pHYs",
    }
)
_SIGNATURE = 8
_CHUNK_FRAME = 12
_END_OF_IMAGE = b"\xff\xd9"
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A picture as it is kept, its size in pixels, and what was done to it."""

    data: bytes
    width: int
    height: int
    turned: bool
    removed: tuple[str, ...]


def opened(data: bytes, media_type: str) -> Image.Image:
    """The picture, not yet decoded; its format is the one already found, no other decoder is tried.

    Raises:
        FileRefusedError: ``attachment-unreadable``, ``attachment-too-complex`` (too many pixels).
    """
    Image.MAX_IMAGE_PIXELS = None  # our own limit below refuses, where Pillow's first only warns
    try:
        picture = Image.open(BytesIO(data), formats=[_FORMATS[media_type]])
    except (OSError, ValueError, SyntaxError):  # Pillow says SyntaxError of a broken header
        raise FileRefusedError("attachment-unreadable") from None
    if picture.width * picture.height > MAXIMUM_PIXELS:
        raise FileRefusedError("attachment-too-complex", ("pixels",))
    return picture


def clean(data: bytes, media_type: str) -> Cleaned:
    """The picture upright and stripped; whole, or refused.

    Raises:
        FileRefusedError: ``attachment-unreadable``, ``attachment-too-complex``.
    """
    picture = opened(data, media_type)
    try:
        picture.load()
        removed = _beside(picture, data)
        turned = picture.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9)
        if not removed:
            return Cleaned(data, picture.width, picture.height, False, ())
        upright = ImageOps.exif_transpose(picture) if turned else picture
        kept = _encoded(upright, picture)
    except (OSError, ValueError, SyntaxError, struct.error):
        raise FileRefusedError("attachment-unreadable") from None
    return Cleaned(kept, upright.width, upright.height, turned, removed)


def _beside(picture: Image.Image, data: bytes) -> tuple[str, ...]:
    """What stands in the file beside the picture, by kind; ``other`` for what has no name here."""
    exif = picture.getexif()
    found = [
        name for name, there in (("exif", exif), ("location", exif.get_ifd(ExifTags.IFD.GPSInfo))) if there
    ]
    if any(key in picture.info for key in ("xmp", "XML:com.adobe.xmp")):
        found.append("xmp")
    if not found and _is_plain(picture, data):
        return ()
    return tuple(found) or ("other",)


def _is_plain(picture: Image.Image, data: bytes) -> bool:
    """Whether the file holds the picture, its colours and its resolution, and nothing else."""
    if isinstance(picture, JpegImagePlugin.JpegImageFile):
        known = all(
            any(name == kept and content.startswith(start) for kept, start in _KEPT_SEGMENTS)
            for name, content in picture.applist
        )
        # Within the picture's own data 0xFF is never followed by 0xD9 (ISO/IEC 10918-1, B.1.1.5).
        return known and data.find(_END_OF_IMAGE) == len(data) - len(_END_OF_IMAGE)
    at = _SIGNATURE
    while at + _CHUNK_FRAME <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind not in _KEPT_CHUNKS:
            return False
        at += _CHUNK_FRAME + length
        if kind == b"IEND":
            break
    return at == len(data)


def _encoded(upright: Image.Image, original: Image.Image) -> bytes:
    """The picture encoded anew, nothing beside it but its colours and its resolution."""
    out = BytesIO()
    beside: dict[str, Any] = {
        name: original.info[name] for name in ("icc_profile", "dpi") if original.info.get(name) is not None
    }
    if isinstance(original, JpegImagePlugin.JpegImageFile):
        beside |= {
            "qtables": original.quantization,  # its own tables: what is encoded anew loses next to nothing
            "subsampling": JpegImagePlugin.get_sampling(original),
            "comment": b"",
        }
        bare = upright.copy()
        bare.info = {}
        bare.save(out, "JPEG", optimize=True, **beside)
    else:
        if "transparency" in original.info:
            beside["transparency"] = original.info["transparency"]
        bare = upright.copy()
        bare.info = {}
        bare.save(out, "PNG", **beside)
    return out.getvalue()
