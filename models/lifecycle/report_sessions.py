"""A data review's report signed by a key that is elsewhere: the same judgement, the same sending.

The report is measured and fixed when it is prepared, under the very signature the session waits for; a
session that ends without it leaves the report open, to be measured anew.
"""

from models.command_sessions import CancelReportSigning, CompleteReportSigning, OpenReportSigning
from models.commands import SignReport
from models.lifecycle import review
from models.lifecycle.competence import competent
from models.lifecycle.guard import refuse
from models.lifecycle.life import Report, Session
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.session_ends import closed
from models.lifecycle.sessions import found_open, given, opening, reserve, stands, taken
from models.regulations import Obligation


def open_for_report(report: Report, body: OpenReportSigning, scene: Scene) -> Outcome:
    """Judge the signature as any other, and reserve the report for one from outside."""
    out = review.sign_report(report, SignReport(), scene)
    terms = opening(body, scene)
    reserve(out, "report", report.id, report.id, body, terms, scene)
    return out.happened("signing.opened", None, period=report.period, **terms.told)


def complete(report: Report, body: CompleteReportSigning, scene: Scene) -> Outcome:
    """Take what came back, to be judged."""
    rule = _may(report, scene)
    session = found_open(report.sessions, body.session_id, scene)
    stands(session, body, scene)
    if report.state != "signing" or rule is None:
        refuse(
            "wrong-state",
            "Quy định đang có hiệu lực không giao cơ quan này báo cáo kỳ này.",
            "The law in force lays no report of this kind on this agency.",
            state=report.state,
        )
    given(session, body)
    return taken(session, body, scene)


def _may(report: Report, scene: Scene) -> Obligation | None:
    """What the report is owed under, once who acts may sign it.

    Raises:
        RefusedError: ``not-competent``.
    """
    rule = review.obligation_of(report, scene)
    if rule is not None:
        competent(rule, scene)
    return rule


def cancel(report: Report, body: CancelReportSigning, scene: Scene) -> Outcome:
    """The signer gives up: the report waits again."""
    _may(report, scene)
    session = found_open(report.sessions, body.session_id, scene)
    if session.state == "completing":
        refuse("in-flight", "Chữ ký đang được kiểm tra.", "A signature is being checked.")
    out = Outcome(answer={"session_id": str(session.id), "report_id": str(report.id)})
    review.waits_again(out)
    return closed(out, session, "cancelled", scene, "by-signer")


def failed(report: Report, session: Session, reason: str, scene: Scene) -> Outcome:
    """The report could not be laid out."""
    return closed(review.fail_report(report, reason), session, "failed", scene, reason)


def judged(report: Report, session: Session, scene: Scene) -> Outcome:
    """The signature is good: the report is sent."""
    if session.state != "completing" or report.state != "signing" or session.document is None:
        return Outcome()
    out = review.complete_report(report, session.document, session.certificate, scene)
    return closed(out, session, "done", scene)
