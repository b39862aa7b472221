"""Every operation of the API's description asked as every role, with requests that fit it and others: more
than 20,000 calls; server errors and answers that the description does not know are told one by one.
"""

import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from api import passwords
from models.logs import configure
from models.settings import DatabaseRole, Settings
from tests.api.conftest import CHEAP
from tests.api.matrix.described import ROLES, Wrong, wrong_answers
from tests.api.matrix.served import client_of, served
from tests.api.matrix.stage import build_stage
from tests.bench.report import Figure, Say
from tests.bench.stage import Stage, stage

CALLS = 20_000
EACH = 5
"""Requests of each kind to an operation as one role."""


class _Database:
    """What the two authorities of the tests ask of a database."""

    def __init__(self, built: Stage) -> None:
        self.built = built

    def url(self, role: str) -> str:
        return self.built.settings.database_url(DatabaseRole(role))

    def settings(self, folder: Path) -> Settings:
        return self.built.settings.model_copy(update={"data": folder})


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """Ask as each role; quick: one request of each kind."""
    passwords._hasher = CHEAP  # what a login costs is measured elsewhere
    configure("json", "ERROR", "bench")
    asked, wrong = 0, Counter[Wrong]()
    with stage() as built, tempfile.TemporaryDirectory(prefix="hoso-bench-") as name:
        database: Any = _Database(built)
        for number, role in enumerate(ROLES, 1):
            folder = Path(name) / role
            folder.mkdir()
            begun = time.monotonic()
            calls, found = await _asked_as(database, folder, role, 1 if quick else EACH, number)
            say(f"{role}: {calls} calls, {len(found)} kinds wrong, {time.monotonic() - begun:.0f} s")
            for one in found:
                say(f"  {one.told}")
            asked += calls
            wrong.update(found)
    accidents = sum(one.accident for one in wrong)
    sizes = f"{len(ROLES)} roles, {EACH} requests that fit and {EACH} that do not, of each operation"
    return [
        Figure("calls over the whole description", float(asked), "calls", CALLS, "higher", sizes=sizes),
        Figure("server errors, kinds", float(accidents), "kinds", 0),
        Figure("answers the description does not know, kinds", float(len(wrong) - accidents), "kinds", 0),
    ]


async def _asked_as(
    database: Any, folder: Path, role: str, size: int, number: int
) -> tuple[int, list[Wrong]]:
    """One role, over two authorities of its own: what one role has changed is not there for the next."""
    # In a thread: it runs an event loop of its own.
    there = await asyncio.to_thread(build_stage, database, folder, again=number > 1)
    async with served(database, there, folder) as app, client_of(app) as client:
        return await wrong_answers(app, client, there, [role], size, number)
