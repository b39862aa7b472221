"""A breach's notification made as a file under a seal: asked for by a person, made and sealed after it. Pure.

The file is no proof that anything was sent: that is said apart, and ends the duty (`lifecycle.breach`).
"""

from typing import Any
from uuid import UUID

from models.command_registers import IssueBreachNotice
from models.lifecycle.guard import refuse
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene

MAKING, MADE, FAILED = "making", "made", "failed"


def issue(
    breach_id: UUID, agency_id: UUID, making: UUID | None, body: IssueBreachNotice, scene: Scene
) -> Outcome:
    """Have it made, under the seal of who answers for breaches; what it says stays in the sealed story.

    Raises:
        RefusedError: ``wrong-state`` while another one of this breach is being made.
    """
    if making is not None:
        refuse(
            "wrong-state",
            "Một văn bản thông báo của sự cố này đang được lập.",
            "Another notification of this breach is being made.",
        )
    notice = notice_id(scene)
    out = Outcome(status=201, answer={"breach_id": str(breach_id), "notice_id": str(notice)})
    out.insert(
        "breach_notices",
        id=notice,
        breach_id=breach_id,
        state=MAKING,
        document=body.document,
        sealer_id=scene.department_id or agency_id,
        asked_by=scene.actor_id,
        asked_role=scene.actor_role,
        asked_at=scene.now,
        rule_set_hash=scene.law.hash,
    )
    return out.happened("breach.notice_asked", None, breach=str(breach_id), notice=str(notice))


def notice_id(scene: Scene) -> UUID:
    """The one notification that an act has made."""
    return scene.new_id("breach-notice")


def made(breach_id: UUID, facts: dict[str, Any], scene: Scene) -> Outcome:
    """The file is there, or it could not be sealed: why stays in the log, and another may be asked for."""
    notice, out = UUID(str(facts["notice"])), Outcome()
    told = {"breach": str(breach_id), "notice": str(notice)}
    if "reason" in facts:
        why = str(facts["reason"])
        out.update("breach_notices", {"id": notice}, state=FAILED, failure=why)
        return out.happened("breach.notice_failed", None, **told, reason=why)
    out.update("breach_notices", {"id": notice}, state=MADE, made_at=scene.now)
    return out.happened("breach.notice_made", None, **told, document=str(facts["document"]))
