"""Registers over an agency's files: filtered, in pages by key, within the asker's scope; as workbooks too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from openpyxl import Workbook
from sqlalchemy import text

from api.paging import cursor, key_of
from api.reading import permits, read_log
from api.scope import Reading
from models.access import Allowed, Verb, reach, roles
from models.calendar import local_time, start_of_day
from models.errors import RefusedError
from models.form import guarded

MOST = 10_000
"""Rows of one workbook."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Filter:
    """What of a register is asked for; ``late``: answered late, or open past its day."""

    agency: UUID | None = None
    state: str | None = None
    kind: str | None = None
    since: date | None = None
    until: date | None = None
    late: bool | None = None
    limit: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Register:
    """One register: its lines as SQL (``e`` is the line, ``p`` its profile), and how it is read."""

    name: str
    title: str
    select: str
    at: str
    """The instant a line stands under: the newest first."""
    state: str
    agency: str
    kind: str | None
    late: str | None
    columns: tuple[tuple[str, str], ...]
    """Columns of the workbook: name, and words."""
    profile: bool = True
    """Whether a line is about one file."""


# The name of whoever has left is for who may read the archive.
PERSON = (
    " CASE WHEN p.chapter = 'archive' AND NOT :archives THEN NULL ELSE p.full_name END AS person,"
    " p.agency_id, g.name AS agency"
)
_JOIN = " JOIN profiles p ON p.id = e.profile_id JOIN agencies g ON g.id = p.agency_id"
WHO = (("person", "Họ và tên"), ("agency", "Cơ quan, đơn vị"))


def requests_register() -> Register:
    """Corrections asked for and disputes."""
    return Register(
        name="requests",
        title="Sổ yêu cầu sửa dữ liệu và khiếu nại",
        select=f"SELECT e.id, e.profile_id, e.kind, e.state, e.path, e.about, e.asked_at, e.due_on,"  # noqa: S608 — fragments above, no input
        " e.due_by_policy, e.citation, e.ended_at, e.ended_role, e.document, e.late_days, e.authority_id,"
        f" e.words, e.words_key, e.answer, e.answer_key,{PERSON} FROM file_requests e{_JOIN}",
        at="e.asked_at",
        state="e.state",
        agency="p.agency_id",
        kind="e.kind",
        late="(coalesce(e.late_days, 0) > 0 OR e.state = 'open' AND e.due_on < :today)",
        columns=(
            ("asked_at", "Yêu cầu lúc"), ("kind", "Loại"), *WHO, ("path", "Mục hoặc sự việc"),
            ("state", "Trạng thái"), ("due_on", "Hạn trả lời"), ("ended_at", "Trả lời lúc"),
            ("late_days", "Số ngày làm việc trễ"), ("document", "Văn bản"), ("citation", "Căn cứ"),
        ),
    )  # fmt: skip


def consents_register() -> Register:
    """Consents to read beyond one's scope."""
    return Register(
        name="consents",
        title="Sổ đồng ý cho xem hồ sơ",
        select="SELECT e.id, e.profile_id, e.kind, e.state, e.account_id, a.display_name AS reader,"  # noqa: S608 — fragments above, no input
        " e.purpose, e.document, e.level, e.starts_on, e.ends_on - 1 AS last_day, e.asked_at, e.answered_at,"
        f" e.ended_at, e.citation,{PERSON} FROM access_consents e{_JOIN}"
        " LEFT JOIN accounts a ON a.id = e.account_id",
        at="e.asked_at",
        state="e.state",
        agency="p.agency_id",
        kind="e.kind",
        late=None,
        columns=(
            ("asked_at", "Lập lúc"), ("kind", "Loại"), *WHO, ("reader", "Người được xem"),
            ("purpose", "Mục đích"), ("document", "Văn bản"), ("level", "Độ hạn chế"),
            ("starts_on", "Từ ngày"), ("last_day", "Đến hết ngày"), ("state", "Trạng thái"),
            ("ended_at", "Chấm dứt lúc"), ("citation", "Căn cứ"),
        ),
    )  # fmt: skip


def exports_register() -> Register:
    """Dossiers that left, and prints of one's own data."""
    return Register(
        name="exports",
        title="Nhật ký xuất hồ sơ",
        select="SELECT e.id, e.profile_id, CASE WHEN e.legal THEN 'legal' ELSE 'print' END AS kind, e.state,"  # noqa: S608 — fragments above, no input
        " e.purpose, e.recipient, e.as_of, e.asked_by, a.display_name AS asked_by_name, e.asked_role,"
        f" e.asked_at, e.made_at, e.document_sha256, e.citation,{PERSON} FROM exports e{_JOIN}"
        " LEFT JOIN accounts a ON a.id = e.asked_by",
        at="e.asked_at",
        state="e.state",
        agency="p.agency_id",
        kind="CASE WHEN e.legal THEN 'legal' ELSE 'print' END",
        late=None,
        columns=(
            ("asked_at", "Yêu cầu lúc"), ("kind", "Loại"), *WHO, ("asked_by_name", "Người xuất"),
            ("asked_role", "Vai trò"), ("purpose", "Mục đích"), ("recipient", "Nơi nhận"),
            ("as_of", "Dữ liệu đến hết ngày"), ("state", "Trạng thái"),
            ("document_sha256", "SHA-256 của tệp"), ("citation", "Căn cứ"),
        ),
    )  # fmt: skip


