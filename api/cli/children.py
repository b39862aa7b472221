"""Processes that belong to one of ours: started, watched, stopped, told apart from strangers.

A `Program` says what to run and how to know that it is ready; a `Child` is one run of it. Children live in
a session of their own, so that Ctrl-C in the terminal reaches the parent alone and it can stop them in order.
On Linux the kernel also tells a child when its parent dies (prctl(2), PR_SET_PDEATHSIG); elsewhere the next
run finds the orphan by process id and start time.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

LOOPBACK = "127.0.0.1"
_PR_SET_PDEATHSIG = 1


class ChildError(Exception):
    """A child did not start or did not become ready; the text is one line for people."""


@dataclass(frozen=True)
class Program:
    """What to run.

    `ready` is asked until it answers true; `prepare` runs before each start, `after_ready` after each;
    `account` is the (user, group) to run as; `patience` counts seconds until ready, `grace` seconds between
    the stop signal and the kill.
    """

    name: str
    argv: Sequence[str]
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    account: tuple[int, int] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 180.0
    grace: float = 30.0
    prepare: Callable[[], None] = lambda: None
    after_ready: Callable[[], None] = lambda: None


def free_port() -> int:
    """A TCP port nobody listens on at the loopback address, now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def choose_port(preferred: int, taken: set[int], host: str = LOOPBACK) -> int:
    """`preferred` or the next free port above it within a hundred, else any; never one of `taken`."""
    for port in range(preferred, min(preferred + 100, 65536)):
        if port not in taken and port_is_free(port, host):
            return port
    return free_port()


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def started_at(pid: int) -> str | None:
    """When a process began, as the system tells it: with the id it names one process for ever. None: none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None if Path("/proc/self/stat").exists() else _ps(pid, "lstart")
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def command_line(pid: int) -> str:
    """What a process was started with; empty when there is no such process."""
    if Path("/proc/self/stat").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    return _ps(pid, "command") or ""


def _ps(pid: int, column: str) -> str | None:
    command = ["/bin/ps", "-o", f"{column}=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 — a fixed command, a number
    return answer.stdout.strip() or None


def stop_process(pid: int, since: str, first: signal.Signals, grace: float) -> bool:
    """Stop a process that may be no child of ours: ask, wait `grace` seconds, kill. False: it was gone."""
    if started_at(pid) != since:
        return False
    for number, seconds in ((first, grace), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if started_at(pid) != since:
                return True
            time.sleep(0.05)
    return True


def _told_when_parent_dies(number: int) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    parent = os.getpid()

    def ask() -> None:
        library.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return ask


class Child:
    """One run of a program."""

    def __init__(self, program: Program, output: int | IO[str]) -> None:
        """Start it; `output` is a file, or `subprocess.PIPE` to read lines from `self.process.stdout`."""
        program.prepare()
        self.program = program
        user, group = program.account or (None, None)
        try:
            self.process = subprocess.Popen(  # noqa: S603 — programs are ours, named in code
                list(program.argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=program.folder,
                env={**os.environ, **program.environment},
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=[] if program.account else None,
                preexec_fn=_told_when_parent_dies(program.stop_signal),
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise ChildError(f"{program.name}: {program.argv[0]}: {error.strerror}") from error
        self.since = started_at(self.process.pid) or ""

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def wait_ready(self, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Wait until the program is ready.

        Raises:
            ChildError: it ended first, or its patience ran out, or `interrupted` answered true.
        """
        end = time.monotonic() + self.program.patience
        while not self.program.ready():
            if not self.alive:
                raise ChildError(
                    f"{self.program.name}: ended with status {self.process.returncode} while starting"
                )
            if interrupted() or time.monotonic() > end:
                raise ChildError(f"{self.program.name}: not ready after {self.program.patience:.0f} s")
            time.sleep(0.05)
        self.program.after_ready()

    def stop(self) -> None:
        """Ask it to stop, wait its grace, then kill it; its whole session goes with it."""
        if self.alive:
            self.process.send_signal(self.program.stop_signal)
            try:
                self.process.wait(self.program.grace)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


def start(program: Program, log: Path, attempts: int = 5) -> Child:
    """Start a program with its output appended to a file and wait until it is ready.

    Trying again helps PostgreSQL after a kill: the new server must wait for the old one's last processes.

    Raises:
        ChildError: it did not become ready; the last lines it wrote are in the text.
    """
    for attempt in range(1, attempts + 1):
        with log.open("a", encoding="utf-8") as output:
            child = Child(program, output)
        try:
            child.wait_ready()
        except ChildError as error:
            child.stop()
            if attempt == attempts:
                last = " | ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:])
                raise ChildError(f"{error}: {last}") from error
            time.sleep(0.3 * attempt)
        except BaseException:
            child.stop()
            raise
        else:
            return child
    raise ChildError(f"{program.name}: no attempt was made")
