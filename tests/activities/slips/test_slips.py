"""Slips that travel with a dossier: both sides seal one paper, anyone can prove it, nothing waits for it."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from temporalio.client import Client
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.signing.keystore import Keystore
from activities.signing.signer import DevelopmentSigners
from activities.signing.sources import NoSigners
from activities.slips.office import SlipOffice
from api.starting_slips import start_slip
from models.calendar import legal_date
from models.commands import AcceptTransfer, Separate
from models.database import Scope, engine_for, transaction
from models.evidence import verify
from models.identifiers import slip_workflow
from models.messages_slips import SlipMade, SlipRequest
from tests.activities.exports.test_exports import words_of
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World, build, tools_for
from workflows.payload_codec import data_converter
from workflows.registry import WORKFLOWS, runner


@dataclass
class Desk:
    """A world and the office that makes its slips."""

    world: World
    office: SlipOffice

    async def slip(self, kind: str) -> Any:
        return await self.world.one("SELECT * FROM slips WHERE kind = :k", k=kind)

    async def make(self, kind: str, office: SlipOffice | None = None) -> SlipMade:
        """Made, and recorded as the slip's workflow does; all of it twice is once."""
        row, by = await self.slip(kind), office or self.office
        request = SlipRequest(authority_id=self.world.authority, slip_id=row.id, now=self.world.now)
        made = await by.make_slip(request)
        assert made.failure or await by.make_slip(request) == made
        facts = {"slip": str(row.id), "step": str(row.id)}
        for _ in range(2):
            if made.failure:
                await self.world.step("slip_failed", row.profile_id, **facts, reason=made.failure)
            else:
                told = {"document": made.document, "unsigned": made.unsigned}
                await self.world.step("slip_made", row.profile_id, **facts, **told)
        return made

    async def readers(self, kind: str) -> dict[str, bool]:
        """Who sees a slip, by whose people they are."""
        world, seen = self.world, {}
        for name in ("culture", "health", "museum"):
            scope = Scope(world.authority, agencies=(getattr(world, name),))
            async with transaction(world.tools.engine, scope) as connection:
                query = text("SELECT count(*) FROM slips WHERE kind = :k")
                seen[name] = bool(await connection.scalar(query, {"k": kind}))
        return seen


@pytest.fixture
async def desk(database: Any, tmp_path: Path) -> AsyncIterator[Desk]:
    engine = engine_for(database.url("worker"), pool_size=4)
    world = await build(tools_for(engine, tmp_path), datetime(2026, 3, 2, 3, 0, tzinfo=UTC))
    Keystore(tmp_path / "pki").create()
    signers, store = (
        DevelopmentSigners(tmp_path / "pki"),
        store_in(tmp_path / "documents", world.tools),
    )
    yield Desk(world, SlipOffice(world.tools, store, signers, ThreadPoolExecutor(1), quiet(tmp_path / "pki")))
    await engine.dispose()


@pytest.mark.rule("hanoi.art12.1.a1")
async def test_both_sides_seal_one_slip(desk: Desk) -> None:
    """What was handed over and received can be proven by either side, also after the dossier has gone."""
    world = desk.world
    profile = await world.employ()
    case = await world.transfer(profile)
    told = await world.rows("SELECT workflow_id FROM outbox WHERE workflow_id LIKE 'slip/%'")
    assert [row.workflow_id for row in told] == [slip_workflow((await desk.slip("hand_over")).id)]
    handed = await desk.make("hand_over")
    world.now += timedelta(hours=1)
    assert (await world.ask("health.hr", AcceptTransfer(), case, subject="transfer")).status == 200
    received = await desk.make("receipt")
    assert (handed.unsigned, received.unsigned) == ("", "")
    trust = desk.office.notary.trust
    for made, fields in ((handed, ["giver"]), (received, ["giver", "receiver"])):
        verdict = verify(desk.office.store.get(world.authority, made.document), trust, at=world.now)
        assert verdict.valid, verdict
        assert [one.field for one in verdict.signatures] == fields
        assert {check.name: check.result for check in verdict.checks}["competence"] == "passed"
    names = {row.id: row.name for row in await world.rows("SELECT id, name FROM agencies")}
    assert [one.organisation for one in verdict.signatures] == [names[world.culture], names[world.health]]
    words = words_of(desk.office.store.get(world.authority, received.document))
    assert "PHIẾU CHUYỂN HỒ SƠ" in words
    person = await world.one("SELECT full_name FROM profiles WHERE id = :p", p=profile)
    for said in (person.full_name, names[world.culture], names[world.health], "Điều 12.1", "1/QĐ", "2/BC"):
        assert said in words, said
    rows = await world.rows("SELECT state, document_sha256 FROM slips ORDER BY asked_at")
    assert [tuple(row) for row in rows] == [("made", handed.document), ("made", received.document)]
    proofs = await world.rows("SELECT document_sha256 FROM signature_proofs WHERE kind = 'slip'")
    assert {row.document_sha256 for row in proofs} == {handed.document, received.document}
    assert len(await world.rows("SELECT 1 FROM events WHERE kind = 'slip.made'")) == 2, "each once"
    assert await desk.readers("hand_over") == {"culture": True, "health": True, "museum": False}


