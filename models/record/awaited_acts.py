"""Acts awaited beside signatures: the department's gate, a transfer's next step, the yes to a delegation."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text

from models.access import Target, Verb, roles
from models.lifecycle.competence import signers
from models.lifecycle.dead_ends import Step
from models.lifecycle.gate import AFTER, BEFORE, OPEN_AFTER
from models.lifecycle.route import route_of, upcoming
from models.lifecycle.scene import Scene
from models.record.authorise import VERB_OF
from models.record.load import STANDING, case_of

Tree = Mapping[UUID, tuple[UUID, ...]]

AT_GATE = (
    "i.state IN ('approved', 'accepted')"
    f" AND (m.gate = '{BEFORE}' AND m.state <> 'closed' AND i.state = 'approved'"
    f" OR m.gate = '{AFTER}' AND m.state IN {OPEN_AFTER} AND i.state = 'accepted')"
)
"""Whether item ``i`` of list ``m`` waits for the department: as `models.lifecycle.gate` judges it."""

# One step for all lists: who may pass one may pass every other.
GATE = text(
    "SELECT m.id, m.agency_id FROM agency_months m JOIN month_items i ON i.agency_month_id = m.id"  # noqa: S608 — constants
    f" WHERE {AT_GATE} ORDER BY i.changed_at, m.id LIMIT 1"
)
MOVES = text(
    "SELECT k.*, p.account_id, p.category, p.origin, p.agency_id,"  # noqa: S608 — a constant
    f" (SELECT {STANDING} FROM agencies g WHERE g.id = p.agency_id) AS standing,"
    " (SELECT g.kind FROM agencies g WHERE g.id = p.agency_id) AS agency_kind"
    " FROM cases k JOIN profiles p ON p.id = k.profile_id"
    " WHERE k.kind = 'transfer' AND k.closed_at IS NULL ORDER BY k.id"
)
LENT = text(
    "SELECT id, agency_id FROM delegations WHERE state = 'waiting'"
    " AND (CAST(:agencies AS uuid[]) IS NULL OR agency_id = ANY (:agencies)) ORDER BY id"
)


def facts_of(row: Any) -> dict[str, str]:
    """What the law is asked by about the person of a transfer."""
    told = {"category": row.category, "agency": row.standing, "kind": row.agency_kind, "origin": row.origin}
    return {name: value for name, value in told.items() if value}


def at_gate(row: Any, scene: Scene, tree: Tree) -> Step | None:
    """What the department is waited for; none where the law of today knows no gate."""
    rule, department = scene.rule("department_gate"), scene.department_id
    if rule is None or department is None:
        return None
    target = Target(department, tree.get(department, ()))
    return Step("gate", row.id, department, target, signers(rule), rule.rule_ids[0], rule.citation)


def move(row: Any, scene: Scene, tree: Tree) -> Step | None:
    """The step that a running transfer waits for, on the side that owes it."""
    case = case_of(row)
    leg = upcoming(route_of(case, scene), case.state)
    if leg is None:
        return None
    side = case.to_agency_id if leg.side == "new" else case.from_agency_id
    if side is None:
        return None
    verb = Verb(VERB_OF[leg.verb])
    target = Target(
        agency_id=side,
        ancestors=tree.get(side, ()),
        profile_id=case.profile_id,
        subject_account_id=row.account_id,
        authority_id=row.authority_id,
    )
    rule = leg.rule or leg.limit
    named, cited = (rule.rule_ids[0], rule.citation) if rule is not None else (leg.name, "")
    return Step("transfer", case.id, side, target, _with(verb), named, cited, verb)


def agreement(row: Any, scene: Scene, tree: Tree) -> Step | None:
    """The department's written agreement to a delegation; none where the law of today asks for none."""
    rule, department = scene.rule("delegation_agreement"), scene.department_id
    if rule is None or department is None:
        return None
    target = Target(department, tree.get(department, ()))
    among = _with(Verb.AGREE_DELEGATION)
    return Step("delegation", row.id, row.agency_id, target, among, rule.rule_ids[0], rule.citation)


def _with(verb: Verb) -> tuple[str, ...]:
    """Roles with a right, in the table's order."""
    return tuple(name for name, role in roles().roles.items() if verb in role.verbs)
