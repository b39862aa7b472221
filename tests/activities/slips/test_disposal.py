"""A disposal from the proposal to the minutes: nothing of the person is left, the chain is whole."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from temporalio.exceptions import ApplicationError

from activities.signing.keystore import Keystore
from activities.signing.signer import DevelopmentSigners
from activities.slips.office import SlipOffice
from models.backups.restoring import missing_documents
from models.calendar import legal_date
from models.command_disposal import ApproveDisposal, EndHold, PlaceHold, ProposeDisposal
from models.commands import Separate
from models.database import engine_for, transaction
from models.documents import DocumentStore, FolderBlobs, StoreError, StoreLockedError
from models.evidence import verify
from models.history.audit import Audit
from models.keys import Sealed
from models.messages_slips import SlipRequest
from models.record.disposing import GONE, sealed_places
from models.record.load import content_of
from models.record.resealing import SEALED
from models.regulations import in_force
from models.settings import DatabaseRole
from models.tables import Table
from tests.activities.exports.test_exports import words_of
from tests.attached import CERTIFIED
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World, build, tools_for

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
NAME = "Nguyễn Thị Thử"
PAPER = b"%PDF-1.4\nb\xe1\xba\xb1ng t\xe1\xbb\x91t nghi\xe1\xbb\x87p\n%%EOF\n"
WHY = "hết thời hạn"
UNTOUCHED = {
    ("national_receipts", "sealed"),  # one answer about a whole packet, sealed: of many people at once
    ("upload_parts", "sealed"),  # an upload that was never ended goes by itself within a day
    ("breaches", "story"),  # about an event, not about a file
    ("accounts", "email_sealed"),  # set to nothing
    ("second_factors", "secret"),  # gone when the person left
}


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    law = in_force("hanoi", START.date()).replace(
        "hanoi.art12.3",
        slot=("leaver_archive", "archive_retention"),
        deadline={"unit": "open", "min_retention_months": 1},
    )
    yield await build(tools_for(engine, tmp_path), START, law=law)
    await engine.dispose()


async def gone_with_papers(world: World, store: DocumentStore) -> tuple[UUID, str]:
    """Somebody who has retired, with a scan in the store."""
    profile = await world.employ()
    sha = store.put(world.authority, PAPER, "application/pdf").sha256
    account = await world.one("SELECT account_id FROM profiles WHERE id = :p", p=profile)
    paper = {"id": uuid4(), "a": world.authority, "p": profile, "sha": sha, "now": world.now}
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(CERTIFIED, paper | {"by": account.account_id})
    day = legal_date(world.now)
    left = await world.ask("culture.hr", Separate(kind="retired", effective_on=day, document="3/QĐ"), profile)
    assert left.status == 201, left.answer
    await world.step("archive", profile, told=False)
    return profile, sha


async def left_in_rows(world: World) -> list[str]:
    """Tables in which the person's name or login still stands."""
    found = []
    async with transaction(world.tools.engine, world.scope) as connection:
        for table in Table.metadata.sorted_tables:
            rows = await connection.execute(text(f"SELECT t::text FROM {table.name} t"))
            if any(NAME in row or "thu." in row or "nguyen thi thu" in row for row in rows.scalars()):
                found.append(table.name)
    return found


