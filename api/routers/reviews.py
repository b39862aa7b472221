"""``/reviews``, ``/review-reports``, ``/compliance``: data reviews, their reports, and who is behind."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from sqlalchemy import text

from api.paging import After, Limit
from api.reading import compliance, reviews
from api.routers.acting import RESPONSES, Act, Acting
from api.scope import Read
from models.commands import Body, SignReport
from models.database import transaction
from models.errors import RefusedError
from models.identifiers import review_workflow
from models.lifecycle.quality import Criterion
from models.regulations import Slot

router = APIRouter(tags=["Rà soát dữ liệu"])

_PERIOD = text("SELECT w.period FROM review_reports t JOIN reviews w ON w.id = t.review_id WHERE t.id = :id")


@router.get("/reviews", operation_id="listReviews", summary="Kỳ rà soát dữ liệu / data reviews")
async def list_reviews(read: Read, limit: Limit = 50, after: After = None) -> reviews.Reviews:
    """Was it done? Answered from the record, whatever the engine does."""
    return await reviews.reviews(read, limit, after)


@router.get("/reviews/{review_id}", operation_id="getReview", summary="Một kỳ rà soát / one review")
async def get_review(read: Read, review_id: UUID) -> reviews.ReviewDetail:
    """With what each criterion means and what it stands on."""
    return await reviews.review(read, review_id)


@router.get("/reviews/{review_id}/reports", operation_id="listReviewReports", summary="Tiến độ từng cơ quan")
async def list_reports(
    read: Read, review_id: UUID, limit: Limit = 50, after: After = None
) -> reviews.Reports:
    """Where the agencies in scope stand."""
    return await reviews.reports(read, review_id, limit, after)


@router.get("/review-reports/{report_id}", operation_id="getReviewReport", summary="Một báo cáo rà soát")
async def get_report(read: Read, report_id: UUID) -> reviews.ReportDetail:
    """With its units and the call that signs and sends it."""
    return await reviews.report(read, report_id)


@router.get(
    "/review-reports/{report_id}/findings",
    operation_id="listReviewFindings",
    summary="Hồ sơ chưa đạt tiêu chí / failing profiles",
)
async def list_findings(
    read: Read,
    report_id: UUID,
    criterion: Annotated[Criterion | None, Query(title="Tiêu chí")] = None,
    limit: Limit = 50,
    after: After = None,
) -> reviews.Findings:
    """Which profile fails which criterion, and where; never a value."""
    return await reviews.findings(read, report_id, criterion, limit, after)


@router.post(
    "/review-reports/{report_id}/signature",
    operation_id="signReviewReport",
    summary="Ký số và gửi báo cáo rà soát",
    responses=RESPONSES,
)
async def sign_report(act: Act, report_id: UUID) -> JSONResponse:
    """Đo lại, lập báo cáo, ký số và gửi / measured once more, signed and sent."""
    return await on_report(act, report_id, SignReport())


async def on_report(
    act: Acting, report_id: UUID, body: Body, *, sent: Body | None = None, **once: str
) -> JSONResponse:
    """Ask the workflow of a report's review; ``not-found`` where there is no such report."""
    async with transaction(act.request.app.state.tools.engine, act.who.scope) as connection:
        period = await connection.scalar(_PERIOD, {"id": report_id})
    if period is None:
        raise RefusedError.of("not-found", "Không tìm thấy báo cáo này.", "There is no such report.")
    workflow_id = review_workflow(act.who.authority_id, period)
    return await act.on_review(workflow_id, report_id, body, sent=sent, **once)


@router.get("/compliance", operation_id="listAgenciesBehind", summary="Cơ quan, đơn vị chậm cập nhật")
async def list_behind(
    read: Read,
    level: Annotated[
        compliance.Level, Query(title="Cấp", description="Từng đơn vị, hay gộp theo cơ quan cấp một")
    ] = "unit",
    rule: Annotated[str | None, Query(max_length=80, title="Mã quy định")] = None,
    slot: Annotated[Slot | None, Query(title="Loại nghĩa vụ")] = None,
    limit: Limit = 50,
    after: After = None,
) -> compliance.AgenciesBehind:
    """Agencies with overdue duties, the furthest behind first, by rule."""
    return await compliance.behind(read, level=level, rule=rule, slot=slot, limit=limit, after=after)


@router.get(
    "/agencies/{agency_id}/compliance",
    operation_id="getAgencyCompliance",
    summary="Cơ quan đã cập nhật đúng hạn chưa / is an agency up to date",
)
async def get_compliance(read: Read, agency_id: UUID) -> compliance.Compliance:
    """For other systems. It decides nothing: where the law attaches a consequence, people decide it."""
    return await compliance.compliance(read, agency_id)
