"""What the newest comparison with the national database found of each agency's people."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.reading.reconciliations import within
from api.scope import Reading


class ComparedAgency(BaseModel):
    """One agency that does its people's months, with those of its units without an account."""

    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    different: int = Field(title="Số hồ sơ khác")
    resent: int = Field(title="Số hồ sơ gửi lại")
    proposed: int = Field(title="Số hồ sơ có đề nghị điều chỉnh")
    under_way: int = Field(title="Số hồ sơ đang được giải quyết từ trước")
    by_hand: int = Field(title="Số hồ sơ cần người xem xét")
    href: str = Field(title="Danh sách hồ sơ khác", description="Đường dẫn / path")


class ComparedAgencies(Page):
    """The most differences first; an agency that does not stand here has none."""

    reconciliation_id: UUID | None = Field(title="Lượt đối soát", description="Trống: chưa đối soát lần nào")
    state: str | None = Field(title="Trạng thái", description="`theirs`, `ours`; `done`: xong")
    ordered_at: datetime | None = Field(title="Yêu cầu lúc")
    ended_at: datetime | None = Field(title="Xong lúc")
    items: list[ComparedAgency] = Field(title="Cơ quan, đơn vị")


_RUN = text(
    "SELECT id, state, ordered_at, ended_at FROM reconciliations"
    " WHERE CAST(:id AS uuid) IS NULL OR id = CAST(:id AS uuid) ORDER BY ordered_at DESC, id DESC LIMIT 1"
)
_AGENCIES = (
    "SELECT k.holder AS agency_id, a.name AS agency, count(*) AS different,"
    " count(*) FILTER (WHERE k.repair = 'resend' AND k.repaired) AS resent,"
    " count(*) FILTER (WHERE k.repair = 'proposal' AND k.repaired) AS proposed,"
    " count(*) FILTER (WHERE k.repair = 'under_way') AS under_way,"
    " count(*) FILTER (WHERE k.repair = 'by_hand') AS by_hand"
    " FROM (SELECT d.repair, d.repaired, coalesce(hoso_sync_agent(p.agency_id), p.agency_id) AS holder"
    "   FROM national_differences d JOIN profiles p ON p.id = d.profile_id"
    "   WHERE d.reconciliation_id = :run AND {where}) k JOIN agencies a ON a.id = k.holder"
    " GROUP BY k.holder, a.name HAVING CAST(:last AS uuid) IS NULL"
    "   OR (count(*), k.holder) < (CAST(:different AS numeric), CAST(:last AS uuid))"
    " ORDER BY different DESC, k.holder DESC LIMIT :limit"
)


async def listed(read: Reading, run_id: UUID | None, limit: int, after: str | None) -> ComparedAgencies:
    """The agencies within reach of which something was found; of the newest comparison unless one is named.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``, ``malformed-request``.
    """
    reach = await permits.within(read, "read_reports")
    different, last = key_of(after, int, UUID) or (None, None)
    run = (await read.connection.execute(_RUN, {"id": run_id})).one_or_none()
    if run is None and run_id is not None:
        raise permits.missing()
    if run is None:
        return ComparedAgencies(
            reconciliation_id=None, state=None, ordered_at=None, ended_at=None, items=[], next=None
        )
    values: dict[str, Any] = {"run": run.id, "limit": limit + 1, "different": different, "last": last}
    query = text(_AGENCIES.format(where=" AND ".join(within(reach, values))))
    rows, more = page((await read.connection.execute(query, values)).all(), limit)
    return ComparedAgencies(
        reconciliation_id=run.id,
        state=run.state,
        ordered_at=run.ordered_at,
        ended_at=run.ended_at,
        items=[ComparedAgency(**row._mapping, href=_path(run.id, row.agency_id)) for row in rows],
        next=cursor(rows[-1].different, rows[-1].agency_id) if more else None,
    )


def _path(run_id: UUID, agency_id: UUID) -> str:
    return f"/api/v1/national/reconciliations/{run_id}/differences?agency={agency_id}"
