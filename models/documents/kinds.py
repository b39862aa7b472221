"""What a file is, told by its first and last bytes, never by its name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaType:
    """How a format begins and how it ends (``ending`` must stand in the last ``within`` bytes)."""

    name: str
    beginning: bytes
    ending: bytes
    within: int


MEDIA_TYPES = (
    MediaType("application/pdf", b"%PDF-", b"%%EOF", 1024),  # ISO 32000-2, 7.5.2 and 7.5.5
    MediaType("image/jpeg", b"\xff\xd8\xff", b"\xff\xd9", 64),  # ISO/IEC 10918-1, B.1.1.3
    MediaType("image/png", b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82", 64),  # ISO/IEC 15948, 5.2 and 11.2.5
)
HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif"})
"""Major brands of what phones save as HEIC (ISO/IEC 23008-12, annex B) and of its relatives."""


def is_heif(data: bytes) -> bool:
    """Whether it is a picture as newer phones save them: known, and not accepted."""
    return data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS


def detect(data: bytes) -> str | None:
    """The media type the bytes show at both ends, or None."""
    for kind in MEDIA_TYPES:
        if data.startswith(kind.beginning) and kind.ending in data[-kind.within :]:
            return kind.name
    return None
