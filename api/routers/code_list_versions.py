"""``/code-lists/{name}/versions``: newer versions of a list: read, previewed, handed in, decided."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.intake.lined import read_lines
from api.problems import responses
from api.reading import code_list_versions as reading
from api.routers.acting import RESPONSES, Act
from api.routers.code_lists import Name
from api.scope import ActiveWho, Read, tools_of
from models.command_codes import CodeListVersion, CodeRow, DecideCodeList, ProposeCodeList
from models.command_shapes import Reason, Text
from models.database import transaction

FILE_BYTES = 2_000_000
router = APIRouter(tags=["Danh mục"], responses=responses("code-list-unfit", "not-permitted"))


class Proposing(CodeListVersion):
    """A newer version, and the document it stands on."""

    document: Text = Field(title="Văn bản")


class Decided(BaseModel):
    """What is said to a version that was handed in."""

    model_config = CodeListVersion.model_config
    decision: Literal["load", "refuse"] = Field(title="Quyết định")
    reason: Reason | None = Field(default=None, title="Lý do")


class FileRows(BaseModel):
    """The rows of a file, to preview and to hand in."""

    rows: list[CodeRow] = Field(title="Mã")


@router.post(
    "/code-lists/version-files",
    operation_id="readCodeListFile",
    summary="Đọc tệp danh mục / read a list's file",
    responses=responses("code-list-unfit", "import-too-large", "import-unreadable"),
)
async def read_file(
    request: Request,
    who: ActiveWho,
    file: Annotated[UploadFile, File(description=".xlsx, CSV hoặc YAML / a workbook, CSV or YAML")],
) -> FileRows:
    """Các mã để xem trước và trình; không ghi gì / the codes to preview and hand in; nothing is written."""
    async with transaction(tools_of(request).engine, who.scope) as connection:
        await reading.keeps_lists(tools_of(request), connection, who)
    told = await read_lines(file, "codes", FILE_BYTES, "code-list-unfit")
    return FileRows.model_validate(told)


@router.post(
    "/code-lists/{name}/versions/preview",
    operation_id="previewCodeList",
    summary="Xem trước phiên bản danh mục",
    responses=responses("not-found"),
)
async def preview(request: Request, who: ActiveWho, name: Name, body: CodeListVersion) -> reading.ListPreview:
    """Từng dòng; hồ sơ, mục, đơn vị bị tác động; không ghi gì / what it touches; nothing is written."""
    return await reading.preview(tools_of(request), who, name, body)


@router.get(
    "/code-lists/{name}/versions/{version_id}/preview",
    operation_id="previewProposedCodeList",
    summary="Xem trước phiên bản đã trình",
    responses=responses("not-found"),
)
async def preview_proposed(
    request: Request, who: ActiveWho, name: Name, version_id: UUID
) -> reading.ListPreview:
    """Người quyết định thấy phiên bản tác động đến ai / whoever decides sees whom it touches."""
    return await reading.preview_of(tools_of(request), who, name, version_id)


@router.post(
    "/code-lists/{name}/versions",
    operation_id="proposeCodeList",
    summary="Trình phiên bản danh mục",
    responses=RESPONSES,
)
async def propose(act: Act, name: Name, body: Proposing) -> JSONResponse:
    """Người khác quyết định có nạp hay không / somebody else says whether it is loaded."""
    return await act.on_law(ProposeCodeList(code_list=name, **dict(body)))


@router.post(
    "/code-lists/{name}/versions/{version_id}/decisions",
    operation_id="decideCodeList",
    summary="Quyết định nạp phiên bản danh mục",
    responses=RESPONSES,
)
async def decide(act: Act, name: Name, version_id: UUID, body: Decided) -> JSONResponse:
    """Nạp thì dùng từ ngày của phiên bản; hồ sơ không bị sửa / in use from its day; no form is rewritten."""
    return await act.on_law(DecideCodeList(code_list=name, version_id=version_id, **dict(body)))


@router.get(
    "/code-lists/{name}/versions", operation_id="listCodeListVersions", summary="Các phiên bản của danh mục"
)
async def list_versions(read: Read, name: Name) -> reading.ListVersions:
    """Ai trình, ai quyết định, từ ngày nào; kể cả phiên bản không nạp / every version with who did what."""
    return await reading.versions(read, name)
