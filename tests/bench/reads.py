"""Reads and lists at 100,000 people: as HR of an agency and as the department; beside no policy.

Each request goes through the application itself, in this process; what policies and decryption cost is
measured on the same requests, as the role of the API, and as a role that no policy binds with contents that
need no opening.
"""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from hashlib import md5
from typing import Any
from uuid import UUID

import httpx
import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from api import passwords
from models.documents import DocumentStore, FolderBlobs
from models.form import catalogue, join, split
from models.keys import FieldCipher
from models.record import load
from models.record.tools import Tools
from models.settings import DatabaseRole
from tests import stock
from tests.api.conftest import CHEAP, SETTINGS
from tests.api.reading.conftest import readers
from tests.api.reading.world import NOW, Caller, StandingClock, World, ground
from tests.bench.report import Figure, percentile
from tests.bench.stage import Stage, stage
from tests.forms import COMPLETE

BUDGET = 50.0
PATHS: dict[str, str] = {
    "list": "/profiles",
    "overdue": "/profiles?overdue=true",
    "not overdue": "/profiles?overdue=false",
    "chapter": "/profiles?chapter=declaration",
    "below an agency": f"/profiles?agency={stock.agency(1)}",
    "duties": "/duties?whose=agency",
    "duties overdue": "/duties?whose=agency&overdue=true",
    "today": "/today",
    "inbox": "/inbox",
    "events": "/changes",
    "me": "/me",
    "readiness": "/readiness",
    "readiness by agency": "/readiness?level=first_rank",
    "unready below an agency": f"/readiness/{stock.agency(1)}?below=true",
}
SEARCHES: dict[str, dict[str, str]] = {
    "search family name": {"name": "Nguyen Van Nguoi4"},
    "search given name": {"name": "Nguoi41000"},
    "search staff number": {"staff_number": "CB-41000"},
    "search ID number": {"personal_id_number": "000000041000"},
}


class _Database:
    """What the small authority of the tests asks of a database."""

    def __init__(self, built: Stage) -> None:
        self.built = built

    def url(self, role: str) -> str:
        return self.built.settings.database_url(DatabaseRole(role))


async def run(say: Callable[[str], None], *, quick: bool = False) -> list[Figure]:
    """Fill, ask, and tell p95 per request and who asks."""
    passwords._hasher = CHEAP  # what a login costs is measured elsewhere
    people, agencies, turns = (5_000, 150, 10) if quick else (100_000, 1_500, 40)
    with stage() as built:
        world = World(
            _Database(built),
            built.ring,
            DocumentStore(FolderBlobs(built.folder / "documents"), FieldCipher(built.ring)),
        )
        await world.written(lambda connection: ground(world, connection))
        with psycopg.connect(built.superuser, autocommit=True) as superuser:
            begun = time.monotonic()
            stock.fill(superuser, world.authority, NOW, people=people, agencies=agencies, tops=30)
            say(f"  {people} people in {time.monotonic() - begun:.0f} s")
        sizes = f"{people} people, {agencies} agencies, {turns} times each"
        return await _measured(built, world, turns, sizes, people)


async def _measured(built: Stage, world: World, turns: int, sizes: str, people: int) -> list[Figure]:
    with psycopg.connect(built.superuser, autocommit=True) as superuser:
        superuser.execute(
            "UPDATE grants SET agency_id = %s WHERE account_id = %s",
            (stock.agency(1), world.accounts["approver.a"]),
        )
        superuser.execute(
            "UPDATE grants SET role = 'hr_officer' WHERE account_id = %s", (world.accounts["approver.a"],)
        )
    asking = {"department": "sonoivu", "agency": "approver.a"}
    figures = []
    paths = {**PATHS, "form": f"/profiles/{await _declared(world, people)}/form"}
    bound = await _times(built, world, DatabaseRole.API, asking, paths, turns)
    with _unsealed():
        free = await _times(built, world, None, asking, paths, turns)
    for name, taken in bound.items():
        bare = percentile(free[name], 0.5)
        figures.append(
            Figure(
                name=f"read {name}, p95",
                measured=percentile(taken, 0.95),
                unit="ms",
                budget=BUDGET,
                sizes=sizes,
                note=f"median {percentile(taken, 0.5):.1f} ms; without policies {bare:.1f} ms",
            )
        )
    # The sum, not each by itself: a request of two milliseconds has no ratio worth a name.
    mine = sum(percentile(taken, 0.5) for taken in bound.values())
    theirs = sum(percentile(taken, 0.5) for taken in free.values())
    figures.append(
        Figure(
            name="policies and encryption on all reads together",
            measured=mine,
            unit="ms",
            budget=1.3,
            bare=theirs,
            ratio=mine / theirs,
            sizes=sizes,
            note="sum of medians, beside the same requests as a role that no policy binds, nothing sealed",
        )
    )
    figures.append(await _deep(built, world, sizes, people))
    return figures


