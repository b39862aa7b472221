"""An installed authority on a real database, and workbooks to import into it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from models.database import Scope, engine_for, transaction
from models.keys import ensure_keyring
from models.record.install import Installed, install_authority
from models.record.tools import Tools
from models.settings import Settings
from tests.conftest import Database

NOW = datetime(2025, 9, 15, 3, 0, tzinfo=UTC)


@dataclass
class Desk:
    """One installed authority and its tools."""

    settings: Settings
    tools: Tools
    installed: Installed
    now: datetime = NOW
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def authority(self) -> UUID:
        return self.installed.authority_id

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
