"""What is owed: lists of duties, and one duty with why."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import borrowed, permits
from api.reading.withholding import known_facts
from api.scope import Asker, Reading
from models.calendar import Calendar, MissingYear
from models.form import top_level
from models.lifecycle.life import PERSON
from models.regulations import Slot
from models.tables.duties import NO_DATE

Whose = Literal["mine", "agency"]


class DutyLine(BaseModel):
    """One duty in a list."""

    id: UUID = Field(title="Nghĩa vụ")
    slot: str = Field(title="Loại nghĩa vụ")
    party: str = Field(title="Người có nghĩa vụ", description="`person`, hoặc một vai trò của cơ quan")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    profile_id: UUID | None = Field(title="Hồ sơ")
    person: str | None = Field(title="Họ và tên", description="Không có khi không được xem hồ sơ")
    case_id: UUID | None = Field(title="Việc chuyển, nghỉ")
    agency_month_id: UUID | None = Field(title="Danh sách tháng")
    report_id: UUID | None = Field(default=None, title="Báo cáo rà soát")
    citation: str = Field(title="Căn cứ")
    succession: str | None = Field(
        title="Cơ quan kế thừa", description="Khi căn cứ nêu cơ quan nay không còn: ai thay, từ ngày nào"
    )
    succession_en: str | None = Field(title="Cơ quan kế thừa (tiếng Anh)")
    event_on: date = Field(title="Ngày phát sinh")
    due_on: date | None = Field(title="Hạn", description="Hết ngày này; không có khi chưa xác định được")
    days_left: int | None = Field(
        title="Số ngày làm việc còn lại", description="Âm khi quá hạn; không có khi không có hạn"
    )
    overdue: bool = Field(title="Quá hạn")
    returned: bool = Field(title="Bị trả lại để sửa")


class Duties(Page):
    """A page of open duties, the earliest due first."""

    items: list[DutyLine] = Field(title="Nghĩa vụ")


class DutyDetail(DutyLine):
    """One duty with the law that was read when it opened."""

    state: str = Field(title="Trạng thái")
    rule_id: str = Field(title="Mã quy định")
    rule_text: str | None = Field(title="Nội dung quy định")
    rule_text_en: str | None = Field(title="Nội dung quy định (tiếng Anh)")
    rule_set_hash: str = Field(title="Mã băm của bộ quy định đã áp dụng")
    calendar_hash: str = Field(title="Mã băm của lịch đã áp dụng")
    nominal_due_on: date | None = Field(title="Hạn trước khi dời vì ngày nghỉ")
    opened_at: datetime = Field(title="Mở lúc")
    met_on: date | None = Field(title="Hoàn thành ngày")
    late_days: int = Field(title="Số ngày làm việc trễ")
    reason: str | None = Field(title="Lý do không còn nghĩa vụ")
    facts: dict[str, Any] = Field(title="Chi tiết")


COLUMNS = (
    "d.id, d.slot, d.party, d.agency_id, d.profile_id, coalesce(p.full_name, q.full_name) AS person,"
    " coalesce(d.profile_id, k.profile_id) AS subject_id,"
    " d.case_id, d.agency_month_id, d.report_id, d.citation, d.facts -> 'succession' ->> 'vi' AS succession,"
    " d.facts -> 'succession' ->> 'en' AS succession_en, d.event_on, d.due_on, d.due_at,"
    " d.returned"
)
# Looked up one by one: a join is planned as a look at everybody where few people are in the authority.
_NAMED = " LEFT JOIN LATERAL (SELECT o.* FROM profiles o WHERE o.id = {of} LIMIT 1) {name} ON true"
JOINS = (
    _NAMED.format(of="d.profile_id", name="p")
    + " LEFT JOIN cases k ON k.id = d.case_id"
    + _NAMED.format(of="k.profile_id", name="q")
)
JOINED = f" FROM duties d{JOINS}"
_ORDER = f"coalesce(d.due_on, '{NO_DATE}'::date)"
_ONE = text(
    f"SELECT {COLUMNS}, d.state, d.rule_id, d.rule_set_hash, d.calendar_hash, d.nominal_due_on, d.opened_at,"
    f" d.met_on, d.late_days, d.reason, d.facts {JOINED} WHERE d.id = :id"
)


def days_left(due: date | None, today: date, calendar: Calendar) -> int | None:
    """Working days after today up to and including the due day; negative once it has passed."""
    if due is None:
        return None
    try:
        return calendar.working_days_between(today, due)
    except MissingYear:
        return None


def line(row: Any, read: Reading, calendar: Calendar, *, named: bool = True) -> DutyLine:
    """One row as people see it; ``named`` says whether they are told whom it is about."""
    return DutyLine.model_validate(_line(row, read, calendar, named=named))


async def lines(rows: Sequence[Any], read: Reading, calendar: Calendar) -> list[DutyLine]:
    """Rows of a list. Named are those whose files the asker reads, and whom the asker's duties concern."""
    known = await permits.known_by_name(read, (row.subject_id for row in rows))
    return [line(row, read, calendar, named=row.subject_id in known or owes(read.who, row)) for row in rows]


