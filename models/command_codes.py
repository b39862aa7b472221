"""What is asked of an authority's code lists: a newer version, and what somebody else says to it."""

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from models.command_shapes import Body, Day, Reason, Text
from models.form.list_versions import MOST_ROWS, Row

ListName = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9_]+$")]
Cell = Annotated[str, StringConstraints(max_length=300)]


class CodeRow(BaseModel):
    """One code of a version. What is left empty stays as it was; a new code begins on the version's day."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    code: Cell = Field(title="Mã")
    label: Cell = Field(title="Tên")
    label_en: Cell = Field(default="", title="Tên (tiếng Anh)")
    valid_from: date | None = Field(default=None, title="Dùng từ ngày")
    valid_to: date | None = Field(default=None, title="Dùng đến trước ngày")
    replaced_by: Cell = Field(default="", title="Mã thay thế")
    columns: dict[Cell, Cell] = Field(
        default_factory=dict, max_length=20, title="Cột riêng của danh mục", description="ví dụ salary_group"
    )

    def row(self) -> Row:
        """As it is judged."""
        return Row(**self.model_dump(exclude={"columns"}), more=self.columns)


class CodeListVersion(BaseModel):
    """A newer version of a list: every code that is used from its day on; one that is not in it ends then."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    starts: Day = Field(title="Từ ngày")
    rows: list[CodeRow] = Field(min_length=1, max_length=MOST_ROWS, title="Mã")


class CodeListAct(Body):
    """What both acts share: they are the authority's, beside its law."""

    subject: ClassVar[str] = "law"


class ProposeCodeList(CodeListAct, CodeListVersion):
    """Hand in a newer version of a code list; somebody else says whether it is loaded."""

    verb: ClassVar[str] = "propose_code_list"
    code_list: ListName = Field(description="Danh mục / the list")
    document: Text = Field(description="Số, ngày văn bản làm căn cứ / the document it stands on")


class DecideCodeList(CodeListAct):
    """Load a version that was handed in, or leave it; never by whoever handed it in."""

    verb: ClassVar[str] = "decide_code_list"
    code_list: ListName = Field(description="Danh mục / the list")
    version_id: UUID = Field(description="Phiên bản danh mục / the version")
    decision: Literal["load", "refuse"] = Field(description="Nạp hay không nạp / load it or not")
    reason: Reason | None = Field(default=None, description="Lý do không nạp / why it is refused")
