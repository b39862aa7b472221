"""Documents in a bucket: the same store over S3, on a line that breaks; backed up from there and restored."""

import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from api.cli.main import build as command_line
from api.problems import code_of
from models.backups.errors import PlaceNotEmptyError
from models.backups.opening import open_backup
from models.backups.restoring import documents_of, restore_archive
from models.backups.taking import take
from models.documents import (
    BucketBlobs,
    BucketPlace,
    DocumentStore,
    FolderBlobs,
    StoreAwayError,
    StoreError,
    StoreLockedError,
    blobs_of,
)
from models.documents.names import plain
from models.documents.versions import BucketVersions
from models.keys import FieldCipher, KeyRing, MasterKey, Purpose, create_keyring, rotate
from models.settings import Settings
from models.workbook_vault import WorkbookVault
from tests.buckets import Bucket, Server, bucket_on, s3_server
from tests.models.backups.conftest import BACKUP, PAPER, START, Installation

A, B = UUID(int=1), UUID(int=2)
PDF = b"%PDF-1.7\n%%EOF\n"
DIGEST = sha256(PDF).hexdigest()


@pytest.fixture(scope="module")
def server(free_port: Any) -> Iterator[Server]:
    with s3_server(free_port()) as running:
        yield running


@pytest.fixture
def bucket(server: Server) -> Iterator[Bucket]:
    with bucket_on(server) as made:
        yield made


@pytest.fixture
def ring_file(tmp_path: Path) -> Path:
    create_keyring(tmp_path / "ring.json", MasterKey.create(tmp_path / "master.key"))
    return tmp_path / "ring.json"


def place_of(bucket: Bucket, patience: float = 60.0) -> BucketPlace:
    return BucketPlace(bucket.address, bucket.endpoint, "us-east-1", "key", "secret", patience)


@pytest.fixture
def store(bucket: Bucket, ring_file: Path) -> DocumentStore:
    ring = KeyRing(ring_file, MasterKey.from_file(ring_file.with_name("master.key")))
    return DocumentStore(BucketBlobs(place_of(bucket)), FieldCipher(ring))


def test_the_same_store(store: DocumentStore, bucket: Bucket) -> None:
    assert store.put(A, PDF, "application/pdf").sha256 == DIGEST
    store.put(A, PDF, "application/pdf")
    store.put(B, PDF, "application/pdf")
    assert store.get(A, DIGEST) == store.get(B, DIGEST) == PDF
    (mine, _), (theirs, _) = *store.kept(A), *store.kept(B)
    assert set(bucket.objects()) == {mine, theirs}
    assert bucket.versions() == 2, "the same content in one authority was written once"
    assert not [data for data in bucket.objects().values() if b"PDF" in data]
    assert DIGEST not in " ".join(bucket.objects())
    for authority, digest in ((UUID(int=3), DIGEST), (A, "0" * 64)):
        with pytest.raises(StoreError, match="nothing is kept"):
            store.get(authority, digest)
    bucket.put(mine, bucket.objects()[theirs])
    with pytest.raises(StoreError) as damaged:
        store.get(A, DIGEST)
    assert damaged.value.code == "attachment-damaged"


def test_every_body_is_checked_and_every_name_written_once(store: DocumentStore, bucket: Bucket) -> None:
    """What a bucket with object lock asks for, too: a checksum with each object."""
    store.put(A, PDF, "application/pdf")
    (sent,) = [one for one in bucket.line.requests if one.startswith(b"PUT")]
    head, _, body = sent.partition(b"\r\n\r\n")
    headers = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
    assert headers[b"if-none-match"] == b"*"
    assert headers[b"x-amz-checksum-sha256"] == b64encode(sha256(body).digest()).lower()
    assert headers[b"x-amz-content-sha256"] == sha256(body).hexdigest().encode()
    assert b"x-amz-checksum-sha256" in headers[b"authorization"], "signed with the rest"


@pytest.mark.parametrize("fault", ["refuse", "cut", "busy"])
def test_what_breaks_once_is_tried_again(store: DocumentStore, bucket: Bucket, fault: str) -> None:
    """Also where the server kept it and only its answer was lost: there it lies once."""
    bucket.line.faults[:] = [fault]
    store.put(A, PDF, "application/pdf")
    assert bucket.versions() == 1
    bucket.line.faults[:] = [fault]
    assert store.get(A, DIGEST) == PDF
    assert bucket.line.faults == []


