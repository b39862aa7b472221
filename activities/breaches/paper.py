"""What stands on the notification of a breach, and the data it states, as canonical JSON."""

from __future__ import annotations

from typing import Any

import rfc8785
from sqlalchemy import Row

from activities.documents.header import DossierHeader, SignaturePlace
from activities.documents.notice import AgencyNotice
from models.command_registers import IssueBreachNotice
from models.evidence.verdict import VIETNAM
from models.lifecycle.breach_notice import SUBJECT, TITLE, Issued, Told, dated, legal_basis, points

FIELD = "seal"
VERB = IssueBreachNotice.verb
_TOLD = ("authority", "agency", "kind", "known_at", "happened_at", "due_at", "data", "citation")


def asked_of(story: list[dict[str, Any]], notice_id: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What had been written of the breach when this notification was asked for, and what was said with it.

    Raises:
        LookupError: nobody asked for it.
    """
    at = next(n for n, one in enumerate(story) if one["what"] == VERB and one["notice"] == notice_id)
    return story[:at], story[at]["issued"]


def header_of(row: Row[Any]) -> DossierHeader:
    """The head and the foot of the paper."""
    return DossierHeader(
        code=f"TB-{row.notice_id.hex[:16].upper()}",
        managing_authority=row.authority,
        employing_unit=row.sealer,
        revision=1,
        form="thông-báo-1",
    )


def _told(row: Row[Any], written: list[dict[str, Any]], said: dict[str, Any]) -> Told:
    facts = {name: getattr(row, name) for name in _TOLD}
    return Told(**facts, department=row.sealer, people=said["people"], story=written)


def notice_of(row: Row[Any], written: list[dict[str, Any]], said: dict[str, Any], at: Any) -> AgencyNotice:
    """The words: as of the day it was asked for where they tell of time, dated the day it is sealed."""
    told = _told(row, written, said)
    issued = Issued(**{name: said[name] for name in Issued.__dataclass_fields__})
    return AgencyNotice(
        title=TITLE,
        subject=SUBJECT,
        number=issued.document,
        dated=dated(at),
        recipient=issued.recipient,
        legal=legal_basis(told),
        points=points(told, row.asked_at, issued),
        place=SignaturePlace(FIELD, "Cơ quan thông báo", "(Ký số của cơ quan)", name=row.sealer),
    )


def data_of(row: Row[Any], written: list[dict[str, Any]], said: dict[str, Any]) -> bytes:
    """What it states, as canonical JSON (RFC 8785): its digest is stated and signed."""
    return rfc8785.dumps(
        {
            "kind": "breach.notice",
            "version": 1,
            "notice": str(row.notice_id),
            "breach": str(row.id),
            "agency": {"id": str(row.agency_id), "name": row.agency},
            "sealed_by": {"id": str(row.sealer_id), "name": row.sealer},
            "breach_kind": row.kind,
            "known_at": _instant(row.known_at),
            "happened_at": _instant(row.happened_at),
            "due_at": _instant(row.due_at),
            "data": list(row.data),
            "written": [{"at": one["at"], "said": one["said"]} for one in written if "said" in one],
            "said": said,
            "asked_at": _instant(row.asked_at),
            "rule": row.rule_id,
            "citation": row.citation,
            "rule_set": row.rule_set_hash,
        }
    )


def _instant(at: Any) -> str | None:
    return at.astimezone(VIETNAM).isoformat() if at is not None else None
