"""A reorganisation drafted, amended, approved, withdrawn: what each act makes of it. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from models.calendar import start_of_day
from models.command_reorganisation import (
    AmendReorganisation,
    ApproveReorganisation,
    DraftReorganisation,
    Plan,
    WithdrawReorganisation,
)
from models.errors import FieldRefusal, RefusedError
from models.lifecycle.guard import refuse
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.reorganisation import (
    APPROVED,
    DRAFTED,
    STATE_VI,
    WITHDRAWN,
    Case,
    Compiled,
    Fault,
)
from models.lifecycle.reorganisation_words import WARNINGS, refuse_plan
from models.lifecycle.scene import Scene

SLOT = "org_change"
"""The rule under which structures are changed (hanoi.art21.2.b, phu_yen)."""
Kept = tuple[dict[str, Any], str, UUID]
"""The plan as it is kept, its hash, and the agency where the case belongs."""


def drafted(
    body: DraftReorganisation, compiled: Compiled, kept: Kept, warned: Mapping[str, int], scene: Scene
) -> Outcome:
    """A plan is written down; whoever approves hears of it."""
    out = Outcome(status=201)
    out.subject |= {
        "state": DRAFTED,
        "answers": {},
        "authors": [scene.actor_id],
        "drafted_at": scene.now,
        "approver_id": None,
        "next_wake_at": None,
    }
    return _written(out, "reorganisation.drafted", body.plan, compiled, kept, warned, scene)


def amended(
    case: Case,
    body: AmendReorganisation,
    compiled: Compiled,
    kept: Kept,
    warned: Mapping[str, int],
    scene: Scene,
) -> Outcome:
    """Another plan in its place: an approval falls, its author joins those who may not approve.

    Raises:
        RefusedError: ``wrong-state``, ``nothing-changes``.
    """
    _before_its_day(case)
    if kept[1] == case.plan_hash:
        refuse("nothing-changes", "Phương án không có gì thay đổi.", "Nothing in the plan changes.")
    out = Outcome()
    out.subject |= {
        "state": DRAFTED,
        "answers": {},
        "authors": sorted({*case.authors, scene.actor_id}, key=str),
        "approver_id": None,
        "approved_at": None,
        "reason": body.reason,
        "next_wake_at": None,
        "trouble": None,
    }
    return _written(out, "reorganisation.amended", body.plan, compiled, kept, warned, scene)


def _written(
    out: Outcome,
    kind: str,
    plan: Plan,
    compiled: Compiled,
    kept: Kept,
    warned: Mapping[str, int],
    scene: Scene,
) -> Outcome:
    content, digest, agency_id = kept
    rule = scene.rule(SLOT)
    decision = plan.decision
    out.subject |= {
        "agency_id": agency_id,
        "title": plan.title,
        "decision_number": decision.number,
        "decision_on": decision.signed_on,
        "decision_issuer": decision.issuer,
        "decision_hash": decision.document_hash,
        "effective_on": plan.effective_on,
        "plan": content,
        "plan_hash": digest,
        "units": sorted(compiled.touched),
        "warnings": _told(warned),
        "author_id": scene.actor_id,
        "rule_id": rule.rule.id if rule else None,
        "citation": rule.citation if rule else None,
        "former": compiled.former.to_json(),
        "former_digest": compiled.before.digest(compiled.on),
    }
    place = scene.department_id or scene.managing_agency_id
    facts = {"on": plan.effective_on.isoformat(), "plan_hash": digest, "document": decision.words}
    out.notices.append(
        Notice(
            "reorganisation_to_approve",
            place,
            role="department_head",
            facts={"agency": str(agency_id), **facts},
        )
    )
    out.happened(kind, rule, units=len(compiled.touched), warnings=dict(warned), **facts)
    out.answer |= {
        "plan_hash": digest,
        "effective_on": plan.effective_on.isoformat(),
        "warnings": _told(warned),
        "citation": rule.citation if rule else None,
    }
    return out


def _told(warned: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"code": code, "count": count} for code, count in sorted(warned.items())]


def approved(
    case: Case,
    body: ApproveReorganisation,
    compiled: Compiled,
    faults: Iterable[Fault],
    warned: Mapping[str, int],
    scene: Scene,
) -> Outcome:
    """It runs on its day: the plan is possible, read, somebody else's, and each warning is answered.

    Raises:
        RefusedError: ``wrong-state``, ``own-approval``, ``plan-changed``, ``plan-impossible``,
            ``warnings-unanswered``.
    """
    if case.state != DRAFTED:
        _refuse_state(case)
    if scene.actor_id in case.authors:
        refuse(
            "own-approval",
            "Người lập hoặc sửa phương án không được phê duyệt phương án đó.",
            "Whoever wrote a plan may not approve it.",
        )
    if body.plan_hash != case.plan_hash:
        refuse(
            "plan-changed",
            "Phương án đã thay đổi so với bản được xem.",
            "The plan is another than the one that was read.",
            plan_hash=case.plan_hash,
        )
    if found := tuple(faults):
        refuse_plan(found)
    _answered(body.answers, warned)
    rule = scene.rule(SLOT)
    out = Outcome()
    out.subject |= {
        "state": APPROVED,
        "approver_id": scene.actor_id,
        "approved_at": scene.now,
        "answers": dict(body.answers),
        "warnings": _told(warned),
        "units": sorted(compiled.touched),
        "former": compiled.former.to_json(),
        "former_digest": compiled.before.digest(compiled.on),
        "trouble": None,
        "next_wake_at": start_of_day(case.effective_on),
    }
    out.answer |= {
        "effective_on": case.effective_on.isoformat(),
        "plan_hash": case.plan_hash,
        "citation": rule.citation if rule else None,
    }
    return out.happened(
        "reorganisation.approved",
        rule,
        on=case.effective_on.isoformat(),
        plan_hash=case.plan_hash,
        answered=sorted(body.answers),
        warnings=dict(warned),
    )


def _answered(answers: Mapping[str, str], warned: Mapping[str, int]) -> None:
    """Each warning that stands has its answer."""
    missing = sorted(set(warned) - set(answers))
    if not missing:
        return
    fields = tuple(
        FieldRefusal(
            f"answers.{code}",
            code,
            f"{warned[code]} {WARNINGS[code][0]}",
            f"{warned[code]} {WARNINGS[code][1]}",
        )
        for code in missing
    )
    raise RefusedError.of(
        "warnings-unanswered",
        f"Còn {len(missing)} cảnh báo chưa được trả lời.",
        f"{len(missing)} warnings are not answered.",
        fields=fields,
        extra={"warnings": len(missing)},
    )


def withdrawn(case: Case, body: WithdrawReorganisation, scene: Scene) -> Outcome:
    """It will not be: until its day has begun.

    Raises:
        RefusedError: ``wrong-state``.
    """
    _before_its_day(case)
    out = Outcome()
    out.subject |= {
        "state": WITHDRAWN,
        "withdrawn_at": scene.now,
        "reason": body.reason,
        "next_wake_at": None,
        "trouble": None,
    }
    out.answer |= {"plan_hash": case.plan_hash}
    return out.happened("reorganisation.withdrawn", None, was=case.state, plan_hash=case.plan_hash)


def _before_its_day(case: Case) -> None:
    if case.state not in (DRAFTED, APPROVED):
        _refuse_state(case)


def _refuse_state(case: Case) -> None:
    refuse(
        "wrong-state",
        f"Phương án {STATE_VI[case.state]}; không thực hiện được việc này.",
        "The plan is at a step that does not allow this.",
        state=case.state,
    )
