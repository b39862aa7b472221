"""What workflows may ask activities: names and signatures, implemented under the same names elsewhere."""

from temporalio import activity

from models.messages import (
    Ask,
    Batch,
    BatchResult,
    DigestDone,
    DigestRun,
    ExportRequest,
    ImportDone,
    ImportStart,
    Moment,
    MonthOpened,
    MonthStart,
    NationalPull,
    NationalPulled,
    NationalStatus,
    NationalTold,
    RecomputeDone,
    RecomputeStart,
    RenewalDone,
    RenewalStart,
    ReportSigning,
    ReviewMoment,
    ReviewPlan,
    ReviewRun,
    ReviewStart,
    SessionRequest,
    Signed,
    SignRequest,
    Window,
)
from models.messages_admin import (
    BackupPlan,
    BackupRun,
    BackupStart,
    BreachNoticeMade,
    BreachNoticeRequest,
    NationalTree,
    Reconciled,
    ReconciliationRun,
    ReorganisationBatch,
)
from models.messages_bulk import BulkDone, BulkShare
from models.messages_slips import SlipMade, SlipRequest


class ActActivities:
    """Facts; run as local activities beside the workflow."""

    @activity.defn(name="act")
    async def act(self, ask: Ask) -> Moment:
        """Decide and write one act."""
        raise NotImplementedError

    @activity.defn(name="month_window")
    async def month_window(self, start: MonthStart) -> Window:
        """When the month's window opens and ends, by the law and calendar in force then."""
        raise NotImplementedError


class SigningActivities:
    """Rendering and signing."""

    @activity.defn(name="sign_approval")
    async def sign_approval(self, request: SignRequest) -> Signed:
        """Render the revision, sign it, keep the file; the same approval always gives the same file."""
        raise NotImplementedError


class ExportActivities:
    """Dossiers that leave as documents."""

    @activity.defn(name="make_export")
    async def make_export(self, request: ExportRequest) -> Signed:
        """Render, sign by whom the rule names, keep; the same export always gives the same file."""
        raise NotImplementedError


class SlipActivities:
    """Slips that travel with a dossier."""

    @activity.defn(name="make_slip")
    async def make_slip(self, request: SlipRequest) -> SlipMade:
        """Render, sign, keep; the same slip always gives the same file."""
        raise NotImplementedError


class BreachActivities:
    """Notifications of a breach."""

    @activity.defn(name="make_breach_notice")
    async def make_breach_notice(self, request: BreachNoticeRequest) -> BreachNoticeMade:
        """Render, seal, keep; the same notification always gives the same file."""
        raise NotImplementedError


class SessionActivities:
    """Signatures whose key is elsewhere."""

    @activity.defn(name="prepare_session")
    async def prepare_session(self, request: SessionRequest) -> Signed:
        """Lay out what is to be signed and keep it; the same session always gives the same bytes."""
        raise NotImplementedError

    @activity.defn(name="finish_session")
    async def finish_session(self, request: SessionRequest) -> Signed:
        """Judge what came back, put it into the document, keep the file; or say why it was not accepted."""
        raise NotImplementedError


class MonthActivities:
    """The month's batches: each resumable at the exact item."""

    @activity.defn(name="open_agency_months")
    async def open_agency_months(self, start: MonthStart) -> MonthOpened:
        """Freeze every agency's list and start its workflow."""
        raise NotImplementedError

    @activity.defn(name="open_stock_lists")
    async def open_stock_lists(self, start: MonthStart) -> MonthOpened:
        """Open every agency's list of the whole stock that the campaign now open asks for."""
        raise NotImplementedError

    @activity.defn(name="close_month_end")
    async def close_month_end(self, start: MonthStart) -> MonthOpened:
        """Record how the month ended for the authority."""
        raise NotImplementedError

    @activity.defn(name="approve_batch")
    async def approve_batch(self, batch: Batch) -> BatchResult:
        """Sign each chosen item by itself."""
        raise NotImplementedError

    @activity.defn(name="submit_batch")
    async def submit_batch(self, batch: Batch) -> BatchResult:
        """Send what is approved to the national database."""
        raise NotImplementedError

    @activity.defn(name="await_receipts")
    async def await_receipts(self, batch: Batch) -> BatchResult:
        """Fetch receipts until every item sent has one."""
        raise NotImplementedError