async def test_without_a_key_the_slip_says_so_and_a_rule_that_asks_is_not_overlooked(desk: Desk) -> None:
    world = desk.world
    await world.transfer(await world.employ())
    keyless = replace(desk.office, signers=NoSigners())
    unsigned = await desk.make("hand_over", keyless)
    assert unsigned.unsigned == "external-signature-needed"
    row = await desk.slip("hand_over")
    assert (row.state, row.certificate, row.failure) == ("made", None, "external-signature-needed")
    assert not verify(
        desk.office.store.get(world.authority, unsigned.document), desk.office.notary.trust
    ).valid

    # Had the rule asked for the head's own signature, a slip without it would be none.
    await world.transfer(await world.employ())
    await world.rows("UPDATE slips SET signature = 'head_digital' WHERE state = 'making' RETURNING id")
    row = await world.one("SELECT id, profile_id FROM slips WHERE state = 'making'")
    request = SlipRequest(authority_id=world.authority, slip_id=row.id, now=world.now)
    assert (await keyless.make_slip(request)).failure == "external-signature-needed"
    signed = await desk.office.make_slip(request)
    (one,) = verify(
        desk.office.store.get(world.authority, signed.document), desk.office.notary.trust
    ).signatures
    asked_by = await world.one("SELECT asked_by FROM slips WHERE id = :s", s=row.id)
    assert one.serial == str(asked_by.asked_by), "the person's own, as the rule has it"


async def test_leaving_ends_the_management_with_a_slip(desk: Desk, temporal_server: Any) -> None:
    """Asked for on the day it takes effect; made by a workflow of its own, found again if it was lost."""
    world = desk.world
    profile = await world.employ()
    gone = Separate(kind="moved_out", effective_on=legal_date(world.now), document="3/QĐ")
    assert (await world.ask("culture.hr", gone, profile)).status == 201
    slip = (await desk.slip("end_of_management")).id
    client = await Client.connect(temporal_server.address, data_converter=data_converter(world.tools.ring))
    queue = f"slips-{uuid4().hex}"
    async with (
        Worker(
            client,
            task_queue=queue,
            workflows=WORKFLOWS,
            activities=[ActOffice(world.tools).act],
            workflow_runner=runner(),
            no_remote_activities=True,
        ),
        Worker(client, task_queue=queue, activities=[desk.office.make_slip]),
    ):
        assert await start_slip(client, queue, world.authority, slip, profile)
        assert await client.get_workflow_handle(slip_workflow(slip)).result() == "đã lập"
    row = await desk.slip("end_of_management")
    assert (row.state, row.failure) == ("made", None)
    pdf = desk.office.store.get(world.authority, row.document_sha256)
    assert verify(pdf, desk.office.notary.trust).valid
    words = words_of(pdf)
    for said in ("PHIẾU THÔI QUẢN LÝ HỒ SƠ", "chuyển ra ngoài", "3/QĐ", "Đơn vị quản lý hồ sơ"):
        assert said in words, said
    assert UUID(str(row.revision_id))
