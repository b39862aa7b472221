"""Which law binds a unit on a day, and why: the authority's own, or another regulation's from its day on."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.scope import Reading
from models.errors import RefusedError
from models.record.law_of import LawOf, regime_at
from models.regulations import RuleSet


class Regime(BaseModel):
    """Another regulation that binds a part of the tree."""

    regulation: str = Field(title="Quy chế của", description="Mã cơ quan ban hành / whose regulation")
    agency_id: UUID = Field(title="Áp dụng từ đơn vị", description="Và mọi đơn vị trực thuộc / and all below")
    code: str = Field(title="Mã định danh")
    agency: str = Field(title="Tên đơn vị")
    valid_from: date = Field(title="Từ ngày")
    valid_to: date | None = Field(title="Đến trước ngày")
    document: str = Field(title="Quyết định")
    duties: str = Field(title="Nghĩa vụ đang chạy", description="keep: giữ căn cứ cũ, rebase: tính lại")
    duties_by: str = Field(
        title="Theo đâu", description="plan: phương án, rule: quy chế mới, policy: chính sách"
    )
    duties_citation: str | None = Field(title="Điều khoản nói vậy")
    reorganisation_id: UUID | None = Field(title="Phương án sắp xếp")


class LawDocument(BaseModel):
    """One document of the law in force, in the order in which they bind."""

    id: str = Field(title="Mã văn bản")
    number: str | None = Field(title="Số")
    title: str = Field(title="Tên")
    status: str = Field(title="Hiệu lực")


class LawInForce(BaseModel):
    """The law of a unit on a day."""

    agency_id: UUID = Field(title="Đơn vị")
    on: date = Field(title="Ngày")
    rule_set_hash: str = Field(title="Mã băm của bộ quy định")
    documents: list[LawDocument] = Field(title="Văn bản áp dụng")
    regime: Regime | None = Field(
        title="Quy chế khác đang áp dụng", description="Không có: của chính cơ quan quản lý"
    )
    why: str = Field(title="Vì sao")
    why_en: str = Field(title="Vì sao (tiếng Anh)")


_STANDS = text(
    "SELECT 1 FROM agency_spans WHERE agency_id = :agency AND NOT ended AND valid_from <= :day"
    " AND (valid_to IS NULL OR valid_to > :day)"
)


async def of_unit(read: Reading, agency_id: UUID, on: date | None) -> LawInForce:
    """The law in force for an agency on a day, today unless another is asked for.

    Raises:
        RefusedError: ``not-found`` where there is no such agency that day, or no law is loaded for it.
    """
    day = on or read.today
    if (await read.connection.execute(_STANDS, {"agency": agency_id, "day": day})).first() is None:
        raise RefusedError.of(
            "not-found", "Không có đơn vị này vào ngày đó.", "No such agency stands that day."
        )
    whose = LawOf.unit(read.who.authority_id, agency_id)
    try:
        law, _ = await read.tools.law(read.connection, whose, day)
    except LookupError as none:
        raise RefusedError.of(
            "not-found", "Chưa nạp quy định nào cho ngày đó.", "No law is loaded for that day."
        ) from none
    return await told(read, agency_id, law, day)


async def told(read: Reading, agency_id: UUID, law: RuleSet, day: date) -> LawInForce:
    """The law of a unit with the regime by which it is its law, in words."""
    query, values = regime_at(read.who.authority_id, agency_id, day)
    row = (await read.connection.execute(query, values)).one_or_none()
    vi, en = _why(row)
    return LawInForce(
        agency_id=agency_id,
        on=day,
        rule_set_hash=law.hash,
        documents=[
            LawDocument(id=one.id, number=one.number, title=one.title, status=one.status)
            for one in law.regulations
        ],
        regime=Regime.model_validate(row._asdict()) if row is not None else None,
        why=vi,
        why_en=en,
    )


def _why(row: Any | None) -> tuple[str, str]:
    if row is None:
        return "Quy chế của chính cơ quan quản lý.", "The managing authority's own regulation."
    return (
        f"Theo {row.document}, {row.agency} áp dụng quy chế khác từ {row.valid_from:%d/%m/%Y}.",
        f"By {row.document}, another regulation binds {row.agency} from {row.valid_from}.",
    )
