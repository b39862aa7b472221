"""Delegating a right: giving it, the department's agreement where the law asks for one, its end.

What a delegation is worth is decided anew at every act (``models.access``); nothing here grants anything.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NoReturn
from uuid import UUID

from models.access import Delegables, Delegation, delegables, in_force
from models.calendar import MissingYear, start_of_day
from models.commands import AgreeDelegation, Delegate, RevokeDelegation
from models.identifiers import delegation_workflow
from models.lifecycle.duties import spread
from models.lifecycle.giving import Giving, judge
from models.lifecycle.guard import refuse
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.regulations import Obligation

WAITING, GRANTED, ENDED = "waiting", "granted", "ended"
STATE_VI = {
    WAITING: "chờ văn bản thống nhất của cơ quan quản lý",
    GRANTED: "đã uỷ quyền",
    ENDED: "đã chấm dứt",
}
END_VI = {
    "expired": "hết thời hạn",
    "revoked": "người uỷ quyền thu hồi",
    "renounced": "người được uỷ quyền trả lại",
    "not_in_force": "người uỷ quyền hoặc người được uỷ quyền không còn giữ vị trí, hoặc quy định thay đổi",
}


@dataclass(frozen=True, slots=True)
class Lent:
    """One delegation as its row stands."""

    id: UUID
    what: str
    delegator_id: UUID
    delegate_id: UUID
    agency_id: UUID
    valid_from: date
    valid_to: date
    state: str
    warned: bool
    standing: Delegation
    """What an act would be told of it now."""
    children: tuple[UUID, ...] = ()
    """Delegations that rest on this one and have not ended."""


def give(
    giving: Giving, delegation_id: UUID, body: Delegate, scene: Scene, table: Delegables | None = None
) -> Outcome:
    """Lend a right for a part of the tree and a time (hanoi.art6.4.c, 9.2, 14.1).

    Raises:
        RefusedError: see ``giving.judge``.
    """
    table = table or delegables()
    source = judge(giving, body, scene, table)
    law = scene.rule(table.what[body.what].slot)
    agreement = scene.rule("delegation_agreement")
    state = GRANTED if agreement is None else WAITING
    # Too short to be warned of: what would be said was said when it was given.
    warned = _warning_day(body.valid_to, scene, table) <= scene.today
    out = Outcome(status=201, answer={"delegation_id": str(delegation_id), "state": state})
    assert giving.delegate is not None
    out.subject = {
        "delegator_id": giving.actor.account_id,
        "delegator_profile_id": giving.actor.person_profile_id,
        "delegate_id": body.delegate_id,
        "delegate_profile_id": giving.delegate.profile_id,
        "what": body.what,
        "agency_id": body.agency_id,
        "role": source.role,
        "through": source.through,
        "parties": [*source.parties, giving.actor.account_id],
        "valid_from": body.valid_from,
        "valid_to": body.valid_to,
        "document": body.document,
        "state": state,
        "warned": warned,
        "rule_id": law.rule.id if law else None,
        "citation": law.citation if law else None,
        "rule_set_hash": scene.law.hash,
        "created_at": scene.now,
        "next_wake_at": _next_wake(delegation_id, body.valid_to, scene, table, warned=warned),
    }
    out.happened(
        "delegation.given",
        law,
        what=body.what,
        delegator=str(giving.actor.account_id),
        delegate=str(body.delegate_id),
        agency=str(body.agency_id),
        valid_from=body.valid_from.isoformat(),
        valid_to=body.valid_to.isoformat(),
        through=str(source.through) if source.through else None,
        state=state,
    )
    if agreement is None:
        _tell(out, "delegation_given", body.agency_id, scene, table, body.what, body.delegate_id)
    else:
        out.notices.append(
            Notice(
                "delegation_waiting",
                scene.department_id or body.agency_id,
                role="department_officer",
                citation=agreement.citation,
                facts={"what": body.what, "delegation": str(delegation_id)},
            )
        )
    return out


def agree(lent: Lent, body: AgreeDelegation, scene: Scene) -> Outcome:
    """The department agrees in writing: from now on the delegation counts (binh_dinh.II.4.b.3)."""
    if lent.state != WAITING:
        _wrong(lent)
    if scene.today >= lent.valid_to:
        refuse("wrong-state", "Thời hạn uỷ quyền đã qua.", "The time of the delegation has passed.")
    out = Outcome(answer={"delegation_id": str(lent.id), "state": GRANTED})
    out.subject = {"state": GRANTED, "agreement": body.document, "agreed_on": scene.today}
    out.subject["next_wake_at"] = _next_wake(lent.id, lent.valid_to, scene, delegables(), warned=lent.warned)
    out.happened("delegation.agreed", scene.rule("delegation_agreement"), what=lent.what)
    for account in (lent.delegate_id, lent.delegator_id):
        _tell(out, "delegation_given", lent.agency_id, scene, delegables(), lent.what, account)
    return out


def revoke(lent: Lent, body: RevokeDelegation, scene: Scene) -> Outcome:
    """Take it back, or give it back, at once; nothing done before is touched."""
    if lent.state == ENDED:
        _wrong(lent)
    reason = "renounced" if scene.actor_id == lent.delegate_id else "revoked"
    out = Outcome(answer={"delegation_id": str(lent.id), "state": ENDED})
    _end(lent, reason, out, scene)
    out.subject["reason"] = body.reason
    return out


def wake(lent: Lent, scene: Scene, table: Delegables | None = None) -> Outcome:
    """Some working days before the end say so; at the end, or when it is worth nothing any more, end it."""
    table = table or delegables()
    out = Outcome()
    if lent.state == ENDED:
        return out
    if scene.today >= lent.valid_to:
        _end(lent, "expired", out, scene)
        return out
    if _dead(lent, scene):
        _end(lent, "not_in_force", out, scene)
        return out
    warned = lent.warned
    if not warned and lent.state == GRANTED and _warning_day(lent.valid_to, scene, table) <= scene.today:
        warned = True
        out.happened("delegation.ending", _law(lent, scene, table), valid_to=lent.valid_to.isoformat())
        for account in (lent.delegate_id, lent.delegator_id):
            _tell(out, "delegation_ending", lent.agency_id, scene, table, lent.what, account, lent.valid_to)
    due = _next_wake(lent.id, lent.valid_to, scene, table, warned=warned)
    out.subject = {"warned": warned, "next_wake_at": due}
    return out


def _dead(lent: Lent, scene: Scene) -> bool:
    """Whether it will be worth nothing on any day left: what is still to begin is asked as of that day."""
    if lent.state == WAITING:
        return False
    return not in_force(lent.standing, max(scene.today, lent.valid_from), scene.law)


def _end(lent: Lent, reason: str, out: Outcome, scene: Scene) -> None:
    out.subject = {"state": ENDED, "ended_at": scene.now, "end_reason": reason, "next_wake_at": None}
    law = _law(lent, scene, delegables())
    out.happened("delegation.ended", law, what=lent.what, reason=reason)
    for account in (lent.delegate_id, lent.delegator_id):
        _tell(out, "delegation_ended", lent.agency_id, scene, delegables(), lent.what, account, reason=reason)
    out.tell += [(delegation_workflow(child), {}) for child in lent.children]


def _tell(
    out: Outcome,
    kind: str,
    agency_id: UUID,
    scene: Scene,
    table: Delegables,
    what: str,
    account_id: UUID,
    valid_to: date | None = None,
    **facts: str,
) -> None:
    law = scene.rule(table.what[what].slot)
    out.notices.append(
        Notice(
            kind,
            agency_id,
            account_id=account_id,
            citation=law.citation if law else None,
            due_on=valid_to - timedelta(days=1) if valid_to else None,
            facts={"what": what, **facts},
        )
    )


def _law(lent: Lent, scene: Scene, table: Delegables) -> Obligation | None:
    return scene.rule(table.what[lent.what].slot)


def _wrong(lent: Lent) -> NoReturn:
    refuse(
        "wrong-state",
        f"Uỷ quyền này {STATE_VI[lent.state]}.",
        f"This delegation is {lent.state}.",
        state=lent.state,
    )


def _warning_day(valid_to: date, scene: Scene, table: Delegables) -> date:
    """The working day on which both are told that it ends; calendar days where the year is missing."""
    last = valid_to - timedelta(days=1)
    try:
        return scene.calendar.subtract_working_days(last, table.notice_working_days)
    except MissingYear:
        return last - timedelta(days=table.notice_working_days)


def _next_wake(
    delegation_id: UUID, valid_to: date, scene: Scene, table: Delegables, *, warned: bool
) -> datetime:
    """The warning while it lies ahead, else the end; in the delegation's own minute of the night."""
    warning = _warning_day(valid_to, scene, table)
    day = warning if not warned and warning > scene.today else valid_to
    return start_of_day(day) + spread(delegation_id)
