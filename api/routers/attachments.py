"""Files that prove what is declared: uploaded, handed out, shown page by page, their signatures judged."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field

from api.intake import sandbox
from api.intake.refusing import FileRefusedError
from api.intake.upload import Intake, Told, refusal
from api.reading import attachments
from api.routers.read_forms import PRIVATE, Sha256
from api.routers.verifying import Objection, SignatureResult
from api.scope import ActiveWho, Purpose, Read, reading_of, tools_of
from models.database import transaction

router = APIRouter(prefix="/profiles/{profile_id}", tags=["Tài liệu chứng minh"])


class UploadedSignature(SignatureResult):
    """One signature inside an uploaded file; ``unknown``: whole, but by an authority nobody listed."""

    state: Literal["valid", "invalid", "unknown"] = Field(title="Kết quả")
    remarks: list[Objection] = Field(title="Nhận xét")


class UploadedSignatures(BaseModel):
    """The signatures inside an uploaded file, judged at an instant."""

    judged_at: datetime = Field(title="Kiểm tra lúc")
    signatures: list[UploadedSignature] = Field(title="Chữ ký")


def intake(request: Request, who: ActiveWho) -> Intake:
    """What takes files for this request."""
    state = request.app.state
    return Intake(who, tools_of(request), state.documents, state.settings.attachment_bytes)


Taking = Annotated[Intake, Depends(intake)]


@router.post(
    "/attachments", status_code=201, operation_id="uploadAttachment", summary="Tải tài liệu chứng minh lên"
)
async def upload_attachment(
    taking: Taking,
    profile_id: UUID,
    file: Annotated[UploadFile, File(description="PDF, JPEG hoặc PNG")],
    kind: Annotated[attachments.Kind, Form(title="Loại tài liệu")] = "other",
    certified_by: Annotated[str | None, Form(title="Cơ quan xác nhận bản giấy", max_length=300)] = None,
    certified_on: Annotated[date | None, Form(title="Ngày xác nhận")] = None,
) -> attachments.Attachment:
    """PDF, JPEG or PNG by their bytes; kept under their SHA-256, which a draft then names as evidence.

    Pictures are turned upright and lose place and device; the answer says so. The file's name is not kept.
    """
    await taking.permitted(profile_id)
    data = await file.read(taking.largest + 1)
    return await taking.keep(
        profile_id, data, Told(file.content_type or "", kind, certified_by, certified_on)
    )


@router.get("/attachments", operation_id="listAttachments", summary="Tài liệu chứng minh / attachments")
async def list_attachments(read: Read, profile_id: UUID) -> list[attachments.Attachment]:
    """The files that lie with the profile."""
    return await attachments.listed(read, profile_id)


@router.get(
    "/attachments/{sha256}",
    operation_id="getAttachment",
    summary="Một tài liệu chứng minh",
    response_class=Response,
)
async def get_attachment(request: Request, read: Read, profile_id: UUID, sha256: Sha256) -> Response:
    """The file's bytes."""
    data, media_type = await attachments.one(read, request.app.state.documents, profile_id, sha256)
    # A file somebody uploaded is never shown in this origin, whatever it claims to be.
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff", **PRIVATE}
    return Response(data, media_type=media_type, headers=headers)


@router.get(
    "/attachments/{sha256}/preview",
    operation_id="previewAttachment",
    summary="Xem một trang của tài liệu",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "PNG"}},
)
async def preview_attachment(
    request: Request,
    who: ActiveWho,
    profile_id: UUID,
    sha256: Sha256,
    purpose: Purpose = None,
    page: Annotated[int, Query(ge=1, le=100_000, title="Trang")] = 1,
) -> Response:
    """One page as a PNG, drawn here: the file itself is not shown in this origin."""
    data, media_type = await _kept(request, who, profile_id, sha256, purpose)
    try:
        _, drawn = await sandbox.ask("page", media_type, str(page), data=data)
    except FileRefusedError as error:
        raise refusal(error) from None
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
        **PRIVATE,
    }
    return Response(drawn, media_type="image/png", headers=headers)


@router.get(
    "/attachments/{sha256}/signatures",
    operation_id="attachmentSignatures",
    summary="Chữ ký trong tài liệu / signatures inside the file",
)
async def attachment_signatures(
    request: Request, who: ActiveWho, profile_id: UUID, sha256: Sha256, purpose: Purpose = None
) -> UploadedSignatures:
    """Who signed the uploaded file, when, and whether it holds, by the installation's trust list of now."""
    data, media_type = await _kept(request, who, profile_id, sha256, purpose)
    if media_type != "application/pdf":
        return UploadedSignatures(judged_at=who.now, signatures=[])
    settings = request.app.state.settings
    trust: Path = settings.trust_list or settings.pki / "trust.json"
    try:
        told, _ = await sandbox.ask("signatures", str(trust), who.now.isoformat(), data=data)
    except FileRefusedError as error:
        raise refusal(error) from None
    return UploadedSignatures.model_validate({"judged_at": who.now, **told})


async def _kept(
    request: Request, who: ActiveWho, profile_id: UUID, sha256: str, purpose: str | None
) -> tuple[bytes, str]:
    """The file, read in a transaction that ends before anybody looks at it."""
    tools = tools_of(request)
    async with transaction(tools.engine, who.scope) as connection:
        read = reading_of(request, who, connection, purpose)
        return await attachments.one(read, request.app.state.documents, profile_id, sha256)
