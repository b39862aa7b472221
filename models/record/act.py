"""``act``: the one place where facts change.

One transaction locks the subject's row, returns the stored answer if the command was done before, loads the
state, checks the actor, decides with a pure function, and writes rows, events, duties, the new version, the
next wake, the answer, and a line for every other workflow that must hear.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import Calendar, legal_date, start_of_day
from models.command_disposal import DISPOSALS
from models.commands import Approve, Delegate, GiveNotice, OpenProfile, ReopenProfile
from models.database import BY_KEY, Query, Scope, entering, together, transaction
from models.errors import RefusedError
from models.lifecycle.account import open_profile
from models.lifecycle.delegation import give
from models.lifecycle.guard import not_disposed, not_merged
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.messages import Ask, Moment
from models.record.arriving import arrived, arriving
from models.record.authorise import authorise
from models.record.beside import written_beside
from models.record.commands import Command, command_of, command_query, settling
from models.record.conflicts import refusal_of
from models.record.decide import DECISIONS, decide_internal
from models.record.delegations import giving, saving_delegation
from models.record.exports import EXPORTS, being_made
from models.record.hearing import tell_of_batch
from models.record.law_of import LawOf, Laws
from models.record.measuring import looking, measured, stands_anew
from models.record.merging import with_merging
from models.record.more import with_more
from models.record.opening import opening_scene
from models.record.places import placed, refuse_former
from models.record.signing import awaited_step, certified, working
from models.record.subjects import (
    Found,
    case_concerned,
    creating,
    find,
    found_in,
    last_event,
    looks,
    moment,
    saving_case,
    saving_month,
    saving_profile,
    saving_report,
    slept_in,
    with_content,
    with_list,
    with_month,
)
from models.record.tools import Tools
from models.record.write import chain, lines, plain, written_rows
from models.record.writing import Writing
from models.regulations import RuleSet


async def act(tools: Tools, ask: Ask) -> Moment:
    """Do one act, exactly once however often it is asked; answers where the subject stands after it.

    A refusal is an answer, stored like any other. Only what makes an act impossible to judge (no database,
    no law loaded) is raised, to be tried again.
    """
    try:
        return await _once(tools, ask)
    except IntegrityError as conflict:
        # A constraint refused what the decision could not know; the transaction left nothing behind.
        refusal = refusal_of(conflict)
        if refusal is None or ask.command_id is None:
            raise
        scope = Scope(ask.authority_id, everything=True, on=legal_date(ask.now))
        async with transaction(tools.engine, scope) as connection:
            found = await find(connection, ask)
            status, answer = refusal.problem.status, refusal.to_json()
            await together(connection, [settling(ask.command_id, status, answer, ask.now)])
            return moment(ask, found, status=refusal.problem.status, refusal=refusal.code)


async def _once(tools: Tools, ask: Ask) -> Moment:
    async with tools.engine.begin() as connection:
        return await within(connection, tools, ask, commit=True)


async def within(connection: AsyncConnection, tools: Tools, ask: Ask, *, commit: bool) -> Moment:
    """The act in a transaction that is open; without ``commit`` it is left to whoever opened it."""
    known = await _known(connection, tools, ask, own=commit)
    found, command = known.found, known.command
    if ask.command_id is not None and command is None:
        return moment(ask, found, status=404)
    if command is not None and ask.internal is None:
        if command.settled:
            return moment(ask, found, status=command.status)
        if step := working(found.subject.sessions, command):
            return moment(ask, found, status=202, settled=False, **step)
        if (signing := _signing(found, command)) is not None:
            return moment(ask, found, status=202, to_sign=signing, settled=False)
        if isinstance(command.body, EXPORTS) and (making := await being_made(connection, command.id)):
            return moment(ask, found, status=202, to_export=making, settled=False)
    if known.told:
        return moment(ask, found)
    law, calendar = await _law(connection, tools, ask, known)
    scene = arrived(scene_of(tools, ask, command, found, law, calendar), known.since)
    found = await with_month(connection, found)
    found = await with_list(connection, ask, found, command.body if command else None)
    found = await with_content(connection, tools, ask, found, _verb(ask, command))
    try:
        scene, outcome = await _decide(connection, tools, ask, command, found, scene)
    except RefusedError as refused:
        status, answer = refused.refusal.problem.status, refused.refusal.to_json()
        if ask.command_id is not None:
            await together(connection, [settling(ask.command_id, status, answer, ask.now)], commit=commit)
        return moment(ask, found, status=status, refusal=refused.refusal.code)
    return await record(connection, tools, ask, command, found, scene, outcome, commit=commit)


def _verb(ask: Ask, command: Command | None) -> str:
    """What is asked; a notice that gives another category needs the content to go over to another form."""
    if command is None:
        return str(ask.internal)
    notice = command.body
    return "change_category" if isinstance(notice, GiveNotice) and notice.category else command.verb


@dataclass(frozen=True, slots=True)
class _Known:
    """All that is read before anything is judged."""

    found: Found
    command: Command | None
    told: bool
    in_force: Any
    since: list[Any]


async def _known(connection: AsyncConnection, tools: Tools, ask: Ask, *, own: bool) -> _Known:
    """Lock the subject and read everything in one round trip; what was waited for is read after the wait.

    ``own`` says that the transaction is this act's alone.
    """
    command_id = _command_id(ask)
    subject = looks(ask, lock=True)
    entered = entering(Scope(ask.authority_id, everything=True, on=legal_date(ask.now)))
    opening = [entered, BY_KEY] if own else [entered]
    # The law is read behind the lock: it is that of the unit which has the subject then.
    waited = arriving(ask)
    queries = [*opening, *subject, LawOf.subject(ask).on(legal_date(ask.now)), *waited]
    if command_id is not None:
        queries.append(command_query(command_id))
    if "step" in ask.facts:
        queries.append((_STEP, _step(ask)))
    rest = (await together(connection, queries))[len(opening) :]
    found = found_in(ask, rest[: len(subject)], lock=True)
    law, *more = rest[len(subject) :]
    since = more.pop(0) if waited else []
    row = more.pop(0) if command_id is not None else []
    command = _command(ask, command_of(tools, ask.authority_id, row[0])) if row else None
    return _Known(found, command, bool(more and more[0]), law[0], since)


async def _law(
    connection: AsyncConnection, tools: Tools, ask: Ask, known: _Known
) -> tuple[RuleSet, Calendar]:
    """The law of the unit that has the subject; of the one it comes into, where nobody has it yet."""
    body = known.command.body if known.command is not None else None
    if known.in_force.divided and isinstance(body, OpenProfile | ReopenProfile | Delegate):
        place = LawOf.unit(ask.authority_id, body.agency_id)
        return await tools.law(connection, place, legal_date(ask.now))
    return await tools.read(connection, ask.authority_id, known.in_force)


_STEP = text("SELECT 1 FROM events WHERE stream_id = :id AND facts ->> 'step' = :step")


def _step(ask: Ask) -> dict[str, object]:
    """A workflow's own step, by the key it carries: done again after a crash, it is told once."""
    return {"id": ask.subject_id, "step": ask.facts["step"]}