def test_a_bucket_that_does_not_answer_says_nothing_of_the_document(
    bucket: Bucket, ring_file: Path, store: DocumentStore
) -> None:
    store.put(A, PDF, "application/pdf")
    ring = KeyRing(ring_file, MasterKey.from_file(ring_file.with_name("master.key")))
    hasty = DocumentStore(BucketBlobs(place_of(bucket, patience=0.3)), FieldCipher(ring))
    begun = time.monotonic()
    bucket.line.faults[:] = ["slow"] * 20
    with pytest.raises(StoreAwayError) as away:
        hasty.get(A, DIGEST)
    assert time.monotonic() - begun < 5
    assert not isinstance(away.value, StoreError)
    assert bucket.address not in str(away.value)
    assert code_of(away.value) == "documents-unavailable"
    with pytest.raises(StoreAwayError):
        hasty.put(A, PDF + b"other %%EOF\n", "application/pdf")
    bucket.line.faults[:] = []
    assert hasty.get(A, DIGEST) == PDF


def test_nobody_there(ring_file: Path, free_port: Any) -> None:
    place = BucketPlace(
        "s3://documents", f"http://127.0.0.1:{free_port()}", "us-east-1", "key", "secret", 0.3
    )
    blobs = BucketBlobs(place)
    asks = (blobs.sizes, blobs.names, lambda: blobs.read("x"), lambda: blobs.remove("x"))
    for asked in (*asks, lambda: BucketVersions(place).destroy("x")):
        with pytest.raises(StoreAwayError):
            asked()
    for wrong in ("file:///tmp", "s3:/", "documents"):
        with pytest.raises(StoreAwayError):
            BucketBlobs(BucketPlace(wrong))


def test_a_bucket_that_is_not_there_is_away_and_not_empty(server: Server) -> None:
    """A wrong name must not read as: nothing is kept."""
    blobs = BucketBlobs(
        BucketPlace("s3://no-such-bucket/hoso", server.address, "us-east-1", "key", "secret", 2.0)
    )
    with pytest.raises(StoreAwayError):
        blobs.keep("a", b"x")
    with pytest.raises(StoreAwayError):
        list(blobs.names())


def test_sealed_anew_and_forgotten_where_versions_are_kept(
    store: DocumentStore, bucket: Bucket, ring_file: Path
) -> None:
    store.put(A, PDF, "application/pdf")
    ((first, _),) = store.kept(A)
    master = MasterKey.from_file(ring_file.with_name("master.key"))
    key = rotate(ring_file, master, Purpose.FIELDS).id
    late = DocumentStore(BucketBlobs(place_of(bucket)), FieldCipher(KeyRing(ring_file, master)))
    late.reseal(A, first)
    assert [key_id for _, key_id in late.kept(A)] == [key]
    assert late.get(A, DIGEST) == store.get(A, DIGEST) == PDF
    assert bucket.versions() == 2
    bucket.put(f"{first}0", b"a name that only begins the same")
    assert late.forget(A, DIGEST) is True
    assert late.forget(A, DIGEST) is False
    assert [name for name, _ in bucket.kept()] == [f"hoso/{first}0"], "disposed of with every version"


def test_a_disposal_waits_for_the_bucket_s_own_lock(server: Server, ring_file: Path) -> None:
    """Kept by the bucket's retention: hidden at once, refused by name, however often it is asked."""
    ring = KeyRing(ring_file, MasterKey.from_file(ring_file.with_name("master.key")))
    with bucket_on(server, lock_days=30) as locked:
        store = DocumentStore(BucketBlobs(place_of(locked)), FieldCipher(ring))
        store.put(A, PDF, "application/pdf")
        assert store.get(A, DIGEST) == PDF
        for _ in range(2):
            with pytest.raises(StoreLockedError, match="retention") as kept:
                store.forget(A, DIGEST)
            assert kept.value.until is not None
            assert timedelta(days=29) < kept.value.until - datetime.now(UTC) < timedelta(days=31)
        with pytest.raises(StoreError, match="nothing is kept"):
            store.get(A, DIGEST)
        assert locked.versions() == 1


