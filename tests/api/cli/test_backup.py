"""``hoso backup`` and ``hoso restore``: taken, checked by being restored, brought back, damage named."""

import asyncio
import json
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pkcs11
import psycopg
import pytest
from pkcs11 import KeyType
from typer.testing import CliRunner

from api.cli import main
from api.cli.backup import source_of
from api.cli.scratch import DATABASE, running
from models.backups.taking import take
from models.database import engine_for
from models.evidence import TrustList
from models.evidence.verification import verify
from models.key_changes import MasterPlace
from models.key_ring import KeyRing, MasterKey
from models.key_token import wrap_master
from models.settings import Settings
from tests.activities.signing.hardware import LABEL, PIN, Hardware, plugged_in
from tests.models.history.past import History
from tests.stores import store_in
from tests.world import build, tools_for

runner = CliRunner()


@pytest.fixture(scope="module")
def installed(module_database: Any, pki: Path, tmp_path_factory: pytest.TempPathFactory) -> History:
    """An authority whose history is logged and sealed, with keys in a data folder."""
    from tests.models.history.conftest import START

    folder = tmp_path_factory.mktemp("data")

    async def live() -> History:
        engine = engine_for(module_database.url("worker"), pool_size=4)
        (folder / "keys").mkdir()
        world = await build(tools_for(engine, folder / "keys"), START)
        made = History(world, module_database, pki, folder / "second")
        await made.day()
        await made.log()
        await engine.dispose()
        # The world's papers are rows only: their bytes lie nowhere.
        made.superuser("DELETE FROM attachments")
        return made

    return asyncio.run(live())