def _command_id(ask: Ask) -> UUID | None:
    """The command asked for; for one item of a list, the list's."""
    if ask.command_id is None and ask.internal == "approve_item":
        return UUID(str(ask.facts["command"]))
    return ask.command_id


def _command(ask: Ask, command: Command) -> Command:
    """The command itself; or, for one item of a list, the list's command with the item as its body."""
    if ask.internal != "approve_item":
        return command
    body = Approve(revision_id=UUID(str(ask.facts["revision"])), digest=str(ask.facts["digest"]))
    return replace(
        command, id=uuid5(command.id, str(ask.subject_id)), verb=Approve.verb, body=body, expected=None
    )


def _signing(found: Found, command: Command) -> UUID | None:
    """The approval or report this very command prepared, still waiting for its signature."""
    life, report = found.subject.life, found.subject.report
    if report is not None:
        mine = (
            report.state == "signing"
            and not report.sessions
            and report.signature_id == uuid5(command.id, "approval")
        )
        return report.signature_id if mine else None
    if life is None or life.approval is None or life.session is not None:
        return None
    if life.approval.id != uuid5(command.id, "approval"):
        return None
    return life.approval.id


def scene_of(
    tools: Tools, ask: Ask, command: Command | None, found: Found, law: RuleSet, calendar: Calendar
) -> Scene:
    version = found.row.version if found.row is not None else 0
    return Scene(
        now=ask.now,
        law=law,
        calendar=calendar,
        policy=tools.policy,
        act_id=command.id if command else uuid5(ask.subject_id, f"{ask.internal}:{version}"),
        actor_id=command.actor.account_id if command else None,
        actor_role="system",
        actor_profile_id=command.actor.person_profile_id if command else None,
        department_id=found.department_id,
        managing_agency_id=found.managing_agency_id or ask.subject_id,
        facts=_facts(found),
        ict_department_id=found.ict_department_id,
        arrived_at=command.accepted_at if command else None,
    )


