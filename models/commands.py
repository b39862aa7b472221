"""What people may ask, one class per verb: the body of the request and of the command row.

Shape is judged here (``extra="forbid"``); whether it may be done is decided in ``models.lifecycle``.
"""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints

from models.command_accounts import ACCOUNT_ACTS
from models.command_admin import ADMINISTRATION
from models.command_codes import DecideCodeList, ProposeCodeList
from models.command_consents import AllowAccess, AnswerConsent, AskConsent, RevokeAccess, WithdrawConsent
from models.command_disposal import DISPOSALS
from models.command_exports import ExportDossier, PrintDossier
from models.command_fields import ChangeFields
from models.command_law import AdoptLaw, LoadLaw, OpenCampaign, ProclaimYear
from models.command_lists import LONGEST, PARTIAL, ApproveByList, ApproveList, CutList, HoldItems, LiftHold
from models.command_merging import MERGES
from models.command_moves import (
    AcceptTransfer,
    AskForProfile,
    CancelSeparation,
    ClaimTransfer,
    ConfirmMoveOut,
    EndSecondment,
    HandOver,
    RefuseTransfer,
    ReopenProfile,
    ReportTransfer,
    RequestIntake,
    RequestTransfer,
    Second,
    Separate,
    WithdrawTransfer,
)
from models.command_national import AnswerProposal, OrderReconciliation
from models.command_registers import BREACHES, REQUESTS
from models.command_reorganisation import REORGANISATIONS
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
from models.command_shapes import Body, Day, Digest, FieldName, Login, NamedFields, Reason, Text
from models.command_signing import (
    CancelSigning,
    CompleteSigning,
    RegisterCertificate,
    SigningTerms,
    WithdrawCertificate,
)
from models.command_tree import (
    TREE_ACTS,
)
from models.regulations.schema import Category, Origin


class OpenProfile(Body):
    """Open the profile of a person recruited, or received from outside (hanoi.art12.2.2, phu_yen.art12)."""

    verb: ClassVar[str] = "open_profile"
    agency_id: UUID
    full_name: Text
    personal_id_number: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    category: Category = "civil_servant"
    staff_number: Annotated[str, StringConstraints(max_length=30)] | None = None
    origin: Origin = "recruited"
    event_on: Day = Field(
        description="Ngày quyết định hoặc ngày chuyển giao hồ sơ / decision or hand-over date"
    )
    document: Text = Field(description="Số quyết định hoặc hợp đồng / decision or contract number")


class PullNationalRecord(Body):
    """Take the person's record over from the national database (hanoi.art12.2.2.b)."""

    verb: ClassVar[str] = "pull_national_record"


class CreateAccount(Body):
    """Create the personal account so that the person can declare (hanoi.art6.2, 9.2)."""

    verb: ClassVar[str] = "create_account"
    login: Login
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None
    password_hash: Annotated[str, StringConstraints(max_length=300)] = Field(
        default="", description="Máy chủ tự đặt / set by the server"
    )


class RequestAccount(Body):
    """Ask whoever issues accounts to create one, naming the decision or contract (moha.art7.1)."""

    verb: ClassVar[str] = "request_account"
    document: Text = Field(description="Số văn bản yêu cầu / number of the written request")


class ReportLostPassword(Body):
    """Report a lost or stolen password: the account is locked at once (moha.art14.4)."""

    verb: ClassVar[str] = "report_lost_password"
    reason: Reason
    document: Text | None = Field(
        default=None,
        description="Số văn bản báo cáo, nơi quy chế đòi / the written report, where one is asked for",
    )


class ActivateAccount(Body):
    """Change the default password before entering data (hanoi.art6.2 đoạn 2)."""

    verb: ClassVar[str] = "activate_account"
    password_hash: Annotated[str, StringConstraints(max_length=300)]


class ResetPassword(Body):
    """Issue a one-time password again (hanoi.art3.8): it must be changed before anything else."""

    verb: ClassVar[str] = "reset_password"
    reason: Reason
    account_id: UUID | None = Field(
        default=None,
        description="Tài khoản vị trí người này giữ; bỏ trống là tài khoản cá nhân / a post's account",
    )
    password_hash: Annotated[str, StringConstraints(max_length=300)] = Field(
        default="", description="Máy chủ tự đặt / set by the server"
    )


