"""The subject of an act: found and locked before it is judged, saved after."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncConnection

from models.command_lists import ApproveByList
from models.command_sessions import CompleteListSigning, OpenListSigning
from models.commands import Body, OpenProfile
from models.database import Query, together
from models.lifecycle import gate
from models.lifecycle.life import CHAPTER_VI, AgencyMonth, Chapter, Life
from models.lifecycle.month import OUTSTANDING, WHOLE_STOCK
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.session_ends import wakes as session_wakes
from models.lifecycle.wake import after, profile_wake
from models.messages import Ask, Moment
from models.record.decide import Subject
from models.record.delegations import DELEGATION, LOCK, lent_of, moment_of
from models.record.load import (
    CASE,
    CHANGED_ROWS,
    ITEMS,
    LIFE,
    LIFE_OF_CASE,
    LOCK_LIFE,
    LOCK_LIFE_OF_CASE,
    LOCK_MONTH,
    LOCK_REPORT,
    MONTH,
    MONTH_LISTING,
    REPORT,
    SHOWN_LIST,
    case_of,
    content_of,
    life_of,
    month_of,
    report_of,
    shown_of,
)
from models.record.proposals import with_proposals
from models.record.pulling import with_attached, with_base, with_pulled
from models.record.sent_back import with_sent_back
from models.record.sql import inserting, updating
from models.record.tools import Tools
from models.record.write import GENESIS, end_of_stream


@dataclass(frozen=True, slots=True)
class Found:
    """The subject as loaded, with the joined row it came from and its place in the tree."""

    subject: Subject
    row: Any | None = None
    ancestors: tuple[UUID, ...] = ()
    department_id: UUID | None = None
    ict_department_id: UUID | None = None

    @property
    def agency_id(self) -> UUID | None:
        """The agency in whose hands the subject is."""
        return self.row.agency_id if self.row is not None else None

    @property
    def managing_agency_id(self) -> UUID | None:
        """The agency next above it; itself at the top."""
        above = [a for a in self.ancestors if a != self.agency_id]
        return above[0] if above else self.agency_id


def _ids(found: list[str] | None) -> tuple[UUID, ...]:
    return tuple(UUID(one) for one in found or ())


def looks(ask: Ask, *, lock: bool) -> list[Query]:
    """What loads the subject; `found_in` makes it of the rows. No ``lock`` for what is locked already."""
    one = {"id": ask.subject_id}
    others: list[TextClause]
    match ask.subject:
        case "agency_month":
            first, others = LOCK_MONTH, [MONTH] + [ITEMS] * (ask.command_id is not None)
        case "review":
            first, others = LOCK_REPORT, [REPORT]
        case "delegation":
            locking: list[Query] = [(LOCK, {"authority": ask.authority_id})] if lock else []
            return [*locking, (DELEGATION, one)]
        case "transfer":
            first, others = LOCK_LIFE_OF_CASE, [LIFE_OF_CASE, CASE]
        case _:
            first, others = LOCK_LIFE, [LIFE]
    return [(statement, one) for statement in ([first] if lock else []) + others]


def found_in(ask: Ask, answers: Sequence[list[Any]], *, lock: bool) -> Found:
    """The subject from the rows of `looks`; a profile that is still to be opened is none."""
    (rows, *more) = answers[1:] if lock else answers
    if not rows:
        return Found(Subject())
    (row,) = rows
    if ask.subject == "agency_month":
        subject = Subject(month=month_of(row, more[0] if more else ()))
    elif ask.subject == "review":
        subject = Subject(report=report_of(row))
    elif ask.subject == "delegation":
        subject = Subject(lent=lent_of(row))
    else:
        subject = Subject(life_of(row), case_of(more[0][0]) if more else None)
    operator = getattr(row, "ict_department_id", None)  # asked for where accounts are judged
    return Found(subject, row, _ids(row.ancestors), row.department_id, operator)


async def with_month(connection: AsyncConnection, found: Found) -> Found:
    """Beside a profile with a submission that waits, the month on whose list it stands."""
    life = found.subject.life
    if life is None or life.pending is None:
        return found
    (listing,) = await together(connection, [(MONTH_LISTING, {"id": life.profile_id})])
    if not listing:
        return found
    month = month_of(listing[0])
    life = replace(life, whole_stock=month.kind == WHOLE_STOCK)
    return replace(found, subject=replace(found.subject, life=life, month=month))


async def with_list(connection: AsyncConnection, ask: Ask, found: Found, body: Body | None) -> Found:
    """Beside an agency's month, the approval list the act is about."""
    month = found.subject.month
    named = _list_named(ask, month, body) if month is not None else None
    if month is None or named is None:
        return found
    one = {"id": UUID(str(named)), "month": ask.subject_id}
    rows, changed = await together(connection, [(SHOWN_LIST, one), (CHANGED_ROWS, one)])
    shown = shown_of(rows[0], changed) if rows else None
    return replace(found, subject=replace(found.subject, month=replace(month, shown=shown)))


