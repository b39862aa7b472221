"""What the demo foresees under the law of one of its worlds, for its tests."""

from datetime import date
from typing import Any

from api.cli.demo.foreseeing import foreseen
from api.cli.demo.telling import NextDuty
from api.cli.demo.world import Laws, worlds
from models.calendar import Calendar
from models.regulations import Trial

CALENDAR = Calendar.seed()
SERVICE = {
    "chapter": "service",
    "open_case": None,
    "pending_revision_id": None,
    "approved_revision_id": "a",
    "synced_revision_id": "a",
}
DAY = date(2026, 12, 10)


def ahead(
    profile: dict[str, Any] | None, *, gate: bool, authority: str = "hanoi", at: str = "old"
) -> NextDuty | None:
    world = worlds()[authority]
    return foreseen(
        profile,
        gate=gate,
        today=DAY,
        calendar=CALENDAR,
        law=laws(authority).on(DAY),
        facts=world.facts(at) | {"category": "public_employee"},
        keeper=world.agencies["keeper"].short,
    )


def laws(authority: str) -> Laws:
    drafts = worlds()[authority].drafts
    return Laws(authority, Trial(drafts=drafts, document="QĐ", starts=date(2026, 12, 1)) if drafts else None)


LEAVING = {"kind": "separation", "mode": "moved_out", "effective_on": "2026-12-20"}