@asynccontextmanager
async def _caller(built: Stage, world: World, role: DatabaseRole | None) -> AsyncIterator[Caller]:
    """A client of the application in this process; with no role the database's superuser asks."""
    url = built.settings.database_url(role) if role else built.superuser.replace("//", "+psycopg://", 1)
    url = url.replace("postgresql:+psycopg", "postgresql+psycopg")
    engine = create_async_engine(url, pool_size=2, use_native_hstore=False)
    application = readers()
    application.state.tools = Tools(engine, world.ring)
    application.state.clock = StandingClock()
    application.state.settings = SETTINGS
    application.state.documents = world.documents
    application.state.temporal = None
    transport = httpx.ASGITransport(application)
    async with Caller(transport=transport, base_url="http://hoso/api/v1") as caller:
        caller.tokens = {}
        yield caller
    await engine.dispose()


async def _declared(world: World, people: int) -> UUID:
    """Somebody of the stock with a whole form, whom both may read."""
    person = UUID(md5(f"person{people}".encode(), usedforsecurity=False).hexdigest())

    async def write(connection: AsyncConnection) -> None:
        made = await world.revision(connection, person, 2, "approved", COMPLETE, world.accounts["sonoivu"])
        await connection.execute(
            text("UPDATE profiles SET approved_revision_id = :r, agency_id = :a WHERE id = :p"),
            {"r": made, "p": person, "a": stock.agency(1)},
        )
        await connection.execute(
            text("UPDATE custody SET agency_id = :a WHERE profile_id = :p"),
            {"p": person, "a": stock.agency(1)},
        )

    await world.written(write)
    return person


@contextmanager
def _unsealed() -> Iterator[None]:
    """Contents as if nothing had ever been sealed: parsed, not opened."""
    secret = json.dumps(split(catalogue("tt06_2023"), COMPLETE)[1])
    kept = load.opened

    def plain(_tools: Tools, _authority: UUID, row: Any) -> dict[str, Any]:
        return dict(join(row.content, json.loads(secret)))

    load.opened = plain
    try:
        yield
    finally:
        load.opened = kept


async def _times(
    built: Stage,
    world: World,
    role: DatabaseRole | None,
    asking: dict[str, str],
    paths: dict[str, str],
    turns: int,
) -> dict[str, list[float]]:
    """Milliseconds of each request by who asks and what; the first two of each are not counted."""
    found: dict[str, list[float]] = {}
    async with _caller(built, world, role) as caller:
        for who, login in asking.items():
            await caller.login(login)
            for name, path in paths.items():
                found[f"{name}, {who}"] = await _timed(lambda path=path: caller.get(path), turns)
            for name, body in SEARCHES.items():
                found[f"{name}, {who}"] = await _timed(
                    lambda body=body: caller.post("/profiles/search", json=body), turns
                )
    return found


async def _timed(ask: Callable[[], Awaitable[httpx.Response]], turns: int) -> list[float]:
    taken = []
    for turn in range(turns + 2):
        begun = time.perf_counter()
        answer = await ask()
        if turn > 1:
            taken.append((time.perf_counter() - begun) * 1000)
        assert answer.status_code == 200, answer.text
    return taken


async def _deep(built: Stage, world: World, sizes: str, people: int) -> Figure:
    """The thousandth page beside the first one: a key is as near at the end as at the beginning."""
    async with _caller(built, world, DatabaseRole.API) as caller:
        await caller.login("sonoivu")
        after = None
        for _ in range(min(999, people // 50 - 2)):
            after = (await caller.ok("/profiles", limit=50, **({"after": after} if after else {})))["next"]
        first = percentile(await _timed(lambda: caller.get("/profiles", params={"limit": 50}), 30), 0.5)
        where = {"limit": 50, "after": after}
        last = percentile(await _timed(lambda: caller.get("/profiles", params=where), 30), 0.5)
    return Figure(
        name="page 1,000", measured=last, unit="ms", budget=2.0, bare=first, ratio=last / first, sizes=sizes
    )
