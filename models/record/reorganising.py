"""Acts on a reorganisation, and its day: the sibling of ``act`` for a subject that is a plan.

Who may plan is whoever may change units where these stand; who approves is never one of the plan's authors,
and answers each warning that stands at that moment.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Verb
from models.calendar import legal_date
from models.command_reorganisation import (
    AmendReorganisation,
    ApproveReorganisation,
    DraftReorganisation,
    Plan,
    WithdrawReorganisation,
)
from models.command_shapes import Body
from models.database import Scope, together, transaction
from models.lifecycle.guard import refuse
from models.lifecycle.outcome import Outcome
from models.lifecycle.reorganisation import APPROVED, EXECUTING, STATE_VI, Case
from models.lifecycle.reorganisation_acts import amended, approved, drafted, withdrawn
from models.lifecycle.reorganisation_words import refuse_plan
from models.lifecycle.scene import Scene
from models.lifecycle.tree import Tree
from models.messages import Ask, Moment
from models.record.commands import Command
from models.record.law_of import LawOf
from models.record.once import in_use, once
from models.record.reorganisation_day import begin, finish, waiting
from models.record.reorganisation_rights import anywhere, role_for
from models.record.reorganisation_rows import Judged, canonical, case_of, judge_plan
from models.record.tools import Tools
from models.record.touched import Touched, touched
from models.record.tree import load_tree, locked_tree
from models.record.write import save
from models.record.writing import Writing

TABLE = "reorganisations"
_LOCK = text("SELECT 1 FROM reorganisations WHERE id = :id FOR NO KEY UPDATE")
_ROW = text("SELECT * FROM reorganisations WHERE id = :id")
_SAME_PEOPLE = text(
    "SELECT other.id FROM accounts a JOIN accounts other ON other.profile_id = a.profile_id"
    " WHERE a.id = ANY (:ids)"
)
_PLACE = text(
    "SELECT hoso_top() AS root, u.department_id, u.ict_department_id FROM authorities u"
    " WHERE u.authority_id = :authority"
)


async def manage_reorganisation(tools: Tools, ask: Ask) -> Moment:
    """Do one act on a reorganisation, exactly once however often it is asked; or see to its day."""
    scope = Scope(ask.authority_id, everything=True, on=legal_date(ask.now))
    async with transaction(tools.engine, scope) as connection:
        lock = (_LOCK, {"id": ask.subject_id})
        if ask.command_id is None:
            await together(connection, [lock])
            return await _day(connection, tools, ask, await _row(connection, ask))
        answered = await once(connection, tools, ask, partial(_decided, connection, tools, ask), lock=lock)
        return await _moment(connection, await _row(connection, ask), *answered)


async def _row(connection: AsyncConnection, ask: Ask) -> Any | None:
    return (await connection.execute(_ROW, {"id": ask.subject_id})).one_or_none()


async def _day(connection: AsyncConnection, tools: Tools, ask: Ask, row: Any | None) -> Moment:
    """What its own workflow asks: to look, to begin the day when it has come, to end it."""
    outcome = None
    if row is not None and ask.internal in ("wake", "finish_reorganisation"):
        scene = await _scene(connection, tools, ask, None)
        due = row.next_wake_at is not None and row.next_wake_at <= ask.now
        if row.state == APPROVED and due:
            outcome = await begin(connection, tools, row, scene)
        elif row.state == EXECUTING and (ask.internal == "finish_reorganisation" or due):
            tried = ask.internal == "finish_reorganisation"
            outcome = await finish(connection, tools, row, scene, tried=tried)
        if outcome is not None:
            await _write(connection, tools, ask, outcome, scene, row)
            row = await _row(connection, ask)
    return await _moment(connection, row)


async def _decided(
    connection: AsyncConnection, tools: Tools, ask: Ask, command: Command
) -> tuple[int, dict[str, Any]]:
    body = command.body
    in_use(command)
    row = await _row(connection, ask)
    scene = await _scene(connection, tools, ask, command)
    verbs = _verbs(body)
    anywhere(command.actor, verbs, scene.today, scene.law)
    if isinstance(body, DraftReorganisation):
        if row is not None:
            refuse("wrong-state", "Phương án đã có.", "The plan is there already.")
    elif row is None:
        refuse("not-found", "Không tìm thấy phương án.", "There is no such plan.")
    # Two approvals take turns, so that no two plans come to hold one unit.
    locks = isinstance(body, ApproveReorganisation)
    tree = await (locked_tree(connection, ask.authority_id) if locks else load_tree(connection))
    plan = body.plan if isinstance(body, DraftReorganisation | AmendReorganisation) else None
    judged = await _judged(connection, tools, ask.subject_id, tree, row, plan)
    if isinstance(body, WithdrawReorganisation):
        assert row is not None
        scene = replace(scene, actor_role=_role(command, verbs, tree, [row.agency_id], scene))
        outcome = withdrawn(case_of(row), body, scene)
    elif judged.compiled is None:
        refuse_plan(judged.faults)
    else:
        # Whoever puts another plan in its place has the right over the one that stands, too.
        own = {row.agency_id} if row is not None else set()
        role = _role(command, verbs, tree, judged.compiled.places | own, scene)
        outcome = await _on_plan(connection, body, judged, row, replace(scene, actor_role=role))
        scene = replace(scene, actor_role=role)
    outcome.answer["reorganisation_id"] = str(ask.subject_id)
    await _write(connection, tools, ask, outcome, scene, row)
    return outcome.status, outcome.answer


async def _judged(
    connection: AsyncConnection,
    tools: Tools,
    reorganisation_id: UUID,
    tree: Tree,
    row: Any | None,
    plan: Plan | None,
) -> Judged:
    if plan is None:
        assert row is not None
        plan = Plan.model_validate(row.plan)
    return await judge_plan(connection, tools.shelf, plan, reorganisation_id, tree)


async def _by_people(connection: AsyncConnection, case: Case) -> Case:
    """The case with every account of its authors: two posts of one person are not two people."""
    accounts = (await connection.execute(_SAME_PEOPLE, {"ids": sorted(case.authors)})).scalars()
    return replace(case, authors=case.authors.union(accounts))


async def _on_plan(
    connection: AsyncConnection, body: Body, judged: Judged, row: Any | None, scene: Scene
) -> Outcome:
    """Draft, amend, approve: what is impossible is refused with its line, whoever asks."""
    assert judged.compiled is not None
    if isinstance(body, ApproveReorganisation):
        assert row is not None
        case = await _by_people(connection, case_of(row))
        found = await touched(connection, judged, scene.today)
        return approved(case, body, judged.compiled, judged.faults, warned(found), scene)
    if judged.faults:
        refuse_plan(judged.faults)
    found = await touched(connection, judged, scene.today)
    kept = (*canonical(judged.plan), _home(judged, scene))
    if isinstance(body, AmendReorganisation):
        assert row is not None
        return amended(case_of(row), body, judged.compiled, kept, warned(found), scene)
    assert isinstance(body, DraftReorganisation)
    return drafted(body, judged.compiled, kept, warned(found), scene)


def warned(found: Touched) -> dict[str, int]:
    """The warnings that stand, with how many things each is about."""
    return {one.code: one.count for one in found.warnings}


def _home(judged: Judged, scene: Scene) -> UUID:
    """The lowest agency above everything that changes; the top where the top itself does."""
    compiled = judged.compiled
    assert compiled is not None
    ways = [compiled.before.line(one, compiled.on) if one else () for one in compiled.places]
    shared = set(ways[0]).intersection(*ways[1:]) if ways else set()
    return next((one for one in (ways[0] if ways else ()) if one in shared), scene.managing_agency_id)


def _verbs(body: Body) -> tuple[Verb, ...]:
    """The right an act takes; whoever may approve a plan may also withdraw it."""
    match body:
        case ApproveReorganisation():
            return (Verb.APPROVE_REORGANISATION,)
        case WithdrawReorganisation():
            return (Verb.PLAN_REORGANISATION, Verb.APPROVE_REORGANISATION)
        case _:
            return (Verb.PLAN_REORGANISATION,)


def _role(
    command: Command, verbs: tuple[Verb, ...], tree: Tree, places: Iterable[UUID | None], scene: Scene
) -> str:
    return role_for(command.actor, verbs, tree, places, scene.today, scene.law, scene.managing_agency_id)


async def _scene(connection: AsyncConnection, tools: Tools, ask: Ask, command: Command | None) -> Scene:
    law, calendar = await tools.law(connection, LawOf.authority(ask.authority_id), legal_date(ask.now))
    place = (await connection.execute(_PLACE, {"authority": ask.authority_id})).one()
    return Scene(
        now=ask.now,
        law=law,
        calendar=calendar,
        policy=tools.policy,
        act_id=command.id if command else uuid5(ask.subject_id, f"{ask.internal}:{ask.now.isoformat()}"),
        actor_id=command.actor.account_id if command else None,
        actor_role="system",
        actor_profile_id=command.actor.person_profile_id if command else None,
        department_id=place.department_id,
        managing_agency_id=place.root,
        ict_department_id=place.ict_department_id,
    )


async def _write(
    connection: AsyncConnection, tools: Tools, ask: Ask, outcome: Outcome, scene: Scene, row: Any | None
) -> None:
    await save(
        connection, TABLE, ask.subject_id, outcome.subject, outcome, scene,
        Writing(ask.authority_id, None, tools, ask.now), new=row is None, command_id=ask.command_id,
        agency_id=outcome.subject.get("agency_id") or (row.agency_id if row is not None else None),
    )  # fmt: skip


async def _moment(
    connection: AsyncConnection, row: Any | None, status: int = 200, refusal: str = ""
) -> Moment:
    if row is None:
        return Moment(version=0, chapter="reorganisation", words="", status=status, refusal=refusal)
    left = await waiting(connection, row.id) if row.state == EXECUTING else 0
    moved = f" · còn {left}/{row.items} người" if left else ""
    return Moment(
        version=row.version,
        chapter=row.state,
        words=f"Sắp xếp tổ chức, hiệu lực {row.effective_on:%Y-%m-%d}: {STATE_VI[row.state]}{moved}",
        next_wake_at=row.next_wake_at,
        status=status,
        refusal=refusal,
        left=left,
    )
