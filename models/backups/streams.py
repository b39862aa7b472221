"""One sealed file: chunks of AES-256-GCM, each bound to its file, its place and whether it is the last.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption, 2015): a key
made for this file alone (HKDF of the ring's backup key with a random salt, the backup's id and the file's
name), the chunk's number as nonce, and a last chunk that says so. Chunks can be neither altered, swapped, cut
off nor carried to another file or backup. A salt for each writing keeps a file that is written again after a
crash from ever using a nonce twice.

    header: "HOSOBK1\\n" · flags (1: zlib) · salt (32 bytes)
    chunk:  length of the sealed bytes (4 bytes, big-endian) · last (1 byte) · ciphertext and tag
"""

import os
import secrets
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.backups.errors import BackupDamagedError
from models.keys import DataKey

MAGIC = b"HOSOBK1\n"
CHUNK = 1024 * 1024
"""Plain bytes of a chunk."""
SALT = 32
TAG = 16
PACKED = 1
_HEAD = len(MAGIC) + 1 + SALT


class SealedWriter:
    """Writes one sealed file; complete, and on disk, only after `close`."""

    def __init__(self, path: Path, key: DataKey, backup_id: str, *, packed: bool) -> None:
        salt = secrets.token_bytes(SALT)
        self._head = MAGIC + bytes([PACKED if packed else 0]) + salt
        self._cipher = _cipher(key, backup_id, path.name, salt)
        # Level 1: the rest of the machine works on while a backup is taken.
        self._packer = zlib.compressobj(1) if packed else None
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file: BinaryIO = os.fdopen(handle, "wb")
        self._kept, self._number = bytearray(), 0
        self._plain, self._sealed = sha256(), sha256()
        self.plain_bytes, self.sealed_bytes = 0, 0
        self._put(self._head)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()

    @property
    def sha256(self) -> str:
        """SHA-256 of the sealed bytes written so far."""
        return self._sealed.hexdigest()

    @property
    def plain_sha256(self) -> str:
        """SHA-256 of the plain bytes written so far."""
        return self._plain.hexdigest()

    def write(self, data: bytes | memoryview) -> None:
        """Add plain bytes; OSError where there is no room."""
        self._plain.update(data)
        self.plain_bytes += len(data)
        self._kept += self._packer.compress(data) if self._packer else data
        while len(self._kept) > CHUNK:  # the last chunk is never empty unless the file is
            self._seal(bytes(self._kept[:CHUNK]), last=False)
            del self._kept[:CHUNK]

    def close(self) -> None:
        """The last chunk, and everything on disk."""
        if self._packer:
            self._kept += self._packer.flush()
        while len(self._kept) > CHUNK:
            self._seal(bytes(self._kept[:CHUNK]), last=False)
            del self._kept[:CHUNK]
        self._seal(bytes(self._kept), last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def _seal(self, data: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last), data, self._head)
        self._number += 1
        self._put(len(sealed).to_bytes(4, "big") + bytes([last]) + sealed)

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._sealed.update(data)
        self.sealed_bytes += len(data)


def plain_chunks(path: Path, key: DataKey, backup_id: str) -> Iterator[bytes]:
    """The plain bytes of a sealed file, chunk by chunk; never more than a few megabytes in memory.

    Raises:
        BackupDamagedError: at the first chunk that is not what was written; those before it were.
    """
    name = path.name
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if len(head) != _HEAD or not head.startswith(MAGIC):
                raise BackupDamagedError(name, "không phải tệp sao lưu / no sealed file of a backup")
            cipher = _cipher(key, backup_id, name, head[-SALT:])
            unpacker = zlib.decompressobj() if head[len(MAGIC)] & PACKED else None
            for data in _opened(file, cipher, head, name):
                yield from _unpacked(unpacker, data, name) if unpacker else (data,)
    except FileNotFoundError:
        raise BackupDamagedError(name, "không có / missing") from None


def _unpacked(unpacker: "zlib._Decompress", data: bytes, name: str) -> Iterator[bytes]:
    try:
        while data:
            yield unpacker.decompress(data, CHUNK)
            data = unpacker.unconsumed_tail
    except zlib.error:
        raise BackupDamagedError(name, "không giải nén được / cannot be unpacked") from None


def _opened(file: BinaryIO, cipher: AESGCM, head: bytes, name: str) -> Iterator[bytes]:
    number, last = 0, False
    while not last:
        frame = file.read(5)
        length = int.from_bytes(frame[:4], "big")
        if len(frame) != 5 or not TAG <= length <= CHUNK + TAG or frame[4] > 1:
            raise BackupDamagedError(name, f"bị cắt ở khối {number} / cut short at chunk {number}")
        last = bool(frame[4])
        try:
            yield cipher.decrypt(_nonce(number, last), file.read(length), head)
        except InvalidTag:
            raise BackupDamagedError(name, f"khối {number} đã bị sửa / chunk {number} was altered") from None
        number += 1
    if file.read(1):
        raise BackupDamagedError(name, "có dữ liệu thừa / bytes after the end")


def _cipher(key: DataKey, backup_id: str, name: str, salt: bytes) -> AESGCM:
    return AESGCM(key.derived(b"file", backup_id.encode(), name.encode(), salt))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
