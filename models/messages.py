"""Everything that travels through the engine: ids, counts, dates and words to display. Nothing personal.

Messages ignore fields they do not know (``extra="ignore"``), so that an older worker can read a newer one.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Word = Annotated[str, StringConstraints(max_length=120)]
Words = Annotated[str, StringConstraints(max_length=400)]
Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
ListName = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])(-stock|-event)?$")]
"""A month ``yyyy-mm``, or the list of the whole stock begun in it, or its running list."""
Period = Annotated[str, StringConstraints(pattern=r"^\d{4}(-q[1-4])?$")]
"""A quarter ``yyyy-q1`` or a year ``yyyy``."""
_Kept = Literal["profile", "transfer", "agency_month", "review", "delegation"]
Subject = _Kept | Literal["law", "certificate", "account", "administration", "breach", "reorganisation"]
_Session = Literal["session_prepared", "session_failed", "session_refused", "session_judged"]
_Paper = Literal["slip_made", "slip_failed", "notice_made", "notice_failed"]
_List = Literal["list_shown", "list_failed", "own_left", "items_joined"]
Internal = Literal[
    "look",
    "wake",
    "approve_item",
    "complete_approval",
    "fail_approval",
    "complete_pull",
    "fail_pull",
    "complete_export",
    "fail_export",
    "archive",
    "open_month",
    "refresh_stock",
    "synced",
    "national_refused",
    "national_differs",
    "submit_again",
    "approvals_done",
    _List,
    "gate_opens",
    "submitted",
    "receipts",
    "close_month",
    "open_report",
    "complete_report",
    "fail_report",
    "close_report",
    "recompute",
    "mend_tree",
    "finish_reorganisation",
    _Session,
    _Paper,
]


class Message(BaseModel):
    """Base of all messages."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Ask(Message):
    """One act to be done: a command by id, or something the workflow itself must have done."""

    authority_id: UUID
    subject: Subject
    subject_id: UUID
    now: datetime
    command_id: UUID | None = None
    internal: Internal | None = None
    facts: dict[Word, Word | int | bool] = Field(default_factory=dict, max_length=8)
    bulk: bool = False
    """Asked by a batch, not by the subject's own workflow, which must then hear of what cannot wait."""
    aside: bool = False  # a command's own act, asked beside the subject's workflow, which hears if it must


class Moment(Message):
    """What a subject's row says after an act: all a workflow needs to go on."""

    version: int
    chapter: Word
    words: Words
    next_wake_at: datetime | None = None
    status: int = 200
    """HTTP status of the command's answer; the answer itself is in its row."""
    refusal: Word = ""
    """The problem's code where the act was refused."""
    to_sign: UUID | None = None
    """The approval that waits for its signature."""
    to_export: UUID | None = None  # the export, or the notification of a breach, that waits to be made
    to_prepare: UUID | None = None
    """The signing session whose document is to be prepared."""
    to_finish: UUID | None = None
    """The signing session whose signature came and is to be judged."""
    to_pull: bool = False
    """Whether the command waits for the person's national record."""
    settled: bool = True
    left: int = 0
    """Items of a month's list on which something is still to be done."""
    to_send: int = 0
    """Items ready to go out to the national database and not yet sent."""
    at_gate: int = 0
    """Approved items still to be put before the department, where it approves before anything goes out."""
    awaiting: int = 0
    """Items sent whose receipts are not in."""
    round: UUID | None = None
    """The command whose round of approvals is the next to run, of a month's list."""
    rounds: int | None = None
    """Rounds still to run; none where an act of before kept no count of them."""


class Continued(Message):
    """Input of a workflow that lasts, carried from run to run."""

    authority_id: UUID
    moment: Moment | None = None
    limit: int = 200
    """Events in one run before the next begins."""


class Life(Continued):
    """Input of ``ProfileWorkflow``."""

    profile_id: UUID


class Move(Continued):
    """Input of ``TransferWorkflow``."""

    transfer_id: UUID
    profile_id: UUID


class Lending(Continued):
    """Input of ``DelegationWorkflow``."""

    delegation_id: UUID


class SignRequest(Message):
    """Render and sign one prepared approval."""

    authority_id: UUID
    profile_id: UUID
    approval_id: UUID
    now: datetime


class ExportRequest(Message):
    """Render, sign and keep one export."""

    authority_id: UUID
    export_id: UUID
    now: datetime


class Signed(Message):
    """The signed file, by hash; or why there is none."""

    document: Word = ""
    certificate: Word = ""
    failure: Word = ""
    approval: Word = ""
    """The approval it is the signature of, where a session was asked for."""


class SessionRequest(Message):
    """Prepare a signing session's document, or judge and put in what came back."""

    authority_id: UUID
    session_id: UUID
    now: datetime


