"""What became of each line of an imported workbook, page by page."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import imports
from api.scope import Reading

Verdict = Literal["create", "update", "same", "conflict", "refused"]


class CellIssue(BaseModel):
    """One thing wrong at one cell; no message holds what was written there."""

    sheet: str = Field(title="Trang")
    row: int = Field(title="Dòng")
    column: str = Field(title="Cột", description="Chữ cái của cột / column letter")
    field: str = Field(title="Trường")
    label: str = Field(title="Tên trường")
    code: str = Field(title="Mã lỗi")
    message: str = Field(title="Lỗi")
    message_en: str = Field(title="Lỗi (tiếng Anh)")
    source: str = Field(title="Căn cứ")


class ImportLine(BaseModel):
    """One line's verdict; in a dry run what it would be."""

    sheet: str = Field(title="Trang")
    row: int = Field(title="Dòng")
    verdict: Verdict = Field(title="Kết quả")
    subject_id: UUID | None = Field(title="Hồ sơ, cơ quan hoặc tài khoản")
    issues: list[CellIssue] = Field(title="Lỗi theo ô")


class ImportLines(Page):
    """Lines in the order of sheet and row."""

    items: list[ImportLine]


_LINES = text(
    "SELECT sheet, row, verdict, subject_id, issues FROM import_lines WHERE import_id = :id"
    " AND (CAST(:verdicts AS text[]) IS NULL OR verdict = ANY (CAST(:verdicts AS text[])))"
    " AND (CAST(:sheet AS text) IS NULL OR (sheet, row) > (CAST(:sheet AS text), CAST(:row AS integer)))"
    " ORDER BY sheet, row LIMIT :limit"
)


async def lines(
    read: Reading, import_id: UUID, *, verdicts: list[Verdict] | None, limit: int, after: str | None
) -> ImportLines:
    """A page of lines, of all verdicts or some.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``, ``malformed-request`` for a foreign cursor.
    """
    await imports.one(read, import_id)
    sheet, row = key_of(after, str, int) or (None, None)
    values = {"id": import_id, "verdicts": verdicts, "sheet": sheet, "row": row, "limit": limit + 1}
    found = list(await read.connection.execute(_LINES, values))
    shown, more = page(found, limit)
    last = shown[-1] if more else None
    return ImportLines(
        items=[ImportLine.model_validate(dict(line._mapping)) for line in shown],
        next=cursor(last.sheet, last.row) if last is not None else None,
    )
