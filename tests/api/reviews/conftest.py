"""The whole API with a worker that knows reviews, and a campaign that has just been opened."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.reviews.office import ReviewOffice
from activities.reviews.report_papers import ReportPapers
from activities.signing.assurance import Level
from activities.signing.keystore import Keystore
from activities.signing.notary import Notary
from activities.signing.sessions import SessionOffice
from activities.signing.signer import DevelopmentSigners
from models.calendar import legal_date, start_of_day
from models.database import transaction
from models.lifecycle.review_dates import periods_of
from models.messages import ReviewRun
from models.record.reviews import planned
from tests.api.commands.conftest import Person, app, log_in, world
from tests.models.evidence import samples
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World
from workflows.payload_codec import data_converter
from workflows.registry import WORKFLOWS, runner

__all__ = ["Person", "app", "log_in", "world"]


@pytest.fixture
def office(world: World, app: Any) -> ReviewOffice:
    settings = app.state.settings
    Keystore(settings.pki).create()
    store, signers = (
        store_in(settings.documents, world.tools),
        DevelopmentSigners(settings.pki),
    )
    return ReviewOffice(world.tools, store, signers, ThreadPoolExecutor(2), quiet(settings.pki))


@pytest.fixture
async def working(world: World, app: Any, office: ReviewOffice, temporal_server: Any) -> AsyncIterator[None]:
    """A worker behind the API's task queue."""
    client = await Client.connect(temporal_server.address, data_converter=data_converter(world.tools.ring))
    queue, acts = app.state.settings.task_queue, ActOffice(world.tools)
    notary = Notary(samples.trust(), Level.B_B, None, None)
    papers = {"report": ReportPapers(office)}
    sessions = SessionOffice(world.tools, office.store, office.threads, notary, papers)
    activities = [office.plan_review, office.work_review, office.sign_report]
    activities += [sessions.prepare_session, sessions.finish_session]
    async with (
        Worker(
            client,
            task_queue=queue,
            workflows=WORKFLOWS,
            activities=[acts.act, acts.month_window],
            workflow_runner=runner(),
            no_remote_activities=True,
        ),
        Worker(client, task_queue=queue, activities=activities),
    ):
        yield


@pytest.fixture
def campaign(world: World, office: ReviewOffice) -> Any:
    """``await campaign()``: this quarter's review, looked after at the instant of its opening."""

    async def opened() -> str:
        today = legal_date(world.now)
        period = periods_of(today)[0]
        async with transaction(world.tools.engine, world.scope) as connection:
            plan = await planned(connection, world.tools, world.authority, period, today)
        assert plan.dates is not None
        now: datetime = max(start_of_day(plan.dates.opens_on), world.now)
        run = ReviewRun(authority_id=world.authority, period=period, now=now)
        await ActivityEnvironment().run(office.work_review, run)
        return period

    return opened
