"""Questions about a file, each asked of a process of its own that has little and may do less.

Whoever asks waits for a place; what takes too long, too much memory or dies is refused as too complex.
"""

import asyncio
import json
import sys
from typing import Any

from api.intake.refusing import FileRefusedError

AT_ONCE = 2
"""Processes at the same time in one API process: it is CPU work beside everybody else's requests."""
SECONDS = 30.0
"""Of wall time for one file, once it has its place; the process has fewer of CPU."""

_ENVIRONMENT = {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
"""All it gets: the addresses and passwords of this installation are none of its business."""

_places: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


async def ask(question: str, *details: str, data: bytes) -> tuple[dict[str, Any], bytes]:
    """The process's answer and the bytes it sent.

    Raises:
        FileRefusedError: what it said, or ``attachment-too-complex`` where it came to no answer.
    """
    loop = asyncio.get_running_loop()
    if loop not in _places:
        _places.clear()  # a loop that ended needs no places any more
        _places[loop] = asyncio.Semaphore(AT_ONCE)
    async with _places[loop]:
        answer = await _answer(question, *details, data=data)
    line, _, sent = answer.partition(b"\n")
    told: dict[str, Any] = json.loads(line)
    if "refused" in told:
        raise FileRefusedError(told["refused"], tuple(told["found"]))
    return told, sent


async def _answer(question: str, *details: str, data: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-m", "api.intake.process", question, *details,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=_ENVIRONMENT,
    )  # fmt: skip
    try:
        answer, _ = await asyncio.wait_for(process.communicate(data), SECONDS)
    except TimeoutError:
        raise FileRefusedError("attachment-too-complex", ("time",)) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0 or not answer:
        raise FileRefusedError("attachment-too-complex", ("limits",))
    return answer
