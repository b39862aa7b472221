"""Keeps children alive: shows what they say, starts again what dies, stops all in order.

What runs is written down (`children.json`: process id, start time, stop signal), so the next run stops what
an abrupt end left behind. A lock held by the kernel allows one supervisor per folder and ends with its
holder.
"""

import fcntl
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from api.cli.children import Child, ChildError, Program, stop_process

COLOURS = ("36", "32", "33", "35", "34", "96", "92", "95")
FIRST_PAUSE, LONGEST_PAUSE, STEADY = 0.5, 30.0, 60.0


class AlreadyRunningError(Exception):
    """Another supervisor holds the folder; `pid` is its process id."""

    def __init__(self, folder: Path, pid: str) -> None:
        super().__init__(
            f"hoso đang chạy trên {folder} (tiến trình {pid}) / hoso already runs on {folder} (process {pid})"
        )
        self.pid = pid


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold a data folder for this process.

    Raises:
        AlreadyRunningError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run.lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunningError(folder, lock.read().strip() or "?") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


class Display:
    """Writes whole lines, each with the name of who said it; coloured on a terminal (https://no-color.org)."""

    def __init__(self, output: TextIO, width: int = 10) -> None:
        self._output, self._width = output, width
        self._coloured = output.isatty() and not os.environ.get("NO_COLOR")
        self._lock = threading.Lock()
        self._seen: dict[str, str] = {}

    def line(self, name: str, text: str) -> None:
        """One line."""
        with self._lock:
            colour = self._seen.setdefault(name, COLOURS[len(self._seen) % len(COLOURS)])
            label = f"{name:<{self._width}} │"
            if self._coloured:
                label = f"\x1b[{colour}m{label}\x1b[0m"
            self._output.write(f"{label} {text}\n")
            self._output.flush()


