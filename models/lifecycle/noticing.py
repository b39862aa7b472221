"""Notice that something changed in somebody's information, and its being taken back."""

from typing import Any

from models.commands import GiveNotice, WithdrawNotice
from models.lifecycle.duties import open_duty, void_duty
from models.lifecycle.forms import change_category
from models.lifecycle.guard import in_chapter, refuse
from models.lifecycle.life import Chapter, Life
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene

UPDATE = "update_after_change"


def give_notice(life: Life, body: GiveNotice, scene: Scene) -> Outcome:
    """Start the clock of an update on the change's own date, past or future (hanoi.art6.3; R20).

    A decision of the mapping desk is carried out once: who owes it already is not asked again.

    Raises:
        RefusedError: ``wrong-state``.
    """
    in_chapter(life, Chapter.SERVICE, Chapter.TRANSFER)
    if body.mapping is not None and any(one.mapping == str(body.mapping) for one in life.owed(UPDATE)):
        refuse(
            "wrong-state",
            "Người này đã được thông báo theo quyết định ánh xạ và chưa cập nhật.",
            "Notice of this mapping was given before, and the update is still owed.",
        )
    rule = scene.rule(UPDATE)
    if rule is None:
        refuse(
            "wrong-state", "Quy chế không đặt nghĩa vụ cập nhật.", "The regulation knows no duty to update."
        )
    out = Outcome(status=201)
    if body.category is not None and body.category != life.category:
        scene = change_category(life, body, body.category, out, scene)
    duty = open_duty(
        out,
        scene,
        rule,
        agency_id=life.agency_id,
        event_on=body.changed_on,
        profile_id=life.profile_id,
        account_id=life.account.id if life.account else None,
        change=body.kind,
        document=body.document,
        **_about(body),
    )
    out.happened(
        "change.noticed", rule, kind=body.kind, changed_on=body.changed_on.isoformat(), duty=str(duty.id)
    )
    out.answer |= {"duty_id": str(duty.id), "due_on": duty.due_on.isoformat() if duty.due_on else None}
    return out


def _about(body: GiveNotice) -> dict[str, Any]:
    """Which fields are to be declared anew and what was decided about them, where the notice says it."""
    mapping = {"mapping": str(body.mapping)} if body.mapping is not None else {}
    return mapping | ({"paths": list(body.paths)} if body.paths else {})


def withdraw_notice(life: Life, body: WithdrawNotice, scene: Scene) -> Outcome:
    """Take back a notice given in error; the duty ends without having been owed."""
    duty = next((d for d in life.owed(UPDATE) if d.id == body.duty_id), None)
    if duty is None:
        refuse("not-found", "Không có nghĩa vụ đang mở này.", "There is no such open duty.")
    out = Outcome(answer={"duty_id": str(duty.id)})
    void_duty(out, scene, duty, "withdrawn")
    return out
