"""``hoso keys`` on a real database and a real engine: looked at, changed, retired."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from temporalio.client import WorkflowHandle
from temporalio.worker import Worker
from typer.testing import CliRunner

from activities.acts.office import ActOffice
from api.cli import keys_report
from api.cli.main import build as command_line
from models import key_ring
from models.commands import OpenProfile
from models.database import Scope, engine_for, transaction
from models.documents import DocumentStore, FolderBlobs, documents_of
from models.documents.names import plain
from models.identifiers import profile_workflow
from models.key_opening import open_ring
from models.keys import KeyRing, MasterKey, Purpose
from models.messages import Life, Moment
from models.record.resealing import authorities
from models.record.tools import Tools
from models.settings import DatabaseRole, Settings
from models.workbook_vault import WorkbookVault
from tests.world import World, build
from workflows.connection import connect
from workflows.profile import ProfileWorkflow
from workflows.registry import WORKFLOWS, runner

Hoso = Callable[..., Any]
PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def settings(database, temporal_server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    plain = database.settings(tmp_path, temporal_address=temporal_server.address)
    for name in (
        "HOSO_DATABASE_PORT",
        "HOSO_DATABASE_NAME",
        "HOSO_DATABASE_SSLMODE",
        "HOSO_TEMPORAL_ADDRESS",
    ):
        monkeypatch.setenv(name, str(getattr(plain, name.removeprefix("HOSO_").lower())))
    for role in DatabaseRole:
        name = f"database_{role.value}_password"
        monkeypatch.setenv(f"HOSO_{name.upper()}", getattr(plain, name).get_secret_value())
    monkeypatch.setenv("HOSO_DATA", str(tmp_path))
    monkeypatch.setattr("api.cli.keys.LEARNS_WITHIN", 0.0)
    monkeypatch.setattr(key_ring, "LEARNS_WITHIN", 0.0)
    return Settings()


@pytest.fixture
def furnished(settings: Settings) -> Settings:
    """Two people, a workbook and a document."""

    async def furnish() -> None:
        engine = engine_for(settings.database_url(DatabaseRole.WORKER), pool_size=2)
        world = await build(Tools(engine, open_ring(settings)), datetime(2025, 12, 1, 3, tzinfo=UTC))
        for number in range(2):
            await world.ask("culture.hr", opening(world, number), uuid4())
        blobs = FolderBlobs(settings.documents)
        WorkbookVault(blobs, world.tools.cipher).keep(world.authority, b"PK workbook")
        DocumentStore(blobs, world.tools.cipher).put(world.authority, PDF, "application/pdf")
        await engine.dispose()

    asyncio.run(furnish())
    return settings


def opening(world: World, number: int) -> OpenProfile:
    return OpenProfile(
        agency_id=world.culture,
        full_name="Nguyễn Thị Thử",
        personal_id_number=f"00055500000{number}",
        event_on=world.now.date(),
        document="12/QĐ",
    )


def hoso(*arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(command_line("keys"), ["keys", *arguments])
    assert done.exit_code == status, done.output
    return done.output


def lines() -> dict[str, dict[str, Any]]:
    return {line["id"]: line for line in json.loads(hoso("status", "--json"))}


def current(purpose: Purpose) -> dict[str, Any]:
    """The newest current key of a purpose."""
    return [line for line in lines().values() if line["purpose"] == purpose and line["current"]][-1]


def test_a_rotation_of_fields_leaves_the_former_key_unused(furnished: Settings) -> None:
    former = current(Purpose.FIELDS)
    assert former["uses"] == {"commands": 2, "documents": 1, "workbooks": 1}
    assert former["authority"] is None
    said = hoso("rotate", "fields", "--authority", "hanoi")
    new = current(Purpose.FIELDS)
    assert new["id"] in said
    assert (new["authority"], new["uses"]) == ("hanoi", {"commands": 2, "documents": 1, "workbooks": 1})
    assert lines()[former["id"]]["uses"] == {}
    # Once more: the authority's own former key may go, an hour after its successor was made.
    hoso("rotate", "fields")
    kept = lines()[new["id"]]
    assert (kept["uses"], kept["current"], kept["retirable"]) == ({}, False, False)
    assert "60" in hoso("retire", new["id"], status=1)


def test_a_former_key_is_retired_when_nothing_needs_it(
    furnished: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys_report, "MARGIN", timedelta(0))
    hoso("rotate", "fields", "--authority", "hanoi")
    first = current(Purpose.FIELDS)["id"]
    hoso("new", "fields", "--authority", "hanoi")
    assert "4" in hoso("retire", first, status=1), "two commands, a workbook and a document"
    hoso("rotate", "fields", "--authority", "hanoi", "--resume")
    assert lines()[first]["retirable"]
    hoso("retire", first)
    assert first not in lines()
    assert current(Purpose.FIELDS)["uses"] == {"commands": 2, "documents": 1, "workbooks": 1}
    last = current(Purpose.FIELDS)["id"]
    assert "LỖI" in hoso("retire", last, status=1)
    assert "LỖI" in hoso("retire", "fields-unheard-of", status=1)


def test_documents_kept_before_any_were_sealed(furnished: Settings) -> None:
    """Two authorities: what a row names is sealed for who it belongs to, the rest for who takes it."""
    first, second = asyncio.run(named(furnished, sha256(PDF + b"named").hexdigest()))
    blobs = FolderBlobs(furnished.documents)
    named_by_both, nobodys = PDF + b"named", PDF + b"nobody's"
    for data in (named_by_both, nobodys):
        blobs.keep(plain(sha256(data).hexdigest()), data)
    assert (lines()["(none)"]["uses"], lines()["(none)"]["retirable"]) == ({"documents": 2}, False)
    assert "hoso keys seal" in hoso("status")
    said = hoso("seal")
    assert re.findall(r"^ *(\d+)", said, re.MULTILINE) == ["0", "1", "1"]
    assert "LỖI" in hoso("seal", "--rest", "nowhere", status=1)
    hoso("seal", "--rest", "hanoi")
    assert "(none)" not in lines()
    store = documents_of(furnished, Tools(None, open_ring(furnished)).cipher)  # type: ignore[arg-type]  # asks nothing
    assert store.get(first, sha256(named_by_both).hexdigest()) == named_by_both
    assert store.get(second, sha256(named_by_both).hexdigest()) == named_by_both
    held = [one for one in (first, second) if list(store.kept(one))]
    assert sum(len(list(store.kept(one))) for one in held) == 4


def test_forms_that_an_older_version_left_open(furnished: Settings) -> None:
    asyncio.run(declared_before(furnished))
    line = lines()["(open)"]
    assert (line["uses"], line["retirable"]) == ({"revisions": 1}, False)
    assert "hoso keys seal" in hoso("status")
    assert re.findall(r"^ *(\d+)", hoso("seal"), re.MULTILINE) == ["1", "0"]
    assert "(open)" not in lines()
    assert re.findall(r"^ *(\d+)", hoso("seal"), re.MULTILINE) == ["0", "0"]
    asyncio.run(declared_before(furnished))
    hoso("rotate", "fields", "--authority", "hanoi")
    assert "(open)" not in lines(), "whoever seals anew seals these as well"
    assert current(Purpose.FIELDS)["uses"]["revisions"] == 2


async def declared_before(settings: Settings) -> None:
    """A form whose restricted field stands in the open."""
    engine = engine_for(settings.database_url(DatabaseRole.WORKER), pool_size=2)
    tools, revision = Tools(engine, open_ring(settings)), uuid4()
    (authority,) = await authorities(engine)
    sealed = tools.cipher.seal(authority, "revisions", revision, "sealed", b"{}")
    async with transaction(engine, Scope(authority, everything=True)) as connection:
        await connection.execute(_DECLARED, {"id": revision, "sealed": sealed.data, "key": sealed.key_id})
    await engine.dispose()


_DECLARED = text(
    "INSERT INTO revisions (id, authority_id, profile_id, number, form_version, content, sealed, key_id,"
    " digest, state, author_id, evidence, saved_at) SELECT :id, p.authority_id, p.id,"
    """ (SELECT count(*) FROM revisions), 'tt06_2023', '{"religion": "none"}', :sealed, :key, '',"""
    " 'approved', p.id, '[]', now() FROM profiles p ORDER BY p.id LIMIT 1"
)


async def named(settings: Settings, digest: str) -> tuple[UUID, UUID]:
    """A second authority; both have a signed file of this hash."""
    engine = engine_for(settings.database_url(DatabaseRole.WORKER), pool_size=2)
    await build(Tools(engine, open_ring(settings)), datetime(2025, 12, 1, 3, tzinfo=UTC), second=True)
    first, second = await authorities(engine)
    for one in (first, second):
        async with transaction(engine, Scope(one, everything=True)) as connection:
            values = {"authority": one, "digest": digest}
            await connection.execute(_ARCHIVED, values)
    await engine.dispose()
    return first, second


_ARCHIVED = text(
    "INSERT INTO archived_files (authority_id, document_sha256, current_sha256, ends_at, renewals,"
    " renewed_at) VALUES (:authority, :digest, :digest, now(), 0, now())"
)


def test_the_index_changes_once_at_a_time(furnished: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_report, "MARGIN", timedelta(0))
    hoso("rotate", "blind-index", "--authority", "hanoi")
    first = current(Purpose.BLIND_INDEX)
    assert first["uses"] == {"profiles": 2}
    assert "retire" in hoso("rotate", "blind-index", "--authority", "hanoi", status=1)


def test_a_codec_key_waits_for_every_run_that_began_before(
    furnished: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = current(Purpose.CODEC)["id"]
    hoso("rotate", "codec")
    line = lines()[former]
    assert line["uses"]["engine"] is not None
    assert not line["retirable"]
    monkeypatch.setenv("HOSO_TEMPORAL_ADDRESS", "127.0.0.1:9")
    away = lines()[former]
    assert (away["uses"], away["retirable"]) == ({"engine": None, "engine, kept": None}, False)
    assert "Temporal" in away["why"]
    assert "LỖI" in hoso("begin-anew", status=1)


def test_sleeping_runs_begin_anew_under_the_new_key(
    furnished: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile that nobody speaks to: its run is stopped, and begun from its rows by the present key."""
    monkeypatch.setenv("HOSO_TASK_QUEUE", f"anew-{uuid4().hex}")
    settings, former = Settings(), current(Purpose.CODEC)["id"]
    workflow_id = asyncio.run(slept(settings))
    assert former in asyncio.run(sealed_under(settings, workflow_id))
    hoso("rotate", "codec")
    assert "LỖI" in hoso("begin-anew", status=1), "not before every process has the new key"
    monkeypatch.setattr(keys_report, "MARGIN", timedelta(0))
    said_in_time("1  bắt đầu lại", "begin-anew")
    new = current(Purpose.CODEC)["id"]
    assert asyncio.run(sealed_under(settings, workflow_id)) == {new}
    said_in_time("1  lịch sử đã xoá", "begin-anew", "--forget")


