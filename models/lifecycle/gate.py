"""The department's gate before the national database, or after it (hanoi.art14.2): where the law sets it.

Before the outgoing call, an agency's approved items wait until the department has cleared them; only then
does a packet go out, and the receipts are the end. After it, what the national database accepted waits.
"""

from collections.abc import Collection, Iterable
from uuid import UUID

from models.commands import ReleaseMonth, SendBackItems
from models.form import catalogue, forms
from models.identifiers import profile_workflow
from models.lifecycle.competence import competent, signing_role
from models.lifecycle.duties import bearer
from models.lifecycle.forms import is_field
from models.lifecycle.guard import refuse
from models.lifecycle.life import AgencyMonth
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene

NONE, BEFORE, AFTER = "none", "before_outgoing_call", "after"

GONE = ("sent", "accepted", "rejected", "released", "sent_back")
"""States of an item that went out to the national database."""

OPEN_AFTER = ("gate", "closed")
"""States of a month in which the department may judge what was accepted; the text gives it no end."""


def position(scene: Scene) -> str:
    """Where the gate stands by the law of today; a rule that does not say so stands after the call.

    A list keeps the answer of the day on which it was opened: what has begun one way ends that way.
    """
    rule = scene.rule("department_gate")
    if rule is None or scene.department_id is None:
        return NONE
    return rule.rule.position or AFTER


def ready(gate: str) -> str:
    """State of the items that may go out."""
    return "cleared" if gate == BEFORE else "approved"


def waiting(gate: str) -> str | None:
    """State of the items the department is waited for; none where there is no gate."""
    return {BEFORE: "approved", AFTER: "accepted"}.get(gate)


def unseen(month: AgencyMonth) -> int:
    """Approved items that are still to be put before the department."""
    return month.counts.get("approved", 0) if month.gate == BEFORE and month.state != "gate" else 0


def put(month: AgencyMonth, out: Outcome, scene: Scene) -> None:
    """Put what waits before the department: the gate opens, and it is told how much waits and under what."""
    state = waiting(month.gate)
    items = month.counts.get(state, 0) if state else 0
    rule = scene.rule("department_gate")
    if not items or rule is None or scene.department_id is None:
        return
    out.subject = {**out.subject, "state": "gate"}
    role, agency_id = bearer(rule, month.agency_id, scene)
    out.notices.append(
        Notice(
            "gate_waiting",
            agency_id,
            role=signing_role(rule, role),
            citation=rule.citation,
            facts={"month": month.month, "items": items},
        )
    )


def opens(month: AgencyMonth, scene: Scene) -> Outcome:
    """Approved one by one, from the profiles: the gate opens for what no round has put before it."""
    out = Outcome()
    if not unseen(month):
        return out
    put(month, out, scene)
    if out.subject:
        out.happened(
            "month.gate_opened",
            scene.rule("department_gate"),
            month=month.month,
            items=month.counts["approved"],
        )
    return out


def received(month: AgencyMonth, out: Outcome, scene: Scene) -> None:
    """With the receipts: what has passed the gate, or meets none, is waited for by nobody any more."""
    if month.gate == AFTER:
        out.subject = {"state": "open"}
        put(month, out, scene)
        return
    out.subject = {"state": "gate" if month.state == "gate" else "open"}
    if month.counts.get("accepted", 0):
        out.update(
            "month_items",
            {"agency_month_id": month.id, "state": "accepted"},
            state="released",
            changed_at=scene.now,
        )


