"""Imports of workbooks: what was read, what was refused, row by row."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import permits
from api.scope import Reading


class Import(BaseModel):
    """One import or dry run."""

    id: UUID = Field(title="Lần nhập")
    sha256: str = Field(title="SHA-256 của sổ")
    dry_run: bool = Field(title="Chạy thử")
    state: str = Field(title="Trạng thái")
    counts: dict[str, Any] = Field(title="Số dòng theo kết quả")
    issues: list[Any] = Field(title="Lỗi theo dòng và ô")
    created_at: datetime = Field(title="Bắt đầu lúc")
    finished_at: datetime | None = Field(title="Xong lúc")


_ONE = text("SELECT * FROM imports WHERE id = :id")


async def one(read: Reading, import_id: UUID) -> Import:
    """An import of one's own, or any for those whose import role spans the authority.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    allowed = await permits.within(read, "import_workbook")
    row = (await read.connection.execute(_ONE, {"id": import_id})).one_or_none()
    if row is None or not (allowed.everywhere or row.account_id == read.who.account_id):
        raise permits.missing()
    return Import.model_validate(dict(row._mapping))