def said_in_time(text: str, *arguments: str) -> None:
    """The engine's lists learn of things a little later."""
    end = time.monotonic() + 30
    while text not in hoso(*arguments):
        assert time.monotonic() < end, hoso(*arguments)
        time.sleep(0.3)


async def slept(settings: Settings) -> str:
    """A life begun, looked at once, and asleep: no worker is there any more."""
    ring = open_ring(settings)
    engine = engine_for(settings.database_url(DatabaseRole.WORKER), pool_size=2)
    tools = Tools(engine, ring)
    async with engine.connect() as connection:
        authority = (await connection.execute(text("SELECT authority_id FROM authorities"))).scalar_one()
    async with transaction(engine, Scope(authority, everything=True)) as connection:
        profile = (await connection.execute(text("SELECT id FROM profiles LIMIT 1"))).scalar_one()
    client = await connect(settings, ring)
    office = ActOffice(tools)
    async with Worker(
        client,
        task_queue=settings.task_queue,
        workflows=WORKFLOWS,
        activities=[office.act, office.month_window],
        workflow_runner=runner(),
        no_remote_activities=True,
    ):
        handle = await client.start_workflow(
            ProfileWorkflow.run,
            Life(authority_id=authority, profile_id=profile),
            id=profile_workflow(profile),
            task_queue=settings.task_queue,
        )
        assert await in_time(partial(sleeps, handle))
    await engine.dispose()
    return profile_workflow(profile)


