"""A unit comes under another regulation on a day: what becomes of its people's running duties. Pure.

Everything that begins from the day on falls under the new law by itself. What runs is decided here, once for
each person, and told in the duty's own event: it keeps the basis it was opened on, or is reckoned again, as
the plan says, else a rule of the regulation that binds from then on (slot ``running_duties``), or policy.
What was opened on the day or later, before it was carried out, stands under the new regulation either way.
Who signs next is always asked of the law in force: a signature is given under the law of its own day.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from models.lifecycle.breach import UNIT as HOURS
from models.lifecycle.life import AccountState, Chapter, Duty, Life
from models.lifecycle.moving import Reshaping, waits_for_another
from models.lifecycle.outcome import Event, Notice, Outcome
from models.lifecycle.rebasing import Basis, Judged, Standing, judge, rebase
from models.lifecycle.reorganisation import Running, Switch
from models.lifecycle.scene import Scene
from models.lifecycle.steps import Step, awaited, open_step, owed_by
from models.regulations import Policy, RuleSet, Slot

KEEP, REBASE = "keep", "rebase"


def running(wanted: str | None, law: RuleSet, policy: Policy) -> Running:
    """What becomes of running duties where a plan wants something, or says nothing."""
    if wanted is not None:
        return Running(wanted, "plan")
    found = law.slot(Slot.RUNNING_DUTIES)
    said = next((one for one in found.rule.items if one in (KEEP, REBASE)), None) if found else None
    if found is not None and said is not None:
        return Running(said, "rule", found.citation)
    return Running(policy.regimes.running, "policy")


def switch(
    life: Life,
    standings: Mapping[UUID, Standing],
    basis: Basis,
    to: Switch,
    reshaping: Reshaping,
    scene: Scene,
) -> Outcome:
    """One person whose unit comes under another regulation; ``scene`` has the law in force there now."""
    out = Outcome()
    step = awaited(life, scene) if life.pending is not None else None
    counts = _decided(out, life, standings, basis, to, step, (reshaping.on, reshaping.on), scene)
    waits_for_another(out, life, life.agency_id, scene)
    _told(out, life, to, reshaping, counts)
    _asked_for(out, life, step, scene)
    return out


def carry(
    out: Outcome,
    life: Life,
    standings: Mapping[UUID, Standing],
    basis: Basis,
    to: Switch,
    days: tuple[date, date],
    scene: Scene,
) -> dict[str, Any]:
    """Somebody comes into a unit under another regulation: the same of each duty, in what moves the person.

    ``life`` is the person in the new unit, whose law ``scene`` has. ``days``: from when it is the person's
    law, and the first day of duties that stand under it either way. Answers what is to be told of it with the
    move: nothing is said beside that.
    """
    said = list(out.notices)
    step = awaited(life, scene) if life.pending is not None else None
    counts = _decided(out, life, standings, basis, to, step, days, scene)
    out.notices[:] = said
    _asked_for(out, life, step, scene)
    return {"regime": to.regulation, "rule": to.running.told, **counts}


def _decided(
    out: Outcome,
    life: Life,
    standings: Mapping[UUID, Standing],
    basis: Basis,
    to: Switch,
    step: Step | None,
    days: tuple[date, date],
    scene: Scene,
) -> dict[str, int]:
    """Each duty that runs, kept or reckoned again; how many of each."""
    counts = {"rebased": 0, "kept": 0}
    for duty in life.duties:
        standing = standings.get(duty.id)
        if standing is None or HOURS in standing.facts:
            continue  # a clock of hours runs on under the law of its own instant
        if standing.law_hash == scene.law.hash:
            continue  # opened under it already
        standing = replace(standing, duty=replace(standing.duty, party=duty.party, agency_id=duty.agency_id))
        judged = _judged(standing, basis, to, step, days)
        if judged is not None:
            _rebased(out, life, judged, to, step, scene)
        else:
            _kept(out, standing, to, life, step, scene)
        counts["kept" if judged is None else "rebased"] += 1
    return counts


def _judged(
    standing: Standing, basis: Basis, to: Switch, step: Step | None, days: tuple[date, date]
) -> Judged | None:
    """The duty under the new law; none where it stays: by rule, or where the new law has no such duty."""
    on, first = days
    if to.running.duties == KEEP and standing.day < first:
        return None
    law = basis.on(max(standing.day, on), to.regulation)
    if law is None:
        return None
    if step is not None and _is_step(standing.duty):
        # The step of the new chain that is awaited stands in the place of the old one's.
        standing = replace(standing, duty=replace(standing.duty, rule_id=step.obligation.rule.id))
    judged = judge(standing, basis, law)
    return judged if judged is not None and not judged.kept else None


def _asked_for(out: Outcome, life: Life, step: Step | None, scene: Scene) -> None:
    """A signature that the former law left to the month's list, and the one in force asks for by itself."""
    if step is None or life.pending is None or any(_is_step(duty) for duty in life.duties):
        return
    open_step(out, scene, life, step.number, life.pending.submitted_on or scene.today, life.pending.number)


