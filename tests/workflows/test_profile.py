"""The profile's workflow on a real Temporal server and a real PostgreSQL."""

from typing import Any
from uuid import UUID, uuid4

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle

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
    await _reads_like_a_life(handle, moment)


async def _reads_like_a_life(handle: WorkflowHandle[Any, Any], moment: Moment) -> None:
    """What the Web UI shows of a profile: its kind, where it stands and each of its steps, no name."""
    described = await handle.describe()
    assert await described.static_summary() == "Hồ sơ"
    shown = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    assert shown.current_details == moment.words
    assert {one.name for one in shown.definition.update_definitions} >= {"open_profile", "approve"}
    said = await _summaries(handle)
    assert said[0] == "Hồ sơ"
    steps = (
        "Mở hồ sơ",
        "Tạo tài khoản cá nhân",
        "Đổi mật khẩu mặc định",
        "Nộp bản khai",
        "Phê duyệt",
        "Ghi nhận phê duyệt",
    )
    assert tuple(one for one in said if one in steps) == steps, said
    assert not any("Nguyễn" in one or "Thử" in one for one in (*said, shown.current_details))


async def _summaries(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """What stands beside the events of a history, opened as the codec server does it."""
    client = handle._client
    found = []
    async for event in handle.fetch_history_events():
        if event.HasField("user_metadata") and event.user_metadata.HasField("summary"):
            found += await client.data_converter.decode([event.user_metadata.summary])
    return found
