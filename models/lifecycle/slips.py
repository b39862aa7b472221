"""Slips that travel with a dossier: asked for by the act they tell of, made and signed after it.

No text in force asks for one; what is handed over on paper comes with a slip, and both sides can prove what
was handed over. Who signs is the rule's to say (its ``signature``); where it says nothing, the agency's seal
stands on it, which is this installation's policy.
"""

from typing import Any
from uuid import UUID, uuid5

from models.identifiers import slip_workflow
from models.lifecycle.life import Case, Life
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.regulations import Obligation

HAND_OVER, RECEIPT, END, DISPOSAL = "hand_over", "receipt", "end_of_management", "disposal"


def slip_id(case: Case, kind: str) -> UUID:
    """The one slip of this kind that a case has."""
    return uuid5(case.id, f"slip:{kind}")


def asked(
    out: Outcome, life: Life, case: Case, kind: str, rule: Obligation | None, agency_id: UUID, scene: Scene
) -> None:
    """Have a slip made: its row now, its file once this act is written."""
    new = slip_id(case, kind)
    out.insert(
        "slips",
        id=new,
        case_id=case.id,
        profile_id=life.profile_id,
        kind=kind,
        follows_id=slip_id(case, HAND_OVER) if kind == RECEIPT else None,
        agency_id=agency_id,
        revision_id=life.approved_revision_id,
        asked_by=scene.actor_id,
        asked_role=scene.actor_role,
        signature=rule.signature if rule else "none_stated",
        rule_ids=list(rule.rule_ids) if rule else [],
        citation=rule.citation if rule else None,
        rule_set_hash=scene.law.hash,
        state="making",
        asked_at=scene.now,
    )
    out.tell.append((slip_workflow(new), {"profile_id": life.profile_id}))


def made(facts: dict[str, Any], scene: Scene) -> Outcome:
    """The file is there; unsigned only where nothing asks for a signature, and then it says why."""
    out, slip = Outcome(), UUID(str(facts["slip"]))
    why = str(facts.get("unsigned", "")) or None
    out.update("slips", {"id": slip}, state="made", made_at=scene.now, failure=why)
    told = {"document": str(facts["document"]), **({"unsigned": why} if why else {})}
    return out.happened("slip.made", None, slip=str(slip), **told)


def failed(facts: dict[str, Any], scene: Scene) -> Outcome:
    """It cannot be made as the rule wants it; why stays in the log."""
    out, slip = Outcome(), UUID(str(facts["slip"]))
    out.update("slips", {"id": slip}, state="failed", failure=str(facts["reason"]))
    return out.happened("slip.failed", None, slip=str(slip), reason=str(facts["reason"]))
