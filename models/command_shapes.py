"""Shapes that the bodies of commands share: bounded texts, plausible days, kinds of leaving and moving."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=2000)]
Login = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{2,59}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
NamedFields = Annotated[
    tuple[Annotated[str, StringConstraints(min_length=1, max_length=120)], ...],
    Field(
        max_length=50,
        title="Mục cần sửa",
        description="Chỉ gồm mục người có hồ sơ tự khai thì người đó sửa; nếu không thì cán bộ nhân sự sửa"
        " / paths of the form; the person mends what is theirs to declare, HR everything else",
    ),
]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _plausible(day: date) -> date:
    if not date(1945, 9, 2) <= day <= date(2100, 1, 1):
        raise ValueError("ngày nằm ngoài khoảng 02/9/1945–01/01/2100 / the date is out of range")
    return day


Day = Annotated[date, AfterValidator(_plausible)]

LeavingKind = Literal[
    "moved_out", "retired", "resigned", "dismissed", "downsized", "contract_ended", "deceased"
]
MoveKind = Literal["điều động", "bổ nhiệm", "luân chuyển", "chuyển đổi vị trí công tác", "biệt phái"]


class Body(BaseModel):
    """Base of all command bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    verb: ClassVar[str]
    subject: ClassVar[str] = "profile"
    """Which workflow decides: ``profile``, ``transfer``, ``agency_month`` and so on (`messages.Subject`)."""
