"""Maintenance that was announced and outside parties that are paused: for everybody; the past for some."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading.backups import administers
from api.scope import Reading
from models.record import service as record

_PAUSES = text("SELECT * FROM party_pauses ORDER BY since DESC, id LIMIT 100")


class Paused(BaseModel):
    """Nothing goes to this party for now."""

    party: str = Field(title="Bên ngoài", description="mail, national, timestamps, signers")
    since: datetime = Field(title="Từ lúc")
    until: datetime | None = Field(title="Đến lúc", description="Không có: đến khi tiếp tục / until resumed")


class Maintenance(BaseModel):
    """A time in which nothing is changed."""

    id: UUID = Field(title="Lần bảo trì")
    starts_at: datetime = Field(title="Từ lúc")
    ends_at: datetime = Field(title="Đến lúc")
    document: str = Field(title="Thông báo, lý do")
    citation: str | None = Field(title="Căn cứ")
    now: bool = Field(title="Đang diễn ra")


class Service(BaseModel):
    """What everybody may know of how the installation is."""

    maintenance: list[Maintenance] = Field(
        title="Bảo trì", description="Đang và sắp diễn ra / on and to come"
    )
    paused: list[Paused] = Field(title="Bên ngoài đang tạm dừng")


class PauseLine(Paused):
    """One pause, with who and why."""

    id: UUID = Field(title="Lần tạm dừng")
    reason: str = Field(title="Lý do")
    paused_by: UUID = Field(title="Người tạm dừng")
    resumed_at: datetime | None = Field(title="Tiếp tục lúc")
    resumed_by: UUID | None = Field(
        title="Người cho tiếp tục", description="Không có: tự tiếp tục / by itself"
    )
    resumed_why: str | None = Field(title="Lý do tiếp tục")


class PauseList(BaseModel):
    """The newest hundred."""

    items: list[PauseLine] = Field(title="Các lần tạm dừng")


async def now(read: Reading) -> Service:
    """What goes on and is to come."""
    pauses = await record.paused(read.connection, read.now)
    windows = await record.windows(read.connection, read.now)
    return Service(
        maintenance=[
            Maintenance(
                id=one.id,
                starts_at=one.starts_at,
                ends_at=one.ends_at,
                document=one.document,
                citation=one.citation,
                now=one.holds(read.now),
            )
            for one in windows
        ],
        paused=[Paused(party=one.party, since=one.since, until=one.until) for one in pauses.values()],
    )


async def pauses(read: Reading) -> PauseList:
    """Newest first, for those who administer.

    Raises:
        RefusedError: ``not-permitted``.
    """
    law, _ = await read.own_law()
    administers(read, law)
    rows = (await read.connection.execute(_PAUSES)).all()
    return PauseList(items=[PauseLine.model_validate(dict(row._mapping)) for row in rows])
