"""An authority on real PostgreSQL in December 2025, with real signatures; reviews looked after by hand."""

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from temporalio.testing import ActivityEnvironment

from activities.reviews.office import ReviewOffice
from activities.signing.keystore import Keystore
from activities.signing.signer import DevelopmentSigners
from models.calendar import start_of_day
from models.commands import SignReport
from models.database import engine_for, transaction
from models.messages import ReportSigning, ReviewMoment, ReviewRun, Signed
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World, build, tools_for

BEFORE = datetime(2025, 11, 20, 3, 0, tzinfo=UTC)
OPENING = date(2025, 12, 11)
"""Ten working days before 25 December 2025."""


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=8)
    yield await build(tools_for(engine, tmp_path), BEFORE)
    await engine.dispose()


@pytest.fixture
def office(world: World, tmp_path: Path) -> ReviewOffice:
    Keystore(tmp_path / "pki").create()
    store, signers = (
        store_in(tmp_path / "documents", world.tools),
        DevelopmentSigners(tmp_path / "pki"),
    )
    return ReviewOffice(world.tools, store, signers, ThreadPoolExecutor(2), quiet(tmp_path / "pki"))


@dataclasses.dataclass
class Campaign:
    """One period's review, looked after as the workflow would."""

    world: World
    office: ReviewOffice
    period: str = "2025-q4"

    async def look(self, on: date, **info: Any) -> ReviewMoment:
        """One look at the beginning of a day; the world's clock follows."""
        return await self.look_at(start_of_day(on), **info)

    async def look_at(self, now: datetime, **info: Any) -> ReviewMoment:
        """One look at an instant."""
        self.world.now = now
        run = ReviewRun(authority_id=self.world.authority, period=self.period, now=self.world.now)
        moment: ReviewMoment = await _environment(**info).run(self.office.work_review, run)
        return moment

    async def report(self, agency: UUID, *, whole: bool = False) -> Any:
        """An agency's report."""
        return await self.world.one(
            "SELECT t.* FROM review_reports t JOIN reviews w ON w.id = t.review_id WHERE w.period = :period"
            " AND t.agency_id = :agency AND t.whole = :whole",
            period=self.period,
            agency=agency,
            whole=whole,
        )

    async def sign(self, who: str, agency: UUID, *, whole: bool = False) -> Any:
        """Sign and send a report; answers its row."""
        row = await self.report(agency, whole=whole)
        asked = await self.world.ask(who, SignReport(), row.id, subject="review")
        moment = self.world.moment
        assert moment.to_sign is not None, asked.answer
        signed = await self.signed(row.id, moment.to_sign)
        assert not signed.failure, signed
        await self.world.step(
            "complete_report",
            row.id,
            subject="review",
            signature=str(moment.to_sign),
            settles=str(asked.id),
            document=signed.document,
            certificate=signed.certificate,
        )
        return await self.report(agency, whole=whole)

    async def signed(self, report_id: UUID, signature_id: UUID) -> Signed:
        """The signing activity."""
        request = ReportSigning(
            authority_id=self.world.authority,
            report_id=report_id,
            signature_id=signature_id,
            now=self.world.now,
        )
        answer: Signed = await _environment().run(self.office.sign_report, request)
        return answer


def _environment(**info: Any) -> ActivityEnvironment:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, **info)
    return environment


@pytest.fixture
def campaign(world: World, office: ReviewOffice) -> Campaign:
    return Campaign(world, office)


Written = Callable[..., Awaitable[None]]


@pytest.fixture
def write(world: World) -> Written:
    """Change rows behind the decisions' back, as an import of old data or a fault would leave them."""

    async def run(sql: str, **values: Any) -> None:
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(text(sql), values)

    return run