def release(month: AgencyMonth, body: ReleaseMonth, scene: Scene) -> Outcome:
    """The department approves: what the agency sent, or what it is about to send (hanoi.art14.2).

    All that waits, or the named profiles: what is not named goes on waiting at the gate, and the own file of
    whoever judges waits for somebody else (R4).
    """
    held = _waiting(month)
    if not held:
        refuse("wrong-state", "Không có dữ liệu chờ phê duyệt.", "Nothing waits for the department.")
    named = held if body.profiles is None else body.profiles
    chosen, left = _chosen(held, named, scene, partial=body.partial or body.profiles is None)
    rule = scene.rule("department_gate")
    competent(rule, scene)
    out = Outcome(answer={"released": len(chosen), **left})
    whole = len(chosen) == len(held)
    out.subject = {} if month.state == "closed" or not whole else {"state": "open"}
    state = {"state": "cleared" if month.gate == BEFORE else "released", "changed_at": scene.now}
    if whole:
        out.update("month_items", {"agency_month_id": month.id, "state": waiting(month.gate)}, **state)
    else:
        for profile_id in chosen:
            out.update("month_items", {"agency_month_id": month.id, "profile_id": profile_id}, **state)
    out.happened("month.released", rule, month=month.month, items=len(chosen), gate=month.gate)
    return out


def send_back(month: AgencyMonth, body: SendBackItems, scene: Scene) -> Outcome:
    """The department gives items back with a reason instead of approving them.

    Each profile hears of it and asks whoever can mend it (``mending``): no two are changed in one act.
    """
    held = _waiting(month)
    chosen, left = _chosen(held, body.profiles, scene, partial=body.partial)
    rule = scene.rule("department_gate")
    competent(rule, scene)
    _known(month, chosen, body.fields)
    out = Outcome(answer={"sent_back": len(chosen), **left})
    for profile_id in chosen:
        out.update(
            "month_items",
            {"agency_month_id": month.id, "profile_id": profile_id},
            state="sent_back",
            reason=body.reason,
            refusal={"fields": list(body.fields)} if body.fields else None,
            changed_at=scene.now,
        )
        out.tell.append((profile_workflow(profile_id), {}))
    if month.gate == BEFORE and len(chosen) == len(held):
        out.subject = {"state": "open"}
    out.happened("month.sent_back", rule, month=month.month, items=len(chosen), gate=month.gate)
    out.notices.append(
        Notice("items_sent_back", month.agency_id, role="hr_officer", facts={"items": len(chosen)})
    )
    return out


def _known(month: AgencyMonth, chosen: Collection[UUID], fields: Collection[str]) -> None:
    """Refuse a field that is on none of the forms which are sent back."""
    judged = set(chosen) if fields else set[UUID]()
    kinds = {item.form for item in month.items if item.profile_id in judged}
    for path in fields:
        if not any(form in forms() and is_field(catalogue(form), path) for form in kinds):
            refuse(
                "malformed-request",
                "Có mục không thuộc mẫu hồ sơ.",
                "A field is not part of the form.",
                path=path,
            )


def _waiting(month: AgencyMonth) -> dict[UUID, None]:
    """The profiles that the department may judge now, in the list's order."""
    state = waiting(month.gate)
    return dict.fromkeys(i.profile_id for i in month.items if i.state == state) if _judges(month) else {}


def _chosen(
    held: Collection[UUID], named: Iterable[UUID], scene: Scene, *, partial: bool
) -> tuple[list[UUID], dict[str, list[str]]]:
    """Which of the named are judged now, and those left where that is allowed.

    Raises:
        RefusedError: one of them does not wait, or is the judge's own (``own-approval``); with ``partial``,
            none is left to be judged.
    """
    named = list(dict.fromkeys(named))
    own = scene.actor_profile_id
    chosen = [one for one in named if one in held and one != own]
    left = [str(one) for one in named if one not in held or one == own]
    if own in held and own in named and not (partial and chosen):
        refuse(
            "own-approval",
            "Không ai phê duyệt, trả lại hồ sơ của chính mình; người khác của cơ quan quản lý thực hiện.",
            "Nobody approves or returns the own file; somebody else of the department does.",
        )
    if left and not (partial and chosen):
        refuse(
            "wrong-state",
            f"{len(left)} hồ sơ không chờ phê duyệt.",
            f"{len(left)} of the profiles do not wait for the department.",
        )
    return chosen, {"left": left} if left else {}


def _judges(month: AgencyMonth) -> bool:
    """Whether the department may judge now. What did not go out before the list ended stands on the next."""
    return month.state != "closed" if month.gate == BEFORE else month.state in OPEN_AFTER