async def test_a_file_is_disposed_of_by_two_people_and_nothing_of_the_person_is_left(
    world: World, database: Any, tmp_path: Path
) -> None:
    store = store_in(tmp_path / "documents", world.tools)
    profile, sha = await gone_with_papers(world, store)
    revision = await world.one("SELECT approved_revision_id AS id FROM profiles WHERE id = :p", p=profile)
    digest = await world.one("SELECT digest FROM revisions WHERE id = :r", r=revision.id)
    proposal = ProposeDisposal(document="1/BB", reason=WHY)
    early = await world.ask("department", proposal, profile)
    assert (early.status, early.answer["code"]) == (409, "retention-runs")
    world.now += timedelta(days=40)
    held = await world.ask("department", PlaceHold(document="5/TTr", reason=WHY), profile)
    assert (await world.ask("department", proposal, profile)).answer["code"] == "legal-hold"
    hold = UUID(held.answer["hold_id"])
    await world.ask("department", EndHold(hold_id=hold, document="6/KL", reason=WHY), profile)
    asked = await world.ask("department", proposal, profile)
    assert asked.status == 201, asked.answer
    decision = ApproveDisposal(disposal_id=UUID(asked.answer["disposal_id"]), document="2/QĐ")
    assert (await world.ask("department", decision, profile)).answer["code"] == "not-permitted"
    with pytest.raises(DBAPIError, match="not to be disposed of"):
        await world.rows("UPDATE profiles SET disposed_at = now() WHERE id = :p RETURNING id", p=profile)
    assert await left_in_rows(world)
    done = await world.ask("department.head", decision, profile)
    assert (done.status, done.answer["state"]) == (200, "carried_out"), done.answer

    assert await left_in_rows(world) == []
    row = await world.one("SELECT * FROM profiles WHERE id = :p", p=profile)
    assert (row.full_name, row.disposed_at, row.chapter) == (GONE, world.now, "archive")
    kept = await world.one("SELECT digest, state FROM revisions WHERE id = :r", r=revision.id)
    assert (kept.digest, kept.state) == (digest.digest, "approved"), "what it was is still known by its hash"
    async with transaction(world.tools.engine, world.scope) as connection:
        assert await content_of(connection, world.tools, world.authority, revision.id) == {}
        bodies = await connection.execute(
            text("SELECT id, verb, body, key_id FROM commands WHERE subject_id = :p"), {"p": profile}
        )
        for one in bodies:
            opened = world.tools.cipher.open(
                world.authority, "commands", one.id, "body", Sealed(one.key_id, bytes(one.body))
            )
            ours = one.verb.endswith(("_hold", "_disposal"))
            assert (opened == b"{}") is not ours, one.verb
    again = await world.ask("department", PlaceHold(document="8", reason=WHY), profile)
    assert (again.status, again.answer["code"]) == (410, "profile-disposed")
    for undone in ("disposed_at = NULL", "disposed_at = now()"):
        with pytest.raises(DBAPIError, match="not to be disposed of"):
            await world.rows(f"UPDATE profiles SET {undone} WHERE id = :p RETURNING id", p=profile)

    locked = DocumentStore(Locked(tmp_path / "documents"), world.tools.cipher)
    with pytest.raises(ApplicationError) as kept:
        await minutes(world, locked, profile, tmp_path)
    assert kept.value.type == "documents-locked"
    assert (await world.one("SELECT reason, kind FROM signing_troubles")).reason == "documents-locked"
    assert (await world.one("SELECT document_sha256 FROM slips WHERE kind = 'disposal'"))[0] is None
    words = await minutes(world, store, profile, tmp_path)
    assert await world.rows("SELECT 1 FROM signing_troubles") == []
    assert "BIÊN BẢN HỦY HỒ SƠ" in words
    assert "2/QĐ" in words
    assert NAME not in words
    with pytest.raises(StoreError):
        store.get(world.authority, sha)
    assert audited(world, database) == []


class Locked(FolderBlobs):
    """A place that keeps what it has, as a bucket under object lock does (tests/models/backups)."""

    def destroy(self, name: str) -> bool:
        raise StoreLockedError("kept until 2030")


async def minutes(world: World, store: DocumentStore, profile: UUID, folder: Path) -> str:
    """The minutes made and sealed, twice, as after a crash; their words."""
    if not (folder / "pki").exists():
        Keystore(folder / "pki").create()
    signers, notary = DevelopmentSigners(folder / "pki"), quiet(folder / "pki")
    office = SlipOffice(world.tools, store, signers, ThreadPoolExecutor(1), notary)
    slip = await world.one("SELECT id FROM slips WHERE kind = 'disposal' AND profile_id = :p", p=profile)
    request = SlipRequest(authority_id=world.authority, slip_id=slip.id, now=world.now)
    made = await office.make_slip(request)
    assert not made.failure
    assert await office.make_slip(request) == made
    told = {"document": made.document, "unsigned": made.unsigned}
    await world.step("slip_made", profile, slip=str(slip.id), step=str(slip.id), **told)
    assert verify(store.get(world.authority, made.document), notary.trust, at=world.now).valid
    return words_of(store.get(world.authority, made.document))


def audited(world: World, database: Any) -> list[Any]:
    """What ``hoso audit verify`` finds in the chains."""
    with psycopg.connect(database.libpq_url(DatabaseRole.REPORT)) as connection:
        connection.execute("SELECT set_config('hoso.authority', %s, true)", [str(world.authority)])
        connection.execute("SELECT set_config('hoso.scope', 'authority', true)")
        (minutes,) = connection.execute(
            "SELECT document_sha256 FROM slips WHERE kind = 'disposal'"
        ).fetchone()
        assert missing_documents(connection, {(world.authority, minutes)}) == [], (
            "a backup misses nothing that was disposed of"
        )
        report = Audit(connection, world.authority, None, lambda content, token: None).run()
        assert report.events > 10
        return list(report.findings)


def test_every_sealed_column_is_emptied_or_said_why_not() -> None:
    assert {(one.table, one.data) for one in SEALED} == sealed_places() | UNTOUCHED
