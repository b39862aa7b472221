"""Activities that play a part: the recorder's stand-ins for PostgreSQL, the signer and the national side.

A history holds what the workflow asked for and what it was told, never how the answer came about. So paths
that a real database gives only after days, or only when something breaks, are recorded in seconds, and no
history can hold anybody's data: what is told here are versions, chapters, instants and words.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from temporalio import activity
from temporalio.exceptions import ApplicationError

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

ROOT = UUID("00000000-0000-7000-8000-000000000000")
AUTHORITY = uuid5(ROOT, "authority")
SUBJECT = uuid5(ROOT, "subject")
OTHER = uuid5(ROOT, "other")


def soon(seconds: float = 1.0) -> datetime:
    """An instant a little ahead."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def told(chapter: str, version: int, *, wake: float | None = None, **more: Any) -> Moment:
    """What an act answers; ``wake`` in seconds from now."""
    at = soon(wake) if wake is not None else None
    return Moment(version=version, chapter=chapter, words=f"{chapter} {version}", next_wake_at=at, **more)


Answer = Moment | Callable[[], Moment] | Exception


@dataclass
class Script:
    """Answers in order, the last one repeated; ``acts`` by the internal act's name, or "command"."""

    acts: dict[str, list[Answer]] = field(default_factory=dict)
    signed: list[Signed | Exception] = field(default_factory=lambda: [Signed(document="d", certificate="c")])
    prepared: list[Signed | Exception] = field(default_factory=lambda: [Signed(document="d")])
    finished: list[Signed | Exception] = field(default_factory=lambda: [Signed(document="d", approval="a")])
    pulled: list[NationalPulled] = field(default_factory=lambda: [NationalPulled(record=OTHER)])
    batches: dict[str, list[BatchResult]] = field(default_factory=dict)
    window: tuple[float, float] = (0.5, 1.5)
    windows: list[float] = field(default_factory=list)
    """Seconds to each window that opens later in the month, by another regulation."""
    mornings: list[float] = field(default_factory=lambda: [3600.0])
    plans: list[Callable[[], ReviewPlan]] = field(default_factory=list)
    reviews: list[Callable[[], ReviewMoment]] = field(default_factory=list)
    backups: float | None = None
    """Seconds to the month's own backup; none: it was taken."""
    asked: list[str] = field(default_factory=list)

    @property
    def activities(self) -> list[Callable[..., Any]]:
        """For a worker."""
        remote = [self.sign_approval, self.open_agency_months, self.close_month_end, self.approve_batch]
        remote += [self.submit_batch, self.await_receipts, self.tell_status, self.pull_record]
        remote += [self.tell_tree]
        remote += [self.recompute_duties, self.plan_review, self.work_review, self.sign_report]
        remote += [self.open_stock_lists, self.make_export, self.prepare_session, self.finish_session]
        remote += [self.renew_archive, self.plan_backup, self.make_slip, self.reconcile_national]
        remote += [self.make_breach_notice]
        remote += [self.run_bulk, self.move_people, self.make_backup, self.check_backup, self.record_backup]
        return [self.act, self.month_window, *remote, self.send_digests, self.import_workbook]

    @activity.defn(name="act")
    async def act(self, ask: Ask) -> Moment:
        """The next answer for this kind of act."""
        kind = ask.internal or "command"
        self.asked.append(kind)
        answer = _next(self.acts[kind])
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    @activity.defn(name="sign_approval")
    async def sign_approval(self, _request: SignRequest) -> Signed:
        """Signed, refused by the signer, or no signer at all."""
        answer = _next(self.signed)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @activity.defn(name="make_export")
    async def make_export(self, _request: ExportRequest) -> Signed:
        """An export made, refused by the signer, or no signer at all."""
        answer = _next(self.signed)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @activity.defn(name="make_slip")
    async def make_slip(self, _request: SlipRequest) -> SlipMade:
        """A slip made, not to be made as the rule wants it, or its key away for once."""
        answer = _next(self.signed)
        if isinstance(answer, Exception):
            raise ApplicationError("token-away", type="token-away") from answer
        return SlipMade(document=answer.document, failure=answer.failure)

    @activity.defn(name="make_breach_notice")
    async def make_breach_notice(self, _request: BreachNoticeRequest) -> BreachNoticeMade:
        """A notification sealed, not to be sealed here, or its key away: for once, or for good."""
        answer = _next(self.signed)
        if isinstance(answer, Exception):
            raise answer
        return BreachNoticeMade(document=answer.document, failure=answer.failure)

    @activity.defn(name="prepare_session")
    async def prepare_session(self, _request: SessionRequest) -> Signed:
        """Laid out, refused, or not to be done."""
        answer = _next(self.prepared)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @activity.defn(name="finish_session")
    async def finish_session(self, _request: SessionRequest) -> Signed:
        """Accepted, not accepted, or not to be done."""
        answer = _next(self.finished)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @activity.defn(name="month_window")
    async def month_window(self, _start: MonthStart) -> Window:
        """A month that passes in seconds."""
        opens, closes = map(soon, self.window)
        return Window(opens_at=opens, overdue_at=closes, closes_at=closes, next_month="2099-01")

    @activity.defn(name="open_agency_months")
    async def open_agency_months(self, _start: MonthStart) -> MonthOpened:
        """Lists frozen; the rest when their own law opens the month."""
        again = soon(self.windows.pop(0)) if self.windows else None
        return MonthOpened(started=2, agencies=3, again_at=again)

    @activity.defn(name="open_stock_lists")
    async def open_stock_lists(self, _start: MonthStart) -> MonthOpened:
        """Lists of a campaign made."""
        self.asked.append("stock")
        return MonthOpened(started=1, agencies=3)

    @activity.defn(name="close_month_end")
    async def close_month_end(self, _start: MonthStart) -> MonthOpened:
        """Month recorded."""
        return MonthOpened(started=0, agencies=3)

    @activity.defn(name="approve_batch")
    async def approve_batch(self, _batch: Batch) -> BatchResult:
        """A round of approvals."""
        return self._batch("approve")

    @activity.defn(name="submit_batch")
    async def submit_batch(self, _batch: Batch) -> BatchResult:
        """A packet sent."""
        return self._batch("submit")

    @activity.defn(name="await_receipts")
    async def await_receipts(self, _batch: Batch) -> BatchResult:
        """Receipts in."""
        return self._batch("receipts")

    @activity.defn(name="move_people")
    async def move_people(self, _batch: ReorganisationBatch) -> BatchResult:
        """People moved."""
        return self._batch("move")

    def _batch(self, kind: str) -> BatchResult:
        self.asked.append(kind)
        return _next(self.batches.setdefault(kind, [BatchResult(done=2, tran_code="T1")]))

    @activity.defn(name="tell_status")
    async def tell_status(self, _status: NationalStatus) -> NationalTold:
        """The national side knows."""
        self.asked.append("tell_status")
        return NationalTold(told=True)

    @activity.defn(name="tell_tree")
    async def tell_tree(self, _tree: NationalTree) -> NationalTold:
        """The national side knows the tree."""
        self.asked.append("tell_tree")
        return NationalTold(told=True)

    @activity.defn(name="pull_record")
    async def pull_record(self, _pull: NationalPull) -> NationalPulled:
        """A record kept, or why there is none."""
        self.asked.append("pull_record")
        return _next(self.pulled)

    @activity.defn(name="renew_archive")
    async def renew_archive(self, _start: RenewalStart) -> RenewalDone:
        """A night's renewal."""
        return RenewalDone(renewed=2, failed=0)

    @activity.defn(name="plan_backup")
    async def plan_backup(self, start: BackupStart) -> BackupPlan:
        """When it is due; the month after has nothing to do."""
        self.asked.append("plan_backup")
        due = None if self.backups is None or start.month == "2099-01" else soon(self.backups)
        return BackupPlan(due_at=due, backup_id=SUBJECT, next_month="2099-01")

    @activity.defn(name="make_backup")
    async def make_backup(self, _run: BackupRun) -> None:
        """Taken."""

    @activity.defn(name="check_backup")
    async def check_backup(self, _run: BackupRun) -> None:
        """Restored."""

    @activity.defn(name="record_backup")
    async def record_backup(self, _run: BackupRun) -> None:
        """In the books."""
        self.asked.append("record_backup")

    @activity.defn(name="reconcile_national")
    async def reconcile_national(self, run: ReconciliationRun) -> Reconciled:
        """A share of it compared, and then the rest."""
        self.asked.append("compared")
        if run.most is not None and self.asked.count("compared") == 1:
            return Reconciled(more=True, compared=5)
        return Reconciled(compared=9, different=2, resent=1, proposed=1)

    @activity.defn(name="recompute_duties")
    async def recompute_duties(self, _start: RecomputeStart) -> RecomputeDone:
        """Duties reckoned again, long enough for somebody to speak meanwhile."""
        self.asked.append("recompute")
        await asyncio.sleep(1)
        return RecomputeDone(seen=3, moved=1, unchanged=2)

    @activity.defn(name="send_digests")
    async def send_digests(self, _run: DigestRun) -> DigestDone:
        """Mails out."""
        return DigestDone(sent=4, failed=1, next_at=soon(_next(self.mornings)))

    @activity.defn(name="plan_review")
    async def plan_review(self, _start: ReviewStart) -> ReviewPlan:
        """When the campaign opens."""
        self.asked.append("plan")
        return _next(self.plans)()

    @activity.defn(name="work_review")
    async def work_review(self, _run: ReviewRun) -> ReviewMoment:
        """Where the review stands after whatever was due."""
        self.asked.append("work")
        return _next(self.reviews)()

    @activity.defn(name="sign_report")
    async def sign_report(self, _signing: ReportSigning) -> Signed:
        """Signed, refused by the signer, or no signer at all."""
        answer = _next(self.signed)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @activity.defn(name="run_bulk")
    async def run_bulk(self, _share: BulkShare) -> BulkDone:
        """A share of an order, and then the rest."""
        self.asked.append("bulk")
        return BulkDone(done=3, refused=1, left=2 if self.asked.count("bulk") == 1 else 0)

    @activity.defn(name="import_workbook")
    async def import_workbook(self, _start: ImportStart) -> ImportDone:
        """Counts."""
        return ImportDone(created=500)


def _next(answers: list[Any]) -> Any:
    return answers.pop(0) if len(answers) > 1 else answers[0]


def broken() -> Exception:
    """An activity that cannot do it now: tried again."""
    return ApplicationError("not now", type="NotNow")


def impossible() -> Exception:
    """An activity that cannot do it at all."""
    return ApplicationError("no key", type="NoKey", non_retryable=True)
