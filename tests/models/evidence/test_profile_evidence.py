"""The evidence file: three parts, one spelling."""

import io
import zipfile

import pytest

from models.evidence.listing import ListingError, prove
from models.evidence.profile_evidence import (
    LIST_NAME,
    REVISION_NAME,
    ROW_NAME,
    EvidenceFileError,
    ProfileEvidence,
    is_evidence_file,
)
from tests.models.evidence.test_listing import rows

PARTS = ProfileEvidence(b"%PDF-1.7 the list", rows(3)[1], prove(rows(3))[1], b'{"a":"\xc3\xa1"}')


def archive(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compression) as made:
        for name, data in members:
            made.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, compression)
    return written.getvalue()


def members(data: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        return [(name, made.read(name)) for name in made.namelist()]


def test_packed_and_unpacked() -> None:
    packed = PARTS.pack()
    assert is_evidence_file(packed)
    assert ProfileEvidence.unpack(packed) == PARTS
    assert packed == PARTS.pack()
    assert [name for name, _ in members(packed)] == [LIST_NAME, ROW_NAME, REVISION_NAME]


def test_every_byte_counts() -> None:
    """Whatever changes is either refused or another part: nothing changes unseen."""
    packed = PARTS.pack()
    for at in range(len(packed)):
        broken = bytearray(packed)
        broken[at] ^= 1
        try:
            assert ProfileEvidence.unpack(bytes(broken)) != PARTS, at
        except (EvidenceFileError, ListingError):
            continue


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"PK\x03\x04",
        PARTS.pack() + b"x",
        b"x" + PARTS.pack(),
        PARTS.pack()[:-1],
        archive(members(PARTS.pack())[:2]),
        archive(members(PARTS.pack())[::-1]),
        archive([*members(PARTS.pack()), ("more", b"")]),
        archive(members(PARTS.pack()), zipfile.ZIP_DEFLATED),
        archive([(LIST_NAME, b""), (ROW_NAME, b"[]"), (REVISION_NAME, b"")]),
        archive([(LIST_NAME, b""), (ROW_NAME, b"{"), (REVISION_NAME, b"")]),
    ],
)
def test_not_an_evidence_file(wrong: bytes) -> None:
    with pytest.raises(EvidenceFileError):
        ProfileEvidence.unpack(wrong)


def test_a_row_of_another_form() -> None:
    with pytest.raises(ListingError):
        ProfileEvidence.unpack(
            archive([(LIST_NAME, b""), (ROW_NAME, b'{"row":{},"proof":{}}'), (REVISION_NAME, b"")])
        )
