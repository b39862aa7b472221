"""What is asked about reorganisations: a plan drafted, amended, withdrawn, approved; the lines of a plan.

A unit is named by its electronic identifier on the plan's day or by its id; a person by the profile's id or
the staff number. ``line`` is where the line stood in the file it came from, for telling which one is wrong.
"""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from models.command_shapes import Body, Day, Digest, Reason, Text
from models.command_tree import Code, Kind, Standing

LINES = 2000
"""Lines of one plan."""
PEOPLE = 20_000
"""People one line may name; a whole unit is placed without naming anybody."""
Unit = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Person = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._/-]{1,60}$")]
DraftName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,60}$")]
WarningCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{2,60}$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Line(_Shape):
    """One line of a plan."""

    line: int = Field(default=0, ge=0, le=1_000_000, title="Dòng trong tệp")


class NewUnit(_Shape):
    """A unit that begins with the plan."""

    code: Code = Field(title="Mã định danh điện tử")
    name: Text = Field(title="Tên cơ quan, đơn vị")
    kind: Kind = Field(default="unit", title="Loại cơ quan, đơn vị")
    under: Unit | None = Field(
        default=None, title="Cơ quan cấp trên", description="Bỏ trống: như đơn vị cũ / as the former unit's"
    )
    has_account: bool = Field(default=False, title="Có tài khoản cơ quan")
    standing: Standing | None = Field(default=None, title="Thuộc hay trực thuộc")
    legacy_code: Code | None = Field(default=None, title="Mã kiểu cũ")


class Merge(Line):
    """Units go into one that stands (sáp nhập): their people and units with them."""

    op: Literal["merge"] = Field(title="Loại sắp xếp")
    units: tuple[Unit, ...] = Field(min_length=1, max_length=200, title="Đơn vị được sáp nhập")
    into: Unit = Field(title="Đơn vị nhận sáp nhập")


class Consolidate(Line):
    """Units become a new one (hợp nhất)."""

    op: Literal["consolidate"] = Field(title="Loại sắp xếp")
    units: tuple[Unit, ...] = Field(min_length=2, max_length=200, title="Đơn vị được hợp nhất")
    into: NewUnit = Field(title="Đơn vị mới")


class Divide(Line):
    """A unit becomes several new ones and ends (chia); ``place`` lines say who goes where."""

    op: Literal["divide"] = Field(title="Loại sắp xếp")
    unit: Unit = Field(title="Đơn vị được chia")
    into: tuple[NewUnit, ...] = Field(min_length=2, max_length=50, title="Các đơn vị mới")


class Separate(Line):
    """A new unit comes out of one that goes on (tách); ``place`` lines say who goes."""

    op: Literal["separate"] = Field(title="Loại sắp xếp")
    unit: Unit = Field(title="Đơn vị được tách")
    into: NewUnit = Field(title="Đơn vị mới")


class Dissolve(Line):
    """A unit ends without a successor (giải thể); ``place`` lines say where its people go."""

    op: Literal["dissolve"] = Field(title="Loại sắp xếp")
    unit: Unit = Field(title="Đơn vị giải thể")


class Reparent(Line):
    """A unit goes below another, with all that is below it."""

    op: Literal["reparent"] = Field(title="Loại sắp xếp")
    unit: Unit = Field(title="Đơn vị")
    under: Unit = Field(title="Cơ quan cấp trên mới")


class Rename(Line):
    """A unit has another name."""

    op: Literal["rename"] = Field(title="Loại sắp xếp")
    unit: Unit = Field(title="Đơn vị")
    name: Text = Field(title="Tên mới")


class Recode(Line):
    """A unit has another electronic identifier (QĐ 20/2020/QĐ-TTg)."""

    op: Literal["recode"] = Field(title="Loại sắp xếp")
    unit: Unit = Field(title="Đơn vị")
    code: Code = Field(title="Mã mới")


