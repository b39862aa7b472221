"""The store: what is accepted, what is refused, that nothing is half there, and nothing lies open."""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from activities.documents.errors import StoreError
from activities.documents.store import DocumentStore, detect
from models.documents import FolderBlobs
from models.documents.names import plain
from models.keys import FieldCipher, KeyRing, MasterKey, Purpose, create_keyring, remove, rotate

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20 + b"IEND\xaeB`\x82"
SAMPLES = [(PDF, "application/pdf"), (JPEG, "image/jpeg"), (PNG, "image/png")]
A, B = UUID(int=1), UUID(int=2)


@pytest.fixture
def ring_file(tmp_path: Path) -> Path:
    create_keyring(tmp_path / "ring.json", MasterKey.create(tmp_path / "master.key"))
    return tmp_path / "ring.json"


@pytest.fixture
def opened(ring_file: Path, tmp_path: Path) -> Callable[[], DocumentStore]:
    """A store as another process opens it."""
    master = MasterKey.from_file(tmp_path / "master.key")
    return lambda: DocumentStore(
        FolderBlobs(tmp_path / "kept"), FieldCipher(KeyRing(ring_file, master)), maximum_bytes=1000
    )


@pytest.fixture
def store(opened: Callable[[], DocumentStore]) -> DocumentStore:
    return opened()


@pytest.fixture
def new_key(ring_file: Path, tmp_path: Path) -> Callable[[], str]:
    """A new field key for all, as ``hoso keys new fields``."""
    master = MasterKey.from_file(tmp_path / "master.key")
    return lambda: rotate(ring_file, master, Purpose.FIELDS).id


def kept(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]


def refusal(store: DocumentStore, authority: UUID, digest: str) -> str:
    with pytest.raises(StoreError) as refused:
        store.get(authority, digest)
    return refused.value.code


@pytest.mark.parametrize(("data", "media_type"), SAMPLES)
def test_round_trip(store: DocumentStore, data: bytes, media_type: str) -> None:
    stored = store.put(A, data, media_type)
    assert (stored.sha256, stored.size, stored.media_type) == (
        sha256(data).hexdigest(),
        len(data),
        media_type,
    )
    assert store.get(A, stored.sha256) == data


