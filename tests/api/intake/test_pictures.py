"""Pictures as they are kept: upright, without place and device, untouched where there is nothing of it."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import ExifTags, Image

from api.intake import pictures
from api.intake.pages import LONGEST_SIDE, page
from api.intake.pictures import clean
from api.intake.refusing import FileRefusedError

RED, BLUE = (200, 20, 20), (20, 20, 200)
MAKER = b"PhoneMaker X"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>21,1.7N</exif:GPSLatitude></x:xmpmeta>'


def halves(width: int = 48, height: int = 32) -> Image.Image:
    """Red on the left, blue on the right."""
    made = Image.new("RGB", (width, height), RED)
    made.paste(BLUE, (width // 2, 0, width, height))
    return made


def exif(orientation: int) -> Image.Exif:
    told = Image.Exif()
    told[ExifTags.Base.Make] = MAKER.decode()
    told[ExifTags.Base.Orientation] = orientation
    told.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    told.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (21.0, 1.0, 42.0)
    return told


def encoded(picture: Image.Image, form: str, **beside: object) -> bytes:
    out = BytesIO()
    picture.save(out, form, **beside)
    return out.getvalue()


def near(found: tuple[int, ...], wanted: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(found[:3], wanted, strict=True))


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("orientation", "size", "first", "last"),
    [
        (1, (48, 32), RED, BLUE),
        (3, (48, 32), BLUE, RED),
        (6, (32, 48), RED, BLUE),  # the camera was held upright: what it saw left is on top
        (8, (32, 48), BLUE, RED),
    ],
)
def test_telephones_pictures_stand_upright_and_say_no_place(
    form: str,
    orientation: int,
    size: tuple[int, int],
    first: tuple[int, int, int],
    last: tuple[int, int, int],
) -> None:
    sent = encoded(halves(), form, exif=exif(orientation), xmp=XMP) if form == "JPEG" else encoded(
        halves(), form, exif=exif(orientation)
    )  # fmt: skip
    assert MAKER in sent
    kept = clean(sent, f"image/{form.lower()}")
    assert (kept.width, kept.height) == size
    assert kept.turned is (orientation != 1)
    assert {"exif", "location"} <= set(kept.removed)
    assert MAKER not in kept.data
    assert b"GPS" not in kept.data
    again = Image.open(BytesIO(kept.data))
    assert again.size == size
    assert len(again.getexif()) == 0
    assert near(again.getpixel((2, 2)), first)
    assert near(again.getpixel((size[0] - 3, size[1] - 3)), last)
    assert clean(kept.data, f"image/{form.lower()}").data == kept.data, "what was cleaned stays as it is"


@pytest.mark.parametrize(("form", "beside"), [("JPEG", {"quality": 70}), ("PNG", {"dpi": (300, 300)})])
def test_nothing_to_remove_nothing_changed(form: str, beside: dict[str, object]) -> None:
    sent = encoded(halves(), form, **beside)
    kept = clean(sent, f"image/{form.lower()}")
    assert kept.data == sent
    assert (kept.turned, kept.removed) == (False, ())


def test_comments_makers_segments_and_appended_films_go() -> None:
    jpeg = encoded(halves(), "JPEG")
    comment = jpeg[:2] + b"\xff\xfe" + struct.pack(">H", 2 + len(MAKER)) + MAKER + jpeg[2:]
    segment = jpeg[:2] + b"\xff\xe5" + struct.pack(">H", 2 + len(MAKER)) + MAKER + jpeg[2:]
    film = jpeg + b"ftypmp42" + MAKER + b"\xff\xd9"
    for sent in (comment, segment, film):
        kept = clean(sent, "image/jpeg")
        assert kept.removed == ("other",)
        assert MAKER not in kept.data
    png = encoded(halves(), "PNG")
    chunk = b"tEXt" + b"Comment\0" + MAKER
    said = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    kept = clean(png[:33] + said + png[33:], "image/png")
    assert MAKER not in kept.data
    assert near(Image.open(BytesIO(kept.data)).getpixel((2, 2)), RED)


def test_colours_and_resolution_stay() -> None:
    profile = b"\0" * 128 + b"a colour profile"
    sent = encoded(halves(), "JPEG", exif=exif(6), icc_profile=profile, dpi=(300, 300), quality=60)
    again = Image.open(BytesIO(clean(sent, "image/jpeg").data))
    assert again.info["icc_profile"] == profile
    assert again.info["dpi"] == (300, 300)
    assert again.quantization == Image.open(BytesIO(sent)).quantization
    clear = Image.new("RGBA", (8, 8), (1, 2, 3, 0))
    kept = clean(encoded(clear, "PNG", exif=exif(1)), "image/png")
    assert Image.open(BytesIO(kept.data)).getpixel((1, 1)) == (1, 2, 3, 0)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be enormous."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 9))
        + chunk(b"IEND", b"")
    )


def test_bombs_are_refused_before_they_are_opened() -> None:
    for ask in (
        lambda: clean(bomb(60_000, 60_000), "image/png"),
        lambda: page(bomb(60_000, 60_000), "image/png", 1),
    ):
        with pytest.raises(FileRefusedError) as refused:
            ask()
        assert (refused.value.code, refused.value.found) == ("attachment-too-complex", ("pixels",))
    side = int(pictures.MAXIMUM_PIXELS**0.5) - 1
    with pytest.raises(FileRefusedError) as refused:
        clean(bomb(side, 2), "image/png")
    assert refused.value.code == "attachment-unreadable", "small enough, but there is no picture in it"


@pytest.mark.parametrize("kept", [40, 200, 400])
def test_cut_or_false_pictures_are_refused(kept: int) -> None:
    whole = encoded(halves(200, 200), "JPEG")
    for data, kind in (
        (whole[:kept] + b"\xff\xd9", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n" + bytes(kept), "image/png"),
    ):
        with pytest.raises(FileRefusedError) as refused:
            clean(data, kind)
        assert refused.value.code == "attachment-unreadable"


def test_a_page_of_a_picture_is_small_enough_for_a_telephone() -> None:
    drawn = Image.open(BytesIO(page(encoded(halves(4000, 1000), "JPEG"), "image/jpeg", 1)))
    assert drawn.size == (LONGEST_SIDE, LONGEST_SIDE // 4)
    with pytest.raises(FileRefusedError) as refused:
        page(encoded(halves(), "PNG"), "image/png", 2)
    assert refused.value.code == "not-found"
