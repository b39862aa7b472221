"""Open duties reckoned again after a load of law or calendar: seen in pages, moved subject by subject.

A duty carries the hashes of the law and the calendar it was reckoned with, so what is still to be done is
what carries others: a run that was cut off goes on where it stopped, and one more changes nothing. What comes
out equal gets the new hashes alone; what moves is moved in a transaction of its subject, with an event.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.database import Scope, entering, together, transaction
from models.identifiers import agency_month_workflow, profile_workflow, review_workflow, transfer_workflow
from models.lifecycle.breach import UNIT as HOURS
from models.lifecycle.outcome import Outcome
from models.lifecycle.rebasing import Basis, Judged, Standing, judge, keep, rebase
from models.lifecycle.switching import put_down
from models.lifecycle.wake import after, profile_wake
from models.messages import Ask, Subject
from models.record.act import record, scene_of
from models.record.basis import basis_of
from models.record.law_of import LawOf
from models.record.standings import PAGES, THESE, standing_of
from models.record.subjects import Found, found_in, looks
from models.record.tools import Tools

PAGE = 500

_SAME = text(
    # What an act holds just now is left to the next run: nobody waits for somebody who waits for him.
    "UPDATE duties SET rule_set_hash = :law, calendar_hash = :calendar WHERE id IN"
    " (SELECT id FROM duties WHERE id = ANY(:ids) AND state = 'open' FOR NO KEY UPDATE SKIP LOCKED)"
)


@dataclass(slots=True)
class Recomputed:
    """What one run did: duties looked at, moved, left where they were; those whose law has no answer now."""

    seen: int = 0
    moved: int = 0
    unchanged: int = 0
    kept: int = 0
    subjects: int = 0
    after: UUID | None = None
    """The last duty looked at; a run goes on behind it."""
    done: bool = False
    unanswered: list[UUID] = field(default_factory=list)


Progress = Callable[[Recomputed], None]


async def pages(
    connection: AsyncConnection, *, after: UUID | None = None, most: int = PAGE
) -> AsyncIterator[list[Standing]]:
    """Every open duty of the transaction's authority, in the order of ids."""
    while True:
        rows = (await connection.execute(PAGES, {"after": after, "most": most})).all()
        if rows:
            after = rows[-1].id
            yield [standing_of(row) for row in rows]
        if len(rows) < most:
            return


async def survey(connection: AsyncConnection, basis: Basis) -> AsyncIterator[Judged]:
    """What would move under ``basis``, and what it has no answer for; nothing is written."""
    async for page in pages(connection):
        for one in page:
            if basis.current(one) or HOURS in one.facts:
                continue
            judged = judge(one, basis)
            if judged is not None and (judged.moved or judged.kept):
                yield judged


async def recompute(
    tools: Tools,
    authority_id: UUID,
    now: datetime,
    *,
    begun: Recomputed | None = None,
    beat: Progress = lambda _done: None,
    most: int = PAGE,
) -> Recomputed:
    """Reckon every open duty of the authority that stands on other law or another calendar than is loaded.

    ``beat`` is told after each page what was done so far. Law loaded meanwhile is taken up from the next
    page on; what was passed before is found by the next run, because its hashes are others.

    Raises:
        LookupError: nothing was loaded for this authority.
    """
    done = begun or Recomputed()
    scope = Scope(authority_id, everything=True)
    while not done.done:
        async with transaction(tools.engine, scope) as connection:
            basis = await basis_of(connection, tools.shelf, authority_id)
            rows = (await connection.execute(PAGES, {"after": done.after, "most": most})).all()
        standing = [standing_of(row) for row in rows]
        await _page(tools, authority_id, now, basis, standing, done)
        done.after = rows[-1].id if rows else done.after
        done.done = len(rows) < most
        beat(done)
    return done


async def _page(
    tools: Tools, authority_id: UUID, now: datetime, basis: Basis, page: list[Standing], done: Recomputed
) -> None:
    moved: list[Standing] = []
    told = await _told(tools, authority_id, basis, page)
    same: dict[str, list[UUID]] = {}
    done.seen += len(page)
    for one in page:
        if basis.current(one) or HOURS in one.facts:
            continue  # a clock of hours runs on under the law of its own instant, whatever a calendar says
        judged = judge(one, basis)
        if judged is None or judged.kept:
            done.kept += 1
            done.unanswered.append(one.duty.id)
        if judged is not None and (judged.moved or (judged.kept and _untold(judged, told))):
            moved.append(one)
        elif judged is not None:
            same.setdefault(judged.law.hash, []).append(one.duty.id)
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        for law, ids in same.items():
            values = {"law": law, "calendar": basis.calendar.hash, "ids": ids}
            done.unchanged += (await connection.execute(_SAME, values)).rowcount
    for (subject, subject_id), duties in groupby(sorted(moved, key=_order), key=_subject):
        ask = Ask(
            authority_id=authority_id, subject=subject, subject_id=subject_id, internal="recompute", now=now
        )
        done.moved += await _move(tools, ask, basis, [one.duty.id for one in duties])
        done.subjects += 1


_TOLD = text("SELECT duty_id, load_id FROM law_moves WHERE duty_id = ANY(:ids) AND kept")


