"""``/readiness``, ``/dead-ends``: what is missing before the window, and what nobody can sign."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from api.paging import After, Limit
from api.reading import dead_ends, readiness
from api.scope import Read
from models.lifecycle.readiness import Measure

router = APIRouter(tags=["Rà soát dữ liệu"])


@router.get(
    "/readiness", operation_id="getReadiness", summary="Sẵn sàng cho kỳ cuối tháng / ready for the window"
)
async def get_readiness(
    read: Read,
    month: Annotated[
        readiness.Month | None, Query(title="Tháng", description="Mặc định: tháng này / this month")
    ] = None,
    level: Annotated[
        readiness.Level, Query(title="Cấp", description="Từng đơn vị, hay gộp theo cơ quan cấp một")
    ] = "unit",
    limit: Limit = 50,
    after: After = None,
) -> readiness.Board:
    """Units in scope, the least ready first; each number opens a list (``/readiness/{agency_id}``)."""
    wanted = month or f"{read.today:%Y-%m}"
    return await readiness.board(read, month=wanted, level=level, limit=limit, after=after)


@router.get(
    "/readiness/{agency_id}",
    operation_id="listUnready",
    summary="Hồ sơ chưa đạt / who does not meet a measure",
)
async def list_unready(
    read: Read,
    agency_id: UUID,
    measure: Annotated[Measure, Query(title="Chỉ tiêu")] = Measure.READY,
    below: Annotated[bool, Query(title="Kể cả đơn vị trực thuộc")] = False,
    limit: Limit = 50,
    after: After = None,
) -> readiness.UnreadyProfiles:
    """What exactly each profile lacks, by which item of the form, who mends it, what is owed until when."""
    return await readiness.unready(read, agency_id, measure=measure, below=below, limit=limit, after=after)


@router.get(
    "/dead-ends", operation_id="listDeadEnds", summary="Chữ ký không ai ký được / what nobody can sign"
)
async def list_dead_ends(
    request: Request, read: Read, limit: Limit = 50, after: After = None
) -> dead_ends.DeadEnds:
    """Found at this instant: why nobody can, and who could be given the post or a usable account."""
    external = request.app.state.settings.person_signer == "external"
    return await dead_ends.listed(read, certificates=external, limit=limit, after=after)
