"""What the figures were measured on, and what processes cost: CPU time and memory read from /proc."""

import asyncio
import os
import platform
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def description() -> str:
    """One line: processor, cores, memory, versions, and how busy the machine is with other things."""
    model = next((v for k, v in _pairs("/proc/cpuinfo", ":") if k == "model name"), platform.processor())
    memory = next((int(v.split()[0]) for k, v in _pairs("/proc/meminfo", ":") if k == "MemTotal"), 0)
    load = ", ".join(f"{n:.2f}" for n in os.getloadavg())
    return (
        f"{model}, {len(os.sched_getaffinity(0))} cores, {memory / 2**20:.1f} GiB, {platform.system()},"
        f" Python {platform.python_version()}, load before {load}"
    )


def _pairs(path: str, separator: str) -> Iterable[tuple[str, str]]:
    for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(separator)
        yield name.strip(), value.strip()


def _children() -> dict[int, list[int]]:
    """Who is whose child, of all that are alive."""
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))) is not None:
            found.setdefault(int(fields[1]), []).append(int(entry.name))
    return found


def _family(pid: int, children: Mapping[int, list[int]] | None = None) -> list[int]:
    """A process and all its descendants that are alive."""
    parents = _children() if children is None else children
    found, waiting = [], [pid]
    while waiting:
        found.append(one := waiting.pop())
        waiting += parents.get(one, [])
    return found


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/<pid>/stat from the third on (proc(5))."""
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        )
    except OSError:
        return None


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its descendants, and those of them that have ended."""
    total = 0
    for one in _family(pid):
        fields = _stat(one)
        if fields is not None:
            total += sum(int(n) for n in fields[11:15])
    return total * TICK


def resident_bytes(pid: int) -> int:
    """Resident memory of one process."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE


def share_bytes(pid: int, children: Mapping[int, list[int]] | None = None) -> int:
    """Memory of a process and its descendants, what several share counted once among them (PSS)."""
    total = 0
    for one in _family(pid, children):
        try:
            found = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total += next(int(line.split()[1]) * 1024 for line in found.splitlines() if line.startswith("Pss:"))
    return total


def peak_bytes(pid: int) -> int:
    """The most resident memory a process has had."""
    return next(int(v.split()[0]) * 1024 for k, v in _pairs(f"/proc/{pid}/status", ":") if k == "VmHWM")


class Meter:
    """CPU spent by named processes between two looks."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        self._processes = dict(processes)
        self._before = self._look()

    def _look(self) -> dict[str, float]:
        return {name: cpu_seconds(pid) for name, pid in self._processes.items()}

    def spent(self) -> dict[str, float]:
        """Seconds of CPU by name since the meter was made."""
        return {name: now - self._before[name] for name, now in self._look().items()}


class Peaks:
    """The most memory that named processes had, looked at again and again beside what is measured.

    ``processes`` may change meanwhile: whoever is killed and comes back is looked at under the same name.
    """

    EVERY = 2.0
    """Seconds between two looks: one costs the kernel some tens of milliseconds."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        self._processes = processes
        self._most: dict[str, int] = {}
        self._together = 0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._looking())
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def taken(self) -> tuple[dict[str, int], int]:
        """Bytes by name at most since the last time, and of all at one instant; looks once more itself."""
        await self._look()
        found = dict(self._most), self._together
        self._most, self._together = {}, 0
        return found

    async def _looking(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(self.EVERY)

    async def _look(self) -> None:
        held = await asyncio.to_thread(_held, dict(self._processes))
        self._together = max(self._together, sum(held.values()))
        for name, found in held.items():
            self._most[name] = max(self._most.get(name, 0), found)


def _held(processes: Mapping[str, int]) -> dict[str, int]:
    children = _children()
    return {name: share_bytes(pid, children) for name, pid in processes.items()}