async def _told(
    tools: Tools, authority_id: UUID, basis: Basis, page: list[Standing]
) -> set[tuple[UUID, UUID]]:
    """Which duties were kept, and their bearers told, under which load."""
    ids = [one.duty.id for one in page if not basis.current(one)]
    if not ids:
        return set()
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        return {(row.duty_id, row.load_id) for row in await connection.execute(_TOLD, {"ids": ids})}


def _untold(judged: Judged, told: set[tuple[UUID, UUID]]) -> bool:
    """Whether newer law is silent on it and its bearer has not heard so."""
    duty_id = judged.before.duty.id
    return bool(judged.loads) and any((duty_id, load) not in told for load in judged.loads)


def _subject(one: Standing) -> tuple[Subject, UUID]:
    """Whose row is locked: the case's profile, the profile, the list, the report."""
    duty = one.duty
    if duty.report_id is not None:
        return "review", duty.report_id
    if duty.agency_month_id is not None:
        return "agency_month", duty.agency_month_id
    if duty.case_id is not None:
        return "transfer", duty.case_id
    assert duty.profile_id is not None
    return "profile", duty.profile_id


def _order(one: Standing) -> tuple[str, str]:
    subject, subject_id = _subject(one)
    return subject, str(subject_id)


async def _move(tools: Tools, ask: Ask, basis: Basis, ids: list[UUID]) -> int:
    """Move the duties of one subject in one transaction; behind the lock of its row all is read again."""
    async with tools.engine.begin() as connection:
        queries = [
            entering(Scope(ask.authority_id, everything=True, on=legal_date(ask.now))),
            *(subject := looks(ask, lock=True)),
            LawOf.subject(ask).on(legal_date(ask.now)),
            (THESE, {"ids": ids}),
        ]
        _, *rest = await together(connection, queries)
        law = rest[len(subject)]
        found = found_in(ask, rest[: len(subject)], lock=True)
        in_force, _ = await tools.read(connection, ask.authority_id, law[0])
        scene = scene_of(tools, ask, None, found, in_force, basis.calendar)
        out = Outcome()
        every = [one for row in rest[-1] if (one := judge(standing_of(row), basis)) is not None]
        judged = [one for one in every if one.moved]
        told = {tuple(row) for row in await connection.execute(_TOLD, {"ids": ids})}
        silent = [one for one in every if one.kept and _untold(one, told)]
        if not (judged or silent) or found.row is None:
            return 0
        life = found.subject.life
        account_id = life.account.id if life is not None and life.account is not None else None
        for one in judged:
            moved = rebase(out, scene, one, account_id=account_id, agency_id=found.agency_id)
            if not one.kept:
                put_down(out, scene, one, moved)
        for one in silent:
            keep(out, one, account_id=account_id)
            put_down(out, scene, one, one.before.duty)
        _own_dates(out, found, judged)
        if (earlier := _earlier(ask, found, out)) is not None:
            out.tell.append(earlier)
        await record(connection, tools, ask, None, found, scene, out)
    return len(judged)


def _own_dates(out: Outcome, found: Found, judged: Iterable[Judged]) -> None:
    """The list's and the review's own end follow the duty; a list still closes when the next one opens."""
    month, report = found.subject.month, found.subject.report
    for one in judged:
        nominal, due_on, due_at = one.due
        own = report is not None and one.before.duty.rule_id == report.rule_id
        if report is not None and due_on is not None and own:
            dates = {"nominal_due_on": nominal, "due_on": due_on, "due_at": due_at}
            out.update("reviews", {"id": report.review_id}, **dates)
        elif month is not None and due_on is not None and one.before.duty.due_on == month.rolled_end:
            out.subject |= {"nominal_end": nominal, "rolled_end": due_on}


def _earlier(ask: Ask, found: Found, out: Outcome) -> tuple[str, dict[str, Any]] | None:
    """The workflow whose next wake comes earlier now; a later one is found when the old timer fires."""
    life, case, month, report = (
        found.subject.life,
        found.subject.case,
        found.subject.month,
        found.subject.report,
    )
    row = found.row
    assert row is not None
    if life is not None and case is not None:
        wakes = [d.next_wake_at for d in after(life.duties, out) if d.case_id == case.id and d.next_wake_at]
        told = (transfer_workflow(case.id), {"profile_id": life.profile_id})
        sooner = case.kind == "transfer" and _sooner(min(wakes, default=None), case.next_wake_at)
        return told if sooner else None
    if life is not None:
        sooner = _sooner(profile_wake(life, out, life.profile_id), row.next_wake_at)
        return (profile_workflow(life.profile_id), {}) if sooner else None
    owner = month or report
    assert owner is not None
    wakes = [d.next_wake_at for d in after(owner.duties, out) if d.next_wake_at]
    if not _sooner(min(wakes, default=None), row.next_wake_at):
        return None
    if month is not None:
        return agency_month_workflow(month.agency_id, month.month), {"month": month.id}
    assert report is not None
    return review_workflow(ask.authority_id, report.period), {}


def _sooner(new: datetime | None, old: datetime | None) -> bool:
    return new is not None and (old is None or new < old)
