"""Approving a month's list: one by one or as one list that was shown; held items; how far a round is."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.paging import After, Limit
from api.reading import approval_lists, evidence, rounds, signing_check
from api.routers.acting import RESPONSES, Act
from api.routers.cases import on_month
from api.scope import Read
from models.command_lists import LONGEST, ApproveByList, ApproveList, CutList, HoldItems, LiftHold
from models.command_shapes import Digest
from models.errors import FieldRefusal, RefusedError
from models.evidence.profile_evidence import MEDIA_TYPE

router = APIRouter(tags=["Cuối tháng"])
PRIVATE = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


class ListApproval(BaseModel):
    """How the list is approved: a signature for each file, or one for the list that was shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    how: Literal["single", "list"] = Field(
        default="single",
        description="`single`: ký từng hồ sơ; `list`: một chữ ký trên danh sách đã xem / one for all",
    )
    profiles: tuple[UUID, ...] | None = Field(default=None, min_length=1, max_length=LONGEST)
    list_id: UUID | None = Field(default=None, description="Với `list`: danh sách đã xem / the list shown")
    digest: Digest | None = Field(default=None, description="Với `list`: SHA-256 của bản kê đã xem")
    recut: bool = Field(
        default=False, description="Với `list`: lập lại nếu đã thay đổi / cut again if changed"
    )

    def body(self) -> ApproveList | ApproveByList:
        """The command it stands for.

        Raises:
            RefusedError: ``malformed-request`` where what it says does not go together.
        """
        if self.how == "single" and self.list_id is None and self.digest is None and not self.recut:
            return ApproveList(profiles=self.profiles)
        if self.how == "list" and self.profiles is None and self.list_id and self.digest:
            return ApproveByList(list_id=self.list_id, digest=self.digest, recut=self.recut)
        field = FieldRefusal(
            "how",
            "Cách phê duyệt",
            "`list` cần list_id và digest; `single` chỉ nhận profiles.",
            "`list` takes list_id and digest, `single` takes profiles only.",
        )
        raise RefusedError.of("malformed-request", fields=(field,))


@router.post(
    "/agency-months/{month_id}/approvals",
    operation_id="approveList",
    summary="Phê duyệt danh sách",
    responses=RESPONSES,
)
async def approve_list(act: Act, month_id: UUID, body: ListApproval) -> JSONResponse:
    """Phê duyệt cả danh sách hoặc những hồ sơ được chọn, ký từng hồ sơ hoặc một lần / approve all or some."""
    return await on_month(act, month_id, body.body())


@router.post(
    "/agency-months/{month_id}/approval-lists",
    operation_id="cutApprovalList",
    summary="Lập danh sách để ký một lần",
    responses=RESPONSES,
)
async def cut_list(act: Act, month_id: UUID, body: CutList) -> JSONResponse:
    """Chốt danh sách để xem rồi ký bằng một chữ ký / freeze a list, to be looked at and signed as one."""
    return await on_month(act, month_id, body)


@router.post(
    "/agency-months/{month_id}/holds",
    operation_id="holdItems",
    summary="Giữ lại hồ sơ duyệt nhầm",
    responses=RESPONSES,
)
async def hold(act: Act, month_id: UUID, body: HoldItems) -> JSONResponse:
    """Giữ lại trước khi gửi, nêu lý do / hold what was approved in error, before it is sent."""
    return await on_month(act, month_id, body)


@router.post(
    "/agency-months/{month_id}/hold-lifts",
    operation_id="liftHold",
    summary="Thôi giữ hồ sơ",
    responses=RESPONSES,
)
async def lift(act: Act, month_id: UUID, body: LiftHold) -> JSONResponse:
    """Cho gửi hồ sơ đã giữ lại / let held items go out after all."""
    return await on_month(act, month_id, body)


@router.get(
    "/approval-lists/{list_id}", operation_id="getApprovalList", summary="Danh sách phê duyệt đã chốt"
)
async def get_list(
    read: Read, list_id: UUID, limit: Limit = 50, after: After = None
) -> approval_lists.ApprovalList:
    """The frozen list with its digest: exactly what is confirmed and signed."""
    return await approval_lists.one(read, list_id, limit, after)


@router.get(
    "/agency-months/{month_id}/rounds", operation_id="listRounds", summary="Các lượt phê duyệt và tiến độ"
)
async def list_rounds(read: Read, month_id: UUID) -> list[rounds.Round]:
    """Every round over the list: how far it is, how long it still takes, what keeps it."""
    return await rounds.of_month(read, month_id)


@router.get(
    "/agency-months/{month_id}/rounds/{command_id}",
    operation_id="getRound",
    summary="Kết quả từng hồ sơ của một lượt",
)
async def get_round(
    read: Read, month_id: UUID, command_id: UUID, limit: Limit = 50, after: After = None
) -> rounds.Results:
    """What each chosen item came to, with the reason where it stays behind."""
    return await rounds.results(read, month_id, command_id, limit, after)


@router.get(
    "/agency-months/{month_id}/signing-check",
    operation_id="checkSigning",
    summary="Tôi không ký được hồ sơ nào, vì sao, ai ký được",
)
async def check_signing(request: Request, read: Read, month_id: UUID) -> signing_check.SigningCheck:
    """Before the PIN: what the asker cannot sign on this list, why, and who can."""
    elsewhere = request.app.state.settings.person_signer == "external"
    return await signing_check.of_month(read, month_id, elsewhere=elsewhere)


@router.get(
    "/profiles/{profile_id}/evidence",
    operation_id="getEvidence",
    summary="Chứng cứ phê duyệt, kiểm tra được ngoại tuyến",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}, MEDIA_TYPE: {}}}},
)
async def get_evidence(
    request: Request,
    read: Read,
    profile_id: UUID,
    revision: Annotated[int | None, Field(ge=1, le=999_999_999)] = None,
) -> Response:
    """The signed file; or, approved by a list, the list with this profile's row and proof (`hoso verify`)."""
    found = await evidence.of_profile(read, request.app.state.documents, profile_id, revision)
    name = f'attachment; filename="{found.name}"'
    return Response(found.data, media_type=found.media_type, headers={"Content-Disposition": name, **PRIVATE})
