"""Acts on the tree of agencies, written: the tree, what came from what, and each operation with its document.

Beside ``administering``, which settles the command. Who may: whoever manages agencies where the agency stands
is the one above it, for nobody decides on the own agency; a move asks both sides.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Allowed, Target, may, reach
from models.command_tree import ChangeAgency, CreateAgency, EndAgency, SetQuota, WithdrawAgencyChange
from models.errors import RefusedError
from models.lifecycle.guard import refuse
from models.lifecycle.life import AccountState
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.tree import Tree
from models.lifecycle.tree_acts import WORDS, Recorded, attempt, decide_tree, undoing
from models.lifecycle.tree_changes import Succeed
from models.record.commands import Command
from models.record.ended_ahead import take_back
from models.record.left_behind import close_own, left_behind
from models.record.tree import keep_tree, locked_tree
from models.tables import AgencyChangeRow, AgencyLinkRow, AgencyQuotaRow

TreeBody = CreateAgency | ChangeAgency | EndAgency | SetQuota | WithdrawAgencyChange
_CLOSED = text("SELECT max(month) FROM month_ends WHERE state = 'closed'")
_PEOPLE = text("SELECT count(*) FROM profiles WHERE agency_id = ANY (:units) AND chapter <> 'archive'")
_PLANNED = text("SELECT * FROM agency_changes WHERE id = :id FOR NO KEY UPDATE")
_QUOTAS = text(
    "SELECT id, valid_from, valid_to FROM agency_quotas WHERE agency_id = :agency AND kind = :kind"
    " AND code = :code AND (valid_to IS NULL OR valid_to > :on) ORDER BY valid_from"
)
_QUOTA_ENDS = text("UPDATE agency_quotas SET valid_to = greatest(valid_from, :on) WHERE id = :id")


async def act_on_tree(
    connection: AsyncConnection, command: Command, body: TreeBody, scene: Scene
) -> tuple[UUID, dict[str, Any], Outcome]:
    """Do it: the agency it is about, the answer, what is told.

    Raises:
        RefusedError: ``not-permitted``, ``not-found``, and what ``lifecycle.tree_acts`` refuses.
    """
    _manager(command, scene)
    authority = command.actor.authority_id
    before = await locked_tree(connection, authority)
    if isinstance(body, WithdrawAgencyChange):
        return await _withdraw(connection, command, body, before, scene)
    agency = body.parent_id if isinstance(body, CreateAgency) else body.agency_id
    on = max(body.effective_on, scene.today)
    permit_on_tree(command, before, _places(body, before, on), on, scene)
    if isinstance(body, SetQuota):
        return await _set_quota(connection, command, body, before, scene)
    earliest = await first_open_day(connection)
    decided = decide_tree(before, body, scene, earliest, await _left(connection, body, before, on, scene))
    await keep_tree(connection, authority, before, decided.after, scene.today)
    if isinstance(body, EndAgency) and body.effective_on <= scene.today:
        await close_own(connection, body.agency_id, body.effective_on)
    changes = await record_changes(
        connection, authority, decided.recorded, body.document, body.effective_on, scene
    )
    agency = decided.recorded[0].operation.agency_id
    answer = {"agency_id": str(agency), "change_id": str(changes[0])}
    out = Outcome(answer=answer)
    rule = scene.rule("organisation_code")
    out.happened(
        "agency.changed",
        rule,
        agency=str(agency),
        change=str(changes[0]),
        operation=decided.recorded[0].kind,
        on=body.effective_on.isoformat(),
        document=body.document,
    )
    return agency, answer | {"citation": rule.citation if rule else None}, out


async def _left(
    connection: AsyncConnection, body: TreeBody, tree: Tree, on: date, scene: Scene
) -> dict[str, int]:
    """What stands against an end, by what it is; the people against another place in the tree."""
    if isinstance(body, EndAgency):
        return (await left_behind(connection, [body.agency_id], on)).get(body.agency_id, {})
    if isinstance(body, ChangeAgency) and body.parent_id not in (None, _above(tree, body.agency_id, on)):
        units = tree.below(body.agency_id, scene.today) | tree.below(body.agency_id, on)
        people: int = await connection.scalar(_PEOPLE, {"units": sorted(units)})
        return {"people": people} if people else {}
    return {}


def _manager(command: Command, scene: Scene) -> None:
    """Refuse whoever manages agencies nowhere, before anything else is said.

    Raises:
        RefusedError: ``not-permitted``.
    """
    there = reach(command.actor, "manage_agency", scene.today, scene.law)
    if command.account_state != AccountState.ACTIVE or not (there.everywhere or there.subtrees):
        refuse(
            "not-permitted",
            "Chỉ người quản lý cơ quan, đơn vị thay đổi cây tổ chức.",
            "Only those who manage agencies change their tree.",
        )


def _places(body: TreeBody, tree: Tree, on: date) -> list[UUID | None]:
    """Under whom the agency stands, where it is to stand: whoever manages those decides."""
    if isinstance(body, CreateAgency):
        return [body.parent_id]
    assert not isinstance(body, WithdrawAgencyChange)
    places = [_above(tree, body.agency_id, on)]
    if isinstance(body, ChangeAgency) and body.parent_id is not None:
        places.append(body.parent_id)
    return places


def _above(tree: Tree, agency: UUID, on: date) -> UUID | None:
    span = tree.span(agency, on)
    return span.state.parent_id if span is not None else None


def permit_on_tree(
    command: Command, tree: Tree, places: Iterable[UUID | None], on: date, scene: Scene
) -> None:
    """Refuse whoever does not manage agencies under each of these; none is the top, the authority's own.

    Raises:
        RefusedError: ``not-permitted``, ``unknown-agency``.
    """
    for place in places:
        line = tree.line(place, on) if place is not None else ()
        if place is not None and not line:
            refuse("unknown-agency", *WORDS["unknown-agency"], agency_id=str(place))
        # The top is nobody's subtree: only who reaches the whole authority decides there.
        target = Target(agency_id=line[0] if line else scene.managing_agency_id, ancestors=line)
        roles = None if line else ("department_officer", "administrator")
        verdict = may(command.actor, "manage_agency", target, scene.today, scene.law, among=roles)
        if not isinstance(verdict, Allowed):
            raise RefusedError.of(verdict.code, verdict.reason_vi, verdict.reason_en)


async def first_open_day(connection: AsyncConnection) -> date | None:
    """The first day after the last month that is closed; none while none is."""
    closed: str | None = await connection.scalar(_CLOSED)
    if closed is None:
        return None
    year, month = map(int, closed.split("-"))
    return date(year + month // 12, month % 12 + 1, 1)


async def record_changes(
    connection: AsyncConnection,
    authority_id: UUID,
    recorded: Iterable[Recorded],
    document: str,
    on: date,
    scene: Scene,
    *,
    case_id: UUID | None = None,
) -> list[UUID]:
    """Write down each operation, and what came from what; answers the ids.

    ``case_id`` is the reorganisation whose day it is; else the scene's act is the command that asked.
    """
    rows: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    for number, one in enumerate(recorded):
        change = scene.new_id(f"change:{number}")
        common = {"authority_id": authority_id, "effective_on": on, "document": document}
        rows.append(
            {
                **common,
                "id": change,
                "agency_id": one.operation.agency_id,
                "operation": one.kind,
                "facts": one.facts,
                "command_id": scene.act_id if case_id is None else None,
                "actor_id": scene.actor_id,
                "case_id": case_id,
                "recorded_at": scene.now,
            }
        )
        if isinstance(one.operation, Succeed):
            links.append(
                {
                    **common,
                    "id": change,
                    "predecessor_id": one.operation.agency_id,
                    "successor_id": one.operation.successor_id,
                    "kind": one.operation.kind,
                }
            )
    if rows:
        await connection.execute(insert(AgencyChangeRow), rows)
    if links:
        await connection.execute(insert(AgencyLinkRow), links)
    return [row["id"] for row in rows]


async def _withdraw(
    connection: AsyncConnection, command: Command, body: WithdrawAgencyChange, tree: Tree, scene: Scene
) -> tuple[UUID, dict[str, Any], Outcome]:
    """A change that has not come into effect is taken back, as far as the tree bears it."""
    row = (await connection.execute(_PLANNED, {"id": body.change_id})).one_or_none()
    if row is None:
        refuse("not-found", "Không có thay đổi này.", "There is no such change.")
    places = [_above(tree, row.agency_id, row.effective_on)]
    permit_on_tree(command, tree, places, row.effective_on, scene)
    if row.withdrawn_at is not None or row.effective_on <= scene.today or "undo" not in row.facts:
        refuse(
            "change-in-effect",
            "Thay đổi đã có hiệu lực hoặc đã được rút; ban hành thay đổi mới.",
            "The change is in effect or was withdrawn already; make another change.",
        )
    after = attempt(tree, [undoing(row.agency_id, row.effective_on, row.facts["undo"])], None)
    await keep_tree(connection, command.actor.authority_id, tree, after, scene.today)
    await take_back(connection, row, scene.now)
    out = Outcome().happened(
        "agency.change_withdrawn", None, agency=str(row.agency_id), change=str(row.id), document=body.document
    )
    return row.agency_id, {"agency_id": str(row.agency_id), "change_id": str(row.id)}, out


async def _set_quota(
    connection: AsyncConnection, command: Command, body: SetQuota, tree: Tree, scene: Scene
) -> tuple[UUID, dict[str, Any], Outcome]:
    """The number from a day on; what was planned after that day falls."""
    if tree.state(body.agency_id, body.effective_on) is None:
        refuse("unknown-agency", *WORDS["unknown-agency"], agency_id=str(body.agency_id))
    key = {"agency": body.agency_id, "kind": body.kind, "code": body.code, "on": body.effective_on}
    for row in list(await connection.execute(_QUOTAS, key)):
        await connection.execute(_QUOTA_ENDS, {"id": row.id, "on": body.effective_on})
    quota = scene.new_id("quota")
    values = {
        "id": quota,
        "authority_id": command.actor.authority_id,
        "agency_id": body.agency_id,
        "kind": body.kind,
        "code": body.code,
        "title": body.title,
        "number": body.number,
        "valid_from": body.effective_on,
        "document": body.document,
    }
    await connection.execute(insert(AgencyQuotaRow).values(values))
    out = Outcome().happened(
        "agency.quota_set",
        None,
        agency=str(body.agency_id),
        quota=str(quota),
        number=body.number,
        on=body.effective_on.isoformat(),
        document=body.document,
    )
    return body.agency_id, {"agency_id": str(body.agency_id), "quota_id": str(quota)}, out