def _facts(found: Found) -> dict[str, str]:
    """What the law may ask about the subject."""
    life = found.subject.life
    if life is None:
        return {}
    names = ("category", "agency", "kind", "origin")
    values = (life.category, life.standing, life.agency_kind, life.origin)
    return {name: value for name, value in zip(names, values, strict=True) if value}


async def _decide(
    connection: AsyncConnection,
    tools: Tools,
    ask: Ask,
    command: Command | None,
    found: Found,
    scene: Scene,
) -> tuple[Scene, Outcome]:
    if command is None:
        assert ask.internal is not None
        month = found.subject.month
        closes_at = start_of_day(month.rolled_end + timedelta(days=1)) if month else None
        return scene, decide_internal(ask.internal, found.subject, dict(ask.facts), scene, closes_at)
    body = command.body
    if isinstance(body, OpenProfile | ReopenProfile):
        scene = await opening_scene(connection, body, scene)
    standing = await authorise(connection, command, found, scene)
    scene = replace(
        scene,
        actor_role=standing.role,
        on_behalf_of=standing.on_behalf_of,
        delegation_id=standing.delegation_id,
    )
    if isinstance(body, Delegate):
        return await _giving(connection, ask, command, body, found, scene)
    if isinstance(body, OpenProfile):
        if found.row is not None:
            raise RefusedError.of("wrong-state", "Hồ sơ đã được mở.", "The profile is already open.")
        await refuse_former(connection, tools, ask.authority_id, body)
        return scene, open_profile(ask.subject_id, ask.authority_id, body, scene)
    if found.row is None:
        raise RefusedError.of("not-found", "Không tìm thấy.", "There is no such thing.")
    scene = await placed(connection, tools, ask.authority_id, body, found, scene)
    life = found.subject.life
    if life is not None:
        not_disposed(life)
        not_merged(life, None if isinstance(body, DISPOSALS) else found.row.merged_into)  # it has its own end
    scene = await certified(connection, command, found.subject.sessions, scene)
    if command.expected is not None and life is not None and command.expected != life.newest:
        raise RefusedError.of(
            "stale-revision",
            "Hồ sơ đã có phiên bản mới hơn.",
            "The form has a newer revision.",
            extra={"current_revision": life.newest},
        )
    subject = await with_more(connection, found.subject, body, scene)
    subject = await with_merging(connection, tools, command, found, subject, scene)
    outcome = DECISIONS[type(body)](subject, body, scene)
    if scene.on_behalf_of is not None:
        names = {"on_behalf_of": str(scene.on_behalf_of), "delegation_id": str(scene.delegation_id)}
        outcome.answer |= names
    return scene, outcome


