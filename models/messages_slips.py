"""Messages about slips that travel with a dossier: ids and hashes only."""

from datetime import datetime
from uuid import UUID

from models.messages import Message, Word


class SlipStart(Message):
    """Input of ``SlipWorkflow``."""

    authority_id: UUID
    slip_id: UUID
    profile_id: UUID


class SlipRequest(Message):
    """Make one slip."""

    authority_id: UUID
    slip_id: UUID
    now: datetime


class SlipMade(Message):
    """The file, by hash; why it bears no signature, or why there is none."""

    document: Word = ""
    unsigned: Word = ""
    failure: Word = ""
