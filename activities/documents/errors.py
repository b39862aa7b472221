"""What can keep a document from being made or kept."""


class DocumentError(Exception):
    """A document cannot be rendered. ``code`` is stable: form-unknown, content-mismatch,
    document-code-invalid or rendering-failed. The message holds no content.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class StoreError(Exception):
    """A file cannot be stored or returned. ``code`` is stable: attachment-empty, attachment-too-large,
    attachment-type, attachment-missing or attachment-damaged.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
