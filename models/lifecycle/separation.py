"""Leaving: out of the city, retirement, resignation, death; then the archive (hanoi.art12.2.1, 12.3)."""

from models.commands import CancelSeparation, Separate
from models.lifecycle.declaration import leave_list
from models.lifecycle.duties import bearer, close_duty, days_late, open_duty, void_duty
from models.lifecycle.guard import in_chapter, no_open_case, refuse
from models.lifecycle.life import AccountState, AgencyMonth, Case, Chapter, Duty, Life, Status
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.posts import leave_posts
from models.lifecycle.scene import Scene
from models.regulations import Obligation


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
        facts={"covered": body.covered_by_national_database, "destination": body.destination},
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
        scene.rule("move_out" if body.kind == "moved_out" else "leaver_archive"),
        case=str(case.id),
        kind=body.kind,
        effective_on=body.effective_on.isoformat(),
    )
    if body.effective_on <= scene.today:
        take_effect(life, case, out, scene, month)
    return out


def cancel(life: Life, body: CancelSeparation, scene: Scene) -> Outcome:
    """Take the decision back before its date."""
    case = life.case
    if case is None or case.kind != "separation" or case.state != "decided":
        refuse("wrong-state", "Không có quyết định thôi công tác đang chờ.", "No separation is waiting.")
    out = Outcome(answer={"separation_id": str(case.id), "state": "cancelled"})
    out.update("cases", {"id": case.id}, state="cancelled", version=case.version + 1, closed_at=scene.now)
    out.subject = {"case_id": None}
    out.happened("separation.cancelled", None, case=str(case.id))
    return out


def take_effect(life: Life, case: Case, out: Outcome, scene: Scene, month: AgencyMonth | None = None) -> None:
    """On its date: the status changes, what was owed by the person ends; a mover's access is cancelled."""
    moved_out = case.mode == Status.MOVED_OUT
    rule = scene.rule("move_out" if moved_out else "leaver_archive")
    out.subject |= {"status": Status(case.mode), "chapter": Chapter.SEPARATION}
    out.update("cases", {"id": case.id}, state="effective", version=case.version + 1)
    _take_back(life, case, out, scene, month)
    for duty in life.duties:
        void_duty(out, scene, duty, "separated")
    out.happened("separation.effective", rule, case=str(case.id), kind=case.mode)
    leave_posts(life, out, scene)
    if moved_out:
        _move_out(life, case, rule, out, scene)


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


def _move_out(life: Life, case: Case, rule: Obligation | None, out: Outcome, scene: Scene) -> None:
    """Cancel the access where a rule says so, and open the report where the national database covers both.

    No text cancels a leaver's access on retirement, resignation or death: only moves out of the city do.
    """
    if rule is not None and life.account is not None:
        out.update("accounts", {"id": life.account.id}, state=AccountState.CANCELLED)
        out.insert("sessions_ended", account_id=life.account.id)
        out.happened(
            "access.cancelled",
            rule,
            account=str(life.account.id),
            owed_by=bearer(rule, life.agency_id, scene)[0],
            late_days=days_late(rule, case.effective_on, scene),
        )
    report = scene.rule("move_out_report")
    if case.facts.get("covered") and report is not None:
        open_duty(
            out,
            scene,
            report,
            agency_id=life.agency_id,
            event_on=scene.today,
            case_id=case.id,
            profile_id=life.profile_id,
        )


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
    out.happened("profile.archived", rule, case=str(case.id), told_national=told_national)
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
    rule = scene.rule("move_out_report")
    if not told_national:
        agency_id = scene.department_id or scene.managing_agency_id
        role = "department_officer" if scene.department_id is not None else "hr_officer"
        facts = {
            "profile": str(life.profile_id),
            "document": case.document,
            "destination": case.facts.get("destination"),
            "effective_on": case.effective_on.isoformat(),
        }
        out.notices.append(
            Notice("move_out_reported", agency_id, role=role, citation=duty.citation, facts=facts)
        )
    out.happened(
        "move_out.reported",
        rule,
        case=str(case.id),
        through="national_database" if told_national else "department",
    )
    close_duty(out, scene, duty)
