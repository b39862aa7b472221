"""Sealing of long streams (backups): read and written chunk by chunk, never whole in memory.

A stream has a key of its own: HKDF of the ring's key with a random salt, so the nonces are a plain counter
(NIST SP 800-38D, 8.2.1). Each chunk is AES-256-GCM; its nonce says its position and whether it is the last,
and the header (key id, salt, chunk size) and the subject are authenticated with every chunk. A chunk moved,
left out, taken from another stream or another subject does not open, nor does a stream that was cut short.
This is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015).
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import SealBrokenError
from models.key_ring import DataKey, KeyRing, Purpose, framed

MAGIC = b"hoso-stream/1\n"
CHUNK = 1024 * 1024
"""Bytes of plaintext in one chunk."""
_SALT, _TAG = 16, 16
_LARGEST_CHUNK = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """What stands in clear before a sealed stream."""

    key_id: str
    salt: bytes
    chunk: int

    def pack(self) -> bytes:
        """As it stands in the stream."""
        name = self.key_id.encode("ascii")
        return MAGIC + bytes([len(name)]) + name + self.salt + self.chunk.to_bytes(4, "big")


def read_header(source: BinaryIO) -> StreamHeader:
    """The header at the beginning of a sealed stream: which key it needs, without opening it.

    Raises:
        SealBrokenError: this is no sealed stream.
    """
    if _exactly(source, len(MAGIC)) != MAGIC:
        raise SealBrokenError("not a sealed stream")
    length = _exactly(source, 1)[0]
    try:
        key_id = _exactly(source, length).decode("ascii")
    except UnicodeDecodeError:
        raise SealBrokenError("not a sealed stream") from None
    salt = _exactly(source, _SALT)
    chunk = int.from_bytes(_exactly(source, 4), "big")
    if not 1 <= chunk <= _LARGEST_CHUNK:
        raise SealBrokenError("not a sealed stream")
    return StreamHeader(key_id, salt, chunk)


def seal_stream(
    ring: KeyRing,
    subject: str,
    source: BinaryIO,
    sink: BinaryIO,
    *,
    authority_id: UUID | None = None,
    purpose: Purpose = Purpose.BACKUPS,
) -> str:
    """Seal all of ``source`` into ``sink`` under the current key; answers the id of that key.

    ``subject`` names what the bytes are ("2026-11/database"): they open under the same name only. Neither
    stream is closed or flushed to disk here. A source that raises leaves a stream that does not open.
    """
    key = ring.current(purpose, authority_id)
    header = StreamHeader(key.id, secrets.token_bytes(_SALT), CHUNK)
    cipher, place = _cipher(key, header), _place(header, subject)
    sink.write(header.pack())
    pieces = enumerate(_pieces(source, header.chunk))
    sink.writelines(cipher.encrypt(_nonce(at, last), piece, place) for at, (piece, last) in pieces)
    return key.id


def open_stream(
    ring: KeyRing, subject: str, source: BinaryIO, sink: BinaryIO, *, purpose: Purpose = Purpose.BACKUPS
) -> int:
    """Open what `seal_stream` sealed; answers the bytes of plaintext.

    Every byte written was authenticated, but that the stream is whole is known only at its end: what stands
    in ``sink`` counts for nothing until this returns.

    Raises:
        SealBrokenError: altered, cut short, or sealed for another subject.
        KeyUnknownError: the ring does not hold its key.
    """
    header = read_header(source)
    cipher, place = _cipher(ring.find(purpose, header.key_id), header), _place(header, subject)
    written = 0
    for position, (piece, last) in enumerate(_pieces(source, header.chunk + _TAG)):
        try:
            opened = cipher.decrypt(_nonce(position, last), piece, place)
        except (InvalidTag, ValueError):
            raise SealBrokenError(f"chunk {position}: altered, cut short, or of another stream") from None
        written += sink.write(opened)
    return written


def _pieces(source: BinaryIO, size: int) -> Iterator[tuple[bytes, bool]]:
    """The stream in pieces and whether each is the last; an empty stream is one empty last piece."""
    piece = _upto(source, size)
    while True:
        following = _upto(source, size) if len(piece) == size else b""
        yield piece, not following
        if not following:
            return
        piece = following


def _upto(source: BinaryIO, size: int) -> bytes:
    """``size`` bytes, fewer only at the end: a pipe gives what it has."""
    parts: list[bytes] = []
    while size > 0 and (part := source.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _exactly(source: BinaryIO, size: int) -> bytes:
    found = _upto(source, size)
    if len(found) != size:
        raise SealBrokenError("not a sealed stream, or cut short")
    return found


def _nonce(position: int, last: bool) -> bytes:
    return position.to_bytes(11, "big") + bytes([last])


def _cipher(key: DataKey, header: StreamHeader) -> AESGCM:
    return AESGCM(key.derived(b"stream/1", header.salt))


def _place(header: StreamHeader, subject: str) -> bytes:
    return framed(b"stream/1", header.pack(), subject.encode())
