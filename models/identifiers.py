"""Identifiers: made here, read back here, and never carrying anything about a person.

Workflow ids, update ids and task queues are stored in clear by the engine, so they hold opaque UUIDs and
months only. Nothing here may be called from workflow code except the functions that build and read workflow
ids: `new_id` reads the clock and the random device.
"""

import re
import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

from models.errors import IdentifierError, RefusedError

LONGEST_KEY = 200

_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_LIST = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])(-stock|-event)?")
_PERIOD = re.compile(r"[0-9]{4}(-q[1-4])?")


class WorkflowKind(StrEnum):
    """The first part of a workflow id."""

    PROFILE = "profile"
    TRANSFER = "transfer"
    MONTH_END = "month-end"
    REORGANISATION = "reorganisation"
    REVIEW = "review"
    DIGEST = "digest"
    BACKUP = "backup"
    DELEGATION = "delegation"
    RECOMPUTE = "recompute"
    CERTIFICATE = "certificate"
    ACCOUNT = "account"
    ADMINISTRATION = "administration"
    RENEWAL = "renewal"
    SLIP = "slip"
    BREACH = "breach"
    RECONCILIATION = "reconciliation"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class WorkflowName:
    """A workflow id taken apart; `str()` puts it together again.

    `subject` is the profile, case, authority or agency; a month end has the id of an authority or of an
    agency (agency months), which only the database can tell apart. `period` is a month `yyyy-mm`, or for a
    review a year `yyyy` or a quarter `yyyy-q1`.
    """

    kind: WorkflowKind
    subject: UUID | None = None
    period: str | None = None

    def __str__(self) -> str:
        return "/".join(str(part) for part in (self.kind, self.subject, self.period) if part is not None)


def batch_queue(task_queue: str) -> str:
    """The queue of the month's batches, beside an installation's own: thousands of signatures that wait there
    hold up nobody who waits for one."""
    return f"{task_queue}-batch"


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): milliseconds, 12 bits of order within one (method 3), 62 random."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    value = milliseconds << 80 | 7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value & (1 << 128) - 1)


def command_id(account_id: UUID, idempotency_key: str) -> UUID:
    """The id of a command: UUIDv5 of the account and its Idempotency-Key, so a repetition finds itself.

    RefusedError `key-missing` unless the key is 1 to 200 printable ASCII characters without spaces.
    """
    if not _KEY.fullmatch(idempotency_key):
        raise RefusedError.of("key-missing", extra={"longest": LONGEST_KEY})
    return uuid5(account_id, idempotency_key)


def profile_workflow(profile_id: UUID) -> str:
    """The id of the one workflow of a person's working life."""
    return str(WorkflowName(WorkflowKind.PROFILE, profile_id))


def transfer_workflow(case_id: UUID) -> str:
    """The id of a transfer case."""
    return str(WorkflowName(WorkflowKind.TRANSFER, case_id))


def reorganisation_workflow(case_id: UUID) -> str:
    """The id of a reorganisation case."""
    return str(WorkflowName(WorkflowKind.REORGANISATION, case_id))


def month_end_workflow(authority_id: UUID, month: str) -> str:
    """The id of an authority's month end; `month` is `yyyy-mm`."""
    return str(WorkflowName(WorkflowKind.MONTH_END, authority_id, _checked(_MONTH, month)))


def agency_month_workflow(agency_id: UUID, month: str) -> str:
    """The id of one agency's list: `month` is `yyyy-mm`, with `-stock` for a list of the whole stock, with
    `-event` for the running list of what is sent by an event's clock."""
    return str(WorkflowName(WorkflowKind.MONTH_END, agency_id, _checked(_LIST, month)))


def review_workflow(authority_id: UUID, period: str) -> str:
    """The id of a data review; `period` is a year `yyyy` or a quarter `yyyy-q1`."""
    return str(WorkflowName(WorkflowKind.REVIEW, authority_id, _checked(_PERIOD, period)))