def _list_named(ask: Ask, month: AgencyMonth, body: Body | None) -> object | None:
    """The list an act names, by its id or by the signing session that waits for its signature."""
    if isinstance(body, ApproveByList | OpenListSigning):
        return body.list_id
    session = body.session_id if isinstance(body, CompleteListSigning) else ask.facts.get("session")
    mine = (one.document_id for one in month.sessions if str(one.id) == str(session))
    return ask.facts.get("list") or next(mine, None)


async def find(connection: AsyncConnection, ask: Ask) -> Found:
    """The subject with its row locked."""
    return found_in(ask, await together(connection, looks(ask, lock=True)), lock=True)


async def with_content(connection: AsyncConnection, tools: Tools, ask: Ask, found: Found, verb: str) -> Found:
    """Open the content only for the acts that judge it."""
    life = found.subject.life
    if life is None:
        return found
    if verb in ("complete_approval", "amend_submission") and life.pending is not None:
        content = await content_of(connection, tools, ask.authority_id, life.pending.id)
        life = replace(life, pending=replace(life.pending, content=content))
    elif verb in ("submit_declaration", "enter_form", "open_own_signing") and life.draft is not None:
        content = await content_of(connection, tools, ask.authority_id, life.draft.id)
        life = replace(life, draft=replace(life.draft, content=content))
    elif verb == "change_fields":
        life = await with_attached(connection, await with_base(connection, tools, life))
    elif verb in ("change_category", "reopen_profile", "answer_rectification"):
        life = await with_base(connection, tools, life)
    elif verb in ("answer_proposal", "national_differs"):
        life = await with_proposals(connection, tools, await with_base(connection, tools, life))
    elif verb == "look" and ask.subject == "profile":
        life = await with_sent_back(connection, life)
    elif verb == "complete_pull":
        life = await with_pulled(connection, tools, life, UUID(str(ask.facts["record"])))
    return replace(found, subject=replace(found.subject, life=life))


async def last_event(connection: AsyncConnection, found: Found, subject_id: UUID) -> tuple[int, str]:
    """Number and hash of the stream's newest event; the profile's row carries its own."""
    if found.subject.life is not None and found.row is not None:
        return found.row.last_event, found.row.last_hash
    return await end_of_stream(connection, subject_id)


def creating(tools: Tools, ask: Ask, body: OpenProfile, outcome: Outcome, scene: Scene) -> Query:
    """The profile's row, before anything that refers to it; saved again with its first events."""
    row: dict[str, Any] = {
        "id": ask.subject_id,
        "authority_id": ask.authority_id,
        "full_name": body.full_name,
        "staff_number": body.staff_number,
        **tools.blind.row(ask.authority_id, body.personal_id_number),
        "version": 0,
        "revision_number": 0,
        "foretold": [],
        "last_event": 0,
        "last_hash": GENESIS,
        "created_at": scene.now,
    }
    return inserting("profiles", {**row, **outcome.subject})


def saving_profile(life: Life | None, ask: Ask, outcome: Outcome, events: list[dict[str, Any]]) -> Query:
    """The profile's own row: changed columns, version + 1, next wake, end of the event chain."""
    profile_id = life.profile_id if life else ask.subject_id
    wake = (
        profile_wake(life, outcome, profile_id)
        if life
        else min((d.next_wake_at for d in after((), outcome) if d.next_wake_at), default=None)
    )
    values: dict[str, Any] = {**outcome.subject, "next_wake_at": wake}
    if events:
        values |= {"last_event": events[-1]["number"], "last_hash": events[-1]["hash"]}
    return updating("profiles", {"id": profile_id}, values, next_version=True)


