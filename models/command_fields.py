"""What the agency changes in somebody's form, from a decision or a confirmed form."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field, JsonValue

from models.command_shapes import Body, Day, Digest, FieldName, Text


class ChangeFields(Body):
    """Submit, for approval, the approved form with some fields changed (phu_yen.art5.2.c; hanoi.art6.3).

    The person's own fields only where the law has the agency enter them, from a confirmed form.
    """

    verb: ClassVar[str] = "change_fields"
    content: dict[FieldName, JsonValue] = Field(
        min_length=1,
        max_length=100,
        description="Mục được sửa, nguyên cả mục; null là bỏ trống / changed fields, null to empty",
    )
    changed_on: Day = Field(description="Ngày có thông tin thay đổi / the date the information changed")
    document: Text = Field(description="Số quyết định hoặc văn bản / the decision or document")
    confirmed_form: Digest | None = Field(
        default=None, description="SHA-256 tệp đã tải lên hồ sơ / a file with the profile"
    )
    answers: Annotated[tuple[UUID, ...], Field(max_length=50)] = Field(
        default=(), description="Nghĩa vụ được đáp ứng / duties this answers"
    )
