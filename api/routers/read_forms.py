"""``/profiles/{id}/form`` and what belongs to it: revisions, changes, signed documents."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from api.reading import attachments, exports, forms, national, slips
from api.scope import Read

router = APIRouter(tags=["Bản khai"])

Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", title="SHA-256 của tệp")]
PRIVATE = {"Cache-Control": "private, no-store"}


@router.get("/profiles/{profile_id}/form", operation_id="getForm", summary="Nội dung hồ sơ / the form")
async def get_form(
    read: Read,
    response: Response,
    profile_id: UUID,
    as_of: Annotated[date | None, Query(title="Như đã duyệt đến hết ngày")] = None,
    revision: Annotated[int | None, Query(ge=1, le=999_999_999, title="Phiên bản")] = None,
    draft: Annotated[bool, Query(title="Bản nháp")] = False,
) -> forms.Form:
    """The approved form; or as approved by the end of a day; or one revision; or the draft. With its ETag."""
    found, tag = await forms.form(read, profile_id, as_of=as_of, revision=revision, draft=draft)
    response.headers.update({"ETag": tag, **PRIVATE})
    return found


@router.get(
    "/profiles/{profile_id}/revisions", operation_id="listRevisions", summary="Các phiên bản / revisions"
)
async def list_revisions(read: Read, profile_id: UUID) -> list[forms.RevisionLine]:
    """All revisions without their content, the oldest first."""
    return await forms.revisions(read, profile_id)


@router.get(
    "/profiles/{profile_id}/national-record",
    operation_id="getNationalRecord",
    summary="Hồ sơ đã tiếp nhận từ Cơ sở dữ liệu quốc gia",
)
async def get_national_record(read: Read, response: Response, profile_id: UUID) -> national.NationalRecord:
    """What was taken over and when: fields filled in advance, and those that stayed as entered."""
    response.headers.update(PRIVATE)
    return await national.record(read, profile_id)


@router.get(
    "/profiles/{profile_id}/changes", operation_id="compareRevisions", summary="Thay đổi giữa hai phiên bản"
)
async def compare_revisions(
    read: Read,
    profile_id: UUID,
    first: Annotated[int | None, Query(alias="from", ge=1, le=999_999_999, title="Từ phiên bản")] = None,
    second: Annotated[int | None, Query(alias="to", ge=1, le=999_999_999, title="Đến phiên bản")] = None,
) -> forms.Changes:
    """Field by field; by default the newest revision against the one it is based on."""
    return await forms.changes(read, profile_id, first, second)


@router.get(
    "/profiles/{profile_id}/documents", operation_id="listDocuments", summary="Phê duyệt và tệp đã ký"
)
async def list_documents(read: Read, profile_id: UUID) -> list[forms.Signed]:
    """Every approval with what it signed, by whom and under which rules."""
    return await forms.signed(read, profile_id)


@router.get(
    "/profiles/{profile_id}/exports", operation_id="listExports", summary="Nhật ký xuất hồ sơ / exports made"
)
async def list_exports(read: Read, profile_id: UUID) -> list[exports.Export]:
    """Everything of this dossier that was taken out: for whom, for what, by whom; the failed ones too."""
    return await exports.of_profile(read, profile_id)


@router.get(
    "/profiles/{profile_id}/slips", operation_id="listSlips", summary="Phiếu kèm hồ sơ / slips of a dossier"
)
async def list_slips(read: Read, profile_id: UUID) -> list[slips.SlipLine]:
    """Phiếu chuyển, phiếu thôi quản lý hồ sơ, với tệp đã ký / of transfers and of leaving."""
    return await slips.of_profile(read, profile_id)


@router.get(
    "/documents/{sha256}",
    operation_id="getDocument",
    summary="Tệp đã ký / a signed file",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def get_document(
    request: Request,
    read: Read,
    sha256: Sha256,
    newest: Annotated[bool, Query(title="Bản có dấu thời gian lưu trữ mới nhất")] = False,
) -> Response:
    """The bytes, if an approval the asker may see carries them; ``newest``: with the latest renewal."""
    await forms.may_read_document(read, sha256)
    if newest:
        sha256 = await forms.renewed(read, sha256)
    data = await attachments.bytes_of(request.app.state.documents, read.who.authority_id, sha256)
    name = f'attachment; filename="{sha256[:16]}.pdf"'
    return Response(data, media_type="application/pdf", headers={"Content-Disposition": name, **PRIVATE})
