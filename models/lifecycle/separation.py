"""Leaving: moving out, retirement, resignation, death; then the archive (hanoi.art12.2.1, 12.3; moha.art8.4).

The status changes on the day the decision takes effect; who owes that and by when is each law's own. Access
ends at once whatever the kind of leaving: the law's words for a move out, this installation's policy else.
"""

from typing import Any

from models.calendar import MissingYear, NoPeriod
from models.commands import CancelSeparation, ConfirmMoveOut, Separate
from models.lifecycle import acting, mending, slips
from models.lifecycle.declaration import leave_list
from models.lifecycle.duties import bearer, close_duty, days_late, earliest, open_duty, void_duty
from models.lifecycle.guard import in_chapter, no_open_case, refuse
from models.lifecycle.life import AccountState, AgencyMonth, Case, Chapter, Duty, Life, Status
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.posts import leave_posts
from models.lifecycle.scene import Scene
from models.lifecycle.secondment import end_share
from models.lifecycle.session_ends import expire
from models.regulations import Obligation

NATIONAL = ("move_out_report", "national_transfer")
"""Slots of what is owed where the destination is covered by the national database too."""


def separate(life: Life, body: Separate, scene: Scene, month: AgencyMonth | None = None) -> Outcome:
    """Decide the separation; it takes effect on its date, today if that has come."""
    no_open_case(life)
    in_chapter(life, Chapter.SERVICE, Chapter.REVIEW, Chapter.DECLARATION, Chapter.ACCOUNT)
    if life.approval is not None:
        refuse("in-flight", "Một bản khai đang được ký.", "A submission is being signed.")
    case = Case(
        id=scene.new_id("separation"),
        kind="separation",
        profile_id=life.profile_id,
        from_agency_id=life.agency_id,
        to_agency_id=None,
        mode=body.kind,
        effective_on=body.effective_on,
        document=body.document,
        state="decided",
        version=1,
        facts={
            "covered": body.covered_by_national_database,
            "destination": body.destination,
            **acting.proposed(life, body, scene),
        },
    )
    out = Outcome(
        status=201, answer={"separation_id": str(case.id), "effective_on": body.effective_on.isoformat()}
    )
    out.insert(
        "cases",
        id=case.id,
        kind=case.kind,
        profile_id=case.profile_id,
        from_agency_id=case.from_agency_id,
        to_agency_id=None,
        mode=case.mode,
        effective_on=case.effective_on,
        document=case.document,
        state=case.state,
        version=1,
        facts=case.facts,
        opened_at=scene.now,
    )
    out.subject = {"case_id": case.id}
    out.happened(
        "separation.decided",
        status_rule(body.kind, scene),
        case=str(case.id),
        kind=body.kind,
        effective_on=body.effective_on.isoformat(),
    )
    acting.told(out, case, scene)
    out.answer["steps"] = steps_of_leaving(life, case, scene)
    if body.effective_on <= scene.today:
        take_effect(life, case, out, scene, month)
    return out


def status_rule(kind: str, scene: Scene) -> Obligation | None:
    """The rule under which the status changes: the law's own, else that on moving out or archiving."""
    slots = ("status_change", *(["move_out"] if kind == Status.MOVED_OUT else []), "leaver_archive")
    found = (scene.rule(slot, leaving=kind) for slot in slots)
    return next((rule for rule in found if rule is not None), None)


def access_rule(kind: str, scene: Scene) -> Obligation | None:
    """The rule that cancels the access; none where only our policy does."""
    return scene.rule("move_out", leaving=kind) if kind == Status.MOVED_OUT else None


def steps_of_leaving(life: Life, case: Case, scene: Scene) -> list[dict[str, Any]]:
    """What leaving takes under this law: each step with who, by when and under which article."""
    kind = case.mode
    asked = [("status", status_rule(kind, scene)), ("access", access_rule(kind, scene))]
    if kind == Status.MOVED_OUT and case.facts.get("covered"):
        asked += [(slot, rule) for slot in NATIONAL if (rule := scene.rule(slot, leaving=kind))]
    asked.append(("archive", scene.rule("leaver_archive", leaving=kind)))
    return [
        {
            "step": name,
            "by": bearer(rule, life.agency_id, scene)[0] if rule else "system",
            "due_on": _due(rule, case, scene),
            "citation": rule.citation if rule else None,
            "policy": rule is None,
        }
        for name, rule in asked
    ]


