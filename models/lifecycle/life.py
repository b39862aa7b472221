"""The state a decision needs: plain, frozen values built from rows and given to pure functions."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from models.lifecycle.archived import Archived
from models.lifecycle.consent import Consent
from models.lifecycle.file_request import FileRequest
from models.lifecycle.proposed import Proposal
from models.lifecycle.pulled import Pulled
from models.lifecycle.sent_back import SentBack


class Chapter(StrEnum):
    """The chapters of a profile's life, in order; ``service`` and ``transfer`` alternate."""

    ACCOUNT = "account"
    DECLARATION = "declaration"
    REVIEW = "review"
    SERVICE = "service"
    TRANSFER = "transfer"
    SEPARATION = "separation"
    ARCHIVE = "archive"


CHAPTER_VI = {
    Chapter.ACCOUNT: "cấp tài khoản",
    Chapter.DECLARATION: "tự khai lần đầu",
    Chapter.REVIEW: "chờ phê duyệt lần đầu",
    Chapter.SERVICE: "đang công tác",
    Chapter.TRANSFER: "đang chuyển công tác",
    Chapter.SEPARATION: "thôi công tác",
    Chapter.ARCHIVE: "lưu trữ",
}


class Status(StrEnum):
    """Status of the profile, as the regulations name it (hanoi.art12, see ``terms``)."""

    PENDING = "pending"
    WORKING = "working"
    MOVED_OUT = "moved_out"
    RETIRED = "retired"
    RESIGNED = "resigned"
    DISMISSED = "dismissed"
    DOWNSIZED = "downsized"
    CONTRACT_ENDED = "contract_ended"
    DECEASED = "deceased"
    MERGED = "merged"


STATUS_VI = {
    Status.PENDING: "đang tạo lập",
    Status.WORKING: "đang công tác",
    Status.MOVED_OUT: "chuyển ra ngoài",
    Status.RETIRED: "nghỉ hưu",
    Status.RESIGNED: "thôi việc",
    Status.DISMISSED: "buộc thôi việc",
    Status.DOWNSIZED: "tinh giản biên chế",
    Status.CONTRACT_ENDED: "kết thúc hợp đồng",
    Status.DECEASED: "từ trần",
    Status.MERGED: "đã hợp nhất vào hồ sơ khác",
}

LEAVING = frozenset(Status) - {Status.PENDING, Status.WORKING}


class AccountState(StrEnum):
    """How far an account may be used (hanoi.art6.2.d)."""

    DEFAULT_PASSWORD = "default_password"  # noqa: S105 — a state, not a secret
    ACTIVE = "active"
    CANCELLED = "cancelled"


PERSON = "person"
"""The party of a duty that the official owes personally; other parties are roles of an agency."""


