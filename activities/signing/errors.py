"""What can keep a signature from being made."""

from datetime import timedelta

PAUSE = timedelta(minutes=1)
"""Between two looks whether a paused party may be asked again."""


class CannotSignError(Exception):
    """A refusal to sign. ``code`` is stable: signature-failed, already-signed, signature-field-missing,
    signing-time-invalid, certificate-not-valid-then, certificate-purpose, certificate-revoked,
    certificate-untrusted, signer-unknown, algorithm-not-allowed or signature-not-valid. The message holds no
    personal data.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SignerAwayError(Exception):
    """The key cannot be reached now: a token pulled out, a module that answers no more, a PIN not accepted.

    Not a refusal: what was to be signed waits, unsigned, and goes on at the same item once the key is back.
    ``code`` is stable: token-away, token-locked or token-module-missing. The message names the token's
    label and the remedy, never a PIN.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NotNowError(SignerAwayError):
    """Somebody whose word a signature needs does not answer now, or not usably.

    ``code`` is stable: revocation-unavailable, revocation-unknown, timestamp-unavailable or timestamp-wrong.
    The approval stays pending and is tried again: a signature without its required proof is none.
    """


class PausedError(NotNowError):
    """An administrator has paused who is needed; ``code`` is timestamps-paused or signers-paused."""

    def __init__(self, code: str) -> None:
        super().__init__(code, "paused by an administrator")