class SubmitDeclaration(Body):
    """Submit the draft: the first declaration, or an update after a change (hanoi.art6.2, 6.3)."""

    verb: ClassVar[str] = "submit_declaration"
    revision_id: UUID
    digest: Digest
    changed_on: Day | None = Field(
        default=None, description="Ngày có thông tin thay đổi / the date the information changed"
    )
    answers: tuple[UUID, ...] = Field(
        default=(), max_length=50, description="Nghĩa vụ được đáp ứng / duties this submission answers"
    )


class EnterForm(SubmitDeclaration):
    """Submit, for the person, what they supplied on a confirmed form (phu_yen.art5.2.c)."""

    verb: ClassVar[str] = "enter_form"
    confirmed_form: Digest = Field(description="SHA-256 bản số hóa của mẫu đã xác nhận / the scanned form")


class AnswerError(Body):
    """Answer what the person reported as wrong."""

    verb: ClassVar[str] = "answer_error"
    duty_id: UUID
    accepted: bool = Field(description="Đúng là sai sót / whether it is an error")
    reason: Reason


class ReturnedField(Body):
    """One field to be corrected, with the reason (R5)."""

    verb: ClassVar[str] = ""
    path: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    reason: Reason


class ReturnForCorrection(Body):
    """Give the submission back with the fields to be corrected."""

    verb: ClassVar[str] = "return_for_correction"
    revision_id: UUID
    fields: tuple[ReturnedField, ...] = Field(min_length=1, max_length=100)
    reason: Reason


class Approve(Body):
    """Approve one revision by signing its hash (hanoi.art7; tt06.art7.1)."""

    verb: ClassVar[str] = "approve"
    revision_id: UUID
    digest: Digest


class OpenSigning(Approve, SigningTerms):
    """Approve with a key that is elsewhere: prepare the document and wait for its signature."""

    verb: ClassVar[str] = "open_signing"


class OpenOwnSigning(SubmitDeclaration, SigningTerms):
    """Submit, where the official signs the own declaration, with a key that is elsewhere (moha.art7.2)."""

    verb: ClassVar[str] = "open_own_signing"


class AmendSubmission(Body):
    """The approver amends a submission before approving it, where the law says so (binh_dinh.II.2.a.3)."""

    verb: ClassVar[str] = "amend_submission"
    revision_id: UUID
    digest: Digest
    content: dict[FieldName, JsonValue] = Field(
        min_length=1,
        max_length=100,
        description="Mục được sửa, nguyên cả mục; null là bỏ trống / changed fields, null to empty",
    )
    reason: Reason


class GiveNotice(Body):
    """HR's notice that a decision changed somebody's information: starts the clock (hanoi.art6.3)."""

    verb: ClassVar[str] = "give_notice"
    kind: Literal[
        "salary", "appointment", "education", "reward", "discipline", "family", "address", "contract", "other"
    ]
    changed_on: Day
    document: Text
    category: Category | None = None
    """The staff category the decision gives; with it may come another form (phu_yen.art5.1)."""
    mapping: UUID | None = Field(
        default=None,
        title="Quyết định ánh xạ",
        description="Giá trị cũ cần khai lại theo mã đã quyết định / what of the mapping desk is carried out",
    )
    paths: tuple[Annotated[str, StringConstraints(min_length=1, max_length=120)], ...] = Field(
        default=(), max_length=50, title="Mục cần cập nhật"
    )
    """Which fields are to be declared anew, where the notice is about some (``education[0].mode``)."""


class WithdrawNotice(Body):
    """Take a notice back that was given in error."""

    verb: ClassVar[str] = "withdraw_notice"
    duty_id: UUID
    reason: Reason


class ReportError(Body):
    """The person says that approved data is wrong (hanoi.art16.2)."""

    verb: ClassVar[str] = "report_error"
    paths: tuple[Annotated[str, StringConstraints(min_length=1, max_length=120)], ...] = Field(
        min_length=1, max_length=50
    )
    reason: Reason


class ReleaseMonth(Body):
    """The department approves what the agency sent, or the named profiles of it (hanoi.art14.2)."""

    verb: ClassVar[str] = "release_month"
    subject: ClassVar[str] = "agency_month"
    profiles: tuple[UUID, ...] | None = Field(default=None, min_length=1, max_length=LONGEST)
    partial: bool = Field(default=False, title="Để lại hồ sơ không còn chờ", description=PARTIAL)