def _due(rule: Obligation | None, case: Case, scene: Scene) -> str | None:
    """The last day of a rule's period from the day the decision takes effect."""
    try:
        clocks = [(clock, case.effective_on) for clock in rule.clocks] if rule else []
        return earliest(clocks, scene.calendar)[1].isoformat() if clocks else None
    except (MissingYear, NoPeriod):
        return None


def cancel(life: Life, body: CancelSeparation, scene: Scene) -> Outcome:
    """Take the decision back before its date."""
    case = life.case
    if case is None or case.kind != "separation" or case.state != "decided":
        refuse("wrong-state", "Không có quyết định thôi công tác đang chờ.", "No separation is waiting.")
    out = Outcome(answer={"separation_id": str(case.id), "state": "cancelled"})
    out.update("cases", {"id": case.id}, state="cancelled", version=case.version + 1, closed_at=scene.now)
    out.subject = {"case_id": None}
    out.happened("separation.cancelled", None, case=str(case.id))
    acting.taken_back(out, case, scene)
    return out


def take_effect(life: Life, case: Case, out: Outcome, scene: Scene, month: AgencyMonth | None = None) -> None:
    """On its date: the status changes, what was owed by the person ends; a mover's access is cancelled."""
    rule = status_rule(case.mode, scene)
    out.subject |= {"status": Status(case.mode), "chapter": Chapter.SEPARATION}
    out.update("cases", {"id": case.id}, state="effective", version=case.version + 1)
    _take_back(life, case, out, scene, month)
    for duty in life.duties:
        void_duty(out, scene, duty, "separated")
    out.happened(
        "separation.effective", rule, case=str(case.id), kind=case.mode, **_owed(rule, life, case, scene)
    )
    if life.approved_revision_id is not None:  # else there was no dossier to manage yet
        slips.asked(out, life, case, slips.END, rule, life.agency_id, scene)
    leave_posts(life, out, scene)
    end_share(life, out, scene, case.mode)
    _end_access(life, case, out, scene)
    if case.mode == Status.MOVED_OUT and case.facts.get("covered"):
        _tell_national(life, case, out, scene)


def _owed(rule: Obligation | None, life: Life, case: Case, scene: Scene) -> dict[str, Any]:
    """Who owed it and how late it was done; nothing where the rule sets no period."""
    if rule is None or rule.deadline is None:
        return {}
    by, _ = bearer(rule, life.agency_id, scene)
    return {"owed_by": by, "late_days": days_late(rule, case.effective_on, scene)}


def _take_back(life: Life, case: Case, out: Outcome, scene: Scene, month: AgencyMonth | None) -> None:
    """What still waited goes back, off the month's list, also from under a signature being made."""
    if life.approval is not None:
        out.update("approvals", {"id": life.approval.id}, state="failed")
    if life.pending is None:
        return
    out.update(
        "revisions", {"id": life.pending.id}, state="returned", returned_fields=[{"reason": case.mode}]
    )
    out.subject["pending_revision_id"] = None
    if month is not None:
        leave_list(out, scene, month, life, case.mode)


def _end_access(life: Life, case: Case, out: Outcome, scene: Scene) -> None:
    """Cancel the access at once, under the rule that says so or as policy (marked)."""
    if life.account is None:
        return
    rule = access_rule(case.mode, scene)
    out.update("accounts", {"id": life.account.id}, state=AccountState.CANCELLED)
    out.insert("sessions_ended", account_id=life.account.id)
    told = _owed(rule, life, case, scene) if rule else {"policy": True}
    out.happened("access.cancelled", rule, account=str(life.account.id), **told)


def _tell_national(life: Life, case: Case, out: Outcome, scene: Scene) -> None:
    """What is owed towards the national database that covers the destination too.

    Who sends the request of moha.art8.4.b is not stated: the record of the move is it, and starts the period.
    """
    for slot in NATIONAL:
        if rule := scene.rule(slot, leaving=case.mode):
            open_duty(
                out,
                scene,
                rule,
                agency_id=life.agency_id,
                event_on=scene.today,
                case_id=case.id,
                profile_id=life.profile_id,
            )


