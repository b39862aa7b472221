"""A server that speaks S3 (moto, a process of its own), and a line to it that breaks on demand."""

import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from xml.etree import ElementTree as ET

import httpx

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, Signature=0"}
"""The server looks whether a request is signed, not by what."""
VERSIONED = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
LOCKED = (
    "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
    "<Mode>GOVERNANCE</Mode><Days>{days}</Days></DefaultRetention></Rule></ObjectLockConfiguration>"
)
_numbers = count(1)


@dataclass
class Bucket:
    """One bucket of the server, kept with all its versions, reached over a line of its own."""

    server: "Server"
    name: str
    line: "Line"

    @property
    def endpoint(self) -> str:
        """Where the line begins."""
        return f"http://127.0.0.1:{self.line.server_address[1]}"

    @property
    def address(self) -> str:
        """As the setting has it."""
        return f"s3://{self.name}/hoso"

    def objects(self) -> dict[str, bytes]:
        """What lies there now, by name below the prefix."""
        found = self.server.http.get(f"/{self.name}", params={"list-type": "2"}).text
        names = [key.text or "" for key in ET.fromstring(found).findall(".//{*}Contents/{*}Key")]
        return {name.removeprefix("hoso/"): self._get(name) for name in names}

    def versions(self) -> int:
        """How many versions of objects are kept, also of those that were let go."""
        found = self.server.http.get(f"/{self.name}", params={"versions": ""}).text
        return len(ET.fromstring(found).findall(".//{*}Version"))

    def kept(self) -> list[tuple[str, str]]:
        """Every version with its object's whole name."""
        found = self.server.http.get(f"/{self.name}", params={"versions": ""}).text
        return [
            (one.findtext("{*}Key") or "", one.findtext("{*}VersionId") or "")
            for one in ET.fromstring(found).findall(".//{*}Version")
        ]

    def hold(self, status: str) -> None:
        """Every version under a legal hold (ON), or under none (OFF)."""
        for key, version in self.kept():
            asked = {"legal-hold": "", "versionId": version}
            said = f"<LegalHold><Status>{status}</Status></LegalHold>"
            self.server.http.put(f"/{self.name}/{key}", params=asked, content=said).raise_for_status()

    def put(self, name: str, data: bytes) -> None:
        """Write past the store."""
        self.server.http.put(f"/{self.name}/hoso/{name}", content=data).raise_for_status()

    def _get(self, name: str) -> bytes:
        return self.server.http.get(f"/{self.name}/{name}").content


@dataclass(frozen=True)
class Server:
    """The server, and a way past the store to what it holds."""

    address: str
    http: httpx.Client


@contextmanager
def s3_server(port: int) -> Iterator[Server]:
    """The server as a process."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address, end = f"http://127.0.0.1:{port}", time.monotonic() + 60
    http = httpx.Client(base_url=address, headers=SIGNED, trust_env=False, timeout=30)
    try:
        while True:
            with suppress(httpx.TransportError):
                http.get("/moto-api/")
                break
            assert process.poll() is None, "it does not start"
            assert time.monotonic() < end, "it does not answer"
            time.sleep(0.05)
        yield Server(address, http)
    finally:
        http.close()
        process.terminate()
        process.wait(10)


@contextmanager
def bucket_on(server: Server, lock_days: int | None = None) -> Iterator[Bucket]:
    """A new bucket that keeps every version; under object lock for so many days, or (0) where it is said."""
    name = f"documents-{next(_numbers)}"
    lock = {"x-amz-bucket-object-lock-enabled": "true"} if lock_days is not None else {}
    server.http.put(f"/{name}", headers=lock).raise_for_status()
    server.http.put(f"/{name}", params={"versioning": ""}, content=VERSIONED).raise_for_status()
    if lock_days:
        rule = LOCKED.format(days=lock_days)
        server.http.put(f"/{name}", params={"object-lock": ""}, content=rule).raise_for_status()
    port = int(server.address.rpartition(":")[2])
    with Line(("127.0.0.1", 0), _Connection) as line:
        line.target = port
        thread = threading.Thread(target=line.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield Bucket(server, name, line)
        finally:
            line.shutdown()
            thread.join()


class Line(socketserver.ThreadingTCPServer):
    """Carries connections on; each takes the next fault from ``faults``, if one is left.

    ``refuse``: closed at once; ``cut``: half of the answer, then closed; ``busy``: a 503 in place of the
    answer; ``slow``: nothing for as long as the line stands.
    """

    daemon_threads = True
    allow_reuse_address = True
    target: int

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type] # passed on as they came
        self.faults: list[str] = []
        self.requests: list[bytes] = []


BUSY = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Connection(socketserver.BaseRequestHandler):
    server: Line

    def handle(self) -> None:
        fault = self.server.faults.pop(0) if self.server.faults else ""
        if fault == "refuse":
            return
        request = _message(self.request)
        self.server.requests.append(request)
        if fault == "slow":
            self.request.settimeout(30)
            with suppress(OSError):
                self.request.recv(1)
            return
        if fault == "busy":
            self.request.sendall(BUSY)
            return
        with socket.create_connection(("127.0.0.1", self.server.target)) as onward:
            onward.sendall(_closing(request))
            answer = b"".join(iter(lambda: onward.recv(65536), b""))
        self.request.sendall(answer[: len(answer) // 2] if fault == "cut" else answer)


def _message(connection: socket.socket) -> bytes:
    """One whole request."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def _closing(request: bytes) -> bytes:
    """The same request, after which the server closes: the answer ends where the connection does."""
    head, _, body = request.partition(b"\r\n\r\n")
    return head + b"\r\nConnection: close\r\n\r\n" + body