class Kept:
    """A program, its present child, and when to start it again."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.child: Child | None = None
        self.ready = False
        self.begun = 0.0
        self.pause = FIRST_PAUSE
        self.again_at: float | None = None
        self.settles_at = 0.0
        """Not before then is what follows readiness tried, where it failed."""


class Supervisor:
    """Children of one folder, in the order they were started."""

    def __init__(self, folder: Path, display: Display) -> None:
        self.folder, self.display = folder, display
        self.stopping = threading.Event()
        self._kept: list[Kept] = []
        self._record = folder / "children.json"

    def clear_previous(self) -> None:
        """Stop what a run that was killed has left running, last started first."""
        try:
            left = json.loads(self._record.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        for entry in reversed(left):
            if stop_process(entry["pid"], entry["since"], signal.Signals(entry["signal"]), 20.0):
                self.display.line(
                    "hoso", f"đã dừng {entry['name']} còn sót / stopped {entry['name']} left over"
                )
        self._record.unlink(missing_ok=True)

    def begin(self, program: Program) -> Kept:
        """Start a program and keep it; `wait` tells when it is ready."""
        kept = Kept(program)
        self._kept.append(kept)
        self._launch(kept)
        return kept

    def wait(self, kept: Kept) -> None:
        """Wait for readiness, starting again what dies meanwhile.

        Raises:
            ChildError: not ready within the program's patience, or asked to stop.
        """
        end = time.monotonic() + kept.program.patience
        while not kept.ready:
            if self.stopping.is_set():
                raise ChildError(f"{kept.program.name}: dừng khi đang khởi động / stopped while starting")
            if time.monotonic() > end:
                raise ChildError(f"{kept.program.name}: not ready after {kept.program.patience:.0f} s")
            self.tick()
            time.sleep(0.05)

    def watch(self) -> None:
        """Keep everything alive until asked to stop."""
        while not self.stopping.wait(0.2):
            self.tick()

    def tick(self) -> None:
        """Look at every child once."""
        for kept in self._kept:
            if kept.again_at is not None:
                if time.monotonic() >= kept.again_at:
                    self._launch(kept)
            elif kept.child is not None and not kept.child.alive:
                self._died(kept, f"status {kept.child.process.returncode}")
            elif not kept.ready and time.monotonic() >= kept.settles_at and kept.program.ready():
                self._settle(kept)

    def _settle(self, kept: Kept) -> None:
        """What follows readiness; where it fails it is tried again, and nobody else is stopped for it."""
        try:
            kept.program.after_ready()
        except ChildError as error:
            kept.settles_at = time.monotonic() + kept.pause
            self.display.line("hoso", f"{error}; thử lại sau {kept.pause:g} giây / again in {kept.pause:g} s")
            kept.pause = min(kept.pause * 2, LONGEST_PAUSE)
        else:
            kept.ready = True

    def stop(self) -> None:
        """Stop all children, last started first."""
        self.stopping.set()
        for kept in reversed(self._kept):
            kept.again_at = None
            if kept.child is not None:
                kept.child.stop()
        self._record.unlink(missing_ok=True)

    def run_once(self, name: str, argv: list[str], environment: dict[str, str], seconds: float) -> list[str]:
        """Run a program to its end and answer what it wrote, line by line.

        Raises:
            ChildError: it failed or took too long; its last line is in the text.
        """
        program = Program(name=name, argv=argv, ready=lambda: True, environment=environment)
        child = Child(program, subprocess.PIPE)
        lines: list[str] = []
        reader = self._pump(child, lines.append)
        end = time.monotonic() + seconds
        while child.alive and time.monotonic() < end and not self.stopping.is_set():
            self.tick()
            time.sleep(0.05)
        ended_itself = not child.alive
        child.stop()
        reader.join(5.0)
        if not ended_itself or child.process.returncode != 0:
            reason = (
                f"status {child.process.returncode}" if ended_itself else f"unfinished after {seconds:.0f} s"
            )
            raise ChildError(f"{name}: {reason}: {lines[-1] if lines else 'no output'}")
        return lines

    def _launch(self, kept: Kept) -> None:
        kept.again_at, kept.ready, kept.begun, kept.settles_at = None, False, time.monotonic(), 0.0
        try:
            kept.child = Child(kept.program, subprocess.PIPE)
        except ChildError as error:
            self._died(kept, str(error))
            return
        self._pump(kept.child, lambda text: self._show(kept, text))
        self._write_down()

    def _show(self, kept: Kept, text: str) -> None:
        # Servers that lose each other while all are being stopped have nothing to say that anybody needs.
        if text and not self.stopping.is_set():
            self.display.line(kept.program.name, text)

    def _died(self, kept: Kept, how: str) -> None:
        if kept.child is not None:
            kept.child.stop()
        if time.monotonic() - kept.begun > STEADY:
            kept.pause = FIRST_PAUSE
        name, pause = kept.program.name, kept.pause
        kept.again_at, kept.ready = time.monotonic() + pause, False
        kept.pause = min(pause * 2, LONGEST_PAUSE)
        self.display.line(
            "hoso",
            f"{name} đã dừng ({how}), chạy lại sau {pause:g} giây / ended ({how}), again in {pause:g} s",
        )

    def _pump(self, child: Child, take: Callable[[str], None]) -> threading.Thread:
        output = child.process.stdout

        def read() -> None:
            if output is not None:
                with output:
                    for line in output:
                        take(line.rstrip())

        thread = threading.Thread(target=read, name=f"log of {child.program.name}", daemon=True)
        thread.start()
        return thread

    def _write_down(self) -> None:
        entries = [
            {
                "name": kept.program.name,
                "pid": kept.child.process.pid,
                "since": kept.child.since,
                "signal": int(kept.program.stop_signal),
            }
            for kept in self._kept
            if kept.child is not None
        ]
        staged = self._record.with_suffix(".new")
        staged.write_text(json.dumps(entries), encoding="utf-8")
        staged.replace(self._record)
