"""The event's rhythm beside the month's: what is approved goes to the national database by its own clock.

NĐ 27/2026 art. 19 gives one day for data this system generated itself and three working days for what an
agency brings into it; the month's window goes on beside it, and whichever clock ends first binds. Where no
law in force fills the two slots, nothing of this happens and the month's end sends what was approved.
"""

from uuid import UUID

from models.lifecycle import gate
from models.lifecycle.duties import close_duty, open_duty
from models.lifecycle.life import Life
from models.lifecycle.national import mended
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.regulations import Obligation

SYSTEM, AGENCY = "event_sync_system", "event_sync_agency"
SLOTS = (SYSTEM, AGENCY)


def rule_of(scene: Scene, *, born_here: bool) -> Obligation | None:
    """The clock of an approved revision; of a law that knows one of the two clocks, that one."""
    first, second = (SYSTEM, AGENCY) if born_here else (AGENCY, SYSTEM)
    return scene.rule(first) or scene.rule(second)


def owe(
    out: Outcome,
    life: Life,
    revision_id: UUID,
    number: int,
    scene: Scene,
    *,
    born_here: bool,
    listed: bool = False,
) -> None:
    """Owe the sending of a revision approved today, and put it where it is sent from by itself.

    ``born_here``: declared, reviewed and approved in this system; what an agency entered from paper or took
    over from a workbook was born elsewhere. ``listed``: it stands on an open list, which sends it at once.
    Nobody is told at the opening, for nobody has to act: the ladder speaks when it was not sent in time.
    """
    rule = rule_of(scene, born_here=born_here)
    if rule is None:
        return
    open_duty(
        out,
        scene,
        rule,
        agency_id=life.agency_id,
        event_on=scene.today,
        label=f"{number}",
        profile_id=life.profile_id,
        quiet=True,
        owed_by=operator(rule, life.agency_id, scene),
        revision=number,
    )
    _put(out, life, revision_id, scene, listed=listed)


def operator(rule: Obligation, agency_id: UUID, scene: Scene) -> tuple[str, UUID] | None:
    """A duty laid on the system itself is chased with its operator; any other lies where its rule says."""
    if rule.rule.party != "system":
        return None
    return "administrator", scene.ict_department_id or scene.department_id or agency_id


def synced(life: Life, number: int, scene: Scene) -> Outcome:
    """The national database holds revision ``number``: what was owed up to it is met.

    What was approved while that one was under way could not be put beside it; it is now.
    """
    out = Outcome()
    owed = life.owed(*SLOTS)
    met = [duty for duty in owed if duty.revision is None or duty.revision <= number]
    corrected = mended(life, number)
    if met or corrected:
        out.happened("revision.synced", None, revision=number)
    for duty in (*met, *corrected):
        close_duty(out, scene, duty)
    newer = life.approved_revision_id not in (None, life.synced_revision_id)
    if newer and len(met) < len(owed):
        assert life.approved_revision_id is not None
        _put(out, life, life.approved_revision_id, scene, listed=False)
    return out


def _put(out: Outcome, life: Life, revision_id: UUID, scene: Scene, *, listed: bool) -> None:
    """Onto the running list of whoever synchronises for the agency, which the record finds."""
    out.insert(
        "event_item",
        revision_id=revision_id,
        agency_id=life.agency_id,
        gate=gate.position(scene),
        listed=listed,
    )
