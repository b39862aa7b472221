"""A backup brought to life: into a PostgreSQL of its own, thrown away afterwards or left in a data folder."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from api.cli.audit import audits
from api.cli.children import free_port, start
from api.cli.embedded import ROLES, EmbeddedPostgres
from models.backups.errors import BackupDamagedError, BackupUnknownError
from models.backups.opening import Opened, damaged_files, open_backup
from models.backups.restoring import compare_rows, documents_of, missing_documents, restore_rows
from models.errors import HosoError
from models.evidence import TrustList
from models.key_ring import MasterKey
from models.migrations import head, knows, migrate

Beat = Callable[[str], None]
DATABASE = "hoso"


@dataclass(slots=True)
class Report:
    """What a check found. ``problems`` is empty where the backup is good."""

    backup: str
    problems: list[str] = field(default_factory=list)
    rows: int = 0
    tables: int = 0
    documents: int = 0
    events: int = 0
    """Events whose hash chain and Merkle log were reckoned again."""
    heads: dict[str, int] = field(default_factory=dict)
    """Heads of each authority's Merkle log, by its code."""
    revision: str = ""
    """The migration the restored database was brought to."""
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Restored whole, nothing missing, nothing altered."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {"good": self.good, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Database:
    """An empty database by two addresses: its owner's, for the schema, and a superuser's, for rows."""

    owner: str
    superuser: str


def of_server(server: EmbeddedPostgres) -> Database:
    """The one of an embedded server."""
    return Database(server.url(ROLES["migration"], DATABASE), server.url(database=DATABASE))


@contextmanager
def running(folder: Path, *, throwaway: bool) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of our own in a folder, stopped at the end."""
    server = EmbeddedPostgres(folder, free_port(), throwaway=throwaway)
    child = start(server.program(), folder.parent / f"{folder.name}.log")
    try:
        server.create_roles_and_database(DATABASE)
        yield server
    finally:
        child.stop()


def bring_up(database: Database, opened: Opened, beat: Beat, *, compare: bool) -> tuple[int, list[str]]:
    """Schema, rows, then today's schema; answers rows and, where asked, what differs from the manifest.

    Raises:
        BackupUnknownError: made by a newer version than this code.
        BackupDamagedError, PlaceNotEmptyError: see ``restore_rows``.
    """
    wanted = opened.manifest.schema_revision
    if not knows(wanted):
        raise BackupUnknownError(
            f"bản sao lưu của phiên bản mới hơn ({wanted}) / made by a newer version than this one ({head()})"
        )
    owner = database.owner.replace("postgresql", "postgresql+psycopg", 1)
    migrate(owner, wanted)
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        rows = restore_rows(connection, opened, beat)
        differing = compare_rows(connection, opened, beat) if compare else []
    migrate(owner)
    return rows, differing


def check(folder: Path, master: MasterKey, trust: TrustList, beat: Beat = lambda _text: None) -> Report:
    """Restore a backup into a throw-away PostgreSQL and judge it: files, rows, history, documents.

    Nothing of it stays. The master key is the only thing that is not in the backup itself: what this shows is
    that the backup and the key that is kept apart from it suffice.
    """
    report, started = Report(folder.name), time.monotonic()
    try:
        opened = open_backup(folder, master)
        report.problems += damaged_files(opened, beat)
        if report.good:
            with _scratch() as place, running(place / "postgres", throwaway=True) as server:
                _judge(report, server, opened, trust, beat)
    except (BackupDamagedError, BackupUnknownError) as error:
        report.problems.append(str(error))
    except HosoError as error:
        report.problems.append(f"keyring.json: {error}")
    report.seconds = round(time.monotonic() - started, 3)
    return report


def _judge(report: Report, server: EmbeddedPostgres, opened: Opened, trust: TrustList, beat: Beat) -> None:
    report.rows, differing = bring_up(of_server(server), opened, beat, compare=True)
    report.problems += differing
    report.tables, report.revision = len(opened.manifest.tables), head()
    beat("audit")
    for one in audits(server.url(ROLES["report"], DATABASE), None, None, trust):
        report.events += one.report.events
        report.heads[one.code] = one.report.heads
        report.problems += [f"{one.code}: {finding.code} {finding.where}" for finding in one.report.findings]
    held, wrong = documents_of(opened, beat)
    with psycopg.connect(server.url(database=DATABASE)) as connection:
        missing = missing_documents(connection, held)
    report.documents = len(held)
    report.problems += wrong + [f"thiếu tài liệu / missing document: {one}" for one in missing]


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder for what is restored to be looked at. Personal data stands in it in clear while it lasts, so
    what an earlier check that was killed has left is removed first."""
    root = Path(tempfile.gettempdir())
    for left in root.glob("hoso-check-*-*"):
        owner = left.name.split("-")[2]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(left, ignore_errors=True)
    place = Path(tempfile.mkdtemp(prefix=f"hoso-check-{os.getpid()}-", dir=root))
    try:
        place.chmod(0o711)  # under root, PostgreSQL runs as another account
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
