"""Sealed streams: whole, in order, of their subject, or not at all."""

import io
from pathlib import Path

import pytest

from models import key_streams, keys
from models.errors import KeyUnknownError, SealBrokenError
from models.key_streams import MAGIC, open_stream, read_header, seal_stream
from models.keys import KeyRing, MasterKey, Purpose

SUBJECT = "2026-11/database"
SMALL = 64


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return keys.ensure_keyring(tmp_path / "keyring.json", None, tmp_path / "master.key")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many chunks of few bytes: the cuts are what is tested."""
    monkeypatch.setattr(key_streams, "CHUNK", SMALL)


def sealed(ring: KeyRing, plain: bytes, subject: str = SUBJECT) -> bytes:
    out = io.BytesIO()
    seal_stream(ring, subject, io.BytesIO(plain), out)
    return out.getvalue()


def opened(ring: KeyRing, data: bytes, subject: str = SUBJECT) -> bytes:
    out = io.BytesIO()
    assert open_stream(ring, subject, io.BytesIO(data), out) == len(out.getvalue())
    return out.getvalue()


class Dripping(io.RawIOBase):
    """A pipe: gives less than it is asked for."""

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def read(self, size: int = -1) -> bytes:
        given, self._rest = self._rest[: min(size, 7)], self._rest[min(size, 7) :]
        return given


@pytest.mark.parametrize("length", [0, 1, SMALL - 1, SMALL, SMALL + 1, 2 * SMALL, 5 * SMALL + 9])
def test_what_was_sealed_opens(ring: KeyRing, length: int) -> None:
    plain = bytes(range(256)) * 2
    data = sealed(ring, plain[:length])
    assert opened(ring, data) == plain[:length]
    if length >= 8:
        assert plain[:8] not in data


def test_a_pipe_gives_what_it_has(ring: KeyRing) -> None:
    plain, out, back = b"0123456789" * 40, io.BytesIO(), io.BytesIO()
    seal_stream(ring, SUBJECT, Dripping(plain), out)  # type: ignore[arg-type] # a raw pipe is enough
    open_stream(ring, SUBJECT, Dripping(out.getvalue()), back)  # type: ignore[arg-type] # likewise
    assert back.getvalue() == plain


def test_no_chunk_may_be_moved_left_out_or_cut_off(ring: KeyRing) -> None:
    data = sealed(ring, b"a" * SMALL + b"b" * SMALL + b"c" * 10)
    source = io.BytesIO(data)
    read_header(source)
    start, size = source.tell(), SMALL + 16
    head, first, second, last = (
        data[:start],
        *(data[start + i * size : start + (i + 1) * size] for i in range(3)),
    )
    assert opened(ring, head + first + second + last)
    for wrong in (
        head + second + first + last,
        head + first + last,
        head + first + second,  # cut at a chunk's end
        head + first + second + last[:-1],
        head + first + second + last + last,
        head + first,
        head,
        data[: start - 3],
        b"",
    ):
        with pytest.raises(SealBrokenError):
            opened(ring, wrong)


def test_no_altered_byte_opens(ring: KeyRing) -> None:
    data = sealed(ring, b"x" * (SMALL + 5))
    for place in range(len(data)):
        altered = bytearray(data)
        altered[place] ^= 1
        with pytest.raises((SealBrokenError, KeyUnknownError)):
            opened(ring, bytes(altered))


def test_it_opens_under_its_own_name_only(ring: KeyRing) -> None:
    with pytest.raises(SealBrokenError):
        opened(ring, sealed(ring, b"x"), "2026-12/database")


def test_chunks_of_two_streams_do_not_mix(ring: KeyRing) -> None:
    one, two = sealed(ring, b"a" * SMALL + b"b"), sealed(ring, b"a" * SMALL + b"b")
    source = io.BytesIO(one)
    read_header(source)
    with pytest.raises(SealBrokenError):
        opened(ring, one[: source.tell()] + two[source.tell() :])


def test_after_a_rotation_old_streams_still_open(ring: KeyRing, tmp_path: Path) -> None:
    old = sealed(ring, b"old")
    made = keys.rotate(
        tmp_path / "keyring.json", MasterKey.from_file(tmp_path / "master.key"), Purpose.BACKUPS
    )
    again = KeyRing(tmp_path / "keyring.json", MasterKey.from_file(tmp_path / "master.key"))
    new = sealed(again, b"new")
    assert read_header(io.BytesIO(new)).key_id == made.id
    assert (opened(again, old), opened(again, new)) == (b"old", b"new")


def test_the_key_is_of_its_purpose(ring: KeyRing) -> None:
    out = io.BytesIO()
    key_id = seal_stream(ring, SUBJECT, io.BytesIO(b"x"), out)
    assert key_id == ring.current(Purpose.BACKUPS).id
    with pytest.raises(KeyUnknownError):
        open_stream(ring, SUBJECT, io.BytesIO(out.getvalue()), io.BytesIO(), purpose=Purpose.FIELDS)


def test_what_is_no_stream_is_named(ring: KeyRing) -> None:
    for data in (
        b"PGDMP....",
        MAGIC,
        MAGIC + b"\x02\xff\xfe" + b"0" * 40,
        MAGIC + b"\x01k" + b"0" * 16 + b"\0" * 4,
    ):
        with pytest.raises(SealBrokenError):
            opened(ring, data)