def _is_step(duty: Duty) -> bool:
    return duty.slot == Slot.REVIEW_STEP and duty.case_id is None


def _rebased(out: Outcome, life: Life, judged: Judged, to: Switch, step: Step | None, scene: Scene) -> None:
    account_id = life.account.id if life.account is not None else None
    told = {"regime": to.regulation, "rule": to.running.told}
    moved = rebase(out, scene, judged, account_id=account_id, agency_id=life.agency_id, **told)
    if step is not None and _is_step(moved):
        party, agency = owed_by(step, life.agency_id, scene)
        moved = replace(moved, party=party, agency_id=agency)
        out.rebased[moved.id] = replace(out.rebased[moved.id], duty=moved)
    put_down(out, scene, judged, moved)


def _kept(out: Outcome, standing: Standing, to: Switch, life: Life, step: Step | None, scene: Scene) -> None:
    """It is owed as it was; a signature that is awaited is asked of whoever the law in force names."""
    duty = standing.duty
    facts: dict[str, Any] = {
        "duty": str(duty.id),
        "slot": duty.slot,
        "due": duty.due_on.isoformat() if duty.due_on else None,
        "regime": to.regulation,
        "rule": to.running.told,
    }
    if step is not None and _is_step(duty):
        party, agency = owed_by(step, life.agency_id, scene)
        if (party, agency) != (duty.party, duty.agency_id):
            out.update("duties", {"id": duty.id}, party=party, agency_id=agency)
            facts |= {"party_before": duty.party, "party": party, "signer": step.obligation.citation}
    out.events.append(Event("duty.kept", duty.rule_id, duty.citation, facts))


def put_down(out: Outcome, scene: Scene, judged: Judged, moved: Duty) -> None:
    """A line for each load to which the move is put down; lists of what a load moved are made of them."""
    duty = judged.before.duty
    for load in judged.loads:
        out.insert(
            "law_moves",
            id=scene.new_id(f"move:{load}:{duty.id}"),
            load_id=load,
            duty_id=duty.id,
            agency_id=moved.agency_id,
            slot=duty.slot,
            kept=judged.kept,
            due_before=duty.due_on,
            due=moved.due_on,
            citation_before=duty.citation,
            citation=moved.citation,
            party_before=duty.party,
            party=moved.party,
            why=list(judged.why),
            moved_at=scene.now,
        )


def _told(out: Outcome, life: Life, to: Switch, reshaping: Reshaping, counts: Mapping[str, int]) -> None:
    """The event that explains all of it, and one notice to the person instead of one for each duty."""
    facts: dict[str, Any] = {
        "reorganisation": str(reshaping.id),
        "agency": str(life.agency_id),
        "regime": to.regulation,
        "on": reshaping.on.isoformat(),
        "document": reshaping.document,
        "rule": to.running.told,
        **counts,
    }
    out.events.insert(0, Event("profile.regime_changed", None, None, facts))
    out.notices.clear()
    account = life.account
    if account is None or account.state is AccountState.CANCELLED or life.chapter is Chapter.ARCHIVE:
        return
    told = {name: facts[name] for name in ("reorganisation", "agency", "regime", "on", "rebased", "kept")}
    out.notices.append(
        Notice(
            "regime_changed", life.agency_id, account_id=account.id, citation=reshaping.document, facts=told
        )
    )
