"""How a conversation with the national database fails.

    NationalError
    ├── UnreachableError     no usable answer, fate unknown: send it again with the same TRAN_CODE
    ├── MaintenanceError     the other side is closed (HTTP 503 with Retry-After): wait until then
    ├── KeyRevokedError      the key pair is refused or revoked: no retry helps, install the new one
    ├── AccessRefusedError   the pair is good, but the address, the agency code or the seal is not admitted
    ├── PacketUnknownError   the other side never got a packet of this TRAN_CODE: send it
    ├── BadPacketError       the packet as such is refused, here or there: it must be built anew
    └── BadAnswerError       an answer that breaks the contract; like unreachable, but someone must look

Their texts hold codes only. A message of the other side may quote a person's data, so none is repeated here.
"""

import re
from datetime import datetime, timedelta

from models.errors import HosoError

__all__ = [
    "AccessRefusedError",
    "BadAnswerError",
    "BadPacketError",
    "KeyRevokedError",
    "MaintenanceError",
    "NationalError",
    "PacketUnknownError",
    "UnreachableError",
    "safe_code",
]

# Short numbers and words: nothing a name, a date of birth or an ID number fits into.
_CODE = re.compile(r"\d{1,5}|[A-Z][A-Z_]{0,39}")


def safe_code(code: str) -> str:
    """A code of the other side fit for logs; anything not shaped like a code becomes "UNREADABLE"."""
    return code if _CODE.fullmatch(code) else "UNREADABLE"


class NationalError(HosoError):
    """The root of all failures at this seam."""


class UnreachableError(NationalError):
    """No usable answer came; `reason` says what happened instead ("timeout", "connect", "http 502")."""

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(f"no answer from the national database: {reason}")
        self.reason = reason
        self.retry_after = retry_after


class MaintenanceError(NationalError):
    """The national database is closed until `until` (UTC), `retry_after` from its own clock's now."""

    def __init__(self, until: datetime, retry_after: timedelta) -> None:
        super().__init__(f"the national database is in maintenance until {until.isoformat()}")
        self.until = until
        self.retry_after = retry_after


class KeyRevokedError(NationalError):
    """The connection key pair is not, or no longer, accepted."""

    def __init__(self) -> None:
        super().__init__("the connection key pair is refused or revoked; install the pair in force")


class AccessRefusedError(NationalError):
    """Refused for who we are, not for what we sent (101 IP_DISALLOWED, 106 AGENCY_ID_INCORRECT,
    107 SEAL_INCORRECT)."""

    def __init__(self, code: str) -> None:
        self.code = safe_code(code)
        super().__init__(f"the national database does not admit this sender: {self.code}")


class PacketUnknownError(NationalError):
    """No packet of this TRAN_CODE ever arrived."""

    def __init__(self) -> None:
        super().__init__("the national database has no packet of this TRAN_CODE")


class SeveralRecordsError(NationalError):
    """More than one record answers to the number; which is the person's is for people to find out."""

    def __init__(self) -> None:
        super().__init__("the national database holds several records under one number")


class BadPacketError(NationalError):
    """The packet as a whole is refused; `code` says why ("DUPLICATE_KEY", "TRAN_CODE_REUSED", "500")."""

    def __init__(self, code: str) -> None:
        self.code = safe_code(code)
        super().__init__(f"packet refused: {self.code}")


class BadAnswerError(NationalError):
    """The answer breaks the contract; `what` names the broken part, never its content."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the national database's answer breaks the contract: {what}")
        self.what = what
