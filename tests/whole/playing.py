"""A performance of ``hoso demo`` as a newcomer starts it, and what holds of every one."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RUN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from api.cli.main import main; main()"
)
"""As a terminal starts it: what runs in the background of a script is started deaf to Ctrl-C."""
LONGEST = 300.0
"""Seconds allowed here, where other tests run beside it; alone it is to take less than sixty."""

NOT_LAW = "không phải luật"
AT_THE_END = ("separation.effective", "access.cancelled", "profile.archived")


@dataclass(frozen=True)
class Played:
    """A finished run."""

    status: int
    said: dict[str, Any]
    errors: str
    out: Path
    servers: Path

    @property
    def steps(self) -> list[dict[str, Any]]:
        return self.said["steps"]

    def step(self, event: str, chapter: str) -> dict[str, Any]:
        return next(s for s in self.steps if (s["chapter"], s["event"]) == (chapter, event))


def start(folder: Path, *options: str) -> "subprocess.Popen[str]":
    """A demo whose servers live below a folder of the test's own."""
    servers = folder / "servers"
    servers.mkdir()
    servers.chmod(0o711)
    return subprocess.Popen(
        [sys.executable, "-c", RUN, "demo", *options],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(servers), "HOSO_API_PORT": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_over(folder: Path) -> list[str]:
    """Command lines of processes that still work in a folder."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
                found.append((process / "environ").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
    return [line[:200] for line in found if str(folder) in line]


def perform(folder: Path, *options: str) -> Played:
    """One performance to its end; everything it left is below the folder."""
    for parent in (folder, *folder.parents[:3]):
        # Under root, PostgreSQL passes through as another account.
        parent.chmod(parent.stat().st_mode | 0o011)
    out = folder / "kept"
    process = start(folder, "--json", "--out", str(out), "--leave", str(folder / "left"), *options)
    try:
        said, errors = process.communicate(timeout=LONGEST + 30)
    finally:
        process.kill()
    return Played(process.returncode, json.loads(said or "{}"), errors, out, folder / "servers")


def in_time_and_gone(played: Played) -> None:
    """It succeeded, verified its files, and left no server behind."""
    assert (played.status, played.said.get("failure")) == (0, None), played.errors
    assert (played.said["succeeded"], played.said["verified"]) == (True, True)
    assert played.said["seconds"] < LONGEST
    assert list(played.servers.iterdir()) == []
    assert left_over(played.servers) == []


def told_in_order(played: Played, wanted: list[tuple[str, str]]) -> None:
    """Chapter and event of the steps that must be there, in this order; others may stand between."""
    told = iter([(step["chapter"], step["event"]) for step in played.steps])
    for one in wanted:
        assert one in told, f"{one} is missing or out of order"


def every_line_is_whole(played: Played, cited: str) -> None:
    """Date, actor, both languages, citation and next duty on every line; only the archived owe none."""
    days = [date.fromisoformat(step["date"]) for step in played.steps]
    assert days == sorted(days)
    for step in played.steps:
        assert step["actor"], step
        assert step["what"] != step["what_en"], step
        assert "{" not in step["what"] + step["what_en"], step
        # What no text asks for is policy, and the line says so.
        policy = step["event"] in AT_THE_END and step["rule"] is None
        assert re.search(f"{cited}|{NOT_LAW}" if policy else cited, step["citation"]), step
        owed = step["next_duty"]
        assert owed is None or (re.search(cited, owed["citation"]) and owed["what"] and owed["party"]), step
    without = [(step["chapter"], step["event"]) for step in played.steps if step["next_duty"] is None]
    assert set(without) <= {(c, e) for c in ("move_out", "retirement") for e in AT_THE_END}
    assert without[-1] == ("retirement", "profile.archived")