@dataclass(frozen=True, slots=True)
class Duty:
    """An open duty as decisions see it."""

    id: UUID
    slot: str
    party: str
    agency_id: UUID
    rule_id: str
    citation: str
    event_on: date
    due_on: date | None
    due_at: datetime | None
    opened_on: date
    ladder_step: int = 0
    next_wake_at: datetime | None = None
    profile_id: UUID | None = None
    case_id: UUID | None = None
    agency_month_id: UUID | None = None
    report_id: UUID | None = None
    returned: bool = False
    """Whether it stands for a correction that was asked for."""
    revision: int | None = None
    """Number of the revision it is about, where it is about one."""
    mapping: str | None = None  # the mapping desk's decision it carries out


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision without its content; ``content`` is there only for the acts that judge it."""

    id: UUID
    number: int
    state: str
    digest: str
    author_id: UUID
    evidence: tuple[str, ...] = ()
    certified: int = 0
    """How many of these files are digitised copies of certified documents."""
    form_version: str = ""
    submitted_on: date | None = None
    content: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """An open transfer or separation."""

    id: UUID
    kind: str
    profile_id: UUID
    from_agency_id: UUID
    to_agency_id: UUID | None
    mode: str
    effective_on: date
    document: str
    state: str
    version: int
    facts: dict[str, Any]
    closed: bool = False
    next_wake_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """The personal account of the profile."""

    id: UUID
    state: AccountState


@dataclass(frozen=True, slots=True)
class Approval:
    """A signature being made."""

    id: UUID
    revision_id: UUID
    digest: str
    approver_id: UUID
    approver_role: str
    agency_month_id: UUID | None
    rule_ids: tuple[str, ...]
    late_days: int
    step: int = 1
    """Which signature of its chain; 0 is the official's own."""
    facts: dict[str, Any] = field(default_factory=dict)
    on_behalf_of: UUID | None = None
    delegation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """An open signing session: a document version that waits for a signature from outside."""

    id: UUID
    document_id: UUID
    """The approval, list, report or export, by ``kind``."""
    revision_id: UUID | None
    """Of an approval, and its number; of others none."""
    revision: int | None
    account_id: UUID
    certificate_id: UUID
    how: str
    state: str
    prepared: str | None
    expires_at: datetime
    opened_by: UUID
    completed_by: UUID | None
    kind: str = "approval"
    document: str | None = None
    """The signed file, once it was judged."""
    certificate: str = ""
    """SHA-256 of the certificate it is signed by."""
    changed: bool = False
    """Whether what is to be signed (a list) is no longer what was shown."""
    as_of: date | None = None  # the day an export is of


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate registered to the account that acts; withdrawn ones are none."""

    id: UUID
    sha256: str
    key_kind: str
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True, slots=True)
class Exportable:
    """The revision an export takes: what was approved by the end of the day asked for."""

    revision_id: UUID
    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Share:
    """Access shared with the host of a secondment; ``ends_on`` is the first day without it."""

    id: UUID
    kind: str
    from_agency_id: UUID
    agency_id: UUID
    starts_on: date
    ends_on: date
    state: str
    warned: int
    next_on: date


@dataclass(frozen=True, slots=True)
class Life:
    """One profile, as far as decisions about it need."""

    profile_id: UUID
    authority_id: UUID
    agency_id: UUID
    category: str
    chapter: Chapter
    status: Status
    version: int
    revision_number: int
    account: Account | None = None
    approved_revision_id: UUID | None = None
    synced_revision_id: UUID | None = None
    pending: Revision | None = None
    draft: Revision | None = None
    approval: Approval | None = None
    session: Session | None = None
    """The signing session the approval waits in, where its key is elsewhere."""
    export_sessions: tuple[Session, ...] = ()  # several people may sign their own
    signed_steps: int = 0  # signatures of its chain on the pending submission, the official's own aside
    whole_stock: bool = False
    """Whether it stands on a list of the whole stock, whose rule then says who approves."""
    standing: str | None = None
    """How the custodian stands to the authority, as the law may ask (``regulations.When``)."""
    agency_kind: str | None = None
    """What kind of agency the custodian is, likewise."""
    case: Case | None = None
    share: Share | None = None
    """The secondment that is agreed or running."""
    consents: tuple[Consent, ...] = ()
    """Consents to read the file; only for the act about one of them."""
    requests: tuple[FileRequest, ...] = ()
    """What the official asked about the file; likewise."""
    duties: tuple[Duty, ...] = ()
    foretold: tuple[tuple[str, date], ...] = ()
    changed_hands_on: date | None = None  # when the custodian received it; none: nobody held it before
    post_accounts: tuple[UUID, ...] = ()
    """Accounts of posts whose holder the person is."""
    origin: str | None = None
    """How the profile began (``OpenProfile.origin``); none where that was not yet written down."""
    base: dict[str, Any] | None = None
    """Content of the draft, else of the approved revision; only for the act that fills it."""
    base_form: str = ""
    """The form that content stands on."""
    attached: tuple[tuple[str, bool], ...] = ()  # its files and whether certified, for `field_changes`
    proposals: tuple[Proposal, ...] = ()
    """What waits for an answer; only for the act about one of them."""
    pulled: Pulled | None = None  # the national record to fill it from; only for that act
    sent_back: SentBack | None = None  # at the department's gate; only where the profile is looked at
    exportable: Exportable | None = None
    archived: Archived | None = None
    """What holds the file and since when its keeping runs; only for the acts about that."""
    disposed: bool = False  # its content was destroyed: the tombstone takes no further acts
    posts: int = 0
    """Roles in agencies that the person holds now, by the own account or by a post's."""

    @property
    def sessions(self) -> tuple[Session, ...]:
        """All open signing sessions of the profile."""
        return (*self.approval_sessions, *self.export_sessions)

    @property
    def approval_sessions(self) -> tuple[Session, ...]:
        """The one that an approval waits in, or none."""
        return (self.session,) if self.session is not None else ()

    @property
    def newest(self) -> int:
        """Number of the newest revision, drafts included: what an ETag of the form names."""
        return max(self.revision_number, self.draft.number if self.draft else 0)

    @property
    def stage(self) -> Chapter:
        """The chapter that a running transfer interrupts, moved on by what happened meanwhile."""
        if self.chapter is not Chapter.TRANSFER or self.case is None:
            return self.chapter
        if self.approved_revision_id is not None or self.case.facts["chapter_before"] == Chapter.SERVICE:
            return Chapter.SERVICE
        return Chapter.REVIEW if self.pending is not None else Chapter.DECLARATION

    def owed(self, *slots: str) -> tuple[Duty, ...]:
        """Open duties of these slots."""
        return tuple(d for d in self.duties if d.slot in slots)


