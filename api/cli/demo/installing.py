"""Installing the world: the authority by its recorded act, agencies and posts through the API's import."""

import asyncio
import time
from datetime import datetime
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import text

from api import passwords
from api.cli.demo.calls import Caller
from api.cli.demo.problems import StoryError
from api.cli.demo.world import PASSWORD, Laws, World, write_workbook
from api.cli.installing import ADMINISTRATOR, first_administrator
from models.database import Scope, engine_for, transaction
from models.key_opening import open_ring
from models.record.install import install_authority
from models.record.tools import Tools
from models.settings import DatabaseRole, Settings

PATIENCE = 30.0
"""Seconds of real time an import may take."""

_AGENCIES = text("SELECT id, code FROM agencies")
_HAND_OUT = text("UPDATE accounts SET password_hash = :hash, state = 'active' WHERE login = ANY (:logins)")


async def build(
    settings: Settings, http: httpx.AsyncClient, folder: Path, now: datetime, world: World, laws: Laws
) -> tuple[UUID, dict[str, str]]:
    """Install the authority and import its workbook; answers its id and the agencies' ids by their names.

    ``laws`` name the authority, and the trial where it has but a draft.

    Raises:
        StoryError: a line of the workbook was refused.
    """
    engine = engine_for(settings.database_url(DatabaseRole.WORKER), pool_size=2)
    tools = Tools(engine, open_ring(settings))
    try:
        made = await install_authority(
            tools,
            code=laws.authority,
            name=world.name,
            national_code=world.national_code,
            document=world.document,
            now=now,
            trial=laws.trial,
        )
        passwords.configure(settings.login_cost)
        hash_ = await passwords.hashed(PASSWORD)
        scope = Scope(made.authority_id, everything=True)
        async with transaction(engine, scope) as connection:
            await first_administrator(connection, made, hash_, world.document, now)
        book = await asyncio.to_thread(write_workbook, world, folder / "world.xlsx")
        await _imported(http, book.name, await asyncio.to_thread(book.read_bytes))
        async with transaction(engine, scope) as connection:
            # Handed out as an operator does at the desk: what a one-time password is, the story tells later.
            logins = [world.login(name) for name in world.posts]
            await connection.execute(_HAND_OUT, {"hash": hash_, "logins": logins})
            ids = {row.code: str(row.id) for row in await connection.execute(_AGENCIES)}
    finally:
        await engine.dispose()
    return made.authority_id, {name: ids[agency.code] for name, agency in world.agencies.items()}


async def _imported(http: httpx.AsyncClient, name: str, data: bytes) -> None:
    """A dry run, then the import, as a customer would."""
    admin = Caller(http, ADMINISTRATOR, PASSWORD, "Quản trị hệ thống", "Administrator")
    for dry_run in (True, False):
        files = {"file": (name, data, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")}
        sent = await admin.call("POST", f"/imports?dry_run={str(dry_run).lower()}", files=files)
        path = f"/imports/{sent.body['id']}"
        end = time.monotonic() + PATIENCE
        while (found := (await admin.get(path)).body)["state"] not in ("done", "failed"):
            if time.monotonic() > end:
                raise StoryError("nhập sổ chưa xong / the import has not finished in time")
            await asyncio.sleep(0.05)
        lines = (await admin.get(f"{path}/lines", verdict=["refused", "conflict"])).body["items"]
        if found["state"] != "done" or found["issues"] or lines:
            raise StoryError(f"sổ bị từ chối / the workbook was refused: {found['issues'] or lines or found}")
