"""A customer's program: gives notice after notice over HTTP, and writes down what it was told.

``python -m tests.whole.client BASE JOURNAL LANES PROFILE…``, the session's token in the variable ``TOKEN``.
Every request is written to the journal before it is sent, every answer is written and fsynced before the
next request of that lane: what the journal calls accepted, the caller may rely on. It stops when the file
``JOURNAL.stop`` appears, after the answers under way, or with SIGKILL at any instant.
"""

import asyncio
import json
import os
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

PACE = 0.03
"""Seconds between an answer and the next request: enough is always under way, and time is left for others."""
FIRST = date(2025, 1, 2)
"""A day of the change; its duty lies in the past, so each notice is one short act."""


class Journal:
    """Lines of JSON that survive the process."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def write(self, **line: Any) -> None:
        """Append, flush, fsync."""
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


async def lane(base: str, journal: Journal, stop: Path, profiles: list[str]) -> None:
    """One request after the other, round and round the profiles."""
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=12) as web:
        number = 0
        while not stop.exists():  # noqa: ASYNC240 — a look at one name
            profile, key = profiles[number % len(profiles)], uuid4().hex
            body = {
                "kind": "other",
                "changed_on": (FIRST + timedelta(days=number % 300)).isoformat(),
                "document": f"{number}/QĐ-THỬ",
            }
            number += 1
            journal.write(asked=key, profile=profile)
            try:
                answer = await web.post(
                    f"/api/v1/profiles/{profile}/notices", json=body, headers={"Idempotency-Key": key}
                )
            except httpx.HTTPError as error:
                journal.write(unknown=key, error=type(error).__name__)
                await asyncio.sleep(0.1)
                continue
            accepted = answer.is_success
            journal.write(**{"accepted" if accepted else "refused": key}, status=answer.status_code)
            await asyncio.sleep(PACE if accepted else 0.1)


async def main(base: str, path: str, lanes: str, *profiles: str) -> None:
    """Every lane has profiles of its own and some in common, so that commands meet."""
    journal, stop, many = Journal(Path(path)), Path(path + ".stop"), int(lanes)
    shared = list(profiles[:2])
    async with asyncio.TaskGroup() as group:
        for n in range(many):
            group.create_task(lane(base, journal, stop, [*profiles[2 + n :: many], *shared]))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