class SendBackItems(Body):
    """The department sends items back with a reason instead of approving them."""

    verb: ClassVar[str] = "send_back_items"
    subject: ClassVar[str] = "agency_month"
    profiles: tuple[UUID, ...] = Field(min_length=1, max_length=LONGEST)
    reason: Reason
    fields: NamedFields = ()
    partial: bool = Field(default=False, title="Để lại hồ sơ không còn chờ", description=PARTIAL)


class SignReport(Body):
    """Sign the report of a data review and send it to the managing authority (hanoi.art21.6)."""

    verb: ClassVar[str] = "sign_report"
    subject: ClassVar[str] = "review"


class Delegate(Body):
    """Have somebody else do what one may do: which right, where, from when until when (hanoi.art6.4.c)."""

    verb: ClassVar[str] = "delegate"
    subject: ClassVar[str] = "delegation"
    delegate_id: UUID = Field(description="Tài khoản nhận uỷ quyền / the account that receives")
    what: Literal["approval", "account_creation", "sync"]
    agency_id: UUID = Field(description="Cơ quan, đơn vị và các đơn vị trực thuộc / this part of the tree")
    valid_from: Day
    valid_to: Day = Field(description="Ngày đầu tiên không còn uỷ quyền / the first day without it")
    document: Text = Field(description="Số, ngày văn bản uỷ quyền / the document that delegates")


class AgreeDelegation(Body):
    """The department agrees to a delegation in writing (binh_dinh.II.4.b.3)."""

    verb: ClassVar[str] = "agree_delegation"
    subject: ClassVar[str] = "delegation"
    document: Text = Field(description="Số, ngày văn bản thống nhất / the document of the agreement")


class RevokeDelegation(Body):
    """Take a delegation back, or give back one received; at once."""

    verb: ClassVar[str] = "revoke_delegation"
    subject: ClassVar[str] = "delegation"
    reason: Reason


COMMANDS: tuple[type[Body], ...] = (
    OpenProfile,
    PullNationalRecord,
    RequestAccount,
    CreateAccount,
    ActivateAccount,
    ResetPassword,
    ReportLostPassword,
    SubmitDeclaration,
    EnterForm,
    ReturnForCorrection,
    AmendSubmission,
    ChangeFields,
    Approve,
    GiveNotice,
    WithdrawNotice,
    ReportError,
    AnswerError,
    RequestIntake,
    RequestTransfer,
    ClaimTransfer,
    Second,
    EndSecondment,
    Separate,
    CancelSeparation,
    ConfirmMoveOut,
    ReopenProfile,
    AskForProfile,
    ReportTransfer,
    HandOver,
    AcceptTransfer,
    RefuseTransfer,
    WithdrawTransfer,
    ApproveList,
    CutList,
    ApproveByList,
    HoldItems,
    LiftHold,
    ReleaseMonth,
    SendBackItems,
    SignReport,
    LoadLaw,
    OpenCampaign,
    AdoptLaw,
    ProclaimYear,
    ProposeCodeList,
    DecideCodeList,
    Delegate,
    AgreeDelegation,
    RevokeDelegation,
    ExportDossier,
    PrintDossier,
    AllowAccess,
    RevokeAccess,
    AskConsent,
    AnswerConsent,
    WithdrawConsent,
    OpenSigning,
    OpenOwnSigning,
    CompleteSigning,
    CancelSigning,
    OpenListSigning,
    CompleteListSigning,
    CancelListSigning,
    OpenReportSigning,
    CompleteReportSigning,
    CancelReportSigning,
    OpenExportSigning,
    CompleteExportSigning,
    CancelExportSigning,
    RegisterCertificate,
    WithdrawCertificate,
    *ACCOUNT_ACTS,
    *ADMINISTRATION,
    *BREACHES,
    *REQUESTS,
    *DISPOSALS,
    *MERGES,
    OrderReconciliation,
    AnswerProposal,
    *TREE_ACTS,
    *REORGANISATIONS,
)
BY_VERB: dict[str, type[Body]] = {command.verb: command for command in COMMANDS}
