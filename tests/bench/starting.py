"""``hoso run`` from an empty folder to its first answer and to the sample authority; ``hoso demo`` whole."""

import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from api.cli.children import answers, free_port
from models.settings import PREFIX
from tests.bench.report import Figure, Say, median
from tests.bench.stage import ROOT, environment

PATIENCE = 400.0
HOSO = str(Path(sys.executable).parent / "hoso")


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """Whole processes on fresh folders."""
    rounds = 1 if quick else 3
    first: list[float] = []
    loaded: list[float] = []
    again: list[float] = []
    demo: list[float] = []
    for number in range(rounds):
        with tempfile.TemporaryDirectory(prefix="hoso-bench-", ignore_cleanup_errors=True) as folder:
            answered, complete = await asyncio.to_thread(_run, folder)
            second, _ = await asyncio.to_thread(_run, folder)
        first.append(answered)
        loaded.append(complete)
        again.append(second)
        demo.append(await asyncio.to_thread(_demo))
        say(f"round {number + 1}: run {answered:.1f} s, sample {complete:.1f} s, demo {demo[-1]:.1f} s")
    sizes = f"median of {rounds}"
    return [
        Figure("hoso run, empty folder to first answer", median(first), "s", 60, sizes=sizes),
        Figure("hoso run, to the sample authority imported", median(loaded), "s", None, sizes=sizes),
        Figure("hoso run, second start to first answer", median(again), "s", None, sizes=sizes),
        Figure("hoso demo, whole", median(demo), "s", 60, sizes=sizes),
    ]


def _run(folder: str) -> tuple[float, float]:
    """Seconds to the API's first answer, and to the welcome that follows the first load."""
    port, begun = free_port(), time.perf_counter()
    own = {**environment(), PREFIX + "DATA": folder, PREFIX + "API_PORT": str(port)}
    process = subprocess.Popen(
        [HOSO, "run"], cwd=ROOT, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    first = 0.0
    lines: list[str] = []
    try:
        while not first:
            first = time.perf_counter() - begun if answers(port) else 0.0
            assert process.poll() is None, process.stdout.read()
            assert time.perf_counter() - begun < PATIENCE
            time.sleep(0.05)
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                return first, time.perf_counter() - begun
        raise AssertionError("hoso run ended: " + "".join(lines[-20:]))
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()


def _demo() -> float:
    begun = time.perf_counter()
    done = subprocess.run(
        [HOSO, "demo"], cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    return time.perf_counter() - begun
