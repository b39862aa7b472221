"""Verb to decision: the one table of what can be asked of which subject."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models.command_consents import AllowAccess, AnswerConsent, AskConsent, RevokeAccess, WithdrawConsent
from models.command_exports import ExportDossier, PrintDossier
from models.command_fields import ChangeFields
from models.command_national import AnswerProposal
from models.command_sessions import (
    CancelExportSigning,
    CancelListSigning,
    CancelReportSigning,
    CompleteExportSigning,
    CompleteListSigning,
    CompleteReportSigning,
    OpenExportSigning,
    OpenListSigning,
    OpenReportSigning,
)
from models.commands import (
    AcceptTransfer,
    ActivateAccount,
    AgreeDelegation,
    AmendSubmission,
    AnswerError,
    Approve,
    ApproveByList,
    ApproveList,
    AskForProfile,
    Body,
    CancelSeparation,
    CancelSigning,
    ClaimTransfer,
    CompleteSigning,
    ConfirmMoveOut,
    CreateAccount,
    CutList,
    EndSecondment,
    EnterForm,
    GiveNotice,
    HandOver,
    HoldItems,
    LiftHold,
    OpenOwnSigning,
    OpenSigning,
    PullNationalRecord,
    RefuseTransfer,
    ReleaseMonth,
    ReopenProfile,
    ReportError,
    ReportLostPassword,
    ReportTransfer,
    RequestAccount,
    RequestIntake,
    RequestTransfer,
    ResetPassword,
    ReturnForCorrection,
    RevokeDelegation,
    Second,
    SendBackItems,
    Separate,
    SignReport,
    SubmitDeclaration,
    WithdrawNotice,
    WithdrawTransfer,
)
from models.lifecycle import (
    account,
    amending,
    approval,
    consenting,
    declaration,
    delegation,
    disposal,
    entry,
    errors,
    export_sessions,
    exporting,
    field_changes,
    gate,
    holding,
    intake,
    list_sessions,
    listing,
    merging,
    month,
    national,
    noticing,
    reconciling,
    reentry,
    report_sessions,
    requests,
    review,
    rhythm,
    secondment,
    separation,
    session_steps,
    sessions,
    slips,
    steps,
    transfer,
    wake,
)
from models.lifecycle.life import AgencyMonth, Case, Chapter, Life, Report, Session
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene


@dataclass(frozen=True, slots=True)
class Subject:
    """What an act judges: a profile with its case and its month, a month, a report, a delegation."""

    life: Life | None = None
    case: Case | None = None
    month: AgencyMonth | None = None
    report: Report | None = None
    lent: delegation.Lent | None = None
    merge: merging.Merging | None = None

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The open signing sessions of what is judged."""
        owner = self.life or self.month or self.report
        return owner.sessions if owner is not None else ()


Decision = Callable[[Subject, Any, Scene], Outcome]


def _life(decide: Callable[[Life, Any, Scene], Outcome]) -> Decision:
    def decision(subject: Subject, body: Any, scene: Scene) -> Outcome:
        assert subject.life is not None
        return decide(subject.life, body, scene)

    return decision


def _transfer(decide: Callable[[Life, Case | None, Any, Scene], Outcome]) -> Decision:
    def decision(subject: Subject, body: Any, scene: Scene) -> Outcome:
        assert subject.life is not None
        return decide(subject.life, subject.case, body, scene)

    return decision


def _month(decide: Callable[[AgencyMonth, Any, Scene], Outcome]) -> Decision:
    def decision(subject: Subject, body: Any, scene: Scene) -> Outcome:
        assert subject.month is not None
        return decide(subject.month, body, scene)

    return decision


def _report(decide: Callable[[Report, Any, Scene], Outcome]) -> Decision:
    def decision(subject: Subject, body: Any, scene: Scene) -> Outcome:
        assert subject.report is not None
        return decide(subject.report, body, scene)

    return decision


def _lent(decide: Callable[[delegation.Lent, Any, Scene], Outcome]) -> Decision:
    def decision(subject: Subject, body: Any, scene: Scene) -> Outcome:
        assert subject.lent is not None
        return decide(subject.lent, body, scene)

    return decision


def _merging(decide: Callable[[Life, Any, Any, Scene], Outcome]) -> Decision:
    def decision(subject: Subject, body: Any, scene: Scene) -> Outcome:
        assert subject.life is not None
        return decide(subject.life, subject.merge, body, scene)

    return decision


def _listed(decide: Callable[[Life, Any, Scene, AgencyMonth | None], Outcome]) -> Decision:
    """Of a profile together with the month on whose list it stands."""

    def decision(subject: Subject, body: Any, scene: Scene) -> Outcome:
        assert subject.life is not None
        return decide(subject.life, body, scene, subject.month)

    return decision


