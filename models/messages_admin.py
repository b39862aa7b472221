"""What travels about the installation as a whole: administration and backups; see ``messages``."""

from datetime import datetime
from uuid import UUID

from models.messages import Continued, Message, Month, Word


class AdministrationStart(Message):
    """Input of ``AdministrationWorkflow``."""

    authority_id: UUID


class BackupStart(Message):
    """Input of ``BackupWorkflow``: the month, and what was ordered where an order began it."""

    month: Month
    order: UUID | None = None


class BackupPlan(Message):
    """When the month's own backup is due (none: it was taken), under which id; the month after."""

    due_at: datetime | None = None
    backup_id: UUID
    next_month: Month


class BackupRun(Message):
    """One backup to be taken, checked, recorded."""

    backup_id: UUID
    now: datetime


class BreachStart(Continued):
    """Input of ``BreachWorkflow``."""

    breach_id: UUID


class BreachNoticeRequest(Message):
    """Make the file of one notification of a breach."""

    authority_id: UUID
    notice_id: UUID
    now: datetime


class BreachNoticeMade(Message):
    """The file, by hash; or why there is none."""

    document: Word = ""
    failure: Word = ""


class ReconciliationRun(Message):
    """One comparison with the national database to be carried through; rows say how far it is."""

    authority_id: UUID
    reconciliation_id: UUID
    now: datetime
    most: int | None = None  # pages after which it gives way to others and is asked again; none: all


class Reconciled(Message):
    """What a comparison came to; ``more``: it is not over, and says only how far it is."""

    more: bool = False
    compared: int = 0
    different: int = 0
    resent: int = 0
    proposed: int = 0


class ReorganisationStart(Continued):
    """Input of ``ReorganisationWorkflow``."""

    reorganisation_id: UUID


class NationalTree(Message):
    """What has changed of an authority's tree is to be told to the national database."""

    authority_id: UUID
    now: datetime


class ReorganisationBatch(Message):
    """People of a reorganisation to be moved; their rows say who is left."""

    authority_id: UUID
    reorganisation_id: UUID
    now: datetime
    most: int | None = None  # people after whom it gives way to others and is asked again; none: all
