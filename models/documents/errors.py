"""What may keep a document from being kept or handed out."""

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