@dataclass(frozen=True, slots=True)
class MonthItem:
    """One profile on an agency's list."""

    profile_id: UUID
    revision_id: UUID
    digest: str
    state: str
    packed: bool = False  # whether a packet to the national database holds it already
    form: str = ""  # the version of the form its revision stands on


@dataclass(frozen=True, slots=True)
class ShownList:
    """An approval list as a decision about it needs it; ``changed`` no longer are what was shown."""

    id: UUID
    account_id: UUID
    state: str
    digest: str | None = None
    profiles: tuple[UUID, ...] = ()
    changed: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class AgencyMonth:
    """One agency's month as decisions see it; ``items`` only where the act judges items."""

    id: UUID
    authority_id: UUID
    agency_id: UUID
    month: str
    state: str
    opens_on: date
    nominal_end: date
    rolled_end: date
    version: int
    duties: tuple[Duty, ...] = ()
    items: tuple[MonthItem, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    gate: str = "after"
    """Where the department approves: ``none``, ``before_outgoing_call`` or ``after``, since the opening."""
    kind: str = "month"
    """``month``: what changed, in the window; ``whole_stock``: all that was never approved, without end."""
    rounds: tuple[UUID, ...] = ()
    """Commands whose rounds of approvals were accepted and are still to run, oldest first."""
    shown: ShownList | None = None
    """The approval list an act is about."""
    sessions: tuple[Session, ...] = ()
    """Open signing sessions of the month's lists."""


@dataclass(frozen=True, slots=True)
class Report:
    """One agency's report of a data review as decisions see it, or the whole authority's (``whole``)."""

    id: UUID
    review_id: UUID
    authority_id: UUID
    agency_id: UUID
    whole: bool
    slot: str
    period: str
    state: str
    version: int
    opens_on: date
    nominal_due_on: date
    due_on: date
    due_at: datetime
    policy_date: bool  # whether the due date is this installation's policy, because the text names no day
    rule_id: str = ""  # of the campaign
    signature_id: UUID | None = None
    on_behalf_of: UUID | None = None
    """The delegator, where a delegate signs."""
    delegation_id: UUID | None = None
    duties: tuple[Duty, ...] = ()
    sessions: tuple[Session, ...] = ()
    """The open signing session, where the key is elsewhere."""
