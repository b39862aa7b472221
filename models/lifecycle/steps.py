"""The signatures a submission needs, one after another, read from the law.

Where one signature approves inside the month's window (TT 06/2023 art. 7.1) the chain has that one step and
the duty belongs to the month's list. Where steps roll from the submission (moha.art7.2) each is a duty about
the profile, opened when the step before it is signed. Step 0 is the official's own signature, where asked.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from models.lifecycle.competence import signers
from models.lifecycle.duties import bearer, close_duty, open_duty, void_duty
from models.lifecycle.life import Approval, Duty, Life, Report
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.regulations import Obligation

OWN = 0
"""The step at which the official signs what was declared."""
LAST_FIELD = "authority"
"""Signature field of whoever approves, the same whatever the length of the chain."""


@dataclass(frozen=True, slots=True)
class Step:
    """One signature of a chain: its place (from 1), how many there are, and the rule that asks for it."""

    number: int
    of: int
    obligation: Obligation

    @property
    def last(self) -> bool:
        """Whether it is the approval itself."""
        return self.number == self.of

    @property
    def windowed(self) -> bool:
        """Whether it is owed inside the month's window, by the list's own duty."""
        deadline = self.obligation.deadline
        return deadline is not None and deadline.unit == "last_n_calendar_days_of_month"

    @property
    def field(self) -> str:
        """Its signature field in the file."""
        return LAST_FIELD if self.last else f"step{self.number}"


def subject_of(life: Life) -> str:
    """What the law calls the submission: the first declaration, or a change."""
    return "first" if life.approved_revision_id is None else "change"


def steps_of(life: Life, scene: Scene) -> tuple[Step, ...]:
    """Every signature after the official's own; empty where the law knows no approval."""
    chain = scene.chain(subject=subject_of(life))
    stock = scene.rule("whole_stock_approval") if life.whole_stock else None
    if stock is not None and chain:
        chain = (*chain[:-1], stock)
    return tuple(Step(number, len(chain), one) for number, one in enumerate(chain, start=1))


def awaited(life: Life, scene: Scene) -> Step | None:
    """The signature that a pending submission waits for."""
    return next((step for step in steps_of(life, scene) if step.number == life.signed_steps + 1), None)


def own_signature(life: Life, scene: Scene) -> Obligation | None:
    """The rule by which the official signs the own declaration; none where the law does not ask for it."""
    slot = "first_declaration" if subject_of(life) == "first" else "update_after_change"
    rule = scene.rule(slot, subject=subject_of(life))
    return rule if rule is not None and rule.rule.signature == "individual_digital" else None


def owed_by(step: Step, agency_id: UUID, scene: Scene) -> tuple[str, UUID]:
    """Role and agency that owe a step: the post its rule names, in the agency the rule lays it on."""
    role, held_in = bearer(step.obligation, agency_id, scene)
    able = signers(step.obligation)
    if step.obligation.post in able:
        return step.obligation.post, held_in
    if role not in able and able:
        role = able[0]
    return role, held_in


def open_step(out: Outcome, scene: Scene, life: Life, number: int, submitted_on: date, revision: int) -> None:
    """Open the duty of a step and tell whoever owes it; a windowed step is owed by the month's list.

    The total period of a change (moha.art7.2.c) runs from the submission beside each step's own; the earlier
    one binds and both are shown.
    """
    step = next((one for one in steps_of(life, scene) if one.number == number), None)
    if step is None or step.windowed:
        return
    total = scene.rule("change_total", subject=subject_of(life))
    open_duty(
        out,
        scene,
        step.obligation,
        agency_id=life.agency_id,
        event_on=scene.today,
        label=f"step:{revision}:{number}",
        profile_id=life.profile_id,
        owed_by=owed_by(step, life.agency_id, scene),
        beside=((total, submitted_on),) if total is not None else (),
        revision=revision,
        step=number,
        steps=step.of,
    )


def close_step(out: Outcome, scene: Scene, life: Life) -> int:
    """Meet the duty of the step just signed; answers working days late."""
    return max((close_duty(out, scene, duty) for duty in _owed(life)), default=0)


def void_steps(out: Outcome, scene: Scene, life: Life, reason: str) -> None:
    """Drop the step that was waited for: the submission went back."""
    for duty in _owed(life):
        void_duty(out, scene, duty, reason)


def behalf(approval: Approval | Report) -> dict[str, str]:
    """In whose name it was signed, where that is somebody else's than the signer's."""
    if approval.on_behalf_of is None:
        return {}
    return {"on_behalf_of": str(approval.on_behalf_of), "delegation_id": str(approval.delegation_id)}


def _owed(life: Life) -> list[Duty]:
    return [d for d in life.owed("review_step", "approval_window") if d.agency_month_id is None]


def places(life: Life, scene: Scene) -> list[dict[str, str]]:
    """The signature places of the file, laid out before its first signature; empty for the form's own two."""
    steps = steps_of(life, scene)
    if len(steps) < 2:
        return []
    between = [{"field": s.field, "role": owed_by(s, life.agency_id, scene)[0]} for s in steps]
    return [{"field": "official", "role": "official"}, *between]


def go_on(life: Life, approval: Approval, document: str, scene: Scene) -> Outcome:
    """A step before the last is signed: the next one is owed from today."""
    pending = life.pending
    assert pending is not None
    step = next(one for one in steps_of(life, scene) if one.number == approval.step)
    out = Outcome(
        answer={
            "approval_id": str(approval.id),
            "revision": pending.number,
            "document": document,
            "step": approval.step,
            "steps": step.of,
        }
    )
    late = close_step(out, scene, life)
    out.answer["late_days"] = late
    out.update("revisions", {"id": pending.id}, state="submitted")
    out.happened(
        "review.signed",
        step.obligation,
        revision=pending.number,
        digest=approval.digest,
        document=document,
        approval=str(approval.id),
        step=approval.step,
        steps=step.of,
        late_days=late,
        **behalf(approval),
    )
    submitted_on = date.fromisoformat(approval.facts["submitted_on"])
    open_step(out, scene, life, approval.step + 1, submitted_on, pending.number)
    if life.account is not None:
        out.notices.append(
            Notice(
                "review_went_on",
                life.agency_id,
                account_id=life.account.id,
                citation=step.obligation.citation,
                facts={"revision": pending.number, "step": approval.step, "steps": step.of},
            )
        )
    return out