def owes(who: Asker, row: Any) -> bool:
    """Whether a duty is the asker's own, as the person or by a role held where it is owed."""
    if row.party == PERSON:
        return who.is_about(row.subject_id)
    return (row.party, row.agency_id) in who.held


def _line(row: Any, read: Reading, calendar: Calendar, *, named: bool) -> dict[str, Any]:
    values = {name: value for name, value in row._mapping.items() if name not in ("due_at", "subject_id")}
    overdue = row.due_at is not None and row.due_at <= read.now
    left = days_left(row.due_on, read.today, calendar)
    return {**values, "person": row.person if named else None, "overdue": overdue, "days_left": left}


def mine(who: Asker) -> tuple[str, dict[str, Any]]:
    """The condition for what the asker owes: as a person, or by a role held in the agency that owes it,
    or by delegation."""
    posts = " OR ".join(f"(d.party = :role{n} AND d.agency_id = :agency{n})" for n in range(len(who.held)))
    values: dict[str, Any] = {"own": who.profile_id}
    for n, (role, agency_id) in enumerate(who.held):
        values |= {f"role{n}": role, f"agency{n}": agency_id}
    person = "(d.party = 'person' AND d.profile_id = CAST(:own AS uuid))"
    lent, more = borrowed.condition(who)
    return f"({' OR '.join(part for part in (person, posts, lent) if part)})", {**values, **more}


def theirs(who: Asker) -> tuple[str, dict[str, Any]]:
    """The condition for the work of the asker's agencies; the authority's for its department."""
    if who.scope.everything:
        return "true", {}
    return f"d.agency_id = ANY ({permits.AGENCIES})", {"subtrees": list(who.scope.agencies)}


async def listed(
    read: Reading,
    *,
    whose: Whose,
    slot: Slot | None,
    overdue: bool | None,
    due_before: date | None,
    limit: int,
    after: str | None,
) -> Duties:
    """Open duties by due date, those without one last."""
    condition, values = mine(read.who) if whose == "mine" else theirs(read.who)
    where = ["d.state = 'open'", condition]
    if slot is not None:
        where.append("d.slot = :slot")
    if overdue is not None:
        where.append("d.due_at <= :now" if overdue else "(d.due_at > :now OR d.due_at IS NULL)")
    if due_before is not None:
        where.append("d.due_on < :before")
    key = key_of(after, date.fromisoformat, UUID)
    if key is not None:
        where.append(f"({_ORDER}, d.id) > (CAST(:due AS date), CAST(:last AS uuid))")
        values |= {"due": key[0], "last": key[1]}
    # Cut before anything is joined: names are looked up for the lines shown only.
    query = (
        f"SELECT {COLUMNS} FROM (SELECT d.* FROM duties d WHERE {' AND '.join(where)}"  # noqa: S608 — conditions above, values bound
        f" ORDER BY {_ORDER}, d.id LIMIT :limit) d{JOINS} ORDER BY {_ORDER}, d.id"
    )
    values |= {
        "slot": slot.value if slot else None,
        "now": read.now,
        "before": due_before,
        "limit": limit + 1,
    }
    rows, more = page((await read.connection.execute(text(query), values)).all(), limit)
    _, calendar = await read.own_law()
    last = rows[-1] if more else None
    return Duties(
        items=await lines(rows, read, calendar),
        next=cursor(last.due_on or NO_DATE, last.id) if last is not None else None,
    )


async def one(read: Reading, duty_id: UUID) -> DutyDetail:
    """One duty with the law behind it.

    Raises:
        RefusedError: ``not-found``.
    """
    row = (await read.connection.execute(_ONE, {"id": duty_id})).one_or_none()
    if row is None:
        raise permits.missing()
    law, calendar = await read.law_at(row.agency_id)
    rule = next((one for one in law.rules if one.id == row.rule_id), None)
    if rule is None:
        # Under the law it was opened with, where its unit has come under another regulation since.
        with suppress(LookupError):
            law, _ = await read.tools.under(
                read.connection, read.who.authority_id, row.rule_set_hash, row.calendar_hash
            )
            rule = next((one for one in law.rules if one.id == row.rule_id), None)
    known = await permits.known_by_name(read, [row.subject_id])
    own = read.who.is_about(row.subject_id)
    level = top_level() if own else await permits.level_everywhere(read)
    return DutyDetail.model_validate(
        {
            **_line(row, read, calendar, named=row.subject_id in known or owes(read.who, row)),
            "facts": known_facts(row.facts, level),
            "rule_text": rule.text_vi if rule else None,
            "rule_text_en": rule.text_en if rule else None,
        }
    )
