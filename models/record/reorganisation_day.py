"""The two halves of a reorganisation's day: what begins before people are moved, what ends after them.

Between the two every unit stands that anybody is in. Both run in one transaction each, with the tree's lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.command_reorganisation import Plan
from models.errors import RefusedError
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.reorganisation import DONE, EXECUTING, Former
from models.lifecycle.scene import Scene
from models.lifecycle.tree import Tree
from models.lifecycle.tree_acts import attempt, recorded
from models.lifecycle.tree_changes import Change, End, Operation, Succeed
from models.record.moving_apart import CANNOT_MOVE
from models.record.regimes import switched, write_regimes
from models.record.reorganisation_people import freeze, freeze_newcomers, freeze_staying
from models.record.reorganisation_rows import day_of, document_of, judge_plan, told_of
from models.record.residue import residue
from models.record.tools import Tools
from models.record.tree import keep_tree, locked_tree, plain
from models.record.tree_acts import record_changes

AGAIN = timedelta(hours=1)
"""After a day that could not be begun or ended: when it is tried again."""
_ON_THE_DAY = ("people-not-placed", "person-elsewhere", "unknown-person")
"""Faults that stop an approval and not a day: people come and go, and nobody is left behind."""
_WAITING = text(
    "SELECT count(*) FROM reorganisation_items WHERE reorganisation_id = :id AND state = 'waiting'"
)
_MOVABLE = text(
    "SELECT count(*) FROM reorganisation_items WHERE reorganisation_id = :id AND state = 'waiting'"
    " AND NOT starts_with(coalesce(reason, ''), :cannot)"
)
UNDECIDED = "people-undecided"


_BY_STATE = text(
    "SELECT state, count(*) AS people FROM reorganisation_items WHERE reorganisation_id = :id GROUP BY state"
)


async def waiting(connection: AsyncConnection, reorganisation_id: UUID) -> int:
    """People of it who are still to be moved."""
    found: int = await connection.scalar(_WAITING, {"id": reorganisation_id})
    return found


async def told_people(connection: AsyncConnection, reorganisation_id: UUID) -> dict[str, int]:
    """How many were moved and how many had left by themselves: counted once, when the day ends."""
    rows = await connection.execute(_BY_STATE, {"id": reorganisation_id})
    return {row.state: row.people for row in rows}


async def begin(connection: AsyncConnection, tools: Tools, row: Any, scene: Scene) -> Outcome:
    """The day begins: units and changes stand, who moves is written down; or why it cannot."""
    tree = await locked_tree(connection, row.authority_id)
    judged = await judge_plan(connection, tools.shelf, Plan.model_validate(row.plan), row.id, tree)
    stopping = [one for one in judged.faults if one.code not in _ON_THE_DAY]
    if judged.compiled is None or stopping:
        first = stopping[0]
        return _stuck(row, scene, first.code, first.line)
    compiled = judged.compiled
    opening = [one for _, one in compiled.opening]
    document, out = document_of(row), Outcome()
    before = await tools.laws(connection, row.authority_id, compiled.on)
    await keep_tree(connection, row.authority_id, compiled.before, compiled.between, scene.today)
    await _record(connection, row, compiled.before, compiled.between, opening, scene)
    said = await write_regimes(connection, tools, row, compiled, scene, document, out)
    after = await tools.laws(connection, row.authority_id, compiled.on)
    switches = switched(compiled, before, after, said, tools.policy)
    people = await freeze(connection, row.authority_id, row.id, compiled, judged.census)
    units = [unit for one in switches for unit in one.units]
    people += await freeze_staying(connection, row.authority_id, row.id, units)
    former = Former.to_json(compiled.former)
    out.subject |= {
        "state": EXECUTING,
        "begun_at": scene.now,
        "former": former,
        "former_digest": compiled.before.digest(compiled.on),
        "day": {**day_of(compiled), "closing": [_kept(one) for _, one in compiled.closing]}
        | {"switches": [one.to_json() for one in switches]},
        "items": people,
        "units": sorted(compiled.touched),
        "trouble": None,
        "next_wake_at": None,
    }
    return out.happened(
        "reorganisation.begun",
        scene.rule("org_change"),
        reorganisation=str(row.id),
        on=compiled.on.isoformat(),
        people=people,
        begins=len(compiled.created),
        ends=len(compiled.ended),
        document=document,
    )


async def finish(
    connection: AsyncConnection, tools: Tools, row: Any, scene: Scene, *, tried: bool
) -> Outcome | None:
    """The day ends once everybody has moved; none while somebody waits, newcomers too.

    ``tried``: moving them was just tried; whoever cannot be moved stops the end until it is tried again.
    """
    tree = await locked_tree(connection, row.authority_id)
    told = told_of(row)
    came = await freeze_newcomers(connection, row.authority_id, row.id, dict(told.heirs))
    if came or await waiting(connection, row.id):
        if tried and not await connection.scalar(_MOVABLE, {"id": row.id, "cannot": CANNOT_MOVE}):
            return _stuck(row, scene, UNDECIDED, 0)
        # They move first; what had stopped the end before is found again, if it is still so.
        trouble = UNDECIDED if row.trouble == UNDECIDED else None
        return (
            Outcome(subject={"trouble": trouble, "next_wake_at": None}) if row.trouble is not None else None
        )
    on = row.effective_on
    closing = [*_children(tree, told.heirs, row), *(_operation(one, row) for one in row.day["closing"])]
    try:
        after = attempt(tree, closing, None)
    except RefusedError as refused:
        return _stuck(row, scene, refused.refusal.code, 0)
    await keep_tree(connection, row.authority_id, tree, after, scene.today)
    await _record(connection, row, tree, after, closing, scene)
    out = Outcome()
    await residue(connection, tools, told, scene, out)
    out.subject |= {
        "state": DONE,
        "done_at": scene.now,
        "after_digest": after.digest(on),
        "day": {**row.day, "told": await told_people(connection, row.id)},
        "trouble": None,
        "next_wake_at": None,
    }
    return out.happened(
        "reorganisation.done",
        scene.rule("org_change"),
        reorganisation=str(row.id),
        on=on.isoformat(),
        people=row.items,
        codes_closed=list(told.codes_closed),
        document=told.document,
    )


def _stuck(row: Any, scene: Scene, code: str, line: int) -> Outcome:
    """Nothing of the day is done; it is tried again, and whoever looks sees why.

    Who wrote and who approved the plan are told, once for each trouble: they can mend it.
    """
    out = Outcome()
    out.subject |= {"trouble": code, "next_wake_at": scene.now + AGAIN}
    if row.trouble == code:
        return out
    facts = {"reorganisation": str(row.id), "code": code, "line": line}
    out.notices += [
        Notice("reorganisation_stuck", row.agency_id, account_id=who, citation=row.citation, facts=facts)
        for who in dict.fromkeys((row.author_id, row.approver_id))
        if who is not None
    ]
    return out.happened("reorganisation.stuck", None, **facts)


async def _record(
    connection: AsyncConnection,
    row: Any,
    before: Tree,
    after: Tree,
    operations: Sequence[Operation],
    scene: Scene,
) -> None:
    lines = [recorded(before, after, one) for one in operations]
    # Another half, another name: the ids of what is written down are made of the act's.
    half = replace(scene, act_id=scene.new_id("tree"))
    await record_changes(
        connection, row.authority_id, lines, document_of(row), row.effective_on, half, case_id=row.id
    )


def _children(tree: Tree, heirs: Mapping[UUID, UUID], row: Any) -> list[Operation]:
    """Units that were put below one that ends since the day began go to its heir."""
    on = row.effective_on
    return [
        Change(child, on, {"parent_id": heir})
        for unit, heir in sorted(heirs.items())
        for child in sorted(tree.children(unit, on) - set(heirs) - {heir})
    ]


def _kept(one: Operation) -> dict[str, Any]:
    """An operation of the day's end as it is kept until then."""
    match one:
        case End():
            return {"op": "end", "unit": str(one.agency_id)}
        case Succeed():
            return {
                "op": "succeed",
                "unit": str(one.agency_id),
                "to": str(one.successor_id),
                "kind": one.kind,
            }
        case Change():
            return {"op": "change", "unit": str(one.agency_id), "fields": plain(one.fields)}
        case _:
            raise AssertionError("a day ends with ends, links and codes")


def _operation(kept: Mapping[str, Any], row: Any) -> Operation:
    unit, on = UUID(kept["unit"]), row.effective_on
    match kept["op"]:
        case "end":
            return End(unit, on)
        case "succeed":
            return Succeed(unit, on, UUID(kept["to"]), kept["kind"])
        case _:
            return Change(unit, on, kept["fields"])
