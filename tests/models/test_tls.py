"""TLS and mutual TLS to PostgreSQL and Temporal, and secrets from files: real clients and handshakes."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError
from temporalio.service import RPCError

from models.key_changes import create_keyring
from models.key_ring import MasterKey
from models.settings import Settings
from tests.tls import Authority, terminator
from workflows.connection import connect, tls_of


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def _ask(settings: Settings) -> Any:
    async with await psycopg.AsyncConnection.connect(settings.libpq_url("api"), connect_timeout=10) as opened:
        return opened.pgconn.ssl_in_use, (await (await opened.execute("SELECT current_user")).fetchone())


async def test_postgresql_by_mutual_tls(database: Any, authority: Authority, tmp_path: Path) -> None:
    served, ours = authority.issue("localhost"), authority.issue("hoso")
    stranger = Authority(_folder(tmp_path / "stranger"))
    files = {"database_cert_file": ours.cert, "database_key_file": ours.key}
    async with terminator(authority, served, database.server.port, postgres=True) as port:
        place = {"database_host": "localhost", "database_port": port, "database_sslmode": "verify-full"}

        def settings(**others: Any) -> Settings:
            made: Settings = database.settings(
                tmp_path, **{**place, "database_ca_file": authority.file, **files, **others}
            )
            return made

        assert await _ask(settings()) == (True, ("hoso_api",))
        theirs = stranger.issue("hoso")
        for wrong in (
            {"database_ca_file": stranger.file},  # somebody else's server
            {"database_host": "127.0.0.1"},  # another name than the certificate's
            {"database_cert_file": None, "database_key_file": None},  # we do not say who we are
            {"database_cert_file": theirs.cert, "database_key_file": theirs.key},  # or say it falsely
        ):
            with pytest.raises(psycopg.OperationalError):
                await _ask(settings(**wrong))


async def test_temporal_by_mutual_tls(temporal_server: Any, authority: Authority, tmp_path: Path) -> None:
    served, ours = authority.issue("temporal"), authority.issue("hoso")
    stranger = Authority(_folder(tmp_path / "stranger"))
    ring = create_keyring(tmp_path / "ring.json", MasterKey.create(tmp_path / "master.key"))
    async with terminator(authority, served, temporal_server.port, postgres=False) as port:

        def settings(**others: Any) -> Settings:
            right = {
                "temporal_address": f"127.0.0.1:{port}",
                "temporal_ca_file": authority.file,
                "temporal_server_name": "temporal",
                "temporal_cert_file": ours.cert,
                "temporal_key_file": ours.key,
            }
            return Settings(data=tmp_path, **{**right, **others})

        client = await connect(settings(), ring)
        assert await client.service_client.check_health()
        for wrong in (
            {"temporal_ca_file": stranger.file},
            {"temporal_server_name": "another"},
            {"temporal_cert_file": None, "temporal_key_file": None},
        ):
            with pytest.raises((RPCError, RuntimeError)):
                await connect(settings(**wrong), ring)


def test_without_settings_the_engine_is_spoken_to_plainly(tmp_path: Path) -> None:
    assert tls_of(Settings(data=tmp_path)) is False
    assert tls_of(Settings(data=tmp_path, temporal_tls=True)) is True


@pytest.mark.parametrize(
    "half",
    [
        {"database_cert_file": Path("x")},
        {"temporal_key_file": Path("x")},
        {"database_sslmode": "verify-full"},
        {"database_sslmode": "verify-ca"},
    ],
)
def test_half_a_protection_is_refused(tmp_path: Path, half: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(data=tmp_path, **half)


def test_a_secret_comes_from_the_file_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("mật khẩu \n", encoding="utf-8")
    monkeypatch.setenv("HOSO_DATABASE_API_PASSWORD_FILE", str(tmp_path / "secret"))
    settings = Settings(data=tmp_path)
    assert settings.require("database_api_password") == "mật khẩu "
    assert "mật khẩu" not in repr(settings)
    monkeypatch.setenv("HOSO_DATABASE_API_PASSWORD", "nearer")
    assert Settings(data=tmp_path).require("database_api_password") == "nearer"
    monkeypatch.setenv("HOSO_SMTP_PASSWORD_FILE", str(tmp_path / "not-there"))
    with pytest.raises(OSError, match="not-there"):
        Settings(data=tmp_path)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
