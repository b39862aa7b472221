"""Bytes under names: the seam between the store and where it keeps them, and the folder behind it.

A file is complete before it has its name (written aside, fsynced, renamed, folders fsynced), so neither a
crash nor two writers leave half of one.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from models.key_files import sync_folder, write_private


class BlobMissingError(Exception):
    """Nothing is kept under this name."""


class Blobs(Protocol):
    """A place for bytes. Names are ours: letters, digits, ``-`` and ``_`` between slashes, no dot in front.

    Safe for several processes at once. Methods may raise `StoreAwayError`; a folder, OSError.
    """

    def keep(self, name: str, data: bytes) -> None:
        """Keep bytes under a name, whole and on disk once this returns; what is there already stays."""

    def replace(self, name: str, data: bytes) -> None:
        """Keep bytes under a name in place of what is there: readers find either."""

    def read(self, name: str) -> bytes:
        """The bytes under a name; BlobMissingError if there are none."""

    def remove(self, name: str) -> bool:
        """Let go of a name; whether something was there. A place that keeps versions keeps them."""

    def destroy(self, name: str) -> bool:
        """Let go of a name and of all that was ever kept under it; whether something was there.

        Raises:
            StoreLockedError: the place itself forbids it as yet; from now on nobody reads it here.
        """

    def names(self, below: str = "") -> Iterator[str]:
        """Every name below a folder of names, in order."""

    def sizes(self) -> int:
        """Bytes of everything kept."""


class FolderBlobs:
    """A folder, shared by every process of an installation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, data: bytes) -> None:
        if not (self._folder / name).exists():
            self.replace(name, data)

    def replace(self, name: str, data: bytes) -> None:
        path = self._folder / name
        write_private(path, data, replace=True)
        self._settle(path)

    def read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            raise BlobMissingError(name) from None

    def remove(self, name: str) -> bool:
        path = self._folder / name
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        sync_folder(path.parent)
        return True

    def destroy(self, name: str) -> bool:
        return self.remove(name)

    def names(self, below: str = "") -> Iterator[str]:
        for path in self._files(below):
            yield path.relative_to(self._folder).as_posix()

    def sizes(self) -> int:
        return sum(path.stat().st_size for path in self._files())

    def _files(self, below: str = "") -> Iterator[Path]:
        """Files in one order; names with a dot in front are still being written."""
        for folder, names, files in os.walk(self._folder / below):
            names.sort()
            for name in sorted(files):
                path = Path(folder) / name
                if not name.startswith(".") and path.is_file() and not path.is_symlink():
                    yield path

    def _settle(self, path: Path) -> None:
        """A new name survives a power cut only once every folder on the way to it is on disk too."""
        for folder in path.parents:
            sync_folder(folder)
            if folder == self._folder:
                break
