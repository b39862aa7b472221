"""What was approved in error is held before it goes out; afterwards only a new revision corrects it."""

from collections.abc import Iterable
from uuid import UUID

from models.command_lists import HoldItems, LiftHold
from models.lifecycle import gate
from models.lifecycle.guard import refuse
from models.lifecycle.life import AgencyMonth
from models.lifecycle.month import approving
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene

HELD = "held"


def hold(month: AgencyMonth, body: HoldItems, scene: Scene) -> Outcome:
    """Keep approved items from going out, with the reason; the approval itself stays on record.

    Raises:
        RefusedError: ``already-sent`` where one of them is on its way or there, ``wrong-state``.
    """
    _open(month)
    standing = {item.profile_id: item for item in month.items}
    chosen = [standing.get(profile_id) for profile_id in body.profiles]
    gone = [one for one in chosen if one is not None and (one.packed or one.state in gate.GONE)]
    if gone:
        refuse(
            "already-sent",
            f"{len(gone)} hồ sơ đã gửi CSDLQG; chỉ sửa được bằng phiên bản mới.",
            f"{len(gone)} profiles have gone out; only a new revision corrects them.",
            count=len(gone),
        )
    if any(one is None or one.state not in ("approved", "cleared") for one in chosen):
        refuse("wrong-state", "Có hồ sơ chưa được phê duyệt.", "One of them has not been approved.")
    out = Outcome(answer={"held": len(body.profiles)})
    _set(out, month, body.profiles, HELD, body.reason, scene)
    out.happened("items.held", approving(month.kind, scene), month=month.month, items=len(body.profiles))
    out.notices.append(
        Notice(
            "items_held",
            month.agency_id,
            role="hr_officer",
            facts={"month": month.month, "items": len(body.profiles)},
        )
    )
    return out


def lift(month: AgencyMonth, body: LiftHold, scene: Scene) -> Outcome:
    """What was held goes out after all; before the department's gate it is put there again."""
    _open(month)
    held = {item.profile_id for item in month.items if item.state == HELD}
    if set(body.profiles) - held:
        refuse("wrong-state", "Có hồ sơ không bị giữ lại.", "One of them is not held.")
    out = Outcome(answer={"lifted": len(body.profiles)})
    _set(out, month, body.profiles, "approved", None, scene)
    return out.happened(
        "items.hold_lifted",
        approving(month.kind, scene),
        month=month.month,
        items=len(body.profiles),
    )


def _open(month: AgencyMonth) -> None:
    if month.state == "closed":
        refuse("wrong-state", "Danh sách tháng này đã kết thúc.", "This month's list is closed.")


def _set(
    out: Outcome, month: AgencyMonth, profiles: Iterable[UUID], state: str, reason: str | None, scene: Scene
) -> None:
    for profile_id in profiles:
        out.update(
            "month_items",
            {"agency_month_id": month.id, "profile_id": profile_id},
            state=state,
            reason=reason,
            changed_at=scene.now,
        )
