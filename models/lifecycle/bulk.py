"""What may be ordered over many people at once, and how such an order is taken back.

Each item is the very command a single person's would be: nothing here decides about anybody.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from models.command_fields import ChangeFields
from models.command_shapes import Body
from models.commands import (
    Approve,
    CancelSeparation,
    CreateAccount,
    GiveNotice,
    RequestAccount,
    RequestTransfer,
    Separate,
    WithdrawNotice,
    WithdrawTransfer,
)
from models.lifecycle.guard import refuse

ORDERED: dict[str, type[Body]] = {
    body.verb: body
    for body in (RequestTransfer, Separate, CreateAccount, RequestAccount, Approve, GiveNotice, ChangeFields)
}
"""Verb to body of what may be ordered."""

UNDOING: dict[str, str] = {
    RequestTransfer.verb: WithdrawTransfer.verb,
    Separate.verb: CancelSeparation.verb,
    GiveNotice.verb: WithdrawNotice.verb,
}
"""Verb to the verb that takes it back, of those that can be taken back."""

BY_SERVER = ("password_hash",)
"""Members that no order may set."""


def undo_verb(verb: str) -> str:
    """The verb that takes an order back.

    Raises:
        RefusedError: ``no-undo``: an account that was made, a signature that was given.
    """
    if verb not in UNDOING:
        refuse(
            "no-undo",
            "Việc này không có bước hoàn tác: xử lý từng hồ sơ bằng việc tiếp theo của nó.",
            "This has no undo: each profile goes on by its own next step.",
        )
    return UNDOING[verb]


def undoing(verb: str, profile_id: UUID, answer: Mapping[str, Any], reason: str) -> tuple[Body, UUID]:
    """What takes one done item back, and its subject.

    Raises:
        RefusedError: ``no-undo``, also where the item was over at once (a move within one agency).
    """
    undo_verb(verb)
    if verb == RequestTransfer.verb:
        if answer.get("state") == "accepted":
            refuse(
                "no-undo",
                "Hồ sơ đã chuyển xong trong cùng cơ quan; chuyển lại bằng một quyết định mới.",
                "The move within the agency is done; another decision moves it back.",
            )
        return WithdrawTransfer(reason=reason), UUID(str(answer["transfer_id"]))
    if verb == Separate.verb:
        return CancelSeparation(reason=reason), profile_id
    return WithdrawNotice(duty_id=UUID(str(answer["duty_id"])), reason=reason), profile_id
