"""Everything that stands still in one authority, put together, the worst and oldest first."""

import asyncio
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from api.engine_away import ENGINE_AWAY
from api.starting import start_of
from api.stuck.certificates import ending, held
from api.stuck.engine import MOST, of_engine
from api.stuck.escrowed import escrowed, proven
from api.stuck.kinds import KINDS, REMEDIES, Found, Level
from api.stuck.machine import of_machine
from api.stuck.rows import at_work, of_rows
from models.calendar import legal_date
from models.database import Scope, transaction
from models.errors import IdentifierError
from models.key_ring import KeyRing
from models.regulations.policy import load_policy
from models.settings import Settings

PATIENCE = 10.0
"""Seconds the engine is given."""


class Call(BaseModel):
    """What the API is asked."""

    method: str = Field(title="Phương thức")
    path: str = Field(title="Đường dẫn", description="Dưới /api/v1")
    body: dict[str, str] = Field(
        title="Nội dung", description="Trống ở đâu thì người gọi điền / fill what is empty"
    )


class Cure(BaseModel):
    """What helps."""

    verb: str = Field(title="Việc")
    words: str = Field(title="Nói bằng lời")
    words_en: str
    command: str = Field(title="Lệnh", description="Gõ ở máy chủ; trống: chỉ qua API / where the server is")
    call: Call | None = Field(title="Gọi API")


class Stuck(BaseModel):
    """One thing that stands still."""

    kind: str = Field(title="Loại")
    level: Level = Field(title="Mức")
    words: str = Field(title="Nói bằng lời")
    words_en: str
    since: datetime = Field(
        title="Từ lúc", description="Với việc sắp hết hạn: lúc hết hạn / for what ends: when"
    )
    age_seconds: int = Field(
        title="Đã bao lâu, giây", description="Âm: còn bao lâu / negative: still to come"
    )
    subject: str = Field(title="Cái gì")
    code: str = Field(title="Mã, lý do")
    count: int = Field(title="Số lượng, số lần")
    workflow_id: str = Field(title="Quy trình")
    remedy: Cure = Field(title="Cách xử lý")


class StuckList(BaseModel):
    """All of it, the worst first, then the oldest."""

    items: list[Stuck] = Field(title="Đang tắc")
    failed: int = Field(title="Số việc hỏng")
    warnings: int = Field(title="Số cảnh báo")


async def gather(
    database: AsyncEngine,
    client: Client | None,
    settings: Settings,
    ring: KeyRing,
    authority_id: UUID,
    now: datetime,
) -> StuckList:
    """Ask everybody. An engine that does not answer is a finding itself; PostgreSQL must be there."""
    async with transaction(database, Scope(authority_id, everything=True)) as connection:
        found = await of_rows(connection, authority_id, now, legal_date(now))
        ids = await at_work(connection, authority_id, MOST)
        certificates = await held(connection)
        tried = await proven(connection, authority_id)
    own = set(ids)
    try:
        if client is None:
            raise RuntimeError("not connected")
        async with asyncio.timeout(PATIENCE):
            seen = await of_engine(client, settings.task_queue, ids, now)
    except (TimeoutError, OSError, *ENGINE_AWAY):
        seen = [Found("engine-away", now, settings.temporal_address)]
    found += [one for one in seen if await _ours(database, authority_id, one.workflow_id, own)]
    found += await asyncio.to_thread(lambda: list(of_machine(settings, ring, now)))
    found += escrowed(tried, ring, load_policy().escrow, now)
    found += await asyncio.to_thread(ending, *certificates, now)
    items = sorted((_told(one, now) for one in found), key=lambda one: (one.level != "failed", one.since))
    failed = sum(one.level == "failed" for one in items)
    return StuckList(items=items, failed=failed, warnings=len(items) - failed)


async def _ours(database: AsyncEngine, authority_id: UUID, workflow_id: str, own: set[str]) -> bool:
    """The engine serves all authorities: another's workflow is another administrator's."""
    if not workflow_id or workflow_id in own:
        return True
    try:
        return await start_of(database, authority_id, workflow_id) is not None
    except IdentifierError:
        return False


def _told(found: Found, now: datetime) -> Stuck:
    kind = KINDS[found.kind]
    return Stuck(
        kind=found.kind,
        level=kind.level,
        words=kind.vi,
        words_en=kind.en,
        since=found.since,
        age_seconds=int((now - found.since).total_seconds()),
        subject=found.subject,
        code=found.code,
        count=found.count,
        workflow_id=found.workflow_id,
        remedy=_cure(kind.verb, found),
    )


def _cure(verb: str, found: Found) -> Cure:
    remedy = REMEDIES[verb]
    known = {
        "workflow_id": found.workflow_id,
        "command_id": found.subject,
        "line": found.subject,
        "party": found.subject,
        "maintenance_id": found.subject,
        "agency_id": found.agency_id,
        "role": found.code,
    }
    call = None
    if remedy.path:
        body = {name: known.get(name, "") for name in remedy.body.split(",") if name}
        call = Call(
            method=remedy.method or "GET", path=remedy.path.replace("{subject}", found.subject), body=body
        )
    command = remedy.command.replace("{code}", found.code)
    command = command.replace("{workflow_id}", found.workflow_id).replace("{subject}", found.subject)
    return Cure(verb=verb, words=remedy.vi, words_en=remedy.en, command=command, call=call)
