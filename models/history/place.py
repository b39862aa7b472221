"""The second place: where sealed heads go, out of reach of whoever owns the database.

A folder of another machine or a bucket, given as an address (``file:///…``, ``s3://bucket/prefix`` with the
usual AWS variables, and what else obstore knows). Names are written once: what is there is never written
over, and the store itself should forbid it, too (object lock, an account that may only create).

Per seal two files, ``<authority>/<size>.leaves`` and ``<authority>/<size>.json``: the hashes that the log
gained since the seal before (32 bytes each, no personal data), then the statement with its token. The second
is written last, so a seal whose ``.json`` is there is whole.
"""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname
from uuid import UUID

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore, from_url

from models.errors import HosoError
from models.evidence.merkle import LENGTH

if TYPE_CHECKING:
    from obstore.store import RetryConfig

_NAME = re.compile(r"(\d{20})\.json")
_RETRIES: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}
"""Whoever writes comes again anyway."""


class PlaceError(HosoError):
    """The second place cannot be reached, or cannot be read."""


class WrittenBeforeError(PlaceError):
    """Something else stands there under this name: nothing was written over."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One sealed head as the second place has it, its statement not yet believed."""

    name: str
    size: int
    statement: bytes
    token: bytes


class SecondPlace:
    """One installation's second place. Synchronous: who must not wait calls it in a thread."""

    def __init__(self, address: str) -> None:
        """Open it; a folder that is not there is made.

        Raises:
            PlaceError: no such kind of address, or no right to it.
        """
        self.address = address
        try:
            if address.startswith("file:"):
                Path(url2pathname(urlsplit(address).path)).mkdir(parents=True, exist_ok=True)
                self._store: ObjectStore = from_url(address)
            else:
                self._store = from_url(address, retry_config=_RETRIES)
        except (BaseError, OSError, ValueError) as error:
            raise PlaceError(f"{address}: {type(error).__name__}") from error

    def write(self, authority_id: UUID, size: int, statement: bytes, token: bytes, leaves: bytes) -> None:
        """Export one sealed head with the leaves it added. Done before, with the same bytes, it does nothing.

        Raises:
            WrittenBeforeError: other bytes stand there.
            PlaceError: it cannot be reached.
        """
        head = {"statement": statement.decode(), "token": base64.b64encode(token).decode()}
        self._once(f"{authority_id}/{size:020d}.leaves", leaves)
        self._once(f"{authority_id}/{size:020d}.json", json.dumps(head, indent=1).encode())

    def _once(self, name: str, content: bytes) -> None:
        try:
            try:
                obstore.put(self._store, name, content, mode="create")
            except AlreadyExistsError:
                if bytes(obstore.get(self._store, name).bytes()) != content:
                    raise WrittenBeforeError(f"{name}: something else stands there") from None
        except (BaseError, OSError) as error:
            raise PlaceError(f"{name}: {type(error).__name__}") from error

    def heads(self, authority_id: UUID) -> list[Exported]:
        """Every sealed head of an authority, the smallest first; files that are none are named as such.

        Raises:
            PlaceError: it cannot be reached.
        """
        try:
            listed = [meta["path"] for page in obstore.list(self._store, str(authority_id)) for meta in page]
            found = []
            for path in sorted(listed):
                match = _NAME.fullmatch(path.rpartition("/")[2])
                if match is not None:
                    content = bytes(obstore.get(self._store, path).bytes())
                    found.append(Exported(path, int(match[1]), *_head(content)))
        except (BaseError, OSError) as error:
            raise PlaceError(f"{authority_id}: {type(error).__name__}") from error
        return found

    def leaves(self, authority_id: UUID, size: int) -> Iterator[bytes]:
        """The hashes exported with a head, in order; a file cut short ends early.

        Raises:
            PlaceError: it cannot be reached.
        """
        name = f"{authority_id}/{size:020d}.leaves"
        rest = b""
        try:
            for chunk in obstore.get(self._store, name).stream(min_chunk_size=1024 * 1024):
                data = rest + bytes(chunk)
                whole = len(data) - len(data) % LENGTH
                yield from (data[at : at + LENGTH] for at in range(0, whole, LENGTH))
                rest = data[whole:]
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise PlaceError(f"{name}: {type(error).__name__}") from error


def _head(content: bytes) -> tuple[bytes, bytes]:
    """Statement and token of a file; empty where it is no such file."""
    try:
        found = json.loads(content)
        return found["statement"].encode(), base64.b64decode(found["token"], validate=True)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return b"", b""
