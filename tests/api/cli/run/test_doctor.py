"""`hoso doctor` against real servers, whole and broken."""

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
from psycopg import sql
from typer.testing import CliRunner

from api.cli import children, doctor
from api.cli.embedded import ROLES, EmbeddedPostgres, EmbeddedTemporal
from models.keys import ensure_keyring
from models.settings import Settings


@pytest.fixture
def settings(empty_database: Any, temporal_server: EmbeddedTemporal, tmp_path: Path) -> Settings:
    tmp_path.chmod(0o700)
    return empty_database.settings(
        tmp_path, temporal_address=temporal_server.address, api_port=children.free_port(), national_url=None
    )


def with_(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update=changes)


def test_a_living_database_and_engine_are_found(settings: Settings) -> None:
    database, engine = doctor.check_database(settings), doctor.check_engine(settings)
    assert (database.status, engine.status) == ("ok", "ok")
    assert "PostgreSQL 18" in database.found
    assert engine.found.endswith("90 ngày / days")


def test_a_database_that_is_away_is_named_without_its_password(settings: Settings) -> None:
    finding = doctor.check_database(with_(settings, database_port=children.free_port()))
    assert (finding.status, finding.remedy) == ("failed", doctor.START)
    assert settings.require("database_api_password") not in finding.found


def test_a_missing_password_names_the_variable(settings: Settings) -> None:
    assert (
        "HOSO_DATABASE_API_PASSWORD"
        in doctor.check_database(with_(settings, database_api_password=None)).found
    )


def test_a_role_above_the_policies_is_an_error(settings: Settings, postgres: EmbeddedPostgres) -> None:
    role = sql.Identifier(ROLES["api"])
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("alter role {} bypassrls").format(role))
        try:
            finding = doctor.check_database(settings)
        finally:
            connection.execute(sql.SQL("alter role {} nobypassrls").format(role))
    assert finding.status == "failed"
    assert finding.remedy == "alter role hoso_api nosuperuser nobypassrls"


def test_an_empty_database_lacks_its_migrations(settings: Settings) -> None:
    finding = doctor.check_migrations(settings)
    assert finding.status == "failed"
    assert finding.found.startswith("None ≠ ")


def test_an_engine_that_is_away_is_named(settings: Settings) -> None:
    away = f"127.0.0.1:{children.free_port()}"
    finding = doctor.check_engine(with_(settings, temporal_address=away))
    assert finding.status == "failed"
    assert away in finding.found


def test_keys_whole_lost_and_never_made(settings: Settings) -> None:
    assert doctor.check_keys(settings).remedy == doctor.START
    ensure_keyring(settings.key_ring, None, settings.master_key_file)
    assert doctor.check_keys(settings).status == "ok"
    settings.master_key_file.unlink()
    lost = doctor.check_keys(settings)
    assert lost.status == "failed"
    assert "restore" in lost.remedy


def test_a_data_folder_open_to_others_is_an_error(settings: Settings) -> None:
    assert doctor.check_data_folder(settings).status == "ok"
    settings.data.chmod(0o755)
    assert doctor.check_data_folder(settings).remedy == f"chmod go-rw {settings.data}"
    settings.data.chmod(0o700)
    written = settings.data / "settings.env"
    written.touch()
    written.chmod(0o644)
    assert doctor.check_data_folder(settings).remedy == f"chmod 600 {written}"
    assert doctor.check_data_folder(with_(settings, data=settings.data / "none")).status == "failed"


def test_a_full_disk_is_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.check_disk(with_(settings, data=settings.data / "not" / "yet")).status == "ok"
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", shutil.disk_usage(settings.data).total * 2)
    assert doctor.check_disk(settings).status == "failed"


def test_missing_programs_are_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.check_programs(settings).status == "ok"
    monkeypatch.setattr("api.cli.embedded.sys.executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    finding = doctor.check_programs(settings)
    assert (finding.status, finding.remedy) == ("failed", "make setup")


def test_an_old_python_is_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.check_python(settings).status == "ok"
    monkeypatch.setattr(doctor, "LEAST_PYTHON", (9, 0))
    assert doctor.check_python(settings).status == "failed"


def test_the_gateway_s_silence_is_a_warning(settings: Settings) -> None:
    assert doctor.check_national(settings).remedy == "HOSO_NATIONAL_URL"
    away = with_(settings, national_url=f"http://127.0.0.1:{children.free_port()}")
    assert doctor.check_national(away).status == "warning"


def test_the_api_s_port_free_and_answering(settings: Settings) -> None:
    assert doctor.check_api(settings).status == "warning"
    with socket.socket() as server:
        server.bind(("127.0.0.1", settings.api_port))
        server.listen()
        assert doctor.check_api(settings).status == "ok"


def test_the_exit_status_is_honest_and_the_answer_readable(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(doctor.command)
    answer = CliRunner().invoke(app, ["--json", "--data", str(tmp_path)])
    told = json.loads(answer.stdout)
    assert answer.exit_code == 1
    assert told["ok"] is False
    failed = [check for check in told["checks"] if check["status"] == "failed"]
    assert {"database", "migrations", "keys"} <= {check["name"] for check in failed}
    assert all(check["remedy"] for check in failed)
    plain = CliRunner().invoke(app, ["--data", str(tmp_path)])
    assert plain.exit_code == 1
    assert "✗ database" in plain.stdout


def test_only_failures_spoil_the_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", (lambda _: doctor.Finding("one", "warning", "so so", "do this"),))
    app = typer.Typer()
    app.command()(doctor.command)
    answer = CliRunner().invoke(app, ["--data", str(tmp_path)])
    assert answer.exit_code == 0
    assert answer.stdout.strip() == "! one                so so → do this"