def breaches_register() -> Register:
    """Breaches of personal data; a line is about many files or none."""
    return Register(
        name="breaches",
        title="Sổ sự cố dữ liệu cá nhân",
        select="SELECT e.*, g.name AS agency FROM breaches e JOIN agencies g ON g.id = e.agency_id",
        at="e.recorded_at",
        state="e.state",
        agency="e.agency_id",
        kind="e.kind",
        late="(coalesce(e.late_hours, 0) > 0 OR e.state = 'open' AND e.due_at < :now)",
        columns=(
            ("recorded_at", "Ghi nhận lúc"), ("agency", "Nơi xảy ra"), ("kind", "Loại"),
            ("known_at", "Phát hiện lúc"), ("due_at", "Hạn thông báo"), ("notified_at", "Thông báo lúc"),
            ("late_hours", "Số giờ trễ"), ("notified_document", "Văn bản thông báo"),
            ("notified_to", "Nơi nhận"), ("people", "Số người liên quan"), ("state", "Trạng thái"),
            ("closed_at", "Kết thúc lúc"), ("citation", "Căn cứ"),
        ),
        profile=False,
    )  # fmt: skip


REGISTERS = {
    one.name: one
    for one in (requests_register(), consents_register(), exports_register(), breaches_register())
}


async def page_of(read: Reading, register: Register, asked: Filter) -> tuple[Sequence[Any], str | None]:
    """One page of lines and the cursor of the next.

    Raises:
        RefusedError: ``not-permitted``, ``malformed-request``.
    """
    rows = await _rows(read, register, asked, asked.limit + 1)
    kept = rows[: asked.limit]
    name = register.at.split(".")[1]
    more = cursor(getattr(kept[-1], name).isoformat(), kept[-1].id) if len(rows) > asked.limit else None
    return kept, more


async def _rows(read: Reading, register: Register, asked: Filter, limit: int) -> list[Any]:
    where, values = ["true"], {"limit": limit, "today": read.today, "now": read.now}
    await _within(read, register, where, values)
    _asked(register, asked, where, values)
    key = key_of(asked.after, datetime.fromisoformat, UUID)
    if key is not None:
        where.append(f"({register.at}, e.id) < (CAST(:at AS timestamptz), CAST(:last AS uuid))")
        values |= {"at": key[0], "last": key[1]}
    query = (
        f"{register.select} WHERE {' AND '.join(where)} ORDER BY {register.at} DESC, e.id DESC LIMIT :limit"
    )
    return list(await read.connection.execute(text(query), values))


async def _within(read: Reading, register: Register, where: list[str], values: dict[str, Any]) -> None:
    law, _ = await read.own_law()
    found = await permits.within(read, Verb.READ_REGISTER)
    if not found.everywhere:
        where.append(f"{register.agency} = ANY ({permits.AGENCIES})")
        values["subtrees"] = list(found.subtrees | found.agencies)
    if register.profile:
        values["archives"] = reach(read.who.actor, Verb.READ_ARCHIVE, read.today, law).everywhere
        if found.never_profile is not None:
            where.append("e.profile_id <> CAST(:own_file AS uuid)")
            values["own_file"] = found.never_profile


def _asked(register: Register, asked: Filter, where: list[str], values: dict[str, Any]) -> None:
    if asked.agency is not None:
        below = permits.AGENCIES.replace(":subtrees", ":below")
        where.append(f"{register.agency} = ANY ({below})")
        values["below"] = [asked.agency]
    if asked.state is not None:
        where.append(f"{register.state} = :state")
        values["state"] = asked.state
    if asked.kind is not None and register.kind is not None:
        where.append(f"{register.kind} = :kind")
        values["kind"] = asked.kind
    if asked.since is not None:
        where.append(f"{register.at} >= :since")
        values["since"] = start_of_day(asked.since)
    if asked.until is not None:
        where.append(f"{register.at} < :until")
        values["until"] = start_of_day(asked.until + DAY)
    if asked.late is not None and register.late is not None:
        where.append(register.late if asked.late else f"NOT {register.late}")


async def workbook(read: Reading, register: Register, asked: Filter) -> bytes:
    """The register as a workbook; no cell is taken for a formula, and each file named in it has its line.

    Raises:
        RefusedError: ``not-permitted``, ``too-many-items`` where it would be longer than `MOST` rows.
    """
    rows = await _rows(read, register, asked, MOST + 1)
    if len(rows) > MOST:
        raise RefusedError.of(
            "too-many-items",
            f"Sổ dài hơn {MOST} dòng; hãy lọc theo thời gian hoặc đơn vị.",
            f"The register is longer than {MOST} rows; filter it.",
            extra={"most": MOST},
        )
    if register.profile:
        as_what = Allowed(_role(read), None, "", "")
        await read_log.record_several(read, [row.profile_id for row in rows], as_what)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(register.title[:31])
    sheet.append([words for _, words in register.columns])
    for row in rows:
        sheet.append([_cell(getattr(row, name)) for name, _ in register.columns])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _role(read: Reading) -> str:
    """As what the register is read: the first role held that may."""
    able = (role for role, _ in read.who.held if Verb.READ_REGISTER in roles().roles[role].verbs)
    return next(able)


def _cell(value: Any) -> Any:
    match value:
        case datetime():
            return local_time(value).replace(tzinfo=None)  # a cell knows no zone: the legal one is meant
        case str():
            return guarded(value)
        case UUID():
            return str(value)
        case _:
            return value
