"""HR's morning list in groups; each line has its person, article, days and the calls that settle it."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import duties, permits
from api.reading.borrowed import Borrowed, borrowed
from api.reading.borrowed import condition as lent_condition
from api.reading.gate import at_gate
from api.reading.lines import MOST, Group, TodayLine
from api.reading.steps import calls, settling
from api.scope import Reading
from models.access import Verb, roles
from models.calendar import Calendar, MissingYear, legal_date


class Today(BaseModel):
    """The morning list of the agencies in the asker's scope."""

    day: date = Field(title="Ngày")
    working_day: bool | None = Field(title="Ngày làm việc", description="Không có khi lịch năm chưa được nạp")
    due_today: Group = Field(title="Đến hạn hôm nay")
    overdue: Group = Field(title="Quá hạn")
    returned: Group = Field(title="Bị trả lại, chờ sửa")
    newly_arrived: Group = Field(title="Mới đến")
    delegated: Group = Field(title="Việc nhận uỷ quyền, chưa đến hạn")
    waiting_on_others: Group = Field(title="Chờ người khác")
    at_gate: Group = Field(
        title="Danh sách tháng chờ cơ quan quản lý phê duyệt",
        description="Trước hoặc sau khi gửi CSDLQG, theo quy chế; trống với người không được phê duyệt",
    )


_GROUP = (
    "CASE WHEN d.due_at <= :now THEN 'overdue' WHEN d.due_on = :today THEN 'due_today'"
    " WHEN d.returned THEN 'returned'"
    " WHEN d.slot = 'transfer_receive' AND d.party = ANY (CAST(:roles AS text[])) THEN 'newly_arrived'"
    " WHEN {lent} THEN 'delegated'"
    " WHEN d.party = ANY (CAST(:roles AS text[])) OR d.profile_id = CAST(:own AS uuid) AND d.party = 'person'"
    " THEN 'mine_later' ELSE 'waiting_on_others' END"
)
# The ids are known and few by then: no plan reads a whole table for their names.
_LINES = text(f"SELECT {duties.COLUMNS} {duties.JOINED} WHERE d.id = ANY (CAST(:ids AS uuid[]))")
# All of them: counted and put in order in an index, which names nobody; then those shown, by their ids.
_WAITING = text(
    "SELECT r.profile_id, r.submitted_at, count(*) OVER () AS n FROM revisions r WHERE r.state = 'submitted'"
    " ORDER BY r.submitted_at, r.profile_id LIMIT :most"
)
_PEOPLE = text(
    "SELECT p.id, p.full_name, p.agency_id FROM profiles p WHERE p.id = ANY (CAST(:ids AS uuid[]))"
)
# An agency's own: few, and found by the agency.
_WAITING_HERE = text(
    "SELECT p.id AS profile_id, p.full_name, p.agency_id, r.submitted_at, count(*) OVER () AS n"  # noqa: S608 — a constant
    " FROM revisions r JOIN profiles p ON p.pending_revision_id = r.id"
    " WHERE p.pending_revision_id IS NOT NULL AND r.state = 'submitted'"
    f" AND p.agency_id = ANY ({permits.AGENCIES}) ORDER BY r.submitted_at, p.id LIMIT :most"
)


async def today(read: Reading) -> Today:
    """The list as of now.

    Raises:
        RefusedError: ``not-permitted`` for those who hold no role in an agency.
    """
    await permits.within(read, "read_profile")
    law, calendar = await read.law_at(read.who.agency_id)
    groups = await _duties(read, calendar)
    window = law.slot("approval_window")
    arrived = await _submitted(read, window.citation if window else None)
    groups["newly_arrived"] = Group(
        count=groups["newly_arrived"].count + arrived.count,
        items=[*groups["newly_arrived"].items, *arrived.items][:MOST],
    )
    waiting = await at_gate(read, law)
    return Today(day=read.today, working_day=_working(read.today, calendar), **groups, at_gate=waiting)