class NationalActivities:
    """Single messages to the national database."""

    @activity.defn(name="tell_status")
    async def tell_status(self, status: NationalStatus) -> NationalTold:
        """Tell the national database that a person moved or left."""
        raise NotImplementedError

    @activity.defn(name="tell_tree")
    async def tell_tree(self, tree: NationalTree) -> NationalTold:
        """Tell it what has changed of the tree of agencies: units begun, changed, codes closed."""
        raise NotImplementedError

    @activity.defn(name="reconcile_national")
    async def reconcile_national(self, run: ReconciliationRun) -> Reconciled:
        """Compare what both sides hold, list and repair; goes on behind the last page after a crash."""
        raise NotImplementedError

    @activity.defn(name="pull_record")
    async def pull_record(self, pull: NationalPull) -> NationalPulled:
        """Fetch a person's national record and keep it; the same command always finds the same row."""
        raise NotImplementedError


class DigestActivities:
    """The morning's messages."""

    @activity.defn(name="send_digests")
    async def send_digests(self, run: DigestRun) -> DigestDone:
        """One message per person from what is still open now."""
        raise NotImplementedError


class ReviewActivities:
    """Data reviews and their reports."""

    @activity.defn(name="plan_review")
    async def plan_review(self, start: ReviewStart) -> ReviewPlan:
        """When the review opens, by what is known now."""
        raise NotImplementedError

    @activity.defn(name="work_review")
    async def work_review(self, run: ReviewRun) -> ReviewMoment:
        """Do whatever is due: open, measure, remind, close; done before, it is done no second time."""
        raise NotImplementedError

    @activity.defn(name="sign_report")
    async def sign_report(self, signing: ReportSigning) -> Signed:
        """Measure once more, render, sign and keep; the same signature always gives the same file."""
        raise NotImplementedError


class RenewalActivities:
    """The archive's timestamps."""

    @activity.defn(name="renew_archive")
    async def renew_archive(self, start: RenewalStart) -> RenewalDone:
        """Renew the files whose newest timestamp soon proves no more; resumable at the exact file."""
        raise NotImplementedError


class RecomputeActivities:
    """Open duties under newer law or another calendar."""

    @activity.defn(name="recompute_duties")
    async def recompute_duties(self, start: RecomputeStart) -> RecomputeDone:
        """Reckon every open duty again that stands on other law or another calendar than is loaded."""
        raise NotImplementedError


class BackupActivities:
    """Backups of the whole installation."""

    @activity.defn(name="plan_backup")
    async def plan_backup(self, start: BackupStart) -> BackupPlan:
        """When the month's own backup is due."""
        raise NotImplementedError

    @activity.defn(name="make_backup")
    async def make_backup(self, run: BackupRun) -> None:
        """Take one; the same again finds the folder that is there."""
        raise NotImplementedError

    @activity.defn(name="check_backup")
    async def check_backup(self, run: BackupRun) -> None:
        """Restore it into a throw-away place and judge it; the verdict lies beside it."""
        raise NotImplementedError

    @activity.defn(name="record_backup")
    async def record_backup(self, run: BackupRun) -> None:
        """Sign each authority's note, write it into the books, remove what the law lets go."""
        raise NotImplementedError


class BulkActivities:
    """Orders over many people."""

    @activity.defn(name="run_bulk")
    async def run_bulk(self, share: BulkShare) -> BulkDone:
        """Rehearse or carry out the next items of an order; each once, whoever died in between."""
        raise NotImplementedError


class ImportActivities:
    """Workbooks."""

    @activity.defn(name="import_workbook")
    async def import_workbook(self, start: ImportStart) -> ImportDone:
        """Read, judge and, unless it is a dry run, write a workbook."""
        raise NotImplementedError


class ReorganisationActivities:
    """People moved on a reorganisation's day: resumable at the exact person."""

    @activity.defn(name="move_people")
    async def move_people(self, batch: ReorganisationBatch) -> BatchResult:
        """Move those whose rows wait, share after share, each share in one transaction."""
        raise NotImplementedError
