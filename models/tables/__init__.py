"""All tables, so that metadata is complete wherever one of them is imported."""

from models.tables.accounts import (
    AccountRow,
    LoginAddressRow,
    MailRow,
    RecoveryCodeRow,
    SecondFactorRow,
    SessionRow,
    VerifyAskerRow,
)
from models.tables.backups import BackupRow
from models.tables.base import Table
from models.tables.bulk import BulkItemRow, BulkOrderRow
from models.tables.code_lists import CodeListVersionRow
from models.tables.consents import AccessConsentRow
from models.tables.disposal import DisposedFileRow, LegalHoldRow
from models.tables.duties import CaseRow, DutyRow, NoticeRow
from models.tables.exports import ExportRow
from models.tables.history import LogHeadRow, LogLeafRow, LogNodeRow, LogSealRow, SealerRow
from models.tables.identities import IdentityRow, IdentitySessionRow, ServiceKeyRow, UsedAssertionRow
from models.tables.ledger import CommandRow, EventRow, ImportLineRow, ImportRow, OutboxRow
from models.tables.listing import ApprovalListRow, ApprovalListRowRow, ApprovalResultRow
from models.tables.month import (
    AgencyMonthRow,
    ApprovalRoundRow,
    MonthEndRow,
    MonthItemRow,
    StockCampaignRow,
    SubmissionRow,
)
from models.tables.national import (
    NationalDifferenceRow,
    NationalProposalRow,
    NationalUnitRow,
    ReconciliationRow,
)
from models.tables.organisation import (
    AgencyClosureRow,
    AgencyRow,
    AuthorityRow,
    CalendarLoadRow,
    CalendarRow,
    DelegationRow,
    GrantRow,
    LawMoveRow,
    RegimeLoadRow,
    RuleSetLoadRow,
    RuleSetRow,
)
from models.tables.profiles import (
    ApprovalRow,
    AttachmentRow,
    CustodyRow,
    NationalRecordRow,
    ProfileRow,
    RevisionRow,
    ShareRow,
    UploadPartRow,
    UploadRow,
)
from models.tables.proofs import (
    ArchivedFileRow,
    SignatureMaterialRow,
    SignatureProofRow,
    SigningTroubleRow,
)
from models.tables.readiness import CodeMappingRow, ReadinessCountRow, ReadinessRow
from models.tables.reads import DossierReadRow
from models.tables.registers import BreachFileRow, BreachNoticeRow, BreachRow, FileRequestRow
from models.tables.reorganisations import AgencyRegimeRow, ReorganisationItemRow, ReorganisationRow
from models.tables.reviews import ReviewFindingRow, ReviewReportRow, ReviewRow
from models.tables.service import MaintenanceRow, PartyPauseRow
from models.tables.signing import CertificateRow, SigningSessionRow
from models.tables.slips import SlipRow
from models.tables.tree import (
    AgencyChangeRow,
    AgencyLinkRow,
    AgencyPostRow,
    AgencyQuotaRow,
    AgencySpanRow,
    PostHolderRow,
)

__all__ = [
    "AccessConsentRow",
    "AccountRow",
    "AgencyChangeRow",
    "AgencyClosureRow",
    "AgencyLinkRow",
    "AgencyMonthRow",
    "AgencyPostRow",
    "AgencyQuotaRow",
    "AgencyRegimeRow",
    "AgencyRow",
    "AgencySpanRow",
    "ApprovalListRow",
    "ApprovalListRowRow",
    "ApprovalResultRow",
    "ApprovalRoundRow",
    "ApprovalRow",
    "ArchivedFileRow",
    "AttachmentRow",
    "AuthorityRow",
    "BackupRow",
    "BreachFileRow",
    "BreachNoticeRow",
    "BreachRow",
    "BulkItemRow",
    "BulkOrderRow",
    "CalendarLoadRow",
    "CalendarRow",
    "CaseRow",
    "CertificateRow",
    "CodeListVersionRow",
    "CodeMappingRow",
    "CommandRow",
    "CustodyRow",
    "DelegationRow",
    "DisposedFileRow",
    "DossierReadRow",
    "DutyRow",
    "EventRow",
    "ExportRow",
    "FileRequestRow",
    "GrantRow",
    "IdentityRow",
    "IdentitySessionRow",
    "ImportLineRow",
    "ImportRow",
    "LawMoveRow",
    "LegalHoldRow",
    "LogHeadRow",
    "LogLeafRow",
    "LogNodeRow",
    "LogSealRow",
    "LoginAddressRow",
    "MailRow",
    "MaintenanceRow",
    "MonthEndRow",
    "MonthItemRow",
    "NationalDifferenceRow",
    "NationalProposalRow",
    "NationalRecordRow",
    "NationalUnitRow",
    "NoticeRow",
    "OutboxRow",
    "PartyPauseRow",
    "PostHolderRow",
    "ProfileRow",
    "ReadinessCountRow",
    "ReadinessRow",
    "ReconciliationRow",
    "RecoveryCodeRow",
    "RegimeLoadRow",
    "ReorganisationItemRow",
    "ReorganisationRow",
    "ReviewFindingRow",
    "ReviewReportRow",
    "ReviewRow",
    "RevisionRow",
    "RuleSetLoadRow",
    "RuleSetRow",
    "SealerRow",
    "SecondFactorRow",
    "ServiceKeyRow",
    "SessionRow",
    "ShareRow",
    "SignatureMaterialRow",
    "SignatureProofRow",
    "SigningSessionRow",
    "SigningTroubleRow",
    "SlipRow",
    "StockCampaignRow",
    "SubmissionRow",
    "Table",
    "UploadPartRow",
    "UploadRow",
    "UsedAssertionRow",
    "VerifyAskerRow",
]
