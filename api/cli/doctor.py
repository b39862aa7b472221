"""``hoso doctor``: is this installation whole? Each check says what it found and, if need be, what to do.

Exit status: 0 when nothing failed (warnings allowed), 1 otherwise.
"""

import json
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import httpx
import psycopg
import typer
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from api.cli.check_history import check_history
from api.cli.children import ChildError, answers, port_is_free
from api.cli.embedded import RETENTION_DAYS, binary, postgres_binaries
from api.cli.finding import START, Finding
from models.errors import HosoError
from models.key_opening import master_place
from models.keys import KeyRing, Purpose
from models.migrations import head
from models.settings import DATA_FOLDER, PREFIX, DatabaseRole, MissingSettingError, Settings

LEAST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 2 * 1024**3


def check_python(_settings: Settings) -> Finding:
    """The interpreter's version."""
    version = platform.python_version()
    if tuple(map(int, platform.python_version_tuple()[:2])) >= LEAST_PYTHON:
        return Finding("python", "ok", version)
    return Finding("python", "failed", version, "cài Python 3.11 trở lên / install Python 3.11 or later")


def check_programs(_settings: Settings) -> Finding:
    """The embedded servers' programs are there and start."""
    try:
        programs = [binary("temporal"), postgres_binaries() / "postgres"]
    except ChildError as error:
        return Finding("programs", "failed", str(error), "make setup")
    versions = []
    for program in programs:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True)  # noqa: S603 — the wheels'
        if answer.returncode != 0:
            return Finding("programs", "failed", f"{program.name}: status {answer.returncode}", "make setup")
        versions.append(answer.stdout.replace("(", " ").replace(")", " ").split())
    return Finding("programs", "ok", "; ".join(" ".join(words[:3]) for words in versions))


def check_data_folder(settings: Settings) -> Finding:
    """The data folder is there, ours, and nobody else lists it."""
    folder = settings.data
    if not folder.is_dir():
        return Finding("data folder", "failed", f"không có / missing: {folder}", START)
    if folder.stat().st_mode & 0o066:
        return Finding(
            "data folder",
            "failed",
            f"người khác đọc được / open to others: {folder}",
            f"chmod go-rw {folder}",
        )
    written = settings.data / "settings.env"
    if written.exists() and written.stat().st_mode & 0o077:
        return Finding(
            "data folder", "failed", f"mật khẩu lộ / passwords open: {written}", f"chmod 600 {written}"
        )
    return Finding("data folder", "ok", str(folder))


def check_disk(settings: Settings) -> Finding:
    """Free space where the data folder is, or will be."""
    place = next(folder for folder in [settings.data, *settings.data.parents] if folder.exists())
    free = shutil.disk_usage(place).free
    text = f"{free / 1024**3:.1f} GiB trống / free"
    if free < LEAST_FREE_BYTES:
        return Finding("disk", "failed", text, "giải phóng ít nhất 2 GiB / free at least 2 GiB")
    return Finding("disk", "ok", text)


def check_database(settings: Settings) -> Finding:
    """PostgreSQL answers the API's role, and that role cannot step over the policies."""
    try:
        with psycopg.connect(settings.libpq_url(DatabaseRole.API), connect_timeout=5) as connection:
            row = connection.execute(
                "select current_setting('server_version'), rolsuper or rolbypassrls"
                " from pg_roles where rolname = current_user"
            ).fetchone()
    except MissingSettingError as error:
        return Finding("database", "failed", str(error), START)
    except psycopg.Error as error:
        return Finding(
            "database", "failed", f"không kết nối được / unreachable ({type(error).__name__})", START
        )
    version, above = row or ("?", True)
    if above:
        remedy = f"alter role {settings.database_api_user} nosuperuser nobypassrls"
        return Finding(
            "database", "failed", "vai trò vượt chính sách / the role bypasses the policies", remedy
        )
    return Finding(
        "database", "ok", f"PostgreSQL {version}, {settings.database_host}:{settings.database_port}"
    )


def check_migrations(settings: Settings) -> Finding:
    """The schema is the one this code knows; read as its owner where that password is here."""
    wanted = head()
    role = DatabaseRole.MIGRATION if settings.database_migration_password else DatabaseRole.API
    try:
        engine = create_engine(settings.database_url(role))
        try:
            with engine.connect() as connection:
                present = MigrationContext.configure(connection).get_current_revision()
        finally:
            engine.dispose()
    except (MissingSettingError, SQLAlchemyError) as error:
        return Finding("migrations", "failed", f"không đọc được / unreadable ({type(error).__name__})", START)
    if present != wanted:
        return Finding(
            "migrations", "failed", f"{present} ≠ {wanted}", "chạy việc di trú / run the migration job"
        )
    return Finding("migrations", "ok", wanted)


