"""What goes along with a profile that changes hands, and what is owed at the new place afterwards."""

from datetime import date
from uuid import UUID

from models.lifecycle.border import go_over
from models.lifecycle.duties import close_duty, open_duty, void_duty
from models.lifecycle.guard import changes_hands
from models.lifecycle.life import AccountState, Case, Chapter, Life
from models.lifecycle.outcome import Outcome
from models.lifecycle.route import Leg
from models.lifecycle.scene import Scene


def take_along(life: Life, case: Case, legs: tuple[Leg, ...], out: Outcome, scene: Scene) -> Scene:
    """Custody, account and open duties go to the new agency or division; answers the scene as it is there."""
    assert case.to_agency_id is not None
    changes_hands(life, scene)
    to_agency = case.to_agency_id
    out.insert(
        "custody_moved", id=scene.new_id("custody"), to_agency=to_agency, on=scene.today, case_id=case.id
    )
    out.subject["agency_id"] = to_agency
    if life.account is not None and all(leg.name != "account" for leg in legs):
        out.update("accounts", {"id": life.account.id}, agency_id=to_agency)
    for duty in life.duties:
        if duty.case_id == case.id:
            close_duty(out, scene, duty)
        elif duty.agency_id == case.from_agency_id:
            out.moved[duty.id] = to_agency
    return go_over(out, life, case, scene)


def afterwards(
    life: Life, legs: tuple[Leg, ...], to_agency: UUID, on: date, out: Outcome, scene: Scene, there: Scene
) -> None:
    """A new account where the law has the new agency make one; else the person checks the own data.

    The steps of a transfer are those of the law it was begun under; what begins by it is that of ``there``.
    """
    new = next((leg.rule for leg in legs if leg.name == "account"), None)
    if new is None:
        _check_duty(life, to_agency, on, out, there)
        return
    if life.account is not None:
        out.update("accounts", {"id": life.account.id}, state=AccountState.CANCELLED)
        out.insert("sessions_ended", account_id=life.account.id)
        out.happened("account.closed", new, account=str(life.account.id))
        for duty in life.owed("default_password"):
            out.moved.pop(duty.id, None)
            void_duty(out, scene, duty, "account closed")
    out.subject["account_id"] = None
    open_duty(out, scene, new, agency_id=to_agency, event_on=on, profile_id=life.profile_id)


def _check_duty(life: Life, to_agency: UUID, on: date, out: Outcome, scene: Scene) -> None:
    """The person checks the own data after the move and updates it (hanoi.art12.1.b)."""
    rule = scene.rule("transfer_check")
    if rule is None or life.account is None or life.stage is Chapter.DECLARATION:
        return  # who has declared nothing yet has nothing to check
    open_duty(
        out,
        scene,
        rule,
        agency_id=to_agency,
        event_on=on,
        profile_id=life.profile_id,
        account_id=life.account.id,
    )
