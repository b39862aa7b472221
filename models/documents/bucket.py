"""A bucket that speaks S3, behind the seam of `blobs`; by obstore, which signs, retries and checks.

Each body is sent with its SHA-256 both in the signature (SigV4) and as the object's checksum, so a server
keeps what was sent or refuses; that checksum is also what a bucket with object lock asks for. Names are
written once (``If-None-Match: *``); a server that does not know the condition writes the same document again.
Nothing sealed is ever deleted but for a disposal, or once it lies sealed anew under another name; for a
disposal with all of its versions (`versions`), else as a mark where the bucket keeps versions.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from models.documents.blobs import BlobMissingError
from models.documents.errors import StoreAwayError
from models.documents.versions import BucketVersions

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

T = TypeVar("T")
WANTED = "x-amz-sdk-checksum-algorithm"
"""The header that servers ask for under object lock beside the checksum, and that obstore does not send."""
RETRIES = 4
"""After a refused connection, a cut one, or a server's 5xx; with backoff, within the patience below."""


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """Which bucket, and how it is reached. What is None comes from the usual AWS variables or the machine."""

    address: str
    """``s3://bucket`` or ``s3://bucket/prefix``."""
    endpoint: str | None = None
    region: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    patience: float = 30.0
    """Seconds for one request, and for all of its tries together."""


class BucketBlobs:
    """A bucket, or what stands below a prefix of one."""

    def __init__(self, place: BucketPlace) -> None:
        """Nothing is asked of the bucket yet.

        Raises:
            StoreAwayError: no such address, or settings that contradict each other.
        """
        parts = urlsplit(place.address)
        if parts.scheme != "s3" or not parts.netloc:
            raise StoreAwayError("địa chỉ kho tài liệu phải là / must be s3://bucket[/prefix]")
        prefix = parts.path.strip("/")
        try:
            self._store = S3Store(
                parts.netloc,
                prefix=prefix or None,
                config=_config(place),
                client_options=_client(place),
                retry_config=_retries(place),
            )
        except (BaseError, OSError, ValueError) as error:
            raise StoreAwayError(f"kho tài liệu / documents: {type(error).__name__}") from error
        self._versions = BucketVersions(place)

    def keep(self, name: str, data: bytes) -> None:
        def put() -> None:
            try:
                obstore.put(self._store, name, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return  # named by its content
            except BaseError as error:
                if WANTED not in str(error):
                    raise
                self._versions.put(name, data)

        _asked(put)

    def replace(self, name: str, data: bytes) -> None:
        _asked(lambda: obstore.put(self._store, name, data, use_multipart=False))

    def read(self, name: str) -> bytes:
        def get() -> bytes:
            try:
                return bytes(obstore.get(self._store, name).bytes())
            except FileNotFoundError:
                raise BlobMissingError(name) from None

        return _asked(get)

    def remove(self, name: str) -> bool:
        def delete() -> bool:
            try:
                obstore.head(self._store, name)
            except FileNotFoundError:
                return False
            obstore.delete(self._store, name)
            return True

        return _asked(delete)

    def destroy(self, name: str) -> bool:
        self.remove(name)  # hidden from every reader at once, whatever keeps its versions
        return self._versions.destroy(name)

    def names(self, below: str = "") -> Iterator[str]:
        return iter(sorted(name for name, _ in self._listed(below)))

    def sizes(self) -> int:
        return sum(size for _, size in self._listed())

    def _listed(self, below: str = "") -> list[tuple[str, int]]:
        def read() -> list[tuple[str, int]]:
            pages: Any = obstore.list(self._store, below or None)
            return [(meta["path"], meta["size"]) for page in pages for meta in page]

        return _asked(read)


def _asked(work: Callable[[], T]) -> T:
    """What the bucket answers; whatever keeps it from answering is one thing to us. No name is in the error:
    a driver's message quotes the address."""
    try:
        return work()
    except (BaseError, OSError) as error:
        raise StoreAwayError(
            f"kho tài liệu không trả lời / the bucket of documents does not answer: {type(error).__name__}"
        ) from error


def _config(place: BucketPlace) -> "S3Config":
    given: dict[str, Any] = {
        "endpoint": place.endpoint,
        "region": place.region,
        "access_key_id": place.access_key,
        "secret_access_key": place.secret_key,
    }
    fixed = {"checksum_algorithm": "SHA256", "conditional_put": "etag"}
    config: Any = fixed | {name: value for name, value in given.items() if value is not None}
    return config  # type: ignore[no-any-return] # every key is one of S3Config's


def _client(place: BucketPlace) -> "ClientConfig":
    client: ClientConfig = {
        "timeout": timedelta(seconds=place.patience),
        "connect_timeout": timedelta(seconds=min(5.0, place.patience)),
    }
    # Only where somebody wrote so: what goes there is sealed, but the credentials sign each request.
    return {**client, "allow_http": True} if (place.endpoint or "").startswith("http://") else client


def _retries(place: BucketPlace) -> "RetryConfig":
    return {
        "max_retries": RETRIES,
        "retry_timeout": timedelta(seconds=place.patience),
        "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=5)},
    }
