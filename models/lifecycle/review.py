"""A data review: each agency's report, signed and sent, and the department's report of the whole.

Overdue decides nothing: a report that is late is taken, with its number of working days; one that never came
is recorded as missing when the next campaign opens.
"""

from dataclasses import replace

from models.commands import SignReport
from models.errors import Refusal
from models.lifecycle.competence import competent
from models.lifecycle.duties import climb, close_duty, open_duty, void_duty
from models.lifecycle.guard import refuse
from models.lifecycle.life import Report
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.review_dates import review_dates
from models.lifecycle.scene import Scene
from models.lifecycle.session_ends import closed, is_over, told, withdrawn
from models.lifecycle.steps import behalf
from models.regulations import Obligation

ENDED = ("sent", "missing", "not_owed")
"""States in which nothing is to be done about a report any more."""

BY_EACH = ("top_agency", "agency", "current_agency", "head", "data_officer", "approver_or_agency")
"""Parties of a rule that lays the report on each agency; any other party reports once, for the whole."""


def reports_each(rule: Obligation) -> bool:
    """Whether each agency of the first rank reports, or the department alone."""
    return rule.party in BY_EACH


def obligation_of(report: Report, scene: Scene) -> Obligation | None:
    """What this report is owed under; none where it is not owed, or the law no longer asks for it.

    The report of the whole is the department's: onward to the level above where the law has a rule for it;
    else, where each agency reports, the same text lets the department consolidate what they sent and names
    no day for it, so that its duty has none.
    """
    rule = scene.rule(report.slot)
    if rule is None:
        return None
    if not report.whole:
        return rule if reports_each(rule) else None
    if not reports_each(rule):
        return rule
    onward = scene.rule("report_onward")
    if onward is not None:
        return onward
    department = rule.rule.model_copy(update={"party": "department", "post": None})
    return rule.model_copy(update={"rule": department, "deadline": None, "clocks": ()})


def open_report(report: Report, scene: Scene) -> Outcome:
    """Open the duty of whoever owes this report; one that nobody owes is kept for its figures."""
    out = Outcome()
    rule = obligation_of(report, scene)
    out.happened("review.opened", scene.rule(report.slot), period=report.period, whole=report.whole)
    if rule is None:
        return out
    # The department consolidates after the agencies' own day: the texts give it none.
    dated = not (report.whole and _each(report, scene))
    report = _by_own_text(report, rule, scene)
    open_duty(
        out,
        scene,
        rule if dated else rule.model_copy(update={"deadline": None, "clocks": ()}),
        agency_id=report.agency_id,
        event_on=report.opens_on,
        report_id=report.id,
        due=(report.nominal_due_on, report.due_on, report.due_at) if dated else None,
        period=report.period,
        policy_date=report.policy_date and dated,
    )
    return out


def _by_own_text(report: Report, rule: Obligation, scene: Scene) -> Report:
    """With the day of the agency's own regulation, where that is another than the campaign's."""
    if report.whole or report.rule_id in ("", rule.rule.id):
        return report
    dates = review_dates(report.period, scene.law, scene.calendar, scene.policy.reviews)
    if dates is None:
        return report
    return replace(
        report,
        nominal_due_on=dates.nominal_due_on,
        due_on=dates.due_on,
        due_at=dates.due_at,
        policy_date=dates.policy,
    )


def _each(report: Report, scene: Scene) -> bool:
    rule = scene.rule(report.slot)
    return rule is not None and reports_each(rule)


def sign_report(report: Report, _body: SignReport, scene: Scene) -> Outcome:
    """Judge whether this person may sign and send this report now, and reserve it for the signature."""
    if report.state == "signing":
        refuse("in-flight", "Báo cáo đang được ký.", "This report is being signed.")
    if report.state != "open":
        refuse(
            "wrong-state",
            "Báo cáo đã gửi hoặc kỳ rà soát đã kết thúc.",
            "The report was sent, or its review has ended.",
            state=report.state,
        )
    rule = obligation_of(report, scene)
    if rule is None:
        refuse(
            "wrong-state",
            "Quy định đang có hiệu lực không giao cơ quan này báo cáo kỳ này.",
            "The law in force lays no report of this kind on this agency.",
        )
    competent(rule, scene)
    signature_id = scene.new_id("approval")
    out = Outcome(settles=False, answer={"approval_id": str(signature_id), "period": report.period})
    out.subject = {
        "state": "signing",
        "signature_id": signature_id,
        "signer_id": scene.actor_id,
        "signer_role": scene.actor_role,
        "on_behalf_of": scene.on_behalf_of,
        "delegation_id": scene.delegation_id,
        "requested_at": scene.now,
    }
    out.happened("report.prepared", rule, period=report.period, signature=str(signature_id))
    return out


def complete_report(report: Report, document: str, certificate: str, scene: Scene) -> Outcome:
    """The file is signed: the report is sent, its duty met, late by so many working days."""
    late = 0
    rule = obligation_of(report, scene)
    out = Outcome()
    for duty in report.duties:
        late = max(late, close_duty(out, scene, duty))
    out.answer = {
        "report_id": str(report.id),
        "period": report.period,
        "document": document,
        "late_days": late,
        **behalf(report),
    }
    out.subject = {
        "state": "sent",
        "sent_at": scene.now,
        "late_days": late,
        "document_sha256": document,
        "certificate": certificate,
    }
    facts = {"period": report.period, "whole": report.whole, "document": document, "late_days": late}
    facts |= behalf(report)
    if rule is not None and rule.rule.next_approver:
        facts["to"] = rule.rule.next_approver
    out.happened("report.sent", rule, **facts)
    if not report.whole and scene.department_id is not None:
        out.notices.append(
            Notice(
                "review_report_arrived",
                scene.department_id,
                role="department_officer",
                citation=rule.citation if rule else None,
                facts={"period": report.period, "late_days": late},
            )
        )
    return out


def fail_report(report: Report, code: str) -> Outcome:
    """The signature could not be made: the report waits again, nothing else changed."""
    refusal = Refusal("signature-failed", extra={"reason": code})
    out = Outcome(status=refusal.problem.status, answer=refusal.to_json())
    waits_again(out)
    out.happened("report.failed", None, signature=str(report.signature_id), reason=code)
    return out


def waits_again(out: Outcome) -> None:
    """Nothing was signed: the report is open again."""
    out.subject |= {"state": "open", "signature_id": None}


def wake_report(report: Report, scene: Scene) -> Outcome:
    """Reminders and escalations about a report that was not sent; a signing session whose time is over."""
    out = Outcome()
    for session in report.sessions:
        if is_over(session, scene):
            waits_again(out)
            told(closed(out, session, "expired", scene), session, "signing_expired", report.agency_id)
    for duty in report.duties:
        climb(out, scene, duty, subject_id=report.id)
    return out


def close_report(report: Report, scene: Scene) -> Outcome:
    """The next campaign opens: what never came is recorded as missing, and owed no more."""
    out = Outcome()
    owed = bool(report.duties)
    out.subject = {"state": "missing" if owed else "not_owed"}
    for session in report.sessions:
        withdrawn(out, session, report.agency_id, scene, "review-closed")
    for duty in report.duties:
        void_duty(out, scene, duty, "not_reported")
    if owed:
        out.happened("report.missing", scene.rule(report.slot), period=report.period, whole=report.whole)
    return out
