"""The first load through real processes: interrupted, gone on with, finished, and then nothing more."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from activities.signing.keystore import Keystore
from api.cli import first_load as loading
from api.cli import importing
from api.cli.children import Program, answers, free_port, start
from api.cli.embedded import EmbeddedTemporal
from api.cli.first_load import FirstLoad, first_load
from api.cli.importing import ImportFailedError, signed_in
from models.settings import DatabaseRole, Settings, write_settings_file
from tests.conftest import Database

from .books import DEPARTMENT, OFFICE, book, someone
from .books import ROOT as CITY

ROOT = Path(__file__).parents[3]
pytestmark = [pytest.mark.whole, pytest.mark.timeout(600)]


@pytest.fixture
def running(database: Database, temporal_server: EmbeddedTemporal, tmp_path: Path) -> Iterator[Settings]:
    """API and worker as processes of their own, on an empty database."""
    port = free_port()
    known = database.settings(tmp_path)
    values = {
        "database_port": str(known.database_port),
        "database_name": known.database_name,
        "database_sslmode": "disable",
        "temporal_address": temporal_server.address,
        "task_queue": uuid4().hex,
        "api_port": str(port),
        "revocation": "off",
        "second_factor": "offered",  # the sample logins have none
        "person_signer": "development",
        "seal_signer": "development",
    }
    values |= {
        f"database_{role}_password": known.require(f"database_{role}_password") for role in DatabaseRole
    }
    write_settings_file(tmp_path, values)
    environment = {"HOSO_DATA": str(tmp_path), "PYTHONPATH": str(ROOT)}
    Keystore(tmp_path / "pki").create()
    api = [sys.executable, "-m", "uvicorn", "api.app:app", "--port", str(port), "--log-level", "warning"]
    programs = [
        Program(name="api", argv=api, ready=lambda: answers(port), environment=environment, folder=ROOT),
        Program(
            name="worker",
            argv=[sys.executable, "worker.py", "all"],
            ready=lambda: True,
            environment=environment,
            folder=ROOT,
        ),
    ]
    children = [start(program, tmp_path / f"{program.name}.log") for program in programs]
    try:
        yield Settings(data=tmp_path)
    finally:
        for child in reversed(children):
            child.stop()


def rows(database: Database, sql: str) -> list[Any]:
    """Rows as the owner of the cluster sees them."""
    with psycopg.connect(database.server.url(database=database.name)) as connection:
        return connection.execute(sql.encode()).fetchall()


def test_interrupted_continued_done(
    running: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "OFFICIALS", 200)

    async def dies(*_arguments: Any) -> list[Any]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loading, "_choose", dies)
        with pytest.raises(KeyboardInterrupt):
            first_load(running)
    assert rows(database, "SELECT count(*) FROM imports WHERE state = 'done'") == [(2,)]
    loaded = first_load(running)
    assert rows(database, "SELECT count(*) FROM imports") == [(2,)], "the same imports, not new ones"
    assert rows(database, "SELECT count(*) FROM profiles") == [(196,)]
    assert rows(database, "SELECT dry_run, state FROM imports ORDER BY created_at") == [
        (True, "done"),
        (False, "done"),
    ]
    _logins_work(running, loaded)
    lines = list(loaded)
    assert any("196 tạo mới" in line for line in lines)
    assert all(any(one.login in line and one.password in line for line in lines) for one in loaded.logins)
    again = first_load(running)
    assert list(again) == lines
    assert rows(database, "SELECT count(*) FROM imports") == [(2,)]
    assert rows(database, "SELECT count(*) FROM authorities") == [(1,)]
    notes = running.data / "first-load.json"
    assert notes.stat().st_mode & 0o077 == 0
    assert json.loads(notes.read_text())["done"] is True
    _import_command(running, loaded)


def _logins_work(settings: Settings, loaded: FirstLoad) -> None:
    department = {"department_officer", "department_head"}
    expected = {"administrator", "hr_officer", "approver", "head", "official", *department}
    assert {one.role for one in loaded.logins} == expected
    for one in loaded.logins:
        token = signed_in(importing.address_of(settings), one.login, one.password)
        with importing.connected(importing.address_of(settings), token) as client:
            me = client.get("/session").json()
            assert me["must_change_password"] is False
            assert one.role in {role["role"] for role in me["roles"]}
        if one.one_time:
            with pytest.raises(ImportFailedError, match="login-failed"):
                signed_in(importing.address_of(settings), one.login, one.one_time)


def _import_command(settings: Settings, loaded: FirstLoad) -> None:
    """``hoso import``, by hand: exit status and words for clean, dirty and broken workbooks."""
    url = importing.address_of(settings)
    officer = next(one for one in loaded.logins if one.role == "department_officer")
    token = signed_in(url, officer.login, officer.password)
    import typer

    app = typer.Typer()
    app.command()(importing.command)

    def command(data: bytes, *options: str, used: str = token) -> Any:
        path = settings.data / "given.xlsx"
        path.write_bytes(data)
        return CliRunner().invoke(app, [str(path), "--url", url, "--token", used, *options])

    clean = command(book([someone(900)]), "--dry-run")
    assert clean.exit_code == 0, clean.output
    assert "chạy thử / dry run" in clean.output
    dirty = command(book([someone(901), someone(902)], raw={("profiles", 4, "ethnicity"): "?"}))
    assert dirty.exit_code == 1
    assert "hồ sơ: 1 tạo mới, 1 từ chối" in dirty.output
    assert "Hồ sơ!" in dirty.output
    _what_a_later_workbook_leaves_out(command)
    broken = command(b"nothing")
    assert (broken.exit_code, "import-unreadable" in broken.output) == (2, True)
    nobody = command(book(), used="none")
    assert (nobody.exit_code, "not-authenticated" in nobody.output) == (2, True)


def _what_a_later_workbook_leaves_out(command: Any) -> None:
    """Shown, ended only with a decision, and only where nobody is left in it."""
    extra = replace(OFFICE, code="H26.99", name="Ban quản lý dự án")
    assert command(book(offices=(CITY, OFFICE, DEPARTMENT, extra))).exit_code == 0
    named = command(book(), "--missing")
    assert named.exit_code == 0, named.output
    assert "not in the workbook: H26.99 Ban quản lý dự án" in named.output
    previewed = command(book(), "--dry-run", "--end-missing", "12/QĐ-UBND")
    assert "H26.99" in previewed.output
    assert "ended from" not in previewed.output
    ended = command(book(), "--end-missing", "12/QĐ-UBND")
    assert [line for line in ended.output.splitlines() if "ended from" in line and "H26.99" in line]
    assert ended.exit_code == 1, "agencies with people in them are refused"
    assert "409 agency-occupied" in ended.output
    assert "H26.99" not in command(book(), "--missing").output


def test_an_api_that_is_away_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PATIENCE_SECONDS", 0.2)
    given = tmp_path / "b.xlsx"
    given.write_bytes(b"x")
    with importing.connected(f"http://127.0.0.1:{free_port()}", "t") as client:
        importer = importing.Importer(client)
        with pytest.raises(ImportFailedError, match="the API is away"):
            importer.bring(given, dry_run=True, key="k", until=0)


def test_what_is_away_for_a_moment_is_asked_again_with_the_same_key(tmp_path: Path) -> None:
    """The first answers are lost or 503: the key stays, so nothing is imported twice."""
    keys: list[str] = []

    def transport(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"state": "done", "dry_run": False, "counts": {}, "issues": []})
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            raise httpx.ReadError("lost")
        if len(keys) == 2:
            return httpx.Response(503, json={"code": "engine-unavailable"})
        return httpx.Response(202, json={"id": str(uuid4())})

    given = tmp_path / "b.xlsx"
    given.write_bytes(b"x")
    with httpx.Client(transport=httpx.MockTransport(transport), base_url="http://hoso") as client:
        report = importing.Importer(client).bring(given, dry_run=False, key="k", until=1e12)
    assert keys == ["k", "k", "k"]
    assert report.total("create") == 0
