"""What is sent to order one thing for many people."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models.command_shapes import FieldName, Reason
from models.lifecycle.life import Chapter, Status
from models.record.orders import LONGEST
from models.regulations.schema import Category

BulkVerb = Literal[
    "request_transfer",
    "separate",
    "create_account",
    "request_account",
    "approve",
    "give_notice",
    "change_fields",
]
Members = Annotated[dict[FieldName, Any], Field(max_length=30)]


class BulkChoice(BaseModel):
    """One profile, with what is its own beside what is common."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    profile_id: UUID
    revision: int | None = Field(
        default=None,
        ge=0,
        title="Phiên bản đã xem",
        description="Từ chối nếu đã có phiên bản mới hơn; phê duyệt thì bắt buộc / refused if it moved since",
    )
    own: Members = Field(default_factory=dict, title="Mục riêng", description="Thay mục chung / goes before")


class BulkFilter(BaseModel):
    """Whoever of the asker's people it fits now; frozen with the order."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    agency: UUID | None = Field(default=None, description="Cơ quan, đơn vị và các đơn vị dưới nó")
    chapter: Chapter | None = None
    status: Status | None = None
    category: Category | None = None
    awaiting_approval: bool | None = Field(
        default=None, title="Chờ phê duyệt", description="Có bản khai chờ phê duyệt / a submission waits"
    )


class BulkBody(BaseModel):
    """One thing for many: over named profiles, or over whoever a filter finds."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    verb: BulkVerb = Field(title="Việc")
    common: Members = Field(
        default_factory=dict,
        title="Mục chung",
        description="Nội dung của lệnh đơn lẻ, trừ mục riêng / the single command's members",
    )
    items: tuple[BulkChoice, ...] | None = Field(
        default=None, min_length=1, max_length=LONGEST, title="Các hồ sơ được chọn"
    )
    filter: BulkFilter | None = Field(default=None, title="Bộ lọc")
    dry_run: bool = Field(title="Chạy thử", description="Không ghi gì / nothing is written")


class UndoBody(BaseModel):
    """Taking an order back."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    reason: Reason
    dry_run: bool = Field(default=False, title="Chạy thử")