async def _duties(read: Reading, calendar: Calendar) -> dict[str, Group]:
    condition, values = duties.theirs(read.who)
    lent_to_me, more = lent_condition(read.who)
    group = _GROUP.format(lent=lent_to_me or "false")
    values |= more
    roles = sorted({role for role, _ in read.who.held})
    # Sorted into groups once, three columns wide; each group counted and cut by itself.
    query = (
        f"WITH sorted AS MATERIALIZED (SELECT d.id, d.due_on, {group} AS grp FROM duties d"  # noqa: S608 — conditions above, values bound
        f" WHERE d.state = 'open' AND {condition})"
        " SELECT w.id, g.grp, g.n FROM (SELECT s.grp, count(*) AS n FROM sorted s"
        " WHERE s.grp <> 'mine_later' GROUP BY s.grp) g CROSS JOIN LATERAL"
        " (SELECT s.id, s.due_on FROM sorted s WHERE s.grp = g.grp"
        " ORDER BY s.due_on NULLS LAST, s.id LIMIT :most) w ORDER BY w.due_on NULLS LAST, w.id"
    )
    bound = {
        **values,
        "roles": roles,
        "own": read.who.profile_id,
        "now": read.now,
        "today": read.today,
        "most": MOST,
    }
    places = (await read.connection.execute(text(query), bound)).all()
    found = await read.connection.execute(_LINES, {"ids": [place.id for place in places]})
    lines = {row.id: row for row in found}
    hidden = await _hidden(read, (row.subject_id for row in lines.values()))
    names = ("due_today", "overdue", "returned", "newly_arrived", "delegated", "waiting_on_others")
    lent = await borrowed(read)
    left = {
        due: duties.days_left(due, read.today, calendar) for due in {row.due_on for row in lines.values()}
    }
    return {
        name: Group(
            count=next((place.n for place in places if place.grp == name), 0),
            items=[_line(lines[p.id], read, left, lent, hidden) for p in places if p.grp == name],
        )
        for name in names
    }


async def _hidden(read: Reading, people: Iterable[UUID | None]) -> frozenset[UUID | None]:
    """Of these people, those whose names are not told: another role than those that read files reaches them.

    Where every role held reads files, whoever is in reach is read, and nothing is asked.
    """
    if all(Verb.READ_PROFILE in roles().roles[role].verbs for role, _ in read.who.held):
        return frozenset()
    about = frozenset(people)
    return about - await permits.known_by_name(read, about)


def _line(
    row: Any,
    read: Reading,
    left: dict[date | None, int | None],
    lent: Borrowed,
    hidden: frozenset[UUID | None],
) -> TodayLine:
    """One line as the database has it: hundreds are made for a page, and nobody need check them again."""
    named = row.subject_id not in hidden or duties.owes(read.who, row)
    return TodayLine.model_construct(
        what=row.slot,
        person=row.person if named else None,
        profile_id=row.profile_id,
        agency_id=row.agency_id,
        case_id=row.case_id,
        duty_id=row.id,
        agency_month_id=row.agency_month_id,
        party=row.party,
        citation=row.citation,
        succession=row.succession,
        succession_en=row.succession_en,
        since=row.event_on,
        due_on=row.due_on,
        days_left=left[row.due_on],
        on_behalf_of=lent.behalf(read.who, row),
        calls=settling(row),
    )


async def _submitted(read: Reading, citation: str | None) -> Group:
    """Submissions that wait to be looked at; the law gives them the month's window."""
    waiting = await (_everywhere(read) if read.who.scope.everything else _here(read))
    hidden = await _hidden(read, (row.profile_id for row, _ in waiting))
    verbs = ("approve", "return_for_correction")
    items = [
        TodayLine(
            what="submission",
            person=person.full_name if row.profile_id not in hidden else None,
            profile_id=row.profile_id,
            agency_id=person.agency_id,
            party="approver",
            citation=citation,
            since=legal_date(row.submitted_at),
            due_on=None,
            days_left=None,
            calls=calls(verbs, profile_id=row.profile_id),
        )
        for row, person in waiting
    ]
    return Group(count=waiting[0][0].n if waiting else 0, items=items)


async def _everywhere(read: Reading) -> list[tuple[Any, Any]]:
    rows = (await read.connection.execute(_WAITING, {"most": MOST})).all()
    found = await read.connection.execute(_PEOPLE, {"ids": [row.profile_id for row in rows]})
    people = {person.id: person for person in found}
    return [(row, people[row.profile_id]) for row in rows]


async def _here(read: Reading) -> list[tuple[Any, Any]]:
    values = {"subtrees": list(read.who.scope.agencies), "most": MOST}
    return [(row, row) for row in await read.connection.execute(_WAITING_HERE, values)]


def _working(day: date, calendar: Calendar) -> bool | None:
    try:
        return calendar.is_working_day(day)
    except MissingYear:
        return None
