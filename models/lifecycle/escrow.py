"""The copy of the master key that is kept elsewhere: proven by opening the ring, and to be again. Pure.

A backup holds no master key, so a restore is as good as that copy; nobody knows of it what nobody tried.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.command_admin import CheckEscrow
from models.lifecycle.guard import refuse
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.regulations.policy import Escrow

KIND = "master_key.escrow_checked"


@dataclass(frozen=True, slots=True)
class Proof:
    """When a copy last opened the ring, and which key it was."""

    at: datetime
    check_value: str


def checked(opens: str, body: CheckEscrow, _scene: Scene) -> Outcome:
    """It is the key that opens the ring now (``opens``, its check value): a former one proves nothing."""
    if body.check_value != opens:
        refuse(
            "escrow-wrong",
            "Bản ký gửi không phải khoá chủ đang dùng.",
            "The copy is not the master key in use.",
        )
    return Outcome().happened(KIND, None, check_value=body.check_value, document=body.document)


def unproven(proof: Proof | None, opens: str, installed: datetime, policy: Escrow) -> tuple[datetime, str]:
    """From when on nobody may rely on the copy, and why: it may still be to come.

    A key that was changed since has to be proven anew at once; one never proven, soon after the installation.
    """
    if proof is None:
        return installed + timedelta(days=policy.first_days), "never-checked"
    if proof.check_value != opens:
        return proof.at, "another-key"
    return proof.at + timedelta(days=policy.check_days), "long-ago"
