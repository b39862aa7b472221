"""Versions of code lists: which there are, and whom one would touch before it is handed in."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.reading import permits
from api.scope import Asker, Reading
from models.access import Verb, reach
from models.command_codes import CodeListVersion, CodeRow
from models.database import Scope, transaction
from models.form import catalogue, list_names
from models.form.codes import OWN, CodeList
from models.form.list_versions import Judged, Version
from models.record.code_lists import keeper_only, newest, planned
from models.record.law_of import LawOf
from models.record.list_touches import Touched, touched, units_of
from models.record.tools import Tools


class Said(BaseModel):
    """What is wrong with a row."""

    message: str = Field(title="Nội dung")
    message_en: str = Field(title="Nội dung (tiếng Anh)")


class RowAnswer(BaseModel):
    """What would become of one code."""

    line: int | None = Field(title="Dòng", description="Không có: mã không còn trong tệp")
    code: str = Field(title="Mã")
    label: str = Field(title="Tên")
    became: str = Field(title="Kết quả", description="same, added, renamed, changed, ended, refused")
    label_before: str | None = Field(title="Tên trước đó")
    problems: list[Said] = Field(title="Lỗi")


class TouchedField(BaseModel):
    """A value that would be an old one, where it stands, and in how many profiles."""

    form: str = Field(title="Mẫu")
    path: str = Field(title="Mục")
    label: str = Field(title="Tên mục")
    code: str = Field(title="Mã")
    code_label: str = Field(title="Tên của mã")
    replaced_by: str | None = Field(title="Mã thay thế")
    profiles: int = Field(title="Số hồ sơ")


class TouchedUnit(BaseModel):
    """How many profiles of a unit would hold an old value."""

    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    code: str = Field(title="Mã")
    name: str = Field(title="Tên")
    profiles: int = Field(title="Số hồ sơ")


class ListPreview(BaseModel):
    """What a version would make of the list and of the forms there are; nothing was written."""

    code_list: str = Field(title="Danh mục")
    starts: date = Field(title="Từ ngày")
    loadable: bool = Field(title="Nạp được", description="Không dòng nào sai")
    added: int = Field(title="Số mã thêm")
    renamed: int = Field(title="Số mã đổi tên")
    changed: int = Field(title="Số mã đổi nội dung khác")
    ended: int = Field(title="Số mã kết thúc")
    rows: list[RowAnswer] = Field(title="Từng mã", description="Mã không đổi không nêu")
    profiles: int = Field(title="Số hồ sơ sẽ có giá trị cũ, cần ánh xạ")
    profiles_renamed: int = Field(title="Số hồ sơ có mã đổi tên, không phải làm gì")
    profiles_unreadable: int = Field(title="Số hồ sơ không mở được phần mã hóa")
    fields: list[TouchedField] = Field(title="Theo mục và mã")
    units: list[TouchedUnit] = Field(title="Theo cơ quan, đơn vị")


class ListVersion(BaseModel):
    """One version of a list that was handed in."""

    id: UUID = Field(title="Phiên bản")
    starts: date = Field(title="Từ ngày")
    hash: str = Field(title="Mã băm nội dung")
    document: str = Field(title="Văn bản")
    state: str = Field(title="Trạng thái", description="proposed, loaded, refused")
    counts: dict[str, int] = Field(title="Số mã thêm, đổi, kết thúc")
    proposed_by: UUID = Field(title="Người trình")
    proposed_at: datetime = Field(title="Trình lúc")
    decided_by: UUID | None = Field(title="Người quyết định")
    decided_at: datetime | None = Field(title="Quyết định lúc")
    reason: str | None = Field(title="Lý do không nạp")


class ListVersions(BaseModel):
    """Every version of a list, the newest first."""

    items: list[ListVersion] = Field(title="Phiên bản")


_CONTENT = text(
    "SELECT valid_from, content FROM code_list_versions WHERE id = :id AND code_list = :list"
    " AND state = 'proposed'"
)
_VERSIONS = text(
    "SELECT id, valid_from AS starts, hash, document, state, counts, proposed_by, proposed_at, decided_by,"
    " decided_at, reason FROM code_list_versions WHERE code_list = :list"
    " ORDER BY proposed_at DESC, id LIMIT 200"
)


async def keeps_lists(tools: Tools, connection: AsyncConnection, who: Asker) -> None:
    """Only whoever keeps the lists of the whole authority goes on.

    Raises:
        RefusedError: ``not-permitted``.
    """
    law, _ = await tools.law(connection, LawOf.authority(who.authority_id), who.today)
    if not reach(who.actor, Verb.IMPORT_WORKBOOK, who.today, law).everywhere:
        raise keeper_only()


async def preview(tools: Tools, who: Asker, name: str, asked: CodeListVersion) -> ListPreview:
    """What a version would do, counted over the whole authority.

    Raises:
        RefusedError: ``not-permitted``, ``not-found``, ``code-list-unfit``.
    """
    async with transaction(tools.engine, who.scope) as connection:
        await keeps_lists(tools, connection, who)
    async with transaction(
        tools.engine, Scope(who.authority_id, everything=True, on=who.today)
    ) as connection:
        return await previewed(tools, connection, who.authority_id, name, asked)


async def previewed(
    tools: Tools, connection: AsyncConnection, authority_id: UUID, name: str, asked: CodeListVersion
) -> ListPreview:
    """What a version would do, read where the whole authority is seen.

    Raises:
        RefusedError: ``not-found``, ``code-list-unfit``.
    """
    before = await newest(connection, authority_id, name)
    version = planned(before, asked)
    # Rows that are wrong are answered first: whom the rest would touch is not known yet.
    found = Touched() if version.refused else await touched(connection, tools, before.known, version)
    units = await units_of(connection, found)
    return ListPreview(
        code_list=name,
        starts=version.starts,
        loadable=not version.refused,
        added=len(version.of("added")),
        renamed=len(version.of("renamed")),
        changed=len(version.of("changed")),
        ended=len(version.of("ended")),
        rows=[_answer(row) for row in version.rows if row.became != "same"],
        profiles=found.profiles,
        profiles_renamed=found.renamed,
        profiles_unreadable=found.unreadable,
        fields=_fields(found, before.known, version),
        units=[
            TouchedUnit(agency_id=one.id, code=one.code, name=one.name, profiles=found.units[one.id])
            for one in units
        ],
    )


async def preview_of(tools: Tools, who: Asker, name: str, version_id: UUID) -> ListPreview:
    """What a version that was handed in would do, for whoever decides it.

    Raises:
        RefusedError: ``not-permitted``, ``not-found``, ``code-list-unfit``.
    """
    async with transaction(tools.engine, who.scope) as connection:
        await keeps_lists(tools, connection, who)
        values = {"id": version_id, "list": name}
        row = (await connection.execute(_CONTENT, values)).one_or_none()
    if row is None:
        raise permits.missing()
    rows = [_handed_in(one) for one in row.content]
    return await preview(tools, who, name, CodeListVersion(starts=row.valid_from, rows=rows))


def _handed_in(row: dict[str, str]) -> CodeRow:
    own = {key: value for key, value in row.items() if key in OWN}
    return CodeRow.model_validate({**own, "columns": {k: v for k, v in row.items() if k not in OWN}})


async def versions(read: Reading, name: str) -> ListVersions:
    """Who handed in what, who decided it.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    await permits.within(read, "read_reports")
    if name not in list_names():
        raise permits.missing()
    rows = await read.connection.execute(_VERSIONS, {"list": name})
    return ListVersions(items=[ListVersion.model_validate(dict(row._mapping)) for row in rows])


def _answer(row: Judged) -> RowAnswer:
    return RowAnswer(
        line=row.line,
        code=row.code,
        label=row.label,
        became=row.became,
        label_before=row.before or None,
        problems=[Said(message=one.vi, message_en=one.en) for one in row.wrong],
    )


def _fields(found: Touched, known: CodeList, version: Version) -> list[TouchedField]:
    after = {one.code: one for one in version.codes}
    return [
        TouchedField(
            form=form,
            path=path,
            label=_label(form, path),
            code=code,
            code_label=known.label(code),
            replaced_by=after[code].replaced_by or None if code in after else None,
            profiles=count,
        )
        for (form, path, code), count in sorted(found.values.items(), key=lambda one: (-one[1], one[0]))
    ]


def _label(form: str, path: str) -> str:
    cat = catalogue(form)
    table, _, column = path.partition("[].")
    head = cat.by_name[table.removesuffix("[]")]
    return f"{head.label}: {head.column[column].label}" if column else head.label