def test_from_a_file(store: DocumentStore, tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(PDF)
    assert store.get(A, store.put(A, tmp_path / "upload", "application/pdf").sha256) == PDF


def test_same_content_once(store: DocumentStore, tmp_path: Path) -> None:
    assert store.put(A, PDF, "application/pdf") == store.put(A, PDF, "application/pdf")
    (file,) = kept(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.relative_to(tmp_path / "kept").parts[:2] == ("sealed", str(A))


def test_what_lies_there_tells_nothing(store: DocumentStore, tmp_path: Path) -> None:
    """Neither what it is, nor its hash, nor that two authorities keep the same."""
    digest = store.put(A, PDF, "application/pdf").sha256
    store.put(B, PDF, "application/pdf")
    files = kept(tmp_path)
    assert len({file.name for file in files}) == len(files) == 2
    for file in files:
        assert b"PDF" not in file.read_bytes()
        assert digest not in str(file)
    assert refusal(store, uuid4(), digest) == "attachment-missing", "known to those two only"


def test_one_authority_s_file_opens_in_no_other_place(store: DocumentStore, tmp_path: Path) -> None:
    digest = store.put(A, PDF, "application/pdf").sha256
    (mine,) = kept(tmp_path)
    store.put(B, PDF, "application/pdf")
    (theirs,) = [file for file in kept(tmp_path) if file != mine]
    theirs.write_bytes(mine.read_bytes())
    assert refusal(store, B, digest) == "attachment-damaged"
    other = store.put(A, PNG, "image/png").sha256
    (png,) = [file for file in kept(tmp_path) if file not in (mine, theirs)]
    png.write_bytes(mine.read_bytes())
    assert refusal(store, A, other) == "attachment-damaged"


@pytest.mark.parametrize(
    ("data", "declared", "code"),
    [
        (b"", "application/pdf", "attachment-empty"),
        (PDF + b" " * 1000, "application/pdf", "attachment-too-large"),
        (PDF, "image/png", "attachment-type"),
        (PNG, "application/pdf", "attachment-type"),
        (JPEG, "image/png", "attachment-type"),
        (PDF[:-8], "application/pdf", "attachment-type"),
        (PNG[:-5], "image/png", "attachment-type"),
        (JPEG[:-2], "image/jpeg", "attachment-type"),
        (b"MZ\x90\0" + PDF, "application/pdf", "attachment-type"),
        (b"PK\x03\x04rest", "application/zip", "attachment-type"),
        (b"<html></html>", "text/html", "attachment-type"),
        (b"plain", "", "attachment-type"),
    ],
)
def test_refused(store: DocumentStore, tmp_path: Path, data: bytes, declared: str, code: str) -> None:
    for source in (data, tmp_path / "upload"):
        (tmp_path / "upload").write_bytes(data)
        with pytest.raises(StoreError) as refused:
            store.put(A, source, declared)
        assert refused.value.code == code
    assert kept(tmp_path) == []


def test_exactly_the_limit(store: DocumentStore) -> None:
    exact = PDF + b" " * (1000 - len(PDF) - 6) + b"%%EOF\n"
    assert store.put(A, exact, "application/pdf").size == 1000


@pytest.mark.parametrize("digest", ["0" * 64, "", "../../etc/passwd", "A" * 64, "0" * 63 + "/"])
def test_missing(store: DocumentStore, digest: str) -> None:
    assert refusal(store, A, digest) == "attachment-missing"
    assert store.forget(A, digest) is False


@pytest.mark.parametrize(
    "damage", [lambda d: d + b" ", lambda d: b"\x02" + d[1:], lambda _: b"", lambda _: PDF]
)
def test_damaged(store: DocumentStore, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    stored = store.put(A, PDF, "application/pdf")
    (file,) = kept(tmp_path)
    file.write_bytes(damage(file.read_bytes()))
    assert refusal(store, A, stored.sha256) == "attachment-damaged"


def test_a_failed_write_leaves_nothing(
    store: DocumentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        store.put(A, PDF, "application/pdf")
    assert kept(tmp_path) == []


def test_a_new_key_and_the_old_documents(
    store: DocumentStore, opened: Callable[[], DocumentStore], new_key: Callable[[], str], ring_file: Path
) -> None:
    """Sealed anew they are found by a process that still has the older ring in its hands, and the former key
    may be destroyed."""
    digest = store.put(A, PDF, "application/pdf").sha256
    ((first, former),) = store.kept(A)
    key = new_key()
    late = opened()
    assert late.get(A, digest) == PDF
    late.put(A, PNG, "image/png")
    assert sorted(key_id for _, key_id in late.kept(A)) == sorted([former, key])
    late.reseal(A, first)
    late.reseal(A, first)
    assert {key_id for _, key_id in late.kept(A)} == {key}
    assert store.get(A, digest) == PDF
    remove(ring_file, MasterKey.from_file(ring_file.with_name("master.key")), former)
    assert opened().get(A, digest) == PDF


def test_a_damaged_document_is_not_sealed_anew(
    store: DocumentStore, new_key: Callable[[], str], opened: Callable[[], DocumentStore], tmp_path: Path
) -> None:
    store.put(A, PDF, "application/pdf")
    (file,) = kept(tmp_path)
    file.write_bytes(file.read_bytes() + b"x")
    new_key()
    late = opened()
    ((name, _),) = late.kept(A)
    with pytest.raises(StoreError):
        late.reseal(A, name)
    assert kept(tmp_path) == [file]


def test_documents_of_before_are_read_and_then_sealed(store: DocumentStore, tmp_path: Path) -> None:
    digest = sha256(PDF).hexdigest()
    FolderBlobs(tmp_path / "kept").keep(plain(digest), PDF)
    assert store.get(A, digest) == store.get(B, digest) == PDF, "rows say whose it is"
    assert list(store.unsealed()) == [digest]
    store.seal(digest, [A, B])
    store.seal(digest, [A, B])
    assert list(store.unsealed()) == []
    assert store.get(A, digest) == store.get(B, digest) == PDF
    assert refusal(store, UUID(int=3), digest) == "attachment-missing"
    assert not [file for file in kept(tmp_path) if b"PDF" in file.read_bytes()]


def test_a_document_of_before_that_is_damaged_stays(store: DocumentStore, tmp_path: Path) -> None:
    digest = sha256(PDF).hexdigest()
    FolderBlobs(tmp_path / "kept").keep(plain(digest), PDF + b" ")
    assert refusal(store, A, digest) == "attachment-damaged"
    with pytest.raises(StoreError):
        store.seal(digest, [A])
    assert list(store.unsealed()) == [digest]


def test_forgotten_under_every_key(
    store: DocumentStore, opened: Callable[[], DocumentStore], new_key: Callable[[], str], tmp_path: Path
) -> None:
    digest = store.put(A, PDF, "application/pdf").sha256
    store.put(B, PDF, "application/pdf")
    new_key()
    late = opened()
    late.put(A, PDF, "application/pdf")
    FolderBlobs(tmp_path / "kept").keep(plain(digest), PDF)
    assert late.forget(A, digest) is True
    assert late.forget(A, digest) is False
    assert refusal(late, A, digest) == "attachment-missing"
    assert late.get(B, digest) == PDF


def test_unknown_bytes_have_no_type() -> None:
    assert detect(b"GIF89a") is None