@pytest.fixture
def said(installed: History, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that runs a command there; answers its status and text."""
    server = installed.database.server
    values = {
        "DATA": installed.folder.parent,
        "DATABASE_PORT": server.port,
        "DATABASE_NAME": installed.database.name,
        "DATABASE_SSLMODE": "disable",
        "DATABASE_WORKER_PASSWORD": server.passwords["hoso_worker"],
        "PKI": installed.pki,
        "REVOCATION": "off",
        "PERSON_SIGNER": "development",
        "SEAL_SIGNER": "development",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"HOSO_{name}", str(value))

    def run(*words: object) -> tuple[int, str]:
        done = runner.invoke(main.build(str(words[0])), [str(word) for word in words])
        return done.exit_code, done.output

    return run


def test_taken_checked_restored(said: Any, installed: History, tmp_path: Path) -> None:
    count = "SELECT count(*), max(number) FROM events"
    counted = installed.superuser(count)[0]
    status, text = said("backup", "--to", tmp_path / "tape", "--json")
    answer = json.loads(text)
    assert (status, answer["good"], answer["problems"]) == (0, True, [])
    assert answer["events"] == counted[0] > 5
    assert answer["heads"] == {"hanoi": installed.superuser("SELECT count(*) FROM log_heads")[0][0]}
    folder = Path(answer["folder"])
    # It stands in the books as the workflow's own do, where it lies, under a note that anybody can check.
    row = installed.superuser("SELECT state, folder, rows, document_sha256, authority_id FROM backups")[0]
    assert row[:3] == ("good", str(folder), answer["rows"])
    store = store_in(installed.folder.parent / "documents", installed.world.tools)
    sealed = verify(store.get(row[4], row[3]), TrustList.load(installed.pki / "trust.json"))
    assert sealed.valid, sealed.problems
    assert installed.superuser("SELECT count(*) FROM events WHERE kind = 'backup.good'")[0][0] == 1
    assert "hoso restore" in (folder / "KEYS.txt").read_text(encoding="utf-8")

    # Into an empty place, by one command; the master key comes from elsewhere.
    keys = installed.folder.parent / "keys"
    into = Path(tempfile.mkdtemp(prefix="hoso-restored-"))  # PostgreSQL's own account must pass through
    try:
        status, text = said("restore", folder, "--into", into, "--master-key-file", keys / "master.key")
        assert status == 0, text
        assert "hoso engine rebuild" in text
        assert {"keys", "pki", "documents", "postgres"} <= {path.name for path in into.iterdir()}
        assert stat.S_IMODE((into / "keys" / "master.key").stat().st_mode) == 0o600
        with (
            running(into / "postgres", throwaway=False) as server,
            psycopg.connect(server.url(database=DATABASE)) as connection,
        ):
            assert connection.execute(count).fetchone() == counted
        # A place that holds anything is refused, and stays as it is.
        before = sorted(into.rglob("*.key"))
        status, text = said("restore", folder, "--into", into, "--master-key-file", keys / "master.key")
        assert status == 2
        assert "not empty" in text
        assert sorted(into.rglob("*.key")) == before
    finally:
        shutil.rmtree(into, ignore_errors=True)


def test_into_a_database_that_is_there(
    said: Any, installed: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows go into the PostgreSQL that is named, under the owner's schema; all else into the folder.
    Where nobody can seal, the backup is in the books all the same, and why it has no note is said."""
    monkeypatch.setenv("HOSO_SEAL_SIGNER", "external")
    with given(installed) as url:
        status, text = said("backup", "--to", tmp_path / "tape", "--json")
        folder, unsealed = json.loads(text)["folder"], json.loads(text)["unsealed"]
        assert unsealed == {"hanoi": "external-signature-needed"}
        notes = installed.superuser("SELECT count(*) FROM backups WHERE document_sha256 IS NULL")
        assert notes[0][0] == 1
        place = ("--into", tmp_path / "new", "--postgres", url)
        status, text = said("restore", folder, *place)
        assert status == 0, text
        with psycopg.connect(url) as connection:
            events = connection.execute("SELECT count(*) FROM events").fetchone()
            owner = connection.execute(
                "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
        assert events is not None
        # The event of this very backup was told after its rows had been read.
        assert events[0] == installed.superuser("SELECT count(*) FROM events")[0][0] - 1
        assert owner == [("hoso_owner",)]
        assert {"keys", "documents", "pki"} == {path.name for path in (tmp_path / "new").iterdir()}
        status, text = said("restore", folder, "--into", tmp_path / "again", *place[2:])
        assert (status, "not empty" in text) == (2, True)
        assert list((tmp_path / "again").glob("*")) == []


@contextmanager
def given(installed: History) -> Iterator[str]:
    """An empty database of the owner's, gone afterwards; its superuser's address."""
    server, name = installed.database.server, f"given_{uuid4().hex[:8]}"
    with psycopg.connect(server.url(), autocommit=True) as superuser:
        superuser.execute(f"CREATE DATABASE {name} OWNER hoso_owner TEMPLATE template0")  # ours, made here
        try:
            yield server.url(database=name)
        finally:
            superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_damage_is_named(said: Any, tmp_path: Path) -> None:
    status, text = said("backup", "--to", tmp_path, "--json")
    folder = Path(json.loads(text)["folder"])
    path = folder / "table-duties.sealed"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    status, text = said("backup", "check", folder)
    assert status == 1
    assert "HỎNG / DAMAGED" in text
    assert "table-duties.sealed" in text
    status, text = said("restore", folder, "--into", tmp_path / "new")
    assert status == 2
    assert "table-duties.sealed" in text
    assert list((tmp_path / "new").iterdir()) == []


def test_a_history_that_was_altered_before_the_backup_is_found_in_it(
    said: Any, installed: History, tmp_path: Path
) -> None:
    """A backup of rows that somebody has altered is a faithful one of a history that is not whole."""
    position = installed.superuser("SELECT position FROM events ORDER BY position OFFSET 3 LIMIT 1")[0][0]
    kind = installed.superuser("SELECT kind FROM events WHERE position = %s", position)[0][0]
    installed.superuser("UPDATE events SET kind = 'nothing' WHERE position = %s", position)
    try:
        status, text = said("backup", "--to", tmp_path)
    finally:
        installed.superuser("UPDATE events SET kind = %s WHERE position = %s", kind, position)
    assert status == 1
    assert "event-edited" in text
    assert f"position={position}" in text


def test_without_its_master_key_nothing_opens(
    said: Any, installed: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, text = said("backup", "check", tmp_path)
    assert (status, "no backup" in text) == (1, True)
    monkeypatch.setenv("HOSO_MASTER_KEY", "A" * 43 + "=")
    status, text = said("backup", "--to", tmp_path, "--json")
    assert (status, json.loads(text)["good"]) == (2, None)
    status, text = said("restore", tmp_path, "--into", tmp_path / "new")
    assert (status, "no backup" in text) == (2, True)


@pytest.fixture
def hardware(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hardware:
    """A token with a key that wraps master keys, as the settings name it."""
    made = plugged_in(tmp_path / "token", monkeypatch)
    library = pkcs11.lib(str(made.module))
    library.reinitialize()
    with library.get_token(token_label=LABEL).open(user_pin=PIN, rw=True) as session:
        session.generate_key(KeyType.AES, 256, label="wrapping", store=True)
    for name, value in {"MODULE": made.module, "LABEL": LABEL, "PIN": PIN}.items():
        monkeypatch.setenv(f"HOSO_TOKEN_{name}", str(value))
    return made


def test_an_old_backup_comes_back_with_the_former_master_key(
    said: Any, installed: History, hardware: Hardware, tmp_path: Path
) -> None:
    """The master key was changed since. The escrowed copy opens what is of its time: in the open, and as a
    token's key wraps it, which is what whoever kept it that way brings."""
    source, now = source_of(Settings()), datetime.now(UTC).replace(microsecond=0)
    folder = take(source, tmp_path / "tape", str(uuid4()), now)
    status, text = said("keys", "master")
    assert status == 0, text
    (former,) = (installed.folder.parent / "keys").glob("master.key.former-*")
    status, text = said("restore", folder, "--into", tmp_path / "none")
    assert (status, "the master key is another one" in text) == (2, True)
    wrapped = tmp_path / "wrapped.key"
    wrapped.touch(mode=0o600)
    wrapped.write_text(wrap_master(MasterKey.from_file(former), hardware.place, "wrapping"))
    events = installed.superuser("SELECT count(*) FROM events")
    for escrow in (former, wrapped):
        into = tmp_path / escrow.stem
        with given(installed) as url:
            place = ("--into", into, "--postgres", url)
            status, text = said("restore", folder, *place, "--master-key-file", escrow)
            assert status == 0, text
            with psycopg.connect(url) as connection:
                assert connection.execute("SELECT count(*) FROM events").fetchall() == events
        kept = MasterPlace(None, into / "keys" / "master.key", hardware.place)
        ring = KeyRing(into / "keys" / "keyring.json", kept.candidates)
        assert [one.id for one in ring.keys] == [one.id for one in source.ring.keys]
        assert (into / "keys" / "master.key").read_bytes() == escrow.read_bytes()