def check_engine(settings: Settings) -> Finding:
    """Temporal answers and keeps finished histories long enough."""
    command = [str(binary("temporal")), "operator", "namespace", "describe", "--namespace"]
    command += [settings.temporal_namespace, "--address", settings.temporal_address, "--output", "json"]
    command += ["--command-timeout", "5s", "--disable-config-env", "--disable-config-file"]
    answer = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 — the wheel's own program
    if answer.returncode != 0:
        found = f"không trả lời / no answer: {settings.temporal_address}"
        return Finding("engine", "failed", found, START)
    kept = str(json.loads(answer.stdout)["config"]["workflowExecutionRetentionTtl"])
    days = int(kept.removesuffix("s")) / 86_400
    text = f"{settings.temporal_address}, {settings.temporal_namespace}, {days:g} ngày / days"
    if days < RETENTION_DAYS:
        remedy = (
            f"temporal operator namespace update --namespace {settings.temporal_namespace} --retention 2160h"
        )
        return Finding("engine", "warning", text, remedy)
    return Finding("engine", "ok", text)


def check_keys(settings: Settings) -> Finding:
    """The key ring opens and holds a key for every purpose."""
    if (
        not settings.key_ring.exists()
        and settings.master_key is None
        and not settings.master_key_file.exists()
    ):
        return Finding("keys", "failed", f"chưa có / none yet: {settings.key_ring}", START)
    try:
        ring = KeyRing(settings.key_ring, master_place(settings).candidates)
        for purpose in Purpose:
            ring.current(purpose)
    except (HosoError, OSError) as error:
        return Finding(
            "keys", "failed", str(error), "khôi phục chùm khoá từ bản sao lưu / restore it from backup"
        )
    return Finding("keys", "ok", f"{len(ring.keys)} khoá / keys")


def check_signing(settings: Settings) -> Finding:
    """Something to sign with is there."""
    if settings.pki.is_dir() and any(settings.pki.iterdir()):
        return Finding("signing", "ok", str(settings.pki))
    return Finding("signing", "warning", f"chưa có chứng thư / no certificates: {settings.pki}", START)


def check_timestamps(settings: Settings) -> Finding:
    """The timestamp authority answers, where signatures are to carry its time; any HTTP status counts."""
    url = settings.tsa_url or settings.pki_url
    levels = {settings.signature_level, *settings.signature_levels.values()}
    if levels == {"B-B"}:
        return Finding("timestamps", "ok", "B-B: không dùng / not used")
    if url is None:
        return Finding("timestamps", "failed", "chưa đặt / not set", f"{PREFIX}TSA_URL")
    try:
        httpx.get(str(url), timeout=5.0, trust_env=False)
    except httpx.HTTPError as error:
        found = f"không trả lời / no answer ({type(error).__name__}): {url}"
        return Finding(
            "timestamps", "warning", found, "chữ ký chờ đến khi có trả lời / signatures wait for it"
        )
    return Finding("timestamps", "ok", f"{', '.join(sorted(levels))}: {url}")


def check_national(settings: Settings) -> Finding:
    """The national database's gateway, or the emulator, answers; any HTTP status counts."""
    if settings.national_url is None:
        return Finding("national database", "warning", "chưa đặt / not set", f"{PREFIX}NATIONAL_URL")
    try:
        status = httpx.get(str(settings.national_url), timeout=5.0).status_code
    except httpx.HTTPError as error:
        found = f"không trả lời / no answer ({type(error).__name__})"
        return Finding(
            "national database", "warning", found, "đợi hoặc báo đơn vị vận hành / wait or tell its operator"
        )
    return Finding("national database", "ok", f"{settings.national_url} (HTTP {status})")


def check_api(settings: Settings) -> Finding:
    """Our API answers on its port, or the port is free for it."""
    place = f"{settings.api_host}:{settings.api_port}"
    if answers(settings.api_port, settings.api_host):
        return Finding("api", "ok", place)
    if port_is_free(settings.api_port, settings.api_host):
        return Finding("api", "warning", f"chưa chạy / not running: {place}", START)
    return Finding("api", "failed", f"cổng bị chiếm / port taken: {place}", f"đặt / set {PREFIX}API_PORT")


CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    check_python,
    check_programs,
    check_data_folder,
    check_disk,
    check_database,
    check_migrations,
    check_engine,
    check_keys,
    check_signing,
    check_timestamps,
    check_history,
    check_national,
    check_api,
)


def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order in which one would mend them."""
    return [check(settings) for check in CHECKS]


def command(
    data: Annotated[
        Path, typer.Option(envvar=PREFIX + "DATA", help="Thư mục dữ liệu / data folder")
    ] = DATA_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Cho máy đọc / for machines")] = False,
) -> None:
    """Kiểm tra cài đặt / check the installation."""
    findings = examine(Settings(data=data))
    whole = all(finding.status != "failed" for finding in findings)
    if as_json:
        answer = {"ok": whole, "checks": [asdict(finding) for finding in findings]}
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        signs = {"ok": "✓", "warning": "!", "failed": "✗"}
        for finding in findings:
            remedy = f" → {finding.remedy}" if finding.remedy else ""
            typer.echo(f"{signs[finding.status]} {finding.name:<18} {finding.found}{remedy}")
    raise typer.Exit(0 if whole else 1)


if __name__ == "__main__":
    typer.run(command)