DECISIONS: dict[type[Body], Decision] = {
    PullNationalRecord: _life(intake.ask),
    AnswerProposal: _life(reconciling.answer),
    RequestAccount: _life(account.request_account),
    CreateAccount: _life(account.create_account),
    ActivateAccount: _life(account.activate_account),
    ResetPassword: _life(account.reset_password),
    ReportLostPassword: _life(account.report_lost_password),
    SubmitDeclaration: _life(declaration.submit),
    EnterForm: _life(declaration.enter),
    ReturnForCorrection: _listed(declaration.return_for_correction),
    AmendSubmission: _listed(amending.amend),
    GiveNotice: _life(noticing.give_notice),
    WithdrawNotice: _life(noticing.withdraw_notice),
    ReportError: _life(errors.report_error),
    AnswerError: _life(errors.answer_error),
    ChangeFields: _life(field_changes.change),
    Approve: _listed(approval.prepare),
    OpenSigning: _listed(sessions.open_for_approval),
    OpenOwnSigning: _life(sessions.open_for_submission),
    CompleteSigning: _life(sessions.complete),
    CancelSigning: _life(sessions.cancel),
    RequestIntake: _life(entry.request_intake),
    RequestTransfer: _life(transfer.request),
    ClaimTransfer: _life(transfer.claim),
    Second: _life(secondment.second),
    EndSecondment: _life(secondment.end),
    ConfirmMoveOut: _life(separation.confirm),
    ExportDossier: _life(exporting.export),
    PrintDossier: _life(exporting.print_own),
    OpenExportSigning: _life(export_sessions.open_for_export),
    CompleteExportSigning: _life(export_sessions.complete),
    CancelExportSigning: _life(export_sessions.cancel),
    AllowAccess: _life(consenting.allow),
    RevokeAccess: _life(consenting.revoke),
    AskConsent: _life(consenting.ask),
    AnswerConsent: _life(consenting.answer),
    WithdrawConsent: _life(consenting.withdraw),
    **{body: _life(one) for body, one in disposal.DECISIONS.items()},
    **{body: _life(one) for body, one in requests.DECISIONS.items()},
    **{body: _merging(one) for body, one in merging.DECISIONS.items()},
    ReopenProfile: _life(reentry.reopen),
    Separate: _listed(separation.separate),
    CancelSeparation: _life(separation.cancel),
    AskForProfile: _transfer(transfer.ask),
    ReportTransfer: _transfer(transfer.report),
    HandOver: _transfer(transfer.hand_over),
    AcceptTransfer: _transfer(transfer.accept),
    RefuseTransfer: _transfer(transfer.refuse_transfer),
    WithdrawTransfer: _transfer(transfer.withdraw),
    ApproveList: _month(month.approve_list),
    CutList: _month(listing.cut),
    ApproveByList: _month(listing.approve_by_list),
    OpenListSigning: _month(list_sessions.open_for_list),
    CompleteListSigning: _month(list_sessions.complete),
    CancelListSigning: _month(list_sessions.cancel),
    HoldItems: _month(holding.hold),
    LiftHold: _month(holding.lift),
    ReleaseMonth: _month(gate.release),
    SendBackItems: _month(gate.send_back),
    SignReport: _report(review.sign_report),
    OpenReportSigning: _report(report_sessions.open_for_report),
    CompleteReportSigning: _report(report_sessions.complete),
    CancelReportSigning: _report(report_sessions.cancel),
    AgreeDelegation: _lent(delegation.agree),
    RevokeDelegation: _lent(delegation.revoke),
}


