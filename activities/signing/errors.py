"""What can keep a signature from being made."""


class CannotSignError(Exception):
    """A refusal to sign. ``code`` is stable: signature-failed, already-signed, signature-field-missing,
    signing-time-invalid, certificate-not-valid-then or algorithm-not-allowed. The message holds no
    personal data.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