class MoveAuthority(Line):
    """A unit and all below it come under another managing authority: its regulation binds from the day on."""

    op: Literal["move_authority"] = Field(title="Loại sắp xếp")
    unit: Unit = Field(title="Đơn vị")
    regulation: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,60}$")] = Field(
        title="Quy chế áp dụng", description="Mã cơ quan ban hành / whose regulation binds from then on"
    )
    under: Unit | None = Field(default=None, title="Cơ quan cấp trên mới")
    duties: Literal["keep", "rebase"] | None = Field(
        default=None,
        title="Nghĩa vụ đang chạy",
        description="keep: giữ căn cứ cũ; rebase: tính lại theo quy chế mới; bỏ trống: theo quy chế mới, nếu"
        " không nói thì theo chính sách / running duties; none: by the new regulation, else by policy",
    )
    drafts: tuple[DraftName, ...] = Field(
        default=(),
        max_length=5,
        title="Dự thảo áp dụng thử",
        description="Khi cơ quan ấy chưa có quy chế nào có hiệu lực / drafts it runs on by this decision",
    )


class Place(Line):
    """People of a unit go to another: those named, or all whom no other line names."""

    op: Literal["place"] = Field(title="Loại sắp xếp")
    unit: Unit = Field(title="Đơn vị đang quản lý")
    to: Unit = Field(title="Đơn vị tiếp nhận")
    people: tuple[Person, ...] | None = Field(
        default=None,
        max_length=PEOPLE,
        title="Hồ sơ hoặc số hiệu cán bộ",
        description="Bỏ trống: tất cả người còn lại / nobody named: all the rest",
    )


class Restore(Line):
    """Undo a reorganisation after its day: units and the people it moved stand as before."""

    op: Literal["restore"] = Field(title="Loại sắp xếp")
    of: UUID = Field(title="Phương án được hoàn lại")


Operation = Annotated[
    Merge | Consolidate | Divide | Separate | Dissolve | Reparent | Rename | Recode | MoveAuthority | Place
    | Restore,
    Field(discriminator="op"),
]  # fmt: skip


class Decision(_Shape):
    """The decision a reorganisation stands on."""

    number: Text = Field(title="Số quyết định")
    signed_on: Day = Field(title="Ngày ký")
    issuer: Text = Field(title="Cơ quan ban hành")
    document_hash: Digest | None = Field(default=None, title="SHA-256 bản số hóa của quyết định")

    @property
    def words(self) -> str:
        """As it is quoted."""
        return f"{self.number} ngày {self.signed_on:%d/%m/%Y} của {self.issuer}"


class Plan(_Shape):
    """A reorganisation as planned: decision, day, lines."""

    title: Text = Field(title="Tên phương án")
    decision: Decision = Field(title="Quyết định làm căn cứ")
    effective_on: Day = Field(title="Ngày có hiệu lực")
    operations: tuple[Operation, ...] = Field(min_length=1, max_length=LINES, title="Nội dung sắp xếp")

    @model_validator(mode="after")
    def _numbered(self) -> "Plan":
        """Lines that came without a number are numbered as they stand: a refusal names one."""
        if all(one.line for one in self.operations):
            return self
        lines = [
            one if one.line else one.model_copy(update={"line": number})
            for number, one in enumerate(self.operations, 1)
        ]
        object.__setattr__(self, "operations", tuple(lines))
        return self


class _OnReorganisation(Body):
    verb: ClassVar[str] = ""
    subject: ClassVar[str] = "reorganisation"


class DraftReorganisation(_OnReorganisation):
    """Draft a reorganisation: nothing changes before approval and its day (hanoi.art21.2.b)."""

    verb: ClassVar[str] = "draft_reorganisation"
    plan: Plan


class AmendReorganisation(_OnReorganisation):
    """Put another plan in the place of one not yet in effect; it is to be approved anew."""

    verb: ClassVar[str] = "amend_reorganisation"
    plan: Plan
    reason: Reason


class ApproveReorganisation(_OnReorganisation):
    """Approve exactly this plan, each of its warnings answered; never by whoever drafted it."""

    verb: ClassVar[str] = "approve_reorganisation"
    plan_hash: Digest = Field(
        title="SHA-256 của phương án", description="của phương án đã xem / of the plan that was read"
    )
    answers: dict[WarningCode, Reason] = Field(
        default_factory=dict, max_length=50, title="Trả lời từng cảnh báo", description="mã → cách xử lý"
    )


class WithdrawReorganisation(_OnReorganisation):
    """Take a plan back before its day."""

    verb: ClassVar[str] = "withdraw_reorganisation"
    reason: Reason


REORGANISATIONS: tuple[type[Body], ...] = (
    DraftReorganisation,
    AmendReorganisation,
    ApproveReorganisation,
    WithdrawReorganisation,
)