def decide_internal(
    kind: str, subject: Subject, facts: dict[str, Any], scene: Scene, closes_at: datetime | None
) -> Outcome:
    """What a workflow itself asks for: a fired timer, a finished signature, a step of the month."""
    life, agency_month = subject.life, subject.month
    if subject.report is not None:
        return _report_step(kind, subject.report, facts, scene)
    match kind:
        case "look":
            if agency_month is not None and life is None:
                return list_sessions.looked_after(Outcome(), agency_month, scene)
            return separation.look(life, scene) if life is not None and subject.case is None else Outcome()
        case "wake":
            return _wake(subject, scene)
        case "complete_approval" | "fail_approval":
            return _signature(kind, subject, facts, scene)
        case _ if kind in session_steps.STEPS:
            owner = life or agency_month
            assert owner is not None
            return session_steps.step(kind, owner, facts, scene)
        case "complete_pull":
            assert life is not None
            return intake.complete(life, scene)
        case "fail_pull":
            assert life is not None
            extra: dict[str, str] = {name: str(facts[name]) for name in ("until", "path") if name in facts}
            return intake.fail(life, str(facts["reason"]), extra, scene)
        case "submit_again":
            assert life is not None
            return declaration.submit_again(life, scene)
        case "synced":
            assert life is not None
            return rhythm.synced(life, int(facts["revision"]), scene)
        case "national_differs":
            assert life is not None
            return reconciling.repair(life, facts, scene)
        case "national_refused":
            assert life is not None
            return national.refused(life, facts, scene)
        case "complete_export" | "fail_export":
            assert life is not None
            return (exporting.complete if kind == "complete_export" else exporting.fail)(life, facts, scene)
        case "slip_made" | "slip_failed":
            return (slips.made if kind == "slip_made" else slips.failed)(facts, scene)
        case "archive":
            assert life is not None
            if life.chapter is Chapter.ARCHIVE:
                return Outcome()
            return separation.archive(life, told_national=bool(facts.get("told")), scene=scene)
        case _:
            assert agency_month is not None
            return _month_step(kind, agency_month, facts, scene, closes_at)


def _wake(subject: Subject, scene: Scene) -> Outcome:
    """A fired timer. A profile comes with the month it is listed in, so the life is asked for first."""
    if subject.lent is not None:
        return delegation.wake(subject.lent, scene)
    if subject.life is None:
        assert subject.month is not None
        return wake.wake_month(subject.month, scene)
    if (case := subject.case) is not None:
        return Outcome() if case.closed else wake.wake_transfer(subject.life, case, scene)
    return wake.wake_profile(subject.life, scene, subject.month)


def _signature(kind: str, subject: Subject, facts: dict[str, Any], scene: Scene) -> Outcome:
    """The end of a signature; nothing to do where it has ended before."""
    life = subject.life
    assert life is not None
    if life.approval is None or str(life.approval.id) != facts["approval"]:
        return Outcome()
    own = life.approval.step == steps.OWN
    if kind == "fail_approval":
        fail = declaration.not_signed if own else approval.fail
        return fail(life, life.approval, str(facts["reason"]), scene)
    document, certificate = str(facts["document"]), str(facts["certificate"])
    if own:
        out = declaration.signed(life, life.approval, document, certificate, scene)
    else:
        out = approval.complete(life, life.approval, document, certificate, scene, subject.month)
    return sessions.accepted(out, life, life.approval, scene)


def _month_step(
    kind: str, agency_month: AgencyMonth, facts: dict[str, Any], scene: Scene, closes_at: datetime | None
) -> Outcome:
    if agency_month.state == "closed":
        return Outcome()
    match kind:
        case "open_month" if agency_month.version:
            return Outcome()  # opened before, by an attempt whose answer was lost
        case "open_month":
            assert closes_at is not None
            return month.open_month(agency_month, int(facts["listed"]), closes_at, scene)
        case "refresh_stock" | "items_joined":
            assert closes_at is not None
            more = month.refresh_stock if kind == "refresh_stock" else month.joined
            return more(agency_month, closes_at, scene)
        case "approvals_done":
            round_ = facts.get("round")  # none from a worker of before
            return month.approvals_done(agency_month, scene, UUID(str(round_)) if round_ else None)
        case "list_shown":
            return listing.show(agency_month, facts, scene)
        case "list_failed":
            return listing.fail(agency_month, str(facts["reason"]), scene)
        case "own_left":
            return listing.own_left(agency_month, int(facts["items"]), scene)
        case "gate_opens":
            return gate.opens(agency_month, scene)
        case "submitted":
            return month.submitted(agency_month, str(facts["tran_code"]), int(facts["items"]), scene)
        case "receipts":
            return month.receipts_in(agency_month, scene)
        case "close_month":
            return month.close_month(agency_month, scene)
        case _:
            raise ValueError(f"nothing decides {kind!r}")


def _report_step(kind: str, report: Report, facts: dict[str, Any], scene: Scene) -> Outcome:
    """A step of one report; nothing where it was done by an attempt whose answer was lost."""
    if kind in session_steps.STEPS:
        return session_steps.step(kind, report, facts, scene)
    match kind:
        case "open_report":
            return Outcome() if report.version else review.open_report(report, scene)
        case "wake":
            return review.wake_report(report, scene)
        case "complete_report" | "fail_report":
            if report.state != "signing" or str(report.signature_id) != facts["signature"]:
                return Outcome()
            if kind == "fail_report":
                return review.fail_report(report, str(facts["reason"]))
            return review.complete_report(report, str(facts["document"]), str(facts["certificate"]), scene)
        case "close_report":
            return Outcome() if report.state in review.ENDED else review.close_report(report, scene)
        case _:
            return Outcome()