async def in_time(happened: Callable[[], Awaitable[bool]]) -> bool:
    """Whether something becomes true within half a minute."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if await happened():
            return True
        await asyncio.sleep(0.05)
    return False


async def sleeps(handle: WorkflowHandle[Any, Any]) -> bool:
    """Whether a life has nothing left to do: what was due before today is behind it, and the engine knows."""
    at = await handle.query("where", result_type=Moment)
    if at is None or (at.next_wake_at is not None and at.next_wake_at <= datetime.now(UTC)):
        return False
    raw = (await handle.describe()).raw_description
    return not raw.pending_activities and not raw.HasField("pending_workflow_task")


async def sealed_under(settings: Settings, workflow_id: str) -> set[str]:
    """Ids of the keys that the newest run's history needs."""
    client = await connect(settings, open_ring(settings))
    found = set()
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
        found |= set(re.findall(rb"codec-[0-9a-f]{12}", event.SerializeToString()))
    return {one.decode() for one in found}


def test_a_ring_is_made_once(settings: Settings) -> None:
    assert "4" in hoso("init")
    assert settings.master_key_file.stat().st_mode & 0o077 == 0
    before = settings.key_ring.read_bytes()
    assert "LỖI" in hoso("init", status=1)
    assert settings.key_ring.read_bytes() == before


