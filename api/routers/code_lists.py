"""``/code-lists``, ``/mapping-desk``: the closed vocabularies of the forms; what old values mean there."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.reading import mapping_desk as desk
from api.routers.acting import Act
from api.scope import Read, reading_of
from models.commands import GiveNotice
from models.database import transaction
from models.errors import RefusedError

router = APIRouter(tags=["Danh mục"])

Name = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9_]+$")]
Value = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Meaning(_Asked):
    """A value whose meaning is asked."""

    value: Value = Field(title="Giá trị đang ghi")


class Deciding(_Asked):
    """What a value is to mean; no code takes the decision before back."""

    code_list: Name = Field(title="Danh mục")
    value: Value = Field(title="Giá trị đang ghi")
    code: Name | None = Field(default=None, title="Mã")


class Applying(_Asked):
    """For whom a decision is to be carried out, and by which document."""

    code_list: Name = Field(title="Danh mục")
    value: Value = Field(title="Giá trị đang ghi")
    document: Value = Field(title="Văn bản")


class Applied(BaseModel):
    """One profile that was asked to change."""

    profile_id: str = Field(title="Hồ sơ")
    command_id: str = Field(title="Mã lệnh")
    status: int = Field(title="Kết quả")
    code: str | None = Field(default=None, title="Mã lỗi")


class AppliedToMany(BaseModel):
    """One result per person."""

    results: list[Applied] = Field(title="Kết quả")


@router.get("/code-lists", operation_id="listCodeLists", summary="Danh mục / code lists")
async def list_code_lists(read: Read) -> desk.Lists:
    """Every list with its source, how far it is trusted, and how many of its codes are in use."""
    return await desk.lists(read)


@router.get("/code-lists/{name}", operation_id="getCodeList", summary="Một danh mục / one code list")
async def get_code_list(read: Read, name: Name) -> desk.ListDetail:
    """All its codes, the ended ones too: from when to when each is used, and what replaces it."""
    return await desk.one_list(read, name)


@router.post("/code-lists/{name}/suggestions", operation_id="suggestCodes", summary="Gợi ý mã cho giá trị cũ")
async def suggest_codes(read: Read, name: Name, body: Meaning) -> desk.Suggestions:
    """Which codes an ended code or a free text may mean; what was decided goes first."""
    return await desk.suggestions(read, name, body.value)


@router.get("/mapping-desk", operation_id="listOldValues", summary="Giá trị cũ cần ánh xạ / old values")
async def list_old_values(read: Read) -> desk.Desk:
    """Values in forms that no list knows today, how many profiles hold each, and what they may mean."""
    return await desk.desk(read)


@router.get("/mapping-desk/decisions", operation_id="listMappings", summary="Quyết định ánh xạ / decisions")
async def list_mappings(
    read: Read, code_list: Annotated[Name | None, Query(title="Danh mục")] = None
) -> desk.Decisions:
    """Who decided what, and when; nothing is ever taken out of it."""
    return await desk.decisions(read, code_list)


@router.post(
    "/mapping-desk/decisions", operation_id="decideMapping", summary="Quyết định ánh xạ", status_code=201
)
async def decide_mapping(read: Read, body: Deciding) -> desk.Decision:
    """Giá trị cũ nghĩa là mã nào, cho cả cơ sở dữ liệu / what an old value means; changes no profile."""
    return await desk.decide(read, body.code_list, body.value, body.code)


@router.post(
    "/mapping-desk/applications", operation_id="applyMapping", summary="Yêu cầu cập nhật theo ánh xạ"
)
async def apply_mapping(act: Act, body: Applying) -> AppliedToMany:
    """Thông báo cho từng người cập nhật giá trị cũ / a notice to each whose form holds the value.

    A profile's content is its person's declaration: the notice opens the duty to update, the person declares
    the code, and it is signed like any other change.
    """
    notice = GiveNotice(kind="other", changed_on=act.who.today, document=body.document)
    async with transaction(act.request.app.state.tools.engine, act.who.scope) as opened:
        read = reading_of(act.request, act.who, opened)
        holders = await desk.holders(read, body.code_list, body.value)
    results = []
    for profile_id in holders:
        one = act.for_item(profile_id)
        done = Applied(profile_id=str(profile_id), command_id=str(one.command_id), status=202)
        try:
            done.status = (await one.on_profile(profile_id, notice)).status_code
        except RefusedError as refused:
            done.status, done.code = refused.refusal.problem.status, refused.refusal.code
        results.append(done)
    return AppliedToMany(results=results)