def test_a_disposal_waits_for_a_hold_to_be_lifted(server: Server, ring_file: Path) -> None:
    ring = KeyRing(ring_file, MasterKey.from_file(ring_file.with_name("master.key")))
    with bucket_on(server, lock_days=0) as held:
        store = DocumentStore(BucketBlobs(place_of(held)), FieldCipher(ring))
        store.put(A, PDF, "application/pdf")
        held.hold("ON")
        with pytest.raises(StoreLockedError, match="legal hold"):
            store.forget(A, DIGEST)
        held.hold("OFF")
        assert store.forget(A, DIGEST) is True
        assert (held.versions(), store.forget(A, DIGEST)) == (0, False)
        store.put(A, PDF, "application/pdf")
        assert store.get(A, DIGEST) == PDF, "no mark hides what comes later under the same name"


def test_backed_up_from_a_bucket_and_restored_into_one(
    installation: Installation, bucket: Bucket, tmp_path: Path
) -> None:
    cipher = FieldCipher(installation.source.ring)
    blobs = BucketBlobs(place_of(bucket))
    DocumentStore(blobs, cipher).put(installation.authority, PAPER, "application/pdf")
    digest = WorkbookVault(blobs, cipher).keep(installation.authority, b"PK")
    folder = take(replace(installation.source, documents=blobs), tmp_path / "backups", BACKUP, START)
    opened = open_backup(folder, installation.source.master)
    assert opened.manifest.documents == 2
    assert documents_of(opened) == ({(installation.authority, installation.document)}, [])
    with pytest.raises(PlaceNotEmptyError):
        restore_archive(opened, "documents.sealed", blobs)
    empty = BucketBlobs(replace(place_of(bucket), address=f"s3://{bucket.name}/anew"))
    for place in (empty, FolderBlobs(tmp_path / "documents")):
        assert restore_archive(opened, "documents.sealed", place) == 2
        restored = DocumentStore(place, FieldCipher(opened.ring))
        assert restored.get(installation.authority, installation.document) == PAPER
        assert WorkbookVault(place, FieldCipher(opened.ring)).fetch(installation.authority, digest) == b"PK"


def test_the_settings_name_the_place(bucket: Bucket, tmp_path: Path) -> None:
    assert isinstance(blobs_of(Settings(data=tmp_path)), FolderBlobs)
    blobs = blobs_of(
        Settings(
            data=tmp_path,
            documents_bucket=bucket.address,
            documents_endpoint=bucket.endpoint,
            documents_region="us-east-1",
            documents_access_key="key",
            documents_secret_key="secret",
        )
    )
    blobs.keep("a", b"x")
    assert bucket.objects() == {"a": b"x"}


def test_the_folder_s_documents_are_copied_into_it(
    bucket: Bucket, ring_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = KeyRing(ring_file, MasterKey.from_file(ring_file.with_name("master.key")))
    folder = FolderBlobs(tmp_path / "documents")
    DocumentStore(folder, FieldCipher(ring)).put(A, PDF, "application/pdf")
    WorkbookVault(folder, FieldCipher(ring)).keep(A, b"PK")
    for name, value in {
        "DATA": str(tmp_path),
        "DOCUMENTS_ENDPOINT": bucket.endpoint,
        "DOCUMENTS_REGION": "us-east-1",
        "DOCUMENTS_ACCESS_KEY": "key",
        "DOCUMENTS_SECRET_KEY": "secret",
    }.items():
        monkeypatch.setenv(f"HOSO_{name}", value)

    def hoso(*words: str, status: int = 0) -> str:
        done = CliRunner().invoke(command_line("documents"), ["documents", "copy", *words])
        assert done.exit_code == status, done.output
        return done.output

    assert "HOSO_DOCUMENTS_BUCKET" in hoso(status=1)
    folder.keep(plain(DIGEST), PDF)
    assert "hoso keys seal" in hoso("--bucket", bucket.address, status=1)
    folder.remove(plain(DIGEST))
    assert hoso("--bucket", bucket.address).split()[0] == "2"
    assert hoso("--bucket", bucket.address).split()[0] == "0"
    assert DocumentStore(BucketBlobs(place_of(bucket)), FieldCipher(ring)).get(A, DIGEST) == PDF
    assert len(list(folder.names())) == 2, "nothing is removed"