def saving_case(case_id: UUID, life: Life, outcome: Outcome) -> Query:
    """The case's next wake: the earliest among its own duties."""
    wake = min(
        (d.next_wake_at for d in after(life.duties, outcome) if d.case_id == case_id and d.next_wake_at),
        default=None,
    )
    return updating("cases", {"id": case_id}, {"next_wake_at": wake})


def slept_in(ask: Ask, found: Found) -> bool:
    """Whether a wake came for nothing: then the row still learns when the next one is."""
    case = found.subject.case
    at = case.next_wake_at if case is not None else found.row.next_wake_at if found.row is not None else None
    return ask.internal == "wake" and at is not None and at <= ask.now


def case_concerned(ask: Ask, life: object, outcome: Outcome) -> UUID | None:
    """The case whose duties this act may have changed."""
    if ask.subject == "transfer":
        return ask.subject_id
    case_id = outcome.subject.get("case_id")
    return case_id if isinstance(case_id, UUID) else None


def saving_month(found: Found, outcome: Outcome) -> Query:
    """The month's own row."""
    month = found.subject.month
    assert month is not None
    times = [d.next_wake_at for d in after(month.duties, outcome)] + [session_wakes(month.sessions, outcome)]
    wake = min((at for at in times if at), default=None)
    values = {**outcome.subject, "next_wake_at": wake}
    return updating("agency_months", {"id": month.id}, values, next_version=True)


def saving_report(found: Found, outcome: Outcome) -> Query:
    """A report's own row."""
    report = found.subject.report
    assert report is not None
    times = [d.next_wake_at for d in after(report.duties, outcome)]
    wake = min((at for at in [*times, session_wakes(report.sessions, outcome)] if at), default=None)
    values = {**outcome.subject, "next_wake_at": wake}
    return updating("review_reports", {"id": report.id}, values, next_version=True)


def moment(ask: Ask, found: Found, *, status: int = 200, **more: Any) -> Moment:
    """Where the subject stands as loaded: the answer to an act that changed nothing."""
    subject, row = found.subject, found.row
    if row is None:
        return Moment(version=0, chapter=Chapter.ACCOUNT, words="", status=status, **more)
    if ask.subject == "transfer" and subject.case is not None:
        case = subject.case
        return Moment(
            version=case.version,
            chapter="closed" if case.closed else case.state,
            words=case.state,
            next_wake_at=case.next_wake_at,
            status=status,
            **more,
        )
    if subject.life is not None:
        return Moment(
            version=row.version,
            chapter=row.chapter,
            words=words(subject.life, row.next_wake_at),
            next_wake_at=row.next_wake_at,
            status=status,
            **more,
        )
    if subject.report is not None:
        return Moment(
            version=row.version,
            chapter=row.state,
            words=f"báo cáo {row.period}: {row.state}",
            next_wake_at=row.next_wake_at,
            status=status,
            **more,
        )
    if subject.lent is not None:
        return moment_of(row, status, **more)
    counts = subject.month.counts if subject.month else {}
    sendable = gate.ready(subject.month.gate) if subject.month else "approved"
    rounds = subject.month.rounds if subject.month else ()
    return Moment(
        version=row.version,
        chapter=row.state,
        words=", ".join(f"{state}: {n}" for state, n in sorted(counts.items())) or "không có thay đổi",
        next_wake_at=row.next_wake_at,
        status=status,
        left=sum(counts.get(state, 0) for state in OUTSTANDING),
        to_send=counts.get(sendable, 0),
        at_gate=gate.unseen(subject.month) if subject.month else 0,
        awaiting=counts.get("sent", 0),
        round=next(iter(rounds), None),
        rounds=len(rounds),
        **more,
    )


def words(life: Life, wake: datetime | None) -> str:
    """One line for people who look at the workflow: the chapter and what is owed next, without any name."""
    owed = sorted((d for d in life.duties if d.due_on), key=lambda d: (d.due_on, d.slot))
    parts = [CHAPTER_VI[Chapter(life.chapter)]]
    if owed:
        parts.append(f"{owed[0].slot} → {owed[0].due_on:%d/%m/%Y} ({owed[0].citation})")
    if wake is not None:
        parts.append(f"⏰ {wake:%Y-%m-%d %H:%M} UTC")
    return " · ".join(parts)[:400]
