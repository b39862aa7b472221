"""Acts nobody can do, today or at the end of this month's window; why, and what would end it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.scope import Reading
from models.access import Reach, roles
from models.database import Scope, transaction
from models.lifecycle import dead_ends as judging
from models.record.dead_ends import find_dead_ends


class Hindered(BaseModel):
    """One of those who might sign, and what is in the way."""

    account_id: UUID = Field(title="Tài khoản")
    name: str = Field(title="Tên hiển thị")
    role: str = Field(title="Vai trò")
    code: str = Field(
        title="Vì sao không ký được",
        description="left, not-yet, suspended, default-password, no-certificate, certificate-ends,"
        " own-approval, own-file, delegation-ended, not-permitted",
    )


class Proposed(BaseModel):
    """What would end it; judged by the same question as the signature."""

    remedy: str = Field(
        title="Cách giải quyết",
        description="`restore`: mở lại tài khoản, cấp chứng thư; `give_post`: giao vị trí cho người này",
    )
    account_id: UUID = Field(title="Tài khoản")
    name: str = Field(title="Tên hiển thị")
    role: str = Field(title="Vai trò")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    because: str | None = Field(title="Đang vướng")
    given_by: list[str] = Field(title="Vai trò được cấp", description="Ai cấp được vị trí này")


class DeadEnd(BaseModel):
    """One signature that nobody can give."""

    kind: str = Field(
        title="Loại",
        description="approval: phê duyệt hồ sơ; report: báo cáo rà soát; gate: cơ quan quản lý phê duyệt dữ"
        " liệu đồng bộ; transfer: bước tiếp theo của việc chuyển hồ sơ; delegation: thống nhất việc uỷ quyền",
    )
    subject_id: UUID = Field(
        title="Hồ sơ, báo cáo, danh sách, việc chuyển hoặc uỷ quyền",
        description="Với gate: danh sách chờ lâu nhất / the list that has waited longest",
    )
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    citation: str = Field(title="Căn cứ", description="Trống: quy ước của hệ thống / policy where empty")
    on: date = Field(title="Không ai ký được từ", description="Hôm nay, hoặc ngày cuối kỳ cuối tháng")
    why: list[Hindered] = Field(title="Vì sao", description="Trống: chưa ai giữ vị trí")
    proposals: list[Proposed] = Field(title="Đề xuất")


class DeadEnds(Page):
    """A page of signatures that nobody can give, today's first."""

    as_of: datetime = Field(title="Tính đến")
    total: int = Field(title="Tổng số")
    items: list[DeadEnd] = Field(title="Chữ ký không ai ký được")


_BELOW = text(
    "SELECT descendant_id FROM agency_closure WHERE ancestor_id = ANY (CAST(:subtrees AS uuid[]))"
    " AND valid_to IS NULL"
)
_NAMES = text("SELECT id, display_name FROM accounts WHERE id = ANY (CAST(:ids AS uuid[]))")
_AGENCIES = text("SELECT id, name FROM agencies WHERE id = ANY (CAST(:ids AS uuid[]))")


async def listed(read: Reading, *, certificates: bool, limit: int, after: str | None) -> DeadEnds:
    """Found now, of the agencies in the asker's reach.

    Who signs for a unit may sit above it, out of the asker's scope: the question is asked of the whole
    authority, the answer holds the asker's units only, of others no more than name and role.

    Raises:
        RefusedError: ``not-permitted``.
    """
    reach = await permits.within(read, "read_reports")
    key = key_of(after, date.fromisoformat, UUID, UUID)
    scope = Scope(read.who.authority_id, everything=True)
    async with transaction(read.tools.engine, scope) as connection:
        found = await find_dead_ends(
            connection,
            read.tools,
            read.who.authority_id,
            read.now,
            certificates=certificates,
            agencies=await _agencies(connection, reach),
        )
        keyed = sorted(((one.on, one.step.custodian_id, one.step.subject_id), one) for one in found)
        left = [(at, one) for at, one in keyed if key is None or at > key]
        rows, more = page(left[: limit + 1], limit)
        words = await _words(connection, [one for _, one in rows])
    return DeadEnds(
        as_of=read.now,
        total=len(found),
        items=[_told(one, words) for _, one in rows],
        next=cursor(*rows[-1][0]) if more else None,
    )


async def _agencies(connection: AsyncConnection, reach: Reach) -> list[UUID] | None:
    if reach.everywhere:
        return None
    below = (await connection.execute(_BELOW, {"subtrees": list(reach.subtrees)})).scalars()
    return [*below, *reach.agencies]


async def _words(connection: AsyncConnection, found: list[judging.DeadEnd]) -> dict[UUID, str]:
    accounts = {why.account_id for end in found for why in end.why}
    accounts |= {who.account_id for end in found for who in end.proposals}
    names = await connection.execute(_NAMES, {"ids": list(accounts)})
    agencies = await connection.execute(_AGENCIES, {"ids": list({end.step.custodian_id for end in found})})
    return {row[0]: row[1] for rows in (names, agencies) for row in rows}


def _told(one: judging.DeadEnd, words: dict[UUID, str]) -> DeadEnd:
    step = one.step
    return DeadEnd(
        kind=step.kind,
        subject_id=step.subject_id,
        agency_id=step.custodian_id,
        agency=words[step.custodian_id],
        citation=step.citation,
        on=one.on,
        why=[Hindered(name=words[who.account_id], **_values(who)) for who in one.why],
        proposals=[
            Proposed(name=words[who.account_id], given_by=_givers(who), **_values(who))
            for who in one.proposals
        ],
    )


def _values(who: judging.Why | judging.Proposal) -> dict[str, Any]:
    return {name: getattr(who, name) for name in who.__dataclass_fields__}


def _givers(who: judging.Proposal) -> list[str]:
    if who.remedy != "give_post":
        return []
    return [name for name, role in roles().roles.items() if who.role in role.gives]
