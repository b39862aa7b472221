"""``/verify``: is this signed file what it claims to be? Judged in memory, by the installation's trust
list; nothing of it is kept.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import BaseModel, ConfigDict, Field

from api.scope import asker, bearer, clock_of, tools_of
from api.verify_rate import hashed, take
from models.errors import RefusedError
from models.evidence import TrustList, TrustListError, verify_file
from models.settings import Settings

router = APIRouter(tags=["Kiểm tra chữ ký"])

Level = Literal["B-B", "B-T", "B-LT", "B-LTA"]
AT_ONCE = 2
"""Files judged at the same time in one process: it is CPU work beside everybody else's requests."""
PATIENCE_SECONDS = 20.0
"""How long a request waits for its turn before it is asked to come again."""


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Objection(_Answer):
    """One reason not to rely on the file."""

    code: str = Field(title="Mã lỗi")
    vi: str = Field(title="Lý do")
    en: str = Field(title="Lý do (tiếng Anh)")


class CheckResult(_Answer):
    """One question asked of the file."""

    name: str = Field(title="Phép kiểm tra")
    result: Literal["passed", "failed", "unknown", "absent"] = Field(title="Kết quả")
    vi: str = Field(title="Giải thích")
    en: str = Field(title="Giải thích (tiếng Anh)")


class SignatureResult(_Answer):
    """One signature of the file."""

    field: str = Field(title="Ô chữ ký")
    valid: bool = Field(title="Hợp lệ")
    signer: str = Field(title="Người ký")
    organisation: str = Field(title="Cơ quan")
    post: str = Field(title="Chức vụ")
    serial: str = Field(title="Mã trong chứng thư")
    signed_at: datetime | None = Field(title="Thời điểm ký do người ký khai")
    proven_at: datetime | None = Field(title="Thời điểm bên thứ ba xác nhận")
    timestamp_authority: str = Field(title="Tổ chức cấp dấu thời gian")
    level: str = Field(title="Mức PAdES", description="B-B, B-T, B-LT, B-LTA; trống: không đạt")
    revocation: Literal["good", "revoked", "unknown"] = Field(title="Thu hồi")
    reason: str = Field(title="Nội dung ký")
    location: str = Field(title="Nơi ký")
    algorithm: str = Field(title="Thuật toán")
    anchor: str = Field(title="Tin cậy theo")
    covers_whole_file: bool = Field(title="Bao phủ cả tệp")
    competence: dict[str, Any] | None = Field(title="Hồ sơ thẩm quyền kèm chữ ký")


class TimestampResult(_Answer):
    """One document timestamp."""

    field: str = Field(title="Ô dấu thời gian")
    valid: bool = Field(title="Hợp lệ")
    at: datetime | None = Field(title="Thời điểm")
    authority: str = Field(title="Tổ chức cấp")


class Verification(_Answer):
    """The answer about a file."""

    valid: bool = Field(title="Hợp lệ")
    readable: bool = Field(title="Đọc được")
    kind: Literal["document", "approval-list", "profile-evidence"] = Field(title="Loại tệp")
    level: str = Field(title="Mức PAdES thấp nhất")
    document_code: str | None = Field(title="Mã tài liệu")
    content_digest: str | None = Field(title="SHA-256 của nội dung")
    checks: list[CheckResult] = Field(title="Các phép kiểm tra")
    problems: list[Objection] = Field(title="Lý do không hợp lệ")
    signatures: list[SignatureResult] = Field(title="Chữ ký")
    timestamps: list[TimestampResult] = Field(title="Dấu thời gian của tài liệu")
    row: dict[str, Any] | None = Field(title="Dòng trong danh sách phê duyệt")


async def checker(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> UUID | str:
    """Who asks, for the rate: an account, or an address where the installation lets everybody check.

    Raises:
        RefusedError: ``not-authenticated``.
    """
    if credentials is None and request.app.state.settings.verify_public:
        return request.client.host if request.client else ""
    return (await asker(request, credentials)).account_id


@router.post(
    "/verify",
    operation_id="verifyFile",
    summary="Kiểm tra tệp đã ký / check a signed file",
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "Tệp PDF đã ký hoặc tệp chứng cứ / a signed PDF, or a profile's evidence",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def verify_file_route(
    request: Request,
    who: Annotated[UUID | str, Depends(checker)],
    level: Annotated[Level | None, Query(title="Mức PAdES tối thiểu")] = None,
) -> Verification:
    """Signatures, certificates, timestamps, revocation, later changes, content, approval list: each with
    its reason. The file is read into memory, judged, and forgotten."""
    settings: Settings = request.app.state.settings
    tools = tools_of(request)
    await take(tools.engine, hashed(tools.ring, who), settings.verify_per_minute)
    data = await _body(request, settings.verify_bytes)
    trust = await asyncio.to_thread(_trust, settings)
    now = await clock_of(request).now()
    async with _turn(request):
        verdict = await asyncio.to_thread(verify_file, data, trust, at=now, minimum=level)
    return Verification.model_validate(verdict)


async def _body(request: Request, largest: int) -> bytes:
    """The whole body; refused as soon as it is known to be too large."""
    too_large = RefusedError.of("request-too-large", extra={"largest": largest})
    if int(request.headers.get("content-length") or 0) > largest:
        raise too_large
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > largest:
            raise too_large
    return bytes(read)


@asynccontextmanager
async def _turn(request: Request) -> AsyncIterator[None]:
    """One of the few places at which files are judged."""
    state = request.app.state
    if not hasattr(state, "verify_turns"):
        state.verify_turns = asyncio.Semaphore(AT_ONCE)
    try:
        await asyncio.wait_for(state.verify_turns.acquire(), PATIENCE_SECONDS)
    except TimeoutError:
        raise RefusedError.of("rate-limited") from None
    try:
        yield
    finally:
        state.verify_turns.release()


def _trust(settings: Settings) -> TrustList:
    """The authorities of this installation, read anew: the file may be replaced while it runs.

    Raises:
        RefusedError: ``trust-list-unreadable``.
    """
    path: Path = settings.trust_list or settings.pki / "trust.json"
    try:
        return TrustList.load(path)
    except (OSError, TrustListError):
        raise RefusedError.of("trust-list-unreadable") from None
