"""What the national database refuses of an approved revision, as a duty of whoever can mend it."""

from typing import Any

from models.form import catalogue
from models.lifecycle.duties import open_correction
from models.lifecycle.life import PERSON, Life
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene

CHANGE = "update_after_change"
HR = "hr_officer"


def refused(life: Life, facts: dict[str, Any], scene: Scene) -> Outcome:
    """A revision came back from the national database: its field goes back to the person, all else to HR.

    The duty is one to correct, as after a return; no text gives it a period, so it is policy, and marked so.
    It is met by the next submission, or where the same revision is accepted after all. Facts: the list, the
    revision's number and form, the other side's code, and the path of the field where it named one of ours.
    """
    out = Outcome()
    rule = scene.rule(CHANGE)
    number = int(facts["revision"])
    standing = [d for d in life.owed(CHANGE) if d.returned and d.revision == number]
    if rule is None or standing:
        return out
    party = mender(life, str(facts["form"]), str(facts["path"]))
    named: dict[str, Any] = {"code": str(facts["code"])} | (
        {"path": str(facts["path"])} if facts["path"] else {}
    )
    out.happened("national.refused", None, revision=number, party=party, **named)
    label = f"national:{facts['list']}:{number}"
    told = {"revision": number, "national": str(facts["list"]), **named}
    open_correction(out, scene, rule, life, label=label, party=party, **told)
    return out


def mender(life: Life, form: str, path: str) -> str:
    """The person for a field that is theirs to declare; HR for the agency's and for what is no field."""
    if not path or life.account is None:
        return HR
    try:
        field = catalogue(form).field(path)
    except KeyError:
        return HR
    return PERSON if field.owner == "person" else HR


def mended(life: Life, number: int) -> tuple[Any, ...]:
    """Corrections asked for up to a revision that the national database holds now."""
    asked = (d for d in life.owed(CHANGE) if d.returned and d.revision is not None)
    return tuple(d for d in asked if d.revision is not None and d.revision <= number)
