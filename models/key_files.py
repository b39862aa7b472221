"""Files that hold keys: mode 0600 or refused, written whole or not at all, never overwritten by accident."""

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import KeyRingDamagedError, KeyRingMissingError


def read_private(path: Path) -> bytes:
    """The bytes of a key file.

    KeyRingMissingError if it is not there; KeyRingDamagedError if it cannot be read, or if anyone but its
    owner could: a key that others may have seen is no longer a key.
    """
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise KeyRingDamagedError(
                    f"{path}: người khác đọc được tệp này, hãy chmod 600 / open to others, chmod 600 it"
                )
            return file.read()
    except FileNotFoundError:
        raise KeyRingMissingError(
            f"{path}: chưa có, chạy `hoso keys init` / is not there, run `hoso keys init`"
        ) from None
    except OSError as wrong:
        raise KeyRingDamagedError(f"{path}: không đọc được / cannot be read: {wrong.strerror}") from None


def write_private(path: Path, content: bytes, *, replace: bool) -> None:
    """Write a key file whole, mode 0600, on disk when this returns.

    With `replace=False` an existing file is a FileExistsError and stays as it is.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            os.link(draft, path)  # unlike a rename, a link never replaces what is there
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that rotations follow one another; a crash leaves nothing to clean up."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Put a folder's names on disk: a file made, renamed or removed in it survives a power cut only then."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
