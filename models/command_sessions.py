"""Signing sessions for what is no single approval: an approval list, a review's report, an export."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from models.command_exports import Taking
from models.command_shapes import Digest
from models.command_signing import CancelSigning, CompleteSigning, SigningTerms


class OpenListSigning(SigningTerms):
    """Approve exactly the list that was shown with a key that is elsewhere (hanoi.art7)."""

    verb: ClassVar[str] = "open_list_signing"
    subject: ClassVar[str] = "agency_month"
    list_id: UUID = Field(description="Danh sách đã xem / the list that was shown")
    digest: Digest = Field(description="SHA-256 của bản kê đã xem / of the manifest that was shown")


class CompleteListSigning(CompleteSigning):
    """The signature of a list's session: the whole list is approved by it, or nothing of it."""

    verb: ClassVar[str] = "complete_list_signing"
    subject: ClassVar[str] = "agency_month"


class CancelListSigning(CancelSigning):
    """Give a list's signing session up."""

    verb: ClassVar[str] = "cancel_list_signing"
    subject: ClassVar[str] = "agency_month"


class OpenReportSigning(SigningTerms):
    """Sign and send a review's report with a key that is elsewhere (hanoi.art20)."""

    verb: ClassVar[str] = "open_report_signing"
    subject: ClassVar[str] = "review"


class CompleteReportSigning(CompleteSigning):
    """The signature of a report's session: the report is sent by it."""

    verb: ClassVar[str] = "complete_report_signing"
    subject: ClassVar[str] = "review"


class CancelReportSigning(CancelSigning):
    """Give a report's signing session up."""

    verb: ClassVar[str] = "cancel_report_signing"
    subject: ClassVar[str] = "review"


class OpenExportSigning(SigningTerms, Taking):
    """Export the approved dossier with a signature made elsewhere (hanoi.art8.4, moha.art9.4)."""

    verb: ClassVar[str] = "open_export_signing"


class CompleteExportSigning(CompleteSigning):
    """The signature of an export's session: the dossier leaves with it."""

    verb: ClassVar[str] = "complete_export_signing"


class CancelExportSigning(CancelSigning):
    """Give an export's signing session up: nothing leaves."""

    verb: ClassVar[str] = "cancel_export_signing"