def confirm(life: Life, body: ConfirmMoveOut, scene: Scene) -> Outcome:
    """The report or the transfer was done outside this system; its duty is met by the document."""
    in_chapter(life, Chapter.SEPARATION, Chapter.ARCHIVE)
    duty = next((d for d in life.owed(*NATIONAL) if d.id == body.duty_id), None)
    if duty is None:
        refuse("not-found", "Không có nghĩa vụ đang mở này.", "There is no such open duty.")
    out = Outcome()
    late = close_duty(out, scene, duty)
    out.answer = {"duty_id": str(duty.id), "late_days": late}
    return out.happened("move_out.confirmed", scene.rule(duty.slot), duty=str(duty.id), slot=duty.slot)


def archive(life: Life, *, told_national: bool, scene: Scene) -> Outcome:
    """Keep the data in the separate folder: nothing is deleted (hanoi.art12.3)."""
    in_chapter(life, Chapter.SEPARATION)
    case = life.case
    assert case is not None
    rule = scene.rule("leaver_archive")
    out = Outcome(answer={"chapter": Chapter.ARCHIVE})
    out.subject = {"chapter": Chapter.ARCHIVE, "case_id": None, "foretold": []}
    out.update("cases", {"id": case.id}, state="archived", version=case.version + 1, closed_at=scene.now)
    for duty in life.duties:
        if duty.slot == "move_out_report":
            _report_move(life, case, duty, out, scene, told_national=told_national)
        elif duty.slot in NATIONAL and told_national:
            # The transfer in the national database is the change itself, told by way of the department.
            close_duty(out, scene, duty)
    out.happened("profile.archived", rule, case=str(case.id), told_national=told_national)
    return out


def look(life: Life, scene: Scene) -> Outcome:
    """A profile looked at again: a report that outlived its case is put before the department now, and what
    the department sent back is asked to be mended.

    Profiles archived by an earlier release kept it, with no timer that would chase it. Whether the national
    database was told then is not recorded, so the department itself hears of it (hanoi.art12.2.1.b).
    """
    out = Outcome()
    running = life.case.id if life.case is not None else None
    for duty in life.owed("move_out_report"):
        if duty.case_id != running:
            facts = {"profile": str(life.profile_id), "effective_on": duty.event_on.isoformat()}
            _put_before_the_department(duty, facts, scene, out)
            _reported(str(duty.case_id), duty, "department", scene, out)
    expire(out, life, scene)
    mending.ask(out, life, scene)
    return out


def _report_move(
    life: Life, case: Case, duty: Duty, out: Outcome, scene: Scene, *, told_national: bool
) -> None:
    """The agency reports to the department, which has the data transferred (hanoi.art12.2.1.b).

    The status change told to the national database is that report, for it goes by way of the department.
    Where it could not be told (the person was never synchronised, the message was refused, no connection is
    set up), the report is put before the department itself, with the decision and the destination: the text
    owes the agency's report, not its outcome over there; nobody keeps a duty that no timer chases any more.
    """
    if not told_national:
        facts = {
            "profile": str(life.profile_id),
            "document": case.document,
            "destination": case.facts.get("destination"),
            "effective_on": case.effective_on.isoformat(),
        }
        _put_before_the_department(duty, facts, scene, out)
    _reported(str(case.id), duty, "national_database" if told_national else "department", scene, out)


def _put_before_the_department(duty: Duty, facts: dict[str, Any], scene: Scene, out: Outcome) -> None:
    agency_id = scene.department_id or scene.managing_agency_id
    role = "department_officer" if scene.department_id is not None else "hr_officer"
    out.notices.append(Notice("move_out_reported", agency_id, role=role, citation=duty.citation, facts=facts))


def _reported(case: str, duty: Duty, through: str, scene: Scene, out: Outcome) -> None:
    out.happened("move_out.reported", scene.rule("move_out_report"), case=case, through=through)
    close_duty(out, scene, duty)
