"""A transfer into a unit under another regulation: what runs goes over, what begins is under the law there.

As on the day of a reorganisation (`switching`): each duty says that it was kept, or reckoned again, and by
whose word; whoever signs next is asked of the law there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from models.lifecycle.life import AccountState, Case, Life
from models.lifecycle.moving import duties_after
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.rebasing import Basis, Standing
from models.lifecycle.reorganisation import Switch
from models.lifecycle.scene import Scene
from models.lifecycle.switching import carry
from models.regulations import RuleSet


@dataclass(frozen=True, slots=True)
class Border:
    """The law of the unit a transfer goes to, where it is another, and what running duties are judged by."""

    law: RuleSet
    to: Switch
    managing_id: UUID
    """The agency that answers for the new unit."""
    basis: Basis
    standings: Mapping[UUID, Standing]


def go_over(out: Outcome, life: Life, case: Case, scene: Scene) -> Scene:
    """Decide what runs, once all of it has moved; answers the scene of the new unit for what begins there."""
    border = scene.border
    if border is None:
        return scene
    assert case.to_agency_id is not None
    known = {name: value for name, value in case.facts.get("to", {}).items() if value}
    facts = {name: value for name, value in scene.facts.items() if name not in ("agency", "kind")} | known
    there = replace(scene, law=border.law, facts=facts, managing_agency_id=border.managing_id, border=None)
    after = replace(
        life,
        agency_id=case.to_agency_id,
        standing=known.get("agency"),
        agency_kind=known.get("kind"),
        duties=duties_after(life, out),
    )
    # What was opened here this very day, before the person came over, is no duty of there yet.
    days = (scene.today, scene.today + timedelta(days=1))
    said = carry(out, after, border.standings, border.basis, border.to, days, there)
    told = {"case": str(case.id), "agency": str(case.to_agency_id), "on": scene.today.isoformat()}
    out.happened("profile.regime_changed", None, **told, document=case.document, **said)
    account = life.account
    if account is not None and account.state is not AccountState.CANCELLED:
        facts_told = told | {name: said[name] for name in ("regime", "rebased", "kept")}
        out.notices.append(
            Notice("regime_changed", case.to_agency_id, account_id=account.id, facts=facts_told)
        )
    return there
