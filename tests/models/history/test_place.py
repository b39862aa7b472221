"""The second place: each name once, in a folder and in a bucket; nothing there is written over."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from models.history.place import PlaceError, SecondPlace, WrittenBeforeError

A = uuid4()
LEAVES = [bytes([n]) * 32 for n in range(5)]


class Bucket(BaseHTTPRequestHandler):
    """As much of S3's protocol as is asked for here: conditional PUT, GET, ListObjectsV2."""

    kept: dict[str, bytes]
    down = False

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(503 if self.down else status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"e"')
        self.send_header("Last-Modified", "Sat, 01 Nov 2025 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        name = urlsplit(self.path).path
        assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256")
        if self.headers.get("If-None-Match") == "*" and name in self.kept:
            self.answer(412)
        else:
            self.kept.setdefault(name, content)
            self.answer(200)

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if "list-type" in asked.query:
            prefix = "/bucket/" + parse_qs(asked.query)["prefix"][0]
            found = "".join(
                f"<Contents><Key>{name.removeprefix('/bucket/')}</Key><Size>{len(content)}</Size>"
                "<LastModified>2025-11-01T00:00:00.000Z</LastModified><ETag>e</ETag></Contents>"
                for name, content in self.kept.items()
                if name.startswith(prefix)
            )
            self.answer(200, f"<ListBucketResult>{found}</ListBucketResult>".encode())
        elif asked.path in self.kept:
            self.answer(200, self.kept[asked.path])
        else:
            self.answer(404)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Bucket]]:
    kind = type("One", (Bucket,), {"kept": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for name, value in {
        "ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "ACCESS_KEY_ID": "a",
        "SECRET_ACCESS_KEY": "b",
        "REGION": "x",
        "ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    yield kind
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> SecondPlace:
    if request.param == "folder":
        return SecondPlace((tmp_path / "một nơi khác").as_uri())
    request.getfixturevalue("bucket")
    return SecondPlace("s3://bucket/hoso")


def test_what_is_written_is_read_again(place: SecondPlace) -> None:
    assert place.heads(A) == []
    place.write(A, 2, b'{"a":1}', b"\x00token", b"".join(LEAVES[:2]))
    place.write(A, 5, b'{"a":2}', b"\x01token", b"".join(LEAVES[2:]))
    place.write(uuid4(), 9, b"{}", b"", b"")
    heads = place.heads(A)
    assert [(one.size, one.statement, one.token) for one in heads] == [
        (2, b'{"a":1}', b"\x00token"),
        (5, b'{"a":2}', b"\x01token"),
    ]
    assert [leaf for one in heads for leaf in place.leaves(A, one.size)] == LEAVES
    assert list(place.leaves(A, 7)) == []


def test_the_same_again_is_nothing_and_anything_else_is_refused(place: SecondPlace) -> None:
    first = (A, 2, b"{}", b"token", b"".join(LEAVES[:2]))
    place.write(*first)
    place.write(*first)
    for other in ((A, 2, b"{ }", b"token", first[4]), (A, 2, b"{}", b"other", first[4]), (*first[:4], b"")):
        with pytest.raises(WrittenBeforeError):
            place.write(*other)
    assert [(one.statement, one.token) for one in place.heads(A)] == [(b"{}", b"token")]
    assert list(place.leaves(A, 2)) == LEAVES[:2]


def test_a_head_without_its_leaves_is_written_whole_the_next_time(place: SecondPlace, tmp_path: Path) -> None:
    """Cut off between the two files: the statement, which makes it whole, is the one that is missing."""
    with pytest.MonkeyPatch.context() as patch:
        original = place._once
        patch.setattr(
            place, "_once", lambda name, content: original(name, content) if "leaves" in name else exit_now()
        )
        with pytest.raises(KeyboardInterrupt):
            place.write(A, 2, b"{}", b"token", b"".join(LEAVES[:2]))
    assert place.heads(A) == []
    place.write(A, 2, b"{}", b"token", b"".join(LEAVES[:2]))
    assert [one.size for one in place.heads(A)] == [2]


def exit_now() -> None:
    raise KeyboardInterrupt


def test_a_place_that_is_away_is_told(bucket: type[Bucket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")
    from obstore.store import S3Store

    place = SecondPlace("s3://bucket/hoso")
    place._store = S3Store("bucket", prefix="hoso", retry_config={"max_retries": 0})
    for act in (
        lambda: place.heads(A),
        lambda: list(place.leaves(A, 1)),
        lambda: place.write(A, 1, b"", b"", b""),
    ):
        with pytest.raises(PlaceError):
            act()


@pytest.mark.parametrize("address", ["nothing://x", "s3:/", "file:///proc/none"])
def test_an_address_that_leads_nowhere(address: str) -> None:
    with pytest.raises(PlaceError):
        SecondPlace(address)
