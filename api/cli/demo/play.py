"""One performance: servers up, the world installed, the story told, the signed file verified, all stopped."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from api.cli.children import LOOPBACK
from api.cli.demo.beginning import begins_on
from api.cli.demo.calls import Caller
from api.cli.demo.chapters import Story
from api.cli.demo.clock import VirtualClock
from api.cli.demo.installing import build
from api.cli.demo.leaving import Urls, leave
from api.cli.demo.problems import StoryError
from api.cli.demo.servers import Servers
from api.cli.demo.stage import Stage
from api.cli.demo.telling import Step, Teller
from api.cli.demo.world import PASSWORD, Laws, World, worlds
from api.clock import EngineClock
from api.reconcile import Reconciler
from models.calendar import Calendar, at_local, legal_date
from models.database import engine_for
from models.evidence import TrustList, Verdict
from models.evidence.verification import verify
from models.key_opening import open_ring
from models.regulations import Trial
from models.settings import DatabaseRole, Settings
from workflows.connection import connect

HOUR = 8
"""Local hour of the first day at which the story begins."""


@dataclass
class Performance:
    """What a demo leaves: the steps, the events behind them, the signed files and what was found of them."""

    steps: list[Step] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    documents: list[bytes] = field(default_factory=list)
    trust: bytes = b""
    verdicts: list[Verdict] = field(default_factory=list)
    authority: str = ""
    drafts: tuple[str, ...] = ()
    """Drafts it was played on, on trial: they bind nobody."""
    read_on: datetime | None = None
    """The story's last instant: when its reader verifies the files."""
    failure: str | None = None
    seconds: float = 0.0

    @property
    def verified(self) -> bool:
        """Whether there are signed files and every one of them holds."""
        return bool(self.verdicts) and all(one.valid for one in self.verdicts)

    @property
    def succeeded(self) -> bool:
        """Whether every step came out as told and the files hold."""
        return self.failure is None and self.verified


async def play(
    servers: Servers, settings: Settings, teller: Teller, kept: Performance, left: Path | None = None
) -> None:
    """Tell the story on running servers; ``kept`` holds what there is, also when it breaks off. What the
    servers know at its end is written below ``left``.

    Raises:
        StoryError: a step did not come out as told.
    """
    ring = open_ring(settings)
    database = engine_for(settings.database_url(DatabaseRole.API), pool_size=4)
    client = await connect(settings, ring)
    address = f"http://{LOOPBACK}:{settings.api_port}"
    urls = Urls()
    hooks: dict[str, list[Callable[..., Any]]] = {"request": [urls]}
    http = httpx.AsyncClient(base_url=address, timeout=30.0, trust_env=False, event_hooks=hooks)
    try:
        world = worlds()[kept.authority]
        clock = VirtualClock(client, database, servers.check)
        await clock.hold()
        calendar = Calendar.seed()
        first = begins_on(legal_date(await clock.now()), calendar)
        await clock.advance(at_local(first, HOUR))
        laws = Laws(kept.authority, _trial(world, first))
        now = await clock.now()
        authority, agencies = await build(settings, http, servers.folder, now, world, laws)
        clock.authority = authority
        await _wake(client, settings, database)
        cast = {
            name: Caller(http, world.login(name), PASSWORD, *post.title) for name, post in world.posts.items()
        }
        stage = Stage(clock, calendar, teller, cast, agencies, world, laws)
        kept.steps, kept.events = stage.steps, stage.told
        story = Story(stage)
        await stage.until(first)
        await story.tell()
        await _prove(story, settings, kept, await clock.now())
        if left is not None:
            await leave(servers, client, urls, [person.content for person in story.people], left)
    finally:
        await http.aclose()
        await database.dispose()


def _trial(world: World, first: date) -> Trial | None:
    """The trial of a draft, begun when the story does; none where there is law."""
    if not world.drafts:
        return None
    return Trial(drafts=world.drafts, document=world.document, starts=first)


async def _wake(client: Client, settings: Settings, database: AsyncEngine) -> None:
    """Start the month end and the digest of the new authority, as every start of the API does."""
    await Reconciler(client, settings.task_queue, database, EngineClock(client)).run()


async def _prove(story: Story, settings: Settings, kept: Performance, now: datetime) -> None:
    """Verify every signed file offline, as ``hoso verify`` does; the reader's present is the story's."""
    path = settings.pki / "trust.json"
    kept.trust, kept.read_on = path.read_bytes(), now
    anchors = TrustList.load(path)
    kept.documents = [document for person in story.people for document in person.documents]
    kept.verdicts = [verify(document, anchors, at=now) for document in kept.documents]
    if not kept.verified:
        found = "; ".join(p.en for v in kept.verdicts for p in v.problems) or "no signed file"
        raise StoryError(f"tệp đã ký không hợp lệ / a signed file does not hold: {found}")


def elapsed(since: float) -> float:
    """Seconds of real time since an instant of ``time.monotonic``."""
    return round(time.monotonic() - since, 1)
