"""Every command once, with a body that is well-formed and about nothing that exists."""

from datetime import date, timedelta
from uuid import UUID

from models.calendar import legal_date
from models.command_accounts import (
    Appoint,
    CloseAccount,
    EndSessions,
    ExtendGrant,
    GrantRole,
    HandOverAccount,
    IssuePassword,
    OpenAgencyAccount,
    OpenServiceAccount,
    RegisterServiceKey,
    Relieve,
    ResetSecondFactor,
    RestrictGrant,
    ResumeAccount,
    RevokeGrant,
    SuspendAccount,
    WithdrawServiceKey,
)
from models.command_admin import (
    AnnounceMaintenance,
    CheckEscrow,
    LiftMaintenance,
    OrderBackup,
    PauseParty,
    ResumeParty,
)
from models.command_codes import CodeRow, DecideCodeList, ProposeCodeList
from models.command_exports import ExportDossier, PrintDossier
from models.command_fields import ChangeFields
from models.command_law import AdoptLaw, LoadLaw, OpenCampaign, ProclaimYear
from models.command_lists import ApproveByList, CutList, HoldItems, LiftHold
from models.command_national import AnswerProposal, OrderReconciliation
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
from models.command_signing import (
    CancelSigning,
    CompleteSigning,
    RegisterCertificate,
    WithdrawCertificate,
)
from models.command_tree import (
    ChangeAgency,
    CreateAgency,
    EndAgency,
    SetQuota,
    WithdrawAgencyChange,
)
from models.commands import (
    AcceptTransfer,
    ActivateAccount,
    AgreeDelegation,
    AmendSubmission,
    AnswerError,
    ApproveList,
    AskForProfile,
    Body,
    CancelSeparation,
    ClaimTransfer,
    ConfirmMoveOut,
    CreateAccount,
    Delegate,
    EndSecondment,
    EnterForm,
    GiveNotice,
    HandOver,
    OpenOwnSigning,
    OpenProfile,
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
    ReturnedField,
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
from tests.models.record import consent_bodies, disposal_bodies, merge_bodies, plans, register_bodies
from tests.world import World

DIGEST = "0" * 64
NOBODY = UUID(int=1)


def tree_bodies(world: World, day: date) -> list[Body]:
    """Acts on the museum, which stands below the department of culture, and on a unit beside it."""
    how = {"effective_on": day, "document": "1/QĐ"}
    return [
        CreateAgency(parent_id=world.culture, code="H26.9.1", name="Thư viện", **how),
        ChangeAgency(agency_id=world.museum, name="Bảo tàng mới", **how),
        EndAgency(agency_id=world.museum, successors=(NOBODY,), **how),
        SetQuota(agency_id=world.museum, kind="quota", code="civil_servant", number=5, **how),
        WithdrawAgencyChange(change_id=NOBODY, document="1/QĐ"),
    ]


def bodies(world: World) -> dict[str, Body]:
    day = legal_date(world.now)
    reason = {"reason": "không đúng"}
    transfer = RequestTransfer(to_agency_id=world.health, mode="điều động", effective_on=day, document="1/QĐ")
    fields = (ReturnedField(path="gender", reason="sai giới"),)
    made = [
        OpenProfile(
            agency_id=world.culture,
            full_name="Thử",
            personal_id_number="000190000001",
            event_on=day,
            document="1",
        ),
        PullNationalRecord(),
        CreateAccount(login="thu.nt", password_hash="x"),
        ResetPassword(password_hash="x", **reason),
        ActivateAccount(password_hash="y"),
        SubmitDeclaration(revision_id=NOBODY, digest=DIGEST),
        EnterForm(revision_id=NOBODY, digest=DIGEST, confirmed_form=DIGEST),
        AmendSubmission(revision_id=NOBODY, digest=DIGEST, content={"gender": "x"}, **reason),
        ChangeFields(content={"staff_number": "1"}, changed_on=day, document="1/QĐ"),
        AnswerError(duty_id=NOBODY, accepted=True, **reason),
        ReturnForCorrection(revision_id=NOBODY, fields=fields, **reason),
        OpenSigning(revision_id=NOBODY, digest=DIGEST, certificate_id=NOBODY),
        OpenOwnSigning(revision_id=NOBODY, digest=DIGEST, certificate_id=NOBODY),
        CompleteSigning(session_id=NOBODY, prepared=DIGEST),
        CancelSigning(session_id=NOBODY),
        RegisterCertificate(certificate="A" * 100, document="9/GCN"),
        WithdrawCertificate(certificate_id=NOBODY, **reason),
        OrderBackup(document="1/QT"),
        CheckEscrow(check_value="0" * 16, document="9/BB"),
        PauseParty(party="mail", **reason),
        ResumeParty(party="mail", **reason),
        AnnounceMaintenance(
            starts_at=world.now + timedelta(days=1), ends_at=world.now + timedelta(days=2), document="6/TB"
        ),
        LiftMaintenance(maintenance_id=NOBODY, **reason),
        OrderReconciliation(document="7/QT"),
        AnswerProposal(proposal_id=NOBODY, accepted=True),
        *tree_bodies(world, day),
        *plans.bodies(world),
        GiveNotice(kind="salary", changed_on=day, document="5"),
        WithdrawNotice(duty_id=NOBODY, **reason),
        ReportError(paths=("gender",), **reason),
        transfer,
        RequestIntake(document="4"),
        ClaimTransfer(
            to_agency_id=world.health, mode="điều động", effective_on=day, decided_on=day, document="1"
        ),
        Second(to_agency_id=world.health, decided_on=day, starts_on=day, ends_on=day, document="7"),
        EndSecondment(**reason),
        ConfirmMoveOut(duty_id=NOBODY, document="8"),
        ReopenProfile(agency_id=world.health, event_on=day, document="9"),
        AskForProfile(),
        Separate(kind="retired", effective_on=day, document="3"),
        CancelSeparation(**reason),
        ExportDossier(purpose="Bổ nhiệm", recipient="Sở Nội vụ"),
        PrintDossier(),
        *consent_bodies.made(world.accounts["health.hr"], day),
        ReportTransfer(document="2"),
        HandOver(handed_over_on=day),
        AcceptTransfer(),
        RefuseTransfer(**reason),
        WithdrawTransfer(**reason),
        ApproveList(),
        CutList(),
        ApproveByList(list_id=NOBODY, digest=DIGEST),
        OpenListSigning(list_id=NOBODY, digest=DIGEST, certificate_id=NOBODY),
        CompleteListSigning(session_id=NOBODY, prepared=DIGEST),
        CancelListSigning(session_id=NOBODY),
        HoldItems(profiles=(NOBODY,), **reason),
        LiftHold(profiles=(NOBODY,), **reason),
        ReleaseMonth(),
        SendBackItems(profiles=(NOBODY,), **reason),
        SignReport(),
        OpenReportSigning(certificate_id=NOBODY),
        CompleteReportSigning(session_id=NOBODY, prepared=DIGEST),
        CancelReportSigning(session_id=NOBODY),
        OpenExportSigning(certificate_id=NOBODY, purpose="Bổ nhiệm", recipient="Ban"),
        CompleteExportSigning(session_id=NOBODY, prepared=DIGEST),
        CancelExportSigning(session_id=NOBODY),
        delegation(world, "culture.hr", world.culture),
        AgreeDelegation(document="8/SNV"),
        RevokeDelegation(**reason),
        LoadLaw(file="moi.yaml", content="id: moi", document="6/QĐ"),
        AdoptLaw(regulation="khong_co", starts=day, document="6/QĐ"),
        ProclaimYear(file="2030.yaml", content="year: 2030", document="6/QĐ"),
        OpenCampaign(document="6/QĐ"),
        ProposeCodeList(
            code_list="ethnicity", starts=day, rows=[CodeRow(code="01", label="Kinh")], document="6/QĐ"
        ),
        DecideCodeList(code_list="ethnicity", version_id=NOBODY, decision="load"),
        RequestAccount(document="4"),
        *register_bodies.made(world.culture, world.now),
        *disposal_bodies.made(),
        *merge_bodies.made(),
        *account_acts(world, day),
        ReportLostPassword(**reason),  # the last: it locks the person's account
    ]
    return {one.verb: one for one in made}


def account_acts(world: World, day: date) -> list[Body]:
    paper = {"document": "12/ĐN"}
    reason = {**paper, "reason": "không đúng"}
    held = {**paper, "grant_id": NOBODY}
    return [
        OpenAgencyAccount(agency_id=world.museum, login="bao.tang", display_name="Bảo tàng", **paper),
        GrantRole(role="approver", agency_id=world.health, valid_from=day, **paper),
        Appoint(role="approver", agency_id=world.health, valid_from=day, **paper),
        Relieve(holder_id=NOBODY, relieved_on=day, **paper),
        RestrictGrant(valid_to=day, **held),
        ExtendGrant(**held),
        RevokeGrant(grant_id=NOBODY, **reason),
        IssuePassword(**paper),
        ResetSecondFactor(**reason),
        EndSessions(**reason),
        SuspendAccount(**reason),
        ResumeAccount(**paper),
        HandOverAccount(display_name="Người khác", **paper),
        OpenServiceAccount(agency_id=world.museum, login="phan.mem", display_name="Phần mềm", **paper),
        RegisterServiceKey(kid="k" * 43, jwk={"kty": "EC"}, **paper),
        WithdrawServiceKey(kid="k" * 43, **paper),
        CloseAccount(**reason),
    ]


def delegation(world: World, who: str, agency: UUID) -> Delegate:
    """The head of culture lets somebody approve for a month."""
    day = legal_date(world.now)
    return Delegate(
        delegate_id=world.accounts[who],
        what="approval",
        agency_id=agency,
        valid_from=day,
        valid_to=day + timedelta(days=30),
        document="7/QĐ",
    )
