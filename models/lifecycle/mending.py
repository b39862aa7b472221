"""What the department sent back at its gate is owed as a correction (hanoi.art14.2; moha.art7.3)."""

from typing import Any

from models.lifecycle.duties import open_correction
from models.lifecycle.life import PERSON, Chapter, Life
from models.lifecycle.national import CHANGE, HR, mender
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.sent_back import SentBack

OVER = (Chapter.SEPARATION, Chapter.ARCHIVE)


def ask(out: Outcome, life: Life, scene: Scene) -> None:
    """Open the duty to correct what came back from the gate, and put the department's words beside the form.

    The person where every field named is the person's to declare, HR otherwise. No text gives it a period, so
    it is policy, and marked so. It is met by the next submission, as after any return: the revision that came
    back goes out no more. Of who has left, nothing is mended any more.
    """
    back, rule = life.sent_back, scene.rule(CHANGE)
    if back is None or rule is None or life.chapter in OVER:
        return
    party = _party(life, back)
    named = [{"path": path, "reason": back.reason} for path in back.fields]
    out.update("revisions", {"id": back.revision_id}, returned_fields=[*named, {"reason": back.reason}])
    facts: dict[str, Any] = {"gate": str(back.list_id), "sent_back": back.number, "fields": list(back.fields)}
    out.happened("gate.sent_back", scene.rule("department_gate"), revision=back.number, party=party, **facts)
    open_correction(out, scene, rule, life, label=f"gate:{back.number}", party=party, **facts)


def _party(life: Life, back: SentBack) -> str:
    whole = {mender(life, back.form, path) for path in back.fields}
    return PERSON if whole == {PERSON} else HR
