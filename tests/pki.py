"""The development PKI as a process of its own, and the way to its switches."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from models.evidence import TrustList

ROOT = Path(__file__).parents[1]


@dataclass
class DevelopmentPki:
    """One process on one folder; it may be killed and started again."""

    folder: Path
    port: int
    engine: str | None = None
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def trust(self) -> TrustList:
        return TrustList.load(self.folder / "trust.json")

    def start(self) -> None:
        command = [sys.executable, "-m", "activities.signing.development_pki", "--port", str(self.port)]
        command += ["--dir", str(self.folder), *(["--engine", self.engine] if self.engine else [])]
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        for _ in range(400):
            if self.process.poll() is not None:
                break
            try:
                self.call("GET", "/health").raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise RuntimeError("the development PKI does not answer: " + self.log())

    def log(self) -> str:
        return (self.folder.parent / f"{self.folder.name}.log").read_text()

    def stop(self, kill: bool = False) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill() if kill else self.process.terminate()
            self.process.wait(10)

    def call(self, method: str, path: str, **content: Any) -> httpx.Response:
        return httpx.request(method, self.url + path, timeout=10, trust_env=False, **content)

    def admin(self, method: str, path: str, json: Any = None) -> Any:
        answer = self.call(method, f"/admin{path}", json=json)
        answer.raise_for_status()
        return answer.json()

    def faults(self, **switches: Any) -> None:
        self.admin("POST", "/faults", switches)

    def clock(self, at: datetime | None) -> None:
        self.faults(clock_at=at.isoformat() if at else None)

    def mend(self) -> None:
        self.admin("DELETE", "/faults")

    def revoke(self, serial: str) -> None:
        self.admin("POST", "/revocations", {"serial": serial})


@contextmanager
def running(
    folder: Path, free_port: Callable[[], int], engine: str | None = None
) -> Iterator[DevelopmentPki]:
    """A process for as long as the block lasts; its log must hold no traceback."""
    one = DevelopmentPki(folder, free_port(), engine)
    one.start()
    try:
        yield one
    finally:
        one.stop()
    assert "Traceback" not in one.log(), one.log()
