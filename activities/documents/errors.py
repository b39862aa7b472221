"""What can keep a document from being made or kept."""

from models.documents import StoreError

__all__ = ["DocumentError", "StoreError"]


class DocumentError(Exception):
    """A document cannot be rendered. ``code`` is stable: form-unknown, content-mismatch,
    document-code-invalid or rendering-failed. The message holds no content.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
