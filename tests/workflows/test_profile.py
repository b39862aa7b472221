"""The profile's workflow on a real Temporal server and a real PostgreSQL."""

from uuid import UUID, uuid4

from temporalio.client import Client

from api.commands import Engine, submit
from models.commands import ActivateAccount, Approve, CreateAccount, OpenProfile, SubmitDeclaration
from models.database import Scope
from models.identifiers import profile_workflow
from models.messages import Moment
from tests.world import World


async def ask(engine: Engine, world: World, who: str, body, subject_id: UUID):
    scope = Scope(world.authority, everything=True, account=world.accounts[who])
    return await submit(
        engine,
        world.tools.engine,
        scope,
        command_id=uuid4(),
        body=body,
        received=body.model_dump(mode="json"),
        workflow_id=profile_workflow(subject_id),
        subject_id=subject_id,
        expected_revision=None,
        now=world.now,
    )


async def test_from_opening_to_approval(world: World, client: Client, queue: str, complete_form) -> None:
    engine = Engine(client, queue, world.tools)
    profile = uuid4()
    opened = await ask(
        engine,
        world,
        "culture.hr",
        OpenProfile(
            agency_id=world.museum,
            full_name="Nguyễn Thị Thử",
            personal_id_number="000190000001",
            event_on=world.now.date(),
            document="12/QĐ-SVH",
        ),
        profile,
    )
    assert opened.status == 201, opened
    assert (
        await ask(engine, world, "culture.hr", CreateAccount(login="thu.nt", password_hash="x"), profile)
    ).status == 201
    world.accounts["person"] = (await world.one("SELECT account_id FROM profiles")).account_id
    assert (await ask(engine, world, "person", ActivateAccount(password_hash="y"), profile)).status == 200
    revision, digest = await world.draft(profile, complete_form)
    submitted = await ask(
        engine, world, "person", SubmitDeclaration(revision_id=revision, digest=digest), profile
    )
    assert submitted.status == 200, submitted
    approved = await ask(
        engine, world, "culture.approver", Approve(revision_id=revision, digest=digest), profile
    )
    assert approved.status == 200, approved
    assert approved.answer is not None
    assert len(approved.answer["document"]) == 64
    handle = client.get_workflow_handle(profile_workflow(profile))
    moment = await handle.query("where", result_type=Moment)
    assert moment.chapter == "service"
    history = await handle.fetch_history()
    print(len(history.events), moment.words)