class CertificateStart(Message):
    """Input of ``CertificateWorkflow``: the account whose certificates they are."""

    authority_id: UUID
    account_id: UUID


class AccountStart(Message):
    """Input of ``AccountWorkflow``: the account that is acted on."""

    authority_id: UUID
    account_id: UUID


class MonthStart(Message):
    """Input of ``MonthEndWorkflow``."""

    authority_id: UUID
    month: Month


class Window(Message):
    """When a month's window opens and ends; the agencies come when it has opened."""

    opens_at: datetime
    overdue_at: datetime
    closes_at: datetime
    """When what is left is carried to the next month's list."""
    next_month: Month


class AgencyMonthStart(Message):
    """Input of ``AgencyMonthWorkflow``."""

    authority_id: UUID
    agency_id: UUID
    agency_month_id: UUID
    month: ListName
    closes_at: datetime
    """The opening of the next month's window: what is left by then is carried over."""
    limit: int = 1000  # events in one run before the next begins

    @property
    def reopens(self) -> bool:
        """Whether it is a running list: closed whenever it is empty, open again when something joins it."""
        return self.month.endswith("-event")


class MonthOpened(Message):
    """The agencies whose month was opened; ``again_at``: the next window, by another regulation."""

    started: int
    agencies: int
    again_at: datetime | None = None


class Batch(Message):
    """One batch over an agency's list."""

    authority_id: UUID
    agency_id: UUID
    agency_month_id: UUID
    now: datetime
    command_id: UUID | None = None
    most: int | None = None  # items after which it gives way to others' and is asked again; none: all
    glance: bool = False  # what is not there yet is not waited for


class BatchResult(Message):
    """What a batch did; each item's answer is in its own row."""

    done: int = 0
    refused: int = 0
    tran_code: Word = ""
    more: bool = False  # its share is done, and more is left


class NationalStatus(Message):
    """A leaver's change of status to be told to the national database."""

    authority_id: UUID
    profile_id: UUID
    now: datetime


class NationalPull(Message):
    """A person's national record to be fetched, for the command that asked for it."""

    authority_id: UUID
    profile_id: UUID
    command_id: UUID
    now: datetime


class NationalPulled(Message):
    """The row the record was kept in; or the problem's code, and what a person may know of it."""

    record: UUID | None = None
    failure: Word = ""
    until: Word = ""
    path: Word = ""


class NationalTold(Message):
    """Whether the national database knows."""

    told: bool


class DigestStart(Message):
    """Input of ``DigestWorkflow``."""

    authority_id: UUID


class DigestRun(Message):
    """One morning's digests."""

    authority_id: UUID
    now: datetime


class DigestDone(Message):
    """How many went out, and when the next morning is."""

    sent: int
    failed: int
    next_at: datetime


class ReviewStart(Message):
    """Input of ``ReviewWorkflow``: one period of one authority."""

    authority_id: UUID
    period: Period
    begun: bool = False
    """Whether the next period's workflow was started by an earlier run."""
    limit: int = 1000  # events in one run before the next begins


class ReviewPlan(Message):
    """When a review opens, by the law and calendar known now."""

    opens_at: datetime | None = None
    """None where the law asks for no report of this kind now, or the review is over."""
    over: bool = False
    ends_at: datetime
    """The period's own end: without a report until then, the next period is waited for."""
    next_period: Period


class ReviewRun(Message):
    """One look after a review: opening, measuring, reminding or closing, whatever is due."""

    authority_id: UUID
    period: Period
    now: datetime


class ReviewMoment(Message):
    """Where a review stands, and when it must next be looked after."""

    state: Word
    words: Words
    next_at: datetime | None = None
    version: int = 0  # its reports' together; 0: there are none, or an earlier release wrote it


class ReportSigning(Message):
    """Measure, render and sign one prepared report."""

    authority_id: UUID
    report_id: UUID
    signature_id: UUID
    now: datetime


class RecomputeStart(Message):
    """Input of ``RecomputeWorkflow``: whose open duties are reckoned again."""

    authority_id: UUID
    now: datetime | None = None


class RenewalStart(Message):
    """Input of ``RenewalWorkflow``: whose archive is renewed; ``everything``: whatever its end."""

    authority_id: UUID
    now: datetime | None = None
    everything: bool = False


class RenewalDone(Message):
    """How many files were renewed, and how many could not be; their rows say why."""

    renewed: int
    failed: int


class RecomputeDone(Message):
    """What one run did to the open duties; each move is an event of its own."""

    seen: int = 0
    moved: int = 0
    unchanged: int = 0
    kept: int = 0  # duties on whose purpose the newer law says nothing


class ImportStart(Message):
    """Input of ``ImportWorkflow``."""

    authority_id: UUID
    import_id: UUID
    now: datetime | None = None


class ImportDone(Message):
    """Counts of an import; the report is in its row."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
