"""Why a duty is owed, told in full: event, rules, days, who owes it now, what the law asks for next."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import duties, permits
from api.scope import Reading
from models.access import roles
from models.calendar import CountedDay
from models.errors import RefusedError
from models.lifecycle.explaining import ClockTold, Next, Owed, Told, explain
from models.lifecycle.life import CHAPTER_VI, PERSON, STATUS_VI, Chapter, Status
from models.lifecycle.scene import Scene
from models.regulations import Rule, RuleSet

MOST = 200


class Words(BaseModel):
    """A remark in both languages."""

    vi: str = Field(title="Tiếng Việt")
    en: str = Field(title="Tiếng Anh")


class RuleTold(BaseModel):
    """A rule the duty rests on, with its words."""

    id: str = Field(title="Mã quy định")
    binds: bool = Field(title="Quy định trực tiếp", description="Các quy định còn lại được viện dẫn kèm")
    document: str = Field(title="Văn bản")
    status: str = Field(title="Hiệu lực của văn bản")
    citation: str = Field(title="Căn cứ")
    citation_en: str = Field(title="Căn cứ (tiếng Anh)")
    quote: str | None = Field(title="Nguyên văn")
    text_vi: str = Field(title="Nội dung")
    text_en: str = Field(title="Nội dung (tiếng Anh)")
    actor: str = Field(title="Người thực hiện theo văn bản")
    notes: str | None = Field(title="Ghi chú của người mã hóa", description="Không phải quy định")


class Period(BaseModel):
    """One period, day by day; where several run, the earliest binds."""

    rule_id: str = Field(title="Mã quy định")
    citation: str = Field(title="Căn cứ")
    period: str | None = Field(title="Thời hạn theo văn bản")
    binds: bool = Field(title="Thời hạn này quyết định hạn")
    from_: date | None = Field(title="Tính từ ngày", description="Không tính ngày này", alias="from")
    due_on: date | None = Field(title="Hạn")
    nominal_due_on: date | None = Field(title="Hạn trước khi dời vì ngày nghỉ")
    alternative_due_on: date | None = Field(title="Hạn nếu các ngày chưa xác minh được công bố là ngày nghỉ")
    days: list[CountedDay] = Field(title="Từng ngày", description="`number` trống: ngày không tính")
    doubt: Words | None = Field(title="Vì sao không kể được từng ngày")


class Recorded(BaseModel):
    """What was done when the duty was opened."""

    kind: str = Field(title="Sự kiện")
    at: datetime = Field(title="Lúc")
    actor_role: str = Field(title="Vai trò")
    citation: str | None = Field(title="Căn cứ")


class Cause(BaseModel):
    """What brought the duty about."""

    on: date = Field(title="Ngày phát sinh")
    trigger: str | None = Field(title="Điều làm phát sinh theo văn bản")
    document: str | None = Field(title="Quyết định, văn bản")
    acts: list[Recorded] = Field(title="Việc đã ghi nhận cùng lúc")


class Responsible(BaseModel):
    """Who owes it: a post, and who holds it today as far as the asker may see."""

    party: str = Field(title="Vai trò")
    party_vi: str = Field(title="Vai trò bằng lời")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    agency: str | None = Field(title="Tên cơ quan, đơn vị")
    holders: list[str] = Field(title="Đang giữ vị trí", description="Trong phạm vi được xem")


class NextStep(BaseModel):
    """What the law asks for afterwards."""

    slot: str = Field(title="Việc")
    number: int | None = Field(title="Bước thứ")
    of: int | None = Field(title="Trên tổng số bước")
    party_vi: str = Field(title="Ai làm")
    citation: str = Field(title="Căn cứ")
    text_vi: str = Field(title="Nội dung")
    text_en: str = Field(title="Nội dung (tiếng Anh)")
    period: str | None = Field(title="Thời hạn theo văn bản")
    signature: str = Field(title="Chữ ký")


class LawRead(BaseModel):
    """The law and the calendar that were read when the duty was opened."""

    rule_set_hash: str = Field(title="Mã băm của bộ quy định")
    calendar_hash: str = Field(title="Mã băm của lịch")
    in_force_today: bool = Field(title="Vẫn là bộ quy định đang có hiệu lực")


class Explanation(BaseModel):
    """One duty explained."""

    id: UUID = Field(title="Nghĩa vụ")
    slot: str = Field(title="Loại nghĩa vụ")
    state: str = Field(title="Trạng thái")
    profile_id: UUID | None = Field(title="Hồ sơ")
    person: str | None = Field(title="Họ và tên")
    summary: Words = Field(title="Tóm tắt")
    due_on: date | None = Field(title="Hạn")
    met_on: date | None = Field(title="Hoàn thành ngày")
    late_days: int = Field(title="Số ngày làm việc trễ")
    event: Cause = Field(title="Sự kiện")
    rules: list[RuleTold] = Field(title="Quy định")
    clocks: list[Period] = Field(title="Các thời hạn")
    responsible: Responsible = Field(title="Ai có trách nhiệm")
    next: list[NextStep] = Field(title="Việc tiếp theo theo quy định")
    notes: list[Words] = Field(title="Lưu ý")
    law: LawRead = Field(title="Bộ quy định và lịch đã áp dụng")


class ProfileExplained(BaseModel):
    """One profile: where it stands, and why each thing is owed."""

    profile_id: UUID = Field(title="Hồ sơ")
    person: str = Field(title="Họ và tên")
    chapter_vi: str = Field(title="Giai đoạn")
    status_vi: str = Field(title="Tình trạng")
    regulations: list[str] = Field(title="Văn bản đang áp dụng")
    duties: list[Explanation] = Field(title="Nghĩa vụ")


_FIELDS = (
    f"{duties.COLUMNS}, d.state, d.rule_id, d.rule_set_hash, d.calendar_hash, d.nominal_due_on, d.met_on,"
    " d.late_days, d.opened_at, d.facts, k.kind AS case_kind, k.mode,"
    " a.name AS agency,"
    " coalesce(p.category, q.category) AS category, coalesce(p.origin, q.origin) AS origin,"
    " coalesce(p.approved_revision_id, q.approved_revision_id) AS approved, h.kind AS agency_kind,"
    " h.id AS held_by, h.parent_id AS managing_id, w.department_id,"
    " coalesce(h.standing, CASE WHEN h.has_account THEN 'subordinate' ELSE 'constituent' END) AS standing"
)
_SOURCE = (
    f"SELECT {_FIELDS}{duties.JOINED} LEFT JOIN agencies a ON a.id = d.agency_id"
    " LEFT JOIN agencies h ON h.id = coalesce(p.agency_id, q.agency_id, d.agency_id)"
    " JOIN authorities w ON w.authority_id = d.authority_id"
)
_ONE = text(f"{_SOURCE} WHERE d.id = :id")
_OF_PROFILE = text(
    f"{_SOURCE} WHERE (d.profile_id = :id OR k.profile_id = :id) AND (d.state = 'open' OR :closed)"
    " ORDER BY d.state <> 'open', d.due_on NULLS LAST, d.id LIMIT :most"
)
_HOLDERS = text(
    "SELECT a.display_name FROM grants g JOIN accounts a ON a.id = g.account_id WHERE g.role = :role"
    " AND g.agency_id = :agency AND g.valid_from <= :today AND (g.valid_to IS NULL OR g.valid_to > :today)"
    " AND a.state <> 'cancelled' ORDER BY a.display_name"
)
_ACTS = text(
    "SELECT e.kind, e.at, e.actor_role, e.citation FROM events o JOIN events e ON e.stream_id = o.stream_id"
    " AND e.transaction = o.transaction WHERE o.stream_id = ANY (:streams) AND o.kind = 'duty.opened'"
    " AND o.facts ->> 'duty' = :duty AND NOT e.kind ^@ 'duty.' ORDER BY e.position"
)


async def of_duty(read: Reading, duty_id: UUID) -> Explanation:
    """One duty, to whoever owes it or may read the profile it is about.

    Raises:
        RefusedError: ``not-found`` out of scope, ``not-permitted`` within it.
    """
    row = (await read.connection.execute(_ONE, {"id": duty_id})).one_or_none()
    if row is None:
        raise permits.missing()
    if row.subject_id is not None and not duties.owes(read.who, row):
        await permits.profile(read, row.subject_id)
    return await _explained(read, row)


async def of_profile(read: Reading, profile_id: UUID, *, closed: bool) -> ProfileExplained:
    """A profile and its duties: the open ones, and with ``closed`` those that have ended.

    Raises:
        RefusedError: as reading the profile would.
    """
    subject = await permits.profile(read, profile_id)
    found = await read.connection.execute(_OF_PROFILE, {"id": profile_id, "closed": closed, "most": MOST})
    law, _ = await read.law_at(subject.row.agency_id)
    return ProfileExplained(
        profile_id=profile_id,
        person=subject.row.full_name,
        chapter_vi=CHAPTER_VI[Chapter(subject.row.chapter)],
        status_vi=STATUS_VI[Status(subject.row.status)],
        regulations=[one.number or one.title for one in law.regulations],
        duties=[await _explained(read, row) for row in found.all()],
    )


async def _explained(read: Reading, row: Any) -> Explanation:
    authority = read.who.authority_id
    try:
        law, calendar = await read.tools.under(
            read.connection, authority, row.rule_set_hash, row.calendar_hash
        )
    except LookupError as lost:
        raise RefusedError.of(
            "law-not-kept",
            "Bộ quy định hoặc lịch đã áp dụng khi mở nghĩa vụ không còn được lưu.",
            "The law or the calendar the duty was opened with is not kept.",
            extra={"rule_set_hash": row.rule_set_hash, "calendar_hash": row.calendar_hash},
        ) from lost
    owed = Owed(row.slot, row.rule_id, row.citation, row.event_on, row.nominal_due_on, row.due_on, row.facts)
    scene = Scene(
        now=read.now,
        law=law,
        calendar=calendar,
        policy=read.tools.policy,
        act_id=row.id,
        actor_id=None,
        actor_role="system",
        actor_profile_id=None,
        department_id=row.department_id,
        managing_agency_id=row.managing_id or row.held_by,
        facts=_facts(row),
    )
    told = explain(owed, scene, row.held_by)
    responsible = await _responsible(read, row)
    today, _ = await read.law_at(row.held_by)
    return Explanation(
        id=row.id,
        slot=row.slot,
        state=row.state,
        profile_id=row.subject_id,
        person=row.person,
        summary=_summary(row, told, responsible),
        due_on=row.due_on,
        met_on=row.met_on,
        late_days=row.late_days,
        event=await _event(read, row, told),
        rules=_rules(told.rules, law),
        clocks=[_clock(one) for one in told.clocks],
        responsible=responsible,
        next=[_next(one) for one in told.next],
        notes=[Words(vi=vi, en=en) for vi, en in told.notes],
        law=LawRead(
            rule_set_hash=row.rule_set_hash,
            calendar_hash=row.calendar_hash,
            in_force_today=today.hash == row.rule_set_hash,
        ),
    )


def _facts(row: Any) -> Mapping[str, str]:
    """What the law may ask about the subject as it stands."""
    about = row.subject_id is not None
    known = {
        "category": row.category,
        "agency": row.standing,
        "kind": row.agency_kind,
        "origin": row.origin,
        "leaving": row.mode if row.case_kind == "separation" else None,
        "subject": ("first" if row.approved is None else "change") if about else None,
    }
    return {name: value for name, value in known.items() if value}


async def _event(read: Reading, row: Any, told: Told) -> Cause:
    streams = [one for one in (row.subject_id, row.agency_month_id, row.report_id) if one is not None]
    acts = await read.connection.execute(_ACTS, {"streams": streams, "duty": str(row.id)})
    rule = told.rules[0] if told.rules else None
    counted = rule.deadline.counted_from if rule is not None and rule.deadline is not None else None
    return Cause(
        on=row.event_on,
        trigger=(rule.trigger if rule is not None else None) or counted,
        document=row.facts.get("document"),
        acts=[Recorded.model_validate(dict(one._mapping)) for one in acts],
    )


async def _responsible(read: Reading, row: Any) -> Responsible:
    if row.party == PERSON:
        holders = [row.person] if row.person else []
    else:
        asked = {"role": row.party, "agency": row.agency_id, "today": read.today}
        holders = list((await read.connection.execute(_HOLDERS, asked)).scalars())
    return Responsible(
        party=row.party,
        party_vi=_party_vi(row.party),
        agency_id=row.agency_id,
        agency=row.agency,
        holders=holders,
    )


def _party_vi(party: str) -> str:
    if party == PERSON:
        return "Người có hồ sơ"
    known = roles().roles.get(party)
    return known.vi if known is not None else party


def _rules(rules: Sequence[Rule], law: RuleSet) -> list[RuleTold]:
    headers = {one.id: one for one in law.regulations}
    found = []
    for rule in rules:
        header = headers[rule.regulation]
        values = {name: getattr(rule, name) for name in RuleTold.model_fields if hasattr(rule, name)}
        found.append(
            RuleTold.model_validate(
                {
                    **values,
                    "binds": rule is rules[0],
                    "document": f"{header.number}: {header.title}" if header.number else header.title,
                    "status": header.status,
                }
            )
        )
    return found


def _clock(one: ClockTold) -> Period:
    reckoning = one.reckoning
    return Period.model_validate(
        {
            "rule_id": one.rule.id,
            "citation": one.rule.citation,
            "period": one.rule.deadline.text if one.rule.deadline is not None else None,
            "binds": one.binds,
            "from": one.event_on,
            "due_on": one.due_on,
            "nominal_due_on": reckoning.nominal_due if reckoning is not None else None,
            "alternative_due_on": reckoning.alternative_due if reckoning is not None else None,
            "days": list(reckoning.days) if reckoning is not None else [],
            "doubt": Words(vi=one.doubt[0], en=one.doubt[1]) if one.doubt is not None else None,
        }
    )


def _next(one: Next) -> NextStep:
    rule = one.obligation.rule
    deadline = one.obligation.deadline
    return NextStep(
        slot=one.slot,
        number=one.number,
        of=one.of,
        party_vi=_party_vi(one.party),
        citation=one.obligation.citation,
        text_vi=rule.text_vi,
        text_en=rule.text_en,
        period=deadline.text if deadline is not None else None,
        signature=one.obligation.signature,
    )


def _summary(row: Any, told: Told, responsible: Responsible) -> Words:
    """One sentence: who owes what by when, by which article."""
    rule = told.rules[0] if told.rules else None
    what_vi, what_en = (rule.text_vi, rule.text_en) if rule is not None else (row.slot, row.slot)
    until_vi = f", hết ngày {row.due_on:%d/%m/%Y}" if row.due_on else ", chưa có hạn"
    until_en = f", by the end of {row.due_on.isoformat()}" if row.due_on else ", without a date"
    who = responsible.party_vi + (f" ({responsible.agency})" if row.party != PERSON else "")
    citation_en = "; ".join(one.citation_en for one in told.rules) or row.citation
    return Words(
        vi=f"{who}: {what_vi}{until_vi} ({row.citation}).",
        en=f"{row.party}: {what_en}{until_en} ({citation_en}).",
    )