async def _giving(
    connection: AsyncConnection, ask: Ask, command: Command, body: Delegate, found: Found, scene: Scene
) -> tuple[Scene, Outcome]:
    """A new delegation, told under the role its right comes from."""
    if found.row is not None:
        raise RefusedError.of("wrong-state", "Uỷ quyền này đã có.", "The delegation is given already.")
    known = await giving(connection, command.actor, body, scene.today)
    scene = replace(scene, department_id=known.department_id, facts=known.facts)
    outcome = give(known, ask.subject_id, body, scene)
    return replace(scene, actor_role=outcome.subject["role"]), outcome


async def record(
    connection: AsyncConnection,
    tools: Tools,
    ask: Ask,
    command: Command | None,
    found: Found,
    scene: Scene,
    outcome: Outcome,
    *,
    commit: bool = True,
) -> Moment:
    """Write the outcome and the subject's own rows, settle the command, answer from what was written."""
    settles = "settles" in ask.facts and bool(outcome.answer)
    if command is None and outcome.empty and not settles and not slept_in(ask, found):
        return moment(ask, found)
    if "step" in ask.facts and outcome.events:
        outcome.events[0].facts["step"] = ask.facts["step"]
    life = found.subject.life
    on_profile = ask.subject in ("profile", "transfer")
    profile_id = (life.profile_id if life else ask.subject_id) if on_profile else None
    opening = command.body if command and isinstance(command.body, OpenProfile) else None
    stream_id = profile_id or ask.subject_id
    number, digest = await last_event(connection, found, stream_id)
    events = chain(
        outcome,
        scene,
        stream_id,
        number,
        digest,
        authority_id=ask.authority_id,
        agency_id=found.agency_id or outcome.subject["agency_id"],
        profile_id=profile_id,
        command_id=command.id if command else None,
    )
    name = found.row.full_name if life is not None and found.row is not None else ""
    writing = Writing(ask.authority_id, profile_id, tools, ask.now, name)
    if life is not None:
        tell_of_batch(ask, life, found.row, outcome)
    if opening is not None:
        await together(connection, [creating(tools, ask, opening, outcome, scene)])
    queries = await written_rows(connection, outcome, writing)
    queries += lines(outcome, scene, writing, events)
    if on_profile:
        queries.append(saving_profile(life, ask, outcome, events))
        if life is not None and (case_id := case_concerned(ask, life, outcome)) is not None:
            queries.append(saving_case(case_id, life, outcome))
    elif ask.subject == "review":
        queries.append(saving_report(found, outcome))
    elif ask.subject == "delegation":
        own = saving_delegation(ask, outcome, new=found.row is None)
        queries = [own, *queries] if found.row is None else [*queries, own]
    else:
        queries.append(saving_month(found, outcome))
    if outcome.beside is not None:
        command_id = command.id if command else None
        queries = await written_beside(connection, tools, ask, scene, outcome.beside, command_id, queries)
    if profile_id is not None and stands_anew(life, outcome):
        *_, rows, last = await together(connection, [*queries, *looking([profile_id], ask.now)])
        queries = [measured(tools, Laws(scene.law, scene.calendar), ask.now, rows, last)]
    queries += _settling(ask, outcome)
    again = looks(ask, lock=False)
    answers = await together(connection, [*queries, *again], commit=commit)
    written = found_in(ask, answers[len(queries) :], lock=False)
    waits = {} if outcome.settles else outcome.answer
    return moment(
        ask,
        written,
        status=outcome.status,
        to_export=UUID(outcome.answer["export_id"]) if "export_id" in waits else None,
        to_pull="pull" in waits,
        settled=outcome.settles,
        **awaited_step(waits),
    )


def _settling(ask: Ask, outcome: Outcome) -> list[Query]:
    """Give the command its answer, once it has one; a signature settles the command that asked for it."""
    answered = ask.command_id or (UUID(str(ask.facts["settles"])) if "settles" in ask.facts else None)
    if answered is None or not outcome.settles:
        return []
    return [settling(answered, outcome.status, plain(outcome.answer), ask.now)]
