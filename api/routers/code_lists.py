"""``/code-lists``, ``/mapping-desk``: the closed vocabularies of the forms; what old values mean there."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.bulk_giving import REFUSALS, given, order_of
from api.reading import bulk
from api.reading import mapping_desk as desk
from api.routers.acting import Key
from api.scope import ActiveWho, Read, Reading
from models.command_shapes import Text
from models.commands import GiveNotice
from models.form.list_versions import CODE
from models.record.orders import LONGEST, Item

router = APIRouter(tags=["Danh mục"])

Name = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9_]+$")]
Code = Annotated[str, StringConstraints(max_length=60, pattern=f"^{CODE}$")]
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
    code: Code | None = Field(default=None, title="Mã")


class Applying(_Asked):
    """Which decision is to be carried out, and by which document."""

    code_list: Name = Field(title="Danh mục")
    value: Value = Field(title="Giá trị đang ghi")
    document: Text = Field(title="Văn bản")
    most: int = Field(
        default=LONGEST,
        ge=1,
        le=LONGEST,
        title="Số người nhiều nhất",
        description="Những người còn lại: áp dụng lần nữa / whoever is left: apply again",
    )
    dry_run: bool = Field(default=False, title="Chạy thử", description="Không ghi gì / nothing is written")


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
    "/mapping-desk/applications",
    status_code=202,
    operation_id="applyMapping",
    summary="Yêu cầu cập nhật theo ánh xạ",
    responses=REFUSALS,
)
async def apply_mapping(
    request: Request, response: Response, who: ActiveWho, body: Applying, key: Key = None
) -> bulk.BulkOrder:
    """Thông báo cho từng người cập nhật giá trị cũ / a notice to each whose form holds the value.

    Every coded field is its person's to declare: the notice opens the duty to update, the person declares the
    code, and it is signed like any other change. It is a bulk order of notices, followed, carried out and
    taken back at `/bulk/{id}`; whoever owes this update already is not in it.
    """

    async def items(read: Reading) -> Sequence[Item]:
        applied = await desk.holders(read, body.code_list, body.value, body.most)
        return [_notice(applied, one, body.document, read) for one in applied.holders]

    sent = {"mapping": body.model_dump(mode="json")}
    order = order_of(who, key, GiveNotice.verb, "filter", sent, dry_run=body.dry_run)
    return await given(request, response, who, order, items)


def _notice(applied: desk.Applied, one: desk.Holder, document: str, read: Reading) -> Item:
    notice = GiveNotice(
        kind="other", changed_on=read.today, document=document, mapping=applied.decision, paths=one.paths
    )
    return Item(one.profile_id, notice)
