"""What was taken over from the national database: which fields were filled, and which stayed as entered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import permits
from api.scope import Reading
from models.form import Catalogue, catalogue, may_know
from models.record.pulling import opened


class HeldField(BaseModel):
    """One field of the form."""

    path: str = Field(title="Mục")
    label: str = Field(title="Tên mục")


class KeptField(HeldField):
    """A field that was entered otherwise: the entry stands, the national value is there to compare."""

    national_value: Any = Field(title="Giá trị trên CSDLQG")


class NationalRecord(BaseModel):
    """The newest record that was pulled for the profile."""

    id: UUID = Field(title="Bản tiếp nhận")
    state: str = Field(title="Trạng thái", description="`fetched`: đã lấy về; `used`: đã điền vào bản nháp")
    fetched_at: datetime = Field(title="Lấy về lúc")
    command_id: UUID = Field(title="Lệnh tiếp nhận", description="Lý do tra cứu ghi ở CSDLQG")
    held_by: str = Field(title="Cơ quan quản lý trên CSDLQG", description="Trống: giữa hai cơ quan")
    status: str = Field(title="Trạng thái trên CSDLQG")
    revision_digest: str = Field(title="SHA-256 của phiên bản trên CSDLQG")
    mapping: str = Field(title="Ánh xạ dữ liệu")
    filled: list[HeldField] = Field(title="Mục đã điền sẵn, không phải khai lại")
    kept: list[KeptField] = Field(title="Mục giữ như đã khai, khác CSDLQG")
    unfit: list[HeldField] = Field(title="Mục có giá trị trên CSDLQG không hợp mẫu")
    citation: str | None = Field(title="Căn cứ tiếp nhận")
    no_redeclaration: str | None = Field(title="Căn cứ không yêu cầu khai lại")


_NEWEST = text(
    "SELECT * FROM national_records WHERE profile_id = :id ORDER BY (state = 'used') DESC, fetched_at DESC"
    " LIMIT 1"
)


async def record(read: Reading, profile_id: UUID) -> NationalRecord:
    """The record that filled the draft, else the newest one fetched.

    Raises:
        RefusedError: ``not-found``, also where nothing was ever pulled; ``not-permitted``.
    """
    subject = await permits.profile(read, profile_id)
    row = (await read.connection.execute(_NEWEST, {"id": profile_id})).one_or_none()
    if row is None:
        raise permits.missing()
    law, _ = await read.law_at(subject.row.agency_id)
    pull, once = law.slot("intake_pull"), law.slot("no_redeclaration")
    content = opened(read.tools, read.who.authority_id, row)
    form = catalogue(row.form_version)
    found = {
        **row._mapping,
        "filled": _fields(form, row.filled, subject.level),
        "kept": [
            {**one, "national_value": content.get(one["path"])}
            for one in _fields(form, row.kept, subject.level)
        ],
        "unfit": _fields(form, row.unfit, subject.level),
        "citation": pull.citation if pull else None,
        "no_redeclaration": once.citation if once else None,
    }
    return NationalRecord.model_validate(found)


def _fields(form: Catalogue, names: list[str], level: int) -> list[dict[str, str]]:
    """Those that a reader of the level may know of; ``GET …/form`` names what is withheld."""
    known = [name for name in names if may_know(form.version, name, level)]
    return [{"path": name, "label": form.label(name)} for name in known]
