"""Messages about orders over many people: ids and counts only."""

from datetime import datetime
from uuid import UUID

from models.messages import Message


class BulkStart(Message):
    """Input of ``BulkWorkflow``."""

    authority_id: UUID
    order_id: UUID


class BulkShare(Message):
    """The next items of an order, at most ``most``; then others have their turn."""

    authority_id: UUID
    order_id: UUID
    now: datetime
    most: int


class BulkDone(Message):
    """How far the order is as a whole."""

    done: int = 0
    refused: int = 0
    left: int = 0