def test_what_is_nobody_s_is_refused(furnished: Settings) -> None:
    assert "LỖI" in hoso("new", "fields", "--authority", "nowhere", status=1)
    assert "LỖI" in hoso("new", "codec", "--authority", "hanoi", status=1)


def test_backups_hold_their_key(furnished: Settings) -> None:
    key = current(Purpose.BACKUPS)["id"]
    folder = furnished.data / "backups" / "2025-12"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"key_id": key}))
    (furnished.data / "backups" / "broken").mkdir()
    (furnished.data / "backups" / "broken" / "manifest.json").write_text("{")
    hoso("rotate", "backups")
    assert (lines()[key]["uses"], lines()[key]["retirable"]) == ({"backups": 1}, False)


def test_a_new_master_key_while_a_process_runs(furnished: Settings) -> None:
    running = open_ring(furnished)
    before = furnished.master_key_file.read_text()
    hoso("master")
    assert furnished.master_key_file.read_text() != before
    (former,) = furnished.master_key_file.parent.glob("master.key.former-*")
    assert former.read_text() == before
    assert former.stat().st_mode & 0o077 == 0
    hoso("new", "fields")
    newest = current(Purpose.FIELDS)["id"]
    assert running.find(Purpose.FIELDS, newest).id == newest, "the running process learned both"
    with pytest.raises(key_ring.KeyRingDamagedError):
        KeyRing(furnished.key_ring, MasterKey.from_file(former))


def test_a_master_key_of_the_environment_is_changed_there(
    furnished: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSO_MASTER_KEY", furnished.master_key_file.read_text().strip())
    assert "--out" in hoso("master", status=1)
    out = furnished.data / "new.key"
    hoso("master", "--out", str(out))
    assert "LỖI" in hoso("status", status=1)
    monkeypatch.setenv("HOSO_MASTER_KEY", out.read_text().strip())
    assert hoso("status")


def test_an_authority_is_installed_with_keys_of_its_own(settings: Settings) -> None:
    ring, authority = open_ring(settings), uuid4()
    common = ring.current(Purpose.FIELDS, authority)
    ring.give(authority)
    ring.give(authority)
    own = [key for key in open_ring(settings).keys if key.authority_id == authority]
    assert [key.purpose for key in own] == [Purpose.FIELDS, Purpose.BLIND_INDEX]
    assert ring.current(Purpose.FIELDS, authority) == own[0] != common
    assert ring.serving(Purpose.BLIND_INDEX, authority) == (own[1],), "nothing of theirs is under another"
