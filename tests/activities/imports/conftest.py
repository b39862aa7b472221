"""An installed authority on a real database, and workbooks to import into it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from temporalio.testing import ActivityEnvironment

from activities.imports.office import ImportOffice
from models.database import Scope, engine_for, transaction
from models.documents import FolderBlobs
from models.keys import ensure_keyring
from models.messages import ImportDone, ImportStart
from models.record.install import Installed, install_authority
from models.record.tools import Tools
from models.settings import Settings
from models.workbook_vault import WorkbookVault
from tests.conftest import Database

NOW = datetime(2025, 9, 15, 3, 0, tzinfo=UTC)


@dataclass
class Desk:
    """One installed authority and its tools."""

    settings: Settings
    tools: Tools
    installed: Installed
    now: datetime = NOW

    @property
    def authority(self) -> UUID:
        return self.installed.authority_id

    async def administrator(self, role: str = "administrator", state: str = "active") -> UUID:
        """An account in the root agency with one role."""
        account, values = uuid4(), {"a": self.authority, "root": self.installed.root_agency_id}
        await self.write(
            "INSERT INTO accounts (id, authority_id, kind, login, display_name, password_hash, state,"
            " agency_id, created_at) VALUES (:id, :a, 'agency', :login, 'x', '!', :state, :root, now())",
            id=account,
            login=f"t{account.hex[:10]}",
            state=state,
            **values,
        )
        await self.write(
            "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from)"
            " VALUES (:id, :a, :account, :root, :role, '2025-01-01')",
            id=uuid4(),
            account=account,
            role=role,
            **values,
        )
        return account

    async def request(self, data: bytes, *, dry_run: bool = False, by: UUID | None = None) -> ImportStart:
        """Keep a workbook and ask for its import, as the API does."""
        digest = WorkbookVault(FolderBlobs(self.settings.documents), self.tools.cipher).keep(
            self.authority, data
        )
        import_id = uuid4()
        await self.write(
            "INSERT INTO imports (id, authority_id, account_id, sha256, dry_run, state, counts, issues,"
            " created_at) VALUES (:id, :a, :by, :sha, :dry, 'waiting', '{}', '[]', :now)",
            id=import_id,
            a=self.authority,
            by=by or await self.administrator(),
            sha=digest,
            dry=dry_run,
            now=self.now,
        )
        return ImportStart(authority_id=self.authority, import_id=import_id, now=self.now)

    async def run(self, start: ImportStart) -> ImportDone:
        """The activity itself, as a worker runs it."""
        office = ImportOffice(self.settings, self.tools)
        return await ActivityEnvironment().run(office.import_workbook, start)

    async def bring(self, data: bytes, *, dry_run: bool = False, by: UUID | None = None) -> "Brought":
        """Import a workbook whole."""
        start = await self.request(data, dry_run=dry_run, by=by)
        done = await self.run(start)
        row = await self.one("SELECT * FROM imports WHERE id = :id", id=start.import_id)
        lines = await self.rows(
            "SELECT * FROM import_lines WHERE import_id = :id ORDER BY sheet, row", id=start.import_id
        )
        return Brought(start, done, row, {(line.sheet, line.row): line for line in lines})

    async def write(self, sql: str, **parameters: Any) -> None:
        """One statement of the worker's."""
        async with transaction(self.tools.engine, Scope(self.authority, everything=True)) as connection:
            await connection.execute(text(sql), parameters)

    async def rows(self, sql: str, **parameters: Any) -> list[Any]:
        """Rows as the whole authority sees them."""
        async with transaction(self.tools.engine, Scope(self.authority, everything=True)) as connection:
            return list(await connection.execute(text(sql), parameters))

    async def one(self, sql: str, **parameters: Any) -> Any:
        """The only row."""
        (row,) = await self.rows(sql, **parameters)
        return row

    async def count(self, table: str, where: str = "true") -> int:
        """How many rows."""
        found: int = (await self.one(f"SELECT count(*) AS n FROM {table} WHERE {where}")).n
        return found


@dataclass
class Brought:
    """An import that has ended."""

    start: ImportStart
    done: ImportDone
    row: Any
    lines: dict[tuple[str, int], Any]

    def verdicts(self, sheet: str) -> dict[int, str]:
        """Row → verdict of one sheet."""
        return {row: line.verdict for (title, row), line in self.lines.items() if title == sheet}

    def codes(self, sheet: str, row: int) -> list[tuple[str, str]]:
        """(field, code) of every issue of a line."""
        return [(issue["field"], issue["code"]) for issue in self.lines[sheet, row].issues]


def tools_for(database: Database, folder: Path) -> tuple[Settings, Tools]:
    """Settings and the worker's tools on an empty database."""
    settings = database.settings(folder)
    ring = ensure_keyring(settings.key_ring, None, settings.master_key_file)
    return settings, Tools(engine_for(database.url()), ring)


async def install(tools: Tools) -> Installed:
    """Install Hà Nội."""
    return await install_authority(
        tools,
        code="hanoi",
        name="Ủy ban nhân dân thành phố Hà Nội",
        national_code="H26",
        document="QĐ 6187/QĐ-UBND",
        now=NOW,
    )


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    """An authority with nothing but its root agency."""
    settings, tools = tools_for(database, tmp_path)
    yield Desk(settings, tools, await install(tools))
    await tools.engine.dispose()
