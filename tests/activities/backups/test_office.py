"""The office of backups: taken, restored, its note sealed, in the books once; what the law lets go, goes."""

import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.backups.office import VERDICT, BackupOffice
from activities.signing.notary import notary_of
from activities.signing.sources import signers_of
from models.command_admin import OrderBackup
from models.database import engine_for
from models.evidence import TrustList
from models.evidence.verification import verify
from models.messages_admin import BackupRun, BackupStart
from models.record.backups import side_of
from tests.stores import store_in
from tests.world import World, build, tools_for

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
KEPT = "SELECT id, state, rows, documents, problems, citation, document_sha256, removed_at FROM backups"


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    (tmp_path / "keys").mkdir()
    made = await build(tools_for(engine, tmp_path / "keys"), START)
    await made.employ(until="account")
    yield made
    await engine.dispose()


@pytest.fixture
def office(world: World, database: Any, tmp_path: Path, pki: Path) -> BackupOffice:
    settings = database.settings(tmp_path, pki=pki, revocation="off")
    return BackupOffice(
        settings,
        world.tools,
        store_in(settings.documents, world.tools),
        signers_of(settings),
        ThreadPoolExecutor(2),
        notary_of(settings),
    )


async def _rows(world: World, backup_id: UUID) -> Any:
    (row,) = [one for one in await world.rows(KEPT) if one.id == backup_id]
    return row


async def _taken(office: BackupOffice, run: BackupRun) -> None:
    """All three steps, as the workflow does them."""
    env = ActivityEnvironment()
    await env.run(office.make_backup, run)
    await env.run(office.check_backup, run)
    await env.run(office.record_backup, run)


@pytest.mark.rule("hanoi.art11.1")
async def test_ordered_taken_checked_and_told(office: BackupOffice, world: World) -> None:
    side = await side_of(office.tools, world.authority, START)
    assert (side.rule_id, side.months) == ("hanoi.art11.1", 3)
    order = await world.ask("admin", OrderBackup(document="5/QT"), world.authority, subject="administration")
    assert order.status == 201, order.answer
    backup = UUID(order.answer["backup_id"])
    assert "11.1" in order.answer["citation"]
    run = BackupRun(backup_id=backup, now=START)
    await _taken(office, run)
    row = await _rows(world, backup)
    assert (row.state, row.problems) == ("good", [])
    assert row.rows > 30
    # The note is a sealed PDF that anybody can check, with its data inside.
    pdf = office.store.get(world.authority, row.document_sha256)
    verdict = verify(pdf, TrustList.load(office.settings.pki / "trust.json"), at=START)
    assert verdict.valid, verdict.problems
    # Again after a lost answer: the same folder, one row, one event.
    await _taken(office, run)
    kinds = [one.kind for one in await world.rows("SELECT kind FROM events WHERE kind LIKE 'backup.%'")]
    assert sorted(kinds) == ["backup.good", "backup.ordered"]
    assert len([path for path in office.settings.backups.iterdir() if path.is_dir()]) == 1


async def test_a_damaged_one_is_named_in_its_note(office: BackupOffice, world: World) -> None:
    run, env = BackupRun(backup_id=uuid4(), now=START), ActivityEnvironment()
    await env.run(office.make_backup, run)
    (folder,) = [path for path in office.settings.backups.iterdir() if path.is_dir()]
    data = bytearray((folder / "table-accounts.sealed").read_bytes())
    data[-1] ^= 1
    (folder / "table-accounts.sealed").write_bytes(data)
    await env.run(office.check_backup, run)
    await env.run(office.record_backup, run)
    row = await _rows(world, run.backup_id)
    assert row.state == "damaged"
    (notice,) = await world.rows(
        "SELECT role, kind, facts, citation FROM notices WHERE kind = 'backup_damaged'"
    )
    assert (notice.role, notice.facts["problems"]) == ("administrator", len(row.problems))
    assert "11.1" in notice.citation
    assert row.problems[0].startswith("table-accounts.sealed")
    assert b"table-accounts.sealed" in (folder / VERDICT).read_bytes()


async def test_the_month_has_its_night_and_what_is_old_goes(office: BackupOffice, world: World) -> None:
    env = ActivityEnvironment()
    plan = await env.run(office.plan_backup, BackupStart(month="2026-04"))
    assert plan.due_at == datetime(2026, 3, 31, 18, tzinfo=UTC)  # 1 April, 01:00 in Viet Nam
    assert plan.next_month == "2026-05"
    await world.rows("UPDATE authorities SET installed_on = '2026-03-02' RETURNING 1")
    # The month of the installation: not before the night after it.
    plan = await env.run(office.plan_backup, BackupStart(month="2026-03"))
    assert plan.due_at == datetime(2026, 3, 2, 18, tzinfo=UTC)
    first = BackupRun(backup_id=plan.backup_id, now=START)
    await _taken(office, first)
    assert (await env.run(office.plan_backup, BackupStart(month="2026-03"))).due_at is None

    # Four months later: the old one stays until a newer one was found good.
    later = BackupRun(backup_id=uuid4(), now=START + timedelta(days=123))
    await env.run(office.make_backup, later)
    (old, new) = sorted(path for path in office.settings.backups.iterdir() if path.is_dir())
    (new / VERDICT).write_text(json.dumps(_verdict(good=False)))
    await env.run(office.record_backup, later)
    assert old.exists()
    third = BackupRun(backup_id=uuid4(), now=START + timedelta(days=124))
    await env.run(office.make_backup, third)
    newest = max(path for path in office.settings.backups.iterdir() if path.is_dir())
    (newest / VERDICT).write_text(json.dumps(_verdict(good=True)))
    await env.run(office.record_backup, third)
    assert not old.exists()
    assert (await _rows(world, first.backup_id)).state == "removed"
    assert new.exists()  # damaged, and not three months old


def _verdict(*, good: bool) -> dict[str, Any]:
    return {"good": good, "rows": 1, "documents": 0, "problems": [] if good else ["x: y"]}
