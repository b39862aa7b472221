"""The store: what is accepted, what is refused, and that nothing is half there."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from activities.documents.errors import StoreError
from activities.documents.store import DocumentStore, detect

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20 + b"IEND\xaeB`\x82"
SAMPLES = [(PDF, "application/pdf"), (JPEG, "image/jpeg"), (PNG, "image/png")]


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(tmp_path / "kept", maximum_bytes=1000)


def kept(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]


@pytest.mark.parametrize(("data", "media_type"), SAMPLES)
def test_round_trip(store: DocumentStore, data: bytes, media_type: str) -> None:
    stored = store.put(data, media_type)
    assert (stored.sha256, stored.size, stored.media_type) == (
        sha256(data).hexdigest(),
        len(data),
        media_type,
    )
    assert store.get(stored.sha256) == data


def test_from_a_file(store: DocumentStore, tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(PDF)
    assert store.get(store.put(tmp_path / "upload", "application/pdf").sha256) == PDF


def test_same_content_once(store: DocumentStore, tmp_path: Path) -> None:
    assert store.put(PDF, "application/pdf") == store.put(PDF, "application/pdf")
    (file,) = kept(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.relative_to(tmp_path / "kept").as_posix() == f"{file.name[:2]}/{file.name[2:4]}/{file.name}"


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
            store.put(source, declared)
        assert refused.value.code == code
    assert kept(tmp_path) == []


def test_exactly_the_limit(tmp_path: Path) -> None:
    assert DocumentStore(tmp_path / "kept", maximum_bytes=len(PDF)).put(PDF, "application/pdf").size == len(
        PDF
    )


@pytest.mark.parametrize("digest", ["0" * 64, "", "../../etc/passwd", "A" * 64, "0" * 63 + "/"])
def test_missing(store: DocumentStore, digest: str) -> None:
    with pytest.raises(StoreError) as refused:
        store.get(digest)
    assert refused.value.code == "attachment-missing"


def test_damaged(store: DocumentStore, tmp_path: Path) -> None:
    stored = store.put(PDF, "application/pdf")
    (file,) = kept(tmp_path)
    file.write_bytes(PDF + b" ")
    with pytest.raises(StoreError) as refused:
        store.get(stored.sha256)
    assert refused.value.code == "attachment-damaged"


def test_a_failed_write_leaves_nothing(
    store: DocumentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        store.put(PDF, "application/pdf")
    assert kept(tmp_path) == []


def test_unknown_bytes_have_no_type() -> None:
    assert detect(b"GIF89a") is None
