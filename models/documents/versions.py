"""The end of a document in a bucket that keeps versions: every version of it goes, or it is said why not.

A plain delete there only sets a mark, and what was there stays readable to whoever has the bucket; that is
enough for what lies sealed anew elsewhere, and no disposal. obstore deletes no version by name, so this is
asked of the bucket by botocore; and so is what obstore cannot write under a lock, for want of a header.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import botocore.session  # type: ignore[import-untyped] # it ships no types
from botocore.config import Config  # type: ignore[import-untyped] # the same
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped] # the same

from models.documents.errors import StoreAwayError, StoreLockedError

if TYPE_CHECKING:
    from models.documents.bucket import BucketPlace

DENIED = "AccessDenied"
"""How a bucket refuses to delete what is under a retention or a hold; and what the account may not do."""
TRIES = 4


class BucketVersions:
    """All versions of names in one bucket. Safe for several threads."""

    def __init__(self, place: "BucketPlace") -> None:
        """Nothing is asked of the bucket yet."""
        parts = urlsplit(place.address)
        self._place, self._bucket = place, parts.netloc
        self._prefix = f"{prefix}/" if (prefix := parts.path.strip("/")) else ""

    def destroy(self, name: str) -> bool:
        """Delete every version of a name, then its marks; whether there was one.

        Raises:
            StoreLockedError: some version is kept by the bucket's own lock. Whatever is not has gone.
            StoreAwayError: the bucket does not answer, or the account may not delete versions.
        """
        key = f"{self._prefix}{name}"
        try:
            versions, marks = self._of(key)
            locked = [refused for one in versions if (refused := self._gone(key, one)) is not None]
            if locked:
                raise locked[0]
            for mark in marks:
                self._client.delete_object(Bucket=self._bucket, Key=key, VersionId=mark)
        except (ClientError, BotoCoreError) as error:
            raise _away(error) from error
        return bool(versions)

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes under a name, once, as a bucket under object lock asks for them.

        Raises:
            StoreAwayError: the bucket does not answer, or refuses.
        """
        named = {"Bucket": self._bucket, "Key": f"{self._prefix}{name}"}
        try:
            self._client.put_object(**named, Body=data, ChecksumAlgorithm="SHA256", IfNoneMatch="*")
        except (ClientError, BotoCoreError) as error:
            if _code(error) != "PreconditionFailed":  # it is there already, and named by its content
                raise _away(error) from error

    def _of(self, key: str) -> tuple[list[str], list[str]]:
        """Ids of the versions of exactly this name, and of the marks that hide them."""
        versions: list[str] = []
        marks: list[str] = []
        for page in self._pages(key):
            versions += [one["VersionId"] for one in page.get("Versions", ()) if one["Key"] == key]
            marks += [one["VersionId"] for one in page.get("DeleteMarkers", ()) if one["Key"] == key]
        return versions, marks

    def _pages(self, key: str) -> Iterator[Any]:
        yield from self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=key
        )

    def _gone(self, key: str, version: str) -> StoreLockedError | None:
        """One version deleted; what keeps it, where the bucket's lock does."""
        one = {"Bucket": self._bucket, "Key": key, "VersionId": version}
        try:
            self._client.delete_object(**one)
        except ClientError as error:
            if _code(error) != DENIED:
                raise
            lock = self._lock(one)
            if lock is None:
                raise  # nothing keeps it: the account itself may not
            return lock
        return None

    def _lock(self, one: dict[str, str]) -> StoreLockedError | None:
        """What keeps one version: a legal hold before a retention, which ends by itself."""
        told = self._client.head_object(**one)
        until: datetime | None = told.get("ObjectLockRetainUntilDate")
        held = told.get("ObjectLockLegalHoldStatus") == "ON"
        if not held and until is None:
            return None
        what = "legal hold" if held or until is None else f"retention {until:%Y-%m-%d %H:%M}Z"
        return StoreLockedError(f"kho tài liệu còn khóa / the bucket still locks it: {what}", until)

    @cached_property
    def _client(self) -> Any:
        place = self._place
        return botocore.session.get_session().create_client(
            "s3",
            region_name=place.region,
            endpoint_url=place.endpoint,
            aws_access_key_id=place.access_key,
            aws_secret_access_key=place.secret_key,
            config=Config(
                connect_timeout=min(5.0, place.patience),
                read_timeout=place.patience,
                retries={"total_max_attempts": TRIES, "mode": "standard"},
                s3={"addressing_style": "path"} if place.endpoint else None,
            ),
        )


def _code(error: Exception) -> str:
    answer: dict[str, Any] = getattr(error, "response", {})
    return str(answer.get("Error", {}).get("Code", ""))


def _away(error: Exception) -> StoreAwayError:
    """No name is in the error: a driver's message quotes the address."""
    said = _code(error) or type(error).__name__
    return StoreAwayError(f"kho tài liệu không trả lời / the bucket of documents does not answer: {said}")