def digest_workflow(authority_id: UUID) -> str:
    """The id of the workflow that sends an authority's daily digests."""
    return str(WorkflowName(WorkflowKind.DIGEST, authority_id))


def delegation_workflow(delegation_id: UUID) -> str:
    """The id of a delegation, from its giving to its end."""
    return str(WorkflowName(WorkflowKind.DELEGATION, delegation_id))


def recompute_workflow(authority_id: UUID) -> str:
    """The id of the workflow that reckons an authority's open duties again."""
    return str(WorkflowName(WorkflowKind.RECOMPUTE, authority_id))


def certificate_workflow(account_id: UUID) -> str:
    """The id of the workflow that registers an account's certificates."""
    return str(WorkflowName(WorkflowKind.CERTIFICATE, account_id))


def renewal_workflow(authority_id: UUID) -> str:
    """The id of the workflow that renews an authority's archive timestamps."""
    return str(WorkflowName(WorkflowKind.RENEWAL, authority_id))


def slip_workflow(slip_id: UUID) -> str:
    """The id of the workflow that has a slip made."""
    return str(WorkflowName(WorkflowKind.SLIP, slip_id))


def account_workflow(account_id: UUID) -> str:
    """The id of the workflow that carries out acts on an account."""
    return str(WorkflowName(WorkflowKind.ACCOUNT, account_id))


def reconciliation_workflow(authority_id: UUID) -> str:
    """The id of an authority's running comparison with the national database: one at a time."""
    return str(WorkflowName(WorkflowKind.RECONCILIATION, authority_id))


def bulk_workflow(order_id: UUID) -> str:
    """The id of the workflow that carries out an order over many people."""
    return str(WorkflowName(WorkflowKind.BULK, order_id))


def administration_workflow(authority_id: UUID) -> str:
    """The id of the workflow that answers an authority's administrators."""
    return str(WorkflowName(WorkflowKind.ADMINISTRATION, authority_id))


def breach_workflow(breach_id: UUID) -> str:
    """The id of a breach of personal data, from its recording to its end."""
    return str(WorkflowName(WorkflowKind.BREACH, breach_id))


def backup_workflow(month: str) -> str:
    """The id of a month's backup of the whole installation."""
    return str(WorkflowName(WorkflowKind.BACKUP, period=_checked(_MONTH, month)))


_SHAPE: dict[WorkflowKind, tuple[bool, re.Pattern[str] | None]] = {
    WorkflowKind.PROFILE: (True, None),
    WorkflowKind.TRANSFER: (True, None),
    WorkflowKind.MONTH_END: (True, _LIST),
    WorkflowKind.REORGANISATION: (True, None),
    WorkflowKind.REVIEW: (True, _PERIOD),
    WorkflowKind.DIGEST: (True, None),
    WorkflowKind.BACKUP: (False, _MONTH),
    WorkflowKind.DELEGATION: (True, None),
    WorkflowKind.RECOMPUTE: (True, None),
    WorkflowKind.CERTIFICATE: (True, None),
    WorkflowKind.ACCOUNT: (True, None),
    WorkflowKind.ADMINISTRATION: (True, None),
    WorkflowKind.RENEWAL: (True, None),
    WorkflowKind.SLIP: (True, None),
    WorkflowKind.BREACH: (True, None),
    WorkflowKind.RECONCILIATION: (True, None),
    WorkflowKind.BULK: (True, None),
}


def parse_workflow_id(workflow_id: str) -> WorkflowName:
    """Take a workflow id apart; IdentifierError if the functions above would not have built exactly it."""
    first, *parts = workflow_id.split("/")
    try:
        kind = WorkflowKind(first)
        has_subject, period = _SHAPE[kind]
        subject = UUID(parts.pop(0)) if has_subject else None
        name = WorkflowName(kind, subject, _checked(period, parts.pop(0)) if period else None)
    except (ValueError, IndexError):
        raise IdentifierError("not a workflow id of ours") from None
    if parts or str(name) != workflow_id:
        raise IdentifierError("not a workflow id of ours")
    return name


def _checked(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise IdentifierError("not a period of the expected shape")
    return text
