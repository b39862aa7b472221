"""What is asked about the tree of agencies: one begun, changed, ended; a plan withdrawn; staffing set.

Each has the document it stands on and its day, past (not in a closed month) or to come (R20); the electronic
identifier is that of QĐ 20/2020/QĐ-TTg.
"""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from models.command_shapes import Body, Day, Text

Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=35)]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
Standing = Literal["constituent", "subordinate"]
Succession = Literal["merged", "consolidated", "divided", "separated"]
CODE, NAME, KIND = "Mã định danh điện tử", "Tên cơ quan, đơn vị", "Loại cơ quan, đơn vị"
ACCOUNT, STANDING = "Có tài khoản cơ quan", "Thuộc (constituent) hay trực thuộc (subordinate)"
LEGACY = "Mã kiểu cũ (QCVN 102:2016)"


class TreeAct(Body):
    """An act on the tree of agencies."""

    verb: ClassVar[str] = ""
    subject: ClassVar[str] = "administration"
    effective_on: Day = Field(description="Ngày có hiệu lực / the day from which it holds")
    document: Text = Field(description="Số, ngày quyết định / the decision it stands on")


class CreateAgency(TreeAct):
    """Begin an agency below another (hanoi.art19.2 for its code)."""

    verb: ClassVar[str] = "create_agency"
    parent_id: UUID = Field(title="Cơ quan cấp trên trực tiếp", description="the agency next above")
    code: Code = Field(title=CODE, description="QĐ 20/2020/QĐ-TTg / electronic identifier")
    name: Text = Field(title=NAME)
    kind: Kind = Field(default="unit", title=KIND)
    has_account: bool = Field(default=False, title=ACCOUNT)
    standing: Standing | None = Field(default=None, title=STANDING)
    legacy_code: Code | None = Field(default=None, title=LEGACY)


class ChangeAgency(TreeAct):
    """An agency is renamed, given another code, put below another; only what is named changes."""

    verb: ClassVar[str] = "change_agency"
    agency_id: UUID
    name: Text | None = Field(default=None, title=NAME)
    code: Code | None = Field(default=None, title=CODE)
    parent_id: UUID | None = Field(
        default=None, title="Cơ quan cấp trên trực tiếp", description="the agency above from then on"
    )
    kind: Kind | None = Field(default=None, title=KIND)
    has_account: bool | None = Field(default=None, title=ACCOUNT)
    standing: Standing | None = Field(default=None, title=STANDING)
    legacy_code: Code | None = Field(default=None, title=LEGACY)

    @property
    def fields(self) -> dict[str, object]:
        """What changes."""
        values = self.model_dump(exclude={"agency_id", "effective_on", "document"})
        return {name: value for name, value in values.items() if value is not None}

    @model_validator(mode="after")
    def _something(self) -> "ChangeAgency":
        if not self.fields:
            raise ValueError("cần ít nhất một nội dung thay đổi / something must change")
        return self


class EndAgency(TreeAct):
    """An agency with nobody in it and nothing below it exists no longer."""

    verb: ClassVar[str] = "end_agency"
    agency_id: UUID
    successors: tuple[UUID, ...] = Field(default=(), max_length=50, title="Cơ quan kế thừa")
    succession: Succession = Field(default="merged", title="Hình thức kế thừa")


class WithdrawAgencyChange(Body):
    """Take a change back before its day."""

    verb: ClassVar[str] = "withdraw_agency_change"
    subject: ClassVar[str] = "administration"
    change_id: UUID = Field(title="Thay đổi")
    document: Text


class SetQuota(TreeAct):
    """How many people an agency may have, of a category or in a job position, from a day on."""

    verb: ClassVar[str] = "set_quota"
    agency_id: UUID
    kind: Literal["quota", "position"]
    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)] = Field(
        title="Loại người hoặc mã vị trí việc làm",
        description="the category of staff, or the position's code",
    )
    title: Text | None = Field(default=None, title="Tên vị trí việc làm")
    number: int = Field(ge=0, le=1_000_000, title="Số lượng")


TREE_ACTS: tuple[type[Body], ...] = (CreateAgency, ChangeAgency, EndAgency, WithdrawAgencyChange, SetQuota)
