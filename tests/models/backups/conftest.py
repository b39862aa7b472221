"""Two authorities with a past, their documents and keys, one backup of them, copies to be damaged."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from models.backups.opening import Opened, open_backup
from models.backups.taking import Source, take
from models.database import engine_for
from models.documents import FolderBlobs
from models.documents.names import plain
from models.keys import MasterKey
from models.workbook_vault import WorkbookVault
from tests.models.history.past import as_superuser
from tests.stores import store_in
from tests.world import build, tools_for

START = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)
BACKUP = "0193a000-0000-7000-8000-000000000001"
PAPER = b"%PDF-1.7 a paper\n%%EOF\n"
OLD = b"%PDF-1.7 kept before documents were sealed\n%%EOF\n"
OLD_DIGEST = sha256(OLD).hexdigest()


@dataclass(frozen=True)
class Installation:
    """A database with two authorities, a folder of documents, keys."""

    database: Any
    folder: Path
    source: Source
    authority: UUID
    """The one whose papers are in the store."""
    document: str
    """The sealed document in the store; a row names it. Beside it an unsealed one and a workbook."""

    def superuser(self, sql: str, *values: Any) -> list[Any]:
        return as_superuser(self.database, sql, *values)


@pytest.fixture(scope="module")
def installation(module_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("installation")

    async def live() -> Any:
        engine = engine_for(module_database.url("worker"), pool_size=4)
        tools = tools_for(engine, folder)
        await (await build(tools, START, second=True)).employ(until="account")
        world = await build(tools, START, second=True)
        await world.employ(until="review")
        await world.employ(until="declaration")
        await engine.dispose()
        return world

    world = asyncio.run(live())
    # The world's papers are rows only: their bytes lie nowhere.
    as_superuser(module_database, "DELETE FROM attachments")
    kept = store_in(folder / "documents", world.tools).put(world.authority, PAPER, "application/pdf")
    blobs = FolderBlobs(folder / "documents")
    blobs.keep(plain(OLD_DIGEST), OLD)
    WorkbookVault(blobs, world.tools.cipher).keep(world.authority, b"PK a workbook")
    as_superuser(
        module_database,
        "INSERT INTO archived_files (authority_id, document_sha256, current_sha256, ends_at, renewals,"
        " renewed_at) VALUES (%s, %s, %s, now(), 0, now())",
        world.authority,
        kept.sha256,
        kept.sha256,
    )
    ring_file = next(folder.rglob("keyring.json"))
    source = Source(
        url=module_database.libpq_url("worker"),
        ring_file=ring_file,
        ring=world.tools.ring,
        master=MasterKey.from_file(ring_file.with_name("master.key")),
        documents=FolderBlobs(folder / "documents"),
    )
    return Installation(module_database, folder, source, world.authority, kept.sha256)


@pytest.fixture(scope="module")
def taken(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One backup, for reading only."""
    return take(installation.source, tmp_path_factory.mktemp("backups"), BACKUP, START)


@pytest.fixture
def copy(taken: Path, tmp_path: Path) -> Path:
    """The same backup, to be damaged."""
    return Path(shutil.copytree(taken, tmp_path / "place" / taken.name))


@pytest.fixture
def opened(taken: Path, installation: Installation) -> Opened:
    return open_backup(taken, installation.source.master)


@pytest.fixture
def empty(database: Any) -> "Any":
    """A superuser's connection to a migrated database without rows."""
    with psycopg.connect(database.server.url(database=database.name), autocommit=True) as connection:
        yield connection


def digest_of(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder."""
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


Damage = Callable[[Path], None]
