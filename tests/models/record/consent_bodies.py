"""The commands about consents to read a file, and who may give them under the law of the small authority."""

from datetime import date
from uuid import UUID

from models.command_consents import AllowAccess, AnswerConsent, AskConsent, RevokeAccess, WithdrawConsent
from models.commands import Body

AUTHORITY = ("culture.head", "department", "department.head")
ALLOWED: dict[str, tuple[str, ...]] = {
    "allow_access": AUTHORITY,
    "revoke_access": AUTHORITY,
    "ask_consent": (),  # this law has the authority consent; the decree's is in test_electronic_consents.py
    "answer_consent": (),
    "withdraw_consent": (),
}
NOBODY = UUID(int=1)


def made(reader: UUID, day: date) -> list[Body]:
    """One of each."""
    common = {"account_id": reader, "purpose": "Thử", "starts_on": day, "ends_on": day}
    return [
        AllowAccess(document="1", **common),
        RevokeAccess(consent_id=NOBODY, reason="không đúng"),
        AskConsent(**common),
        AnswerConsent(consent_id=NOBODY, given=True),
        WithdrawConsent(consent_id=NOBODY),
    ]
