"""What may keep a document from being kept or handed out."""

from datetime import datetime

from models.errors import HosoError


class StoreError(HosoError):
    """A file cannot be stored or returned. ``code`` is stable: attachment-empty, attachment-too-large,
    attachment-type, attachment-missing or attachment-damaged.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class StoreAwayError(HosoError):
    """The place of documents cannot be reached, or refuses us: nothing is said of the document. No
    `StoreError`, as those are verdicts: this is tried again.
    """


class StoreLockedError(StoreAwayError):
    """The place keeps a document that was to be destroyed: a retention or a legal hold of its own stands in
    the way. It is tried again, until that ends; ``until`` is when, where the place says it.
    """

    code = "documents-locked"

    def __init__(self, message: str, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until
