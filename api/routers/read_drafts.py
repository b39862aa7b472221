"""Light writes of the form: the draft, and the files that prove it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Header, Request, Response, UploadFile

from api.reading import attachments, drafts
from api.routers.read_forms import PRIVATE, Sha256
from api.scope import Read

router = APIRouter(prefix="/profiles/{profile_id}", tags=["Bản khai"])


@router.put("/draft", operation_id="saveDraft", summary="Ghi bản khai nháp / save the draft")
async def save_draft(
    read: Read,
    response: Response,
    profile_id: UUID,
    body: drafts.DraftBody,
    if_match: Annotated[str | None, Header(description="ETag của bản nháp; chưa có thì của hồ sơ")] = None,
) -> drafts.Draft:
    """Save one's own part of the form as a whole. What is missing may wait; what is wrong is refused."""
    saved, tag = await drafts.save(read, profile_id, body, if_match)
    response.headers.update({"ETag": tag, **PRIVATE})
    return saved


@router.post(
    "/attachments", status_code=201, operation_id="uploadAttachment", summary="Tải tài liệu chứng minh lên"
)
async def upload_attachment(
    request: Request,
    read: Read,
    profile_id: UUID,
    file: Annotated[UploadFile, File(description="PDF, JPEG hoặc PNG")],
    kind: Annotated[attachments.Kind, Form(title="Loại tài liệu")] = "other",
) -> attachments.Attachment:
    """PDF, JPEG or PNG by their bytes; kept under their SHA-256, which a draft then names as evidence."""
    state = request.app.state
    return await attachments.upload(
        read, state.documents, profile_id, file, kind, state.settings.attachment_bytes
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
