"""Reorganisations among what many do at once: small plans over the units that hold the files, carried out
while everybody else goes on, and taken back by the plan that undoes them.

Asked as API and workflow ask it: drafted by the department's officer, approved by its head, begun on its day,
people moved share after share, ended. One at a time, spread evenly over the whole.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from models.calendar import legal_date
from models.command_reorganisation import ApproveReorganisation, DraftReorganisation, Plan
from models.commands import Body
from models.database import transaction
from models.lifecycle.moving import Reshaping
from models.lifecycle.reorganisation import DONE, EXECUTING
from models.messages import Ask, Internal, Moment
from models.record.commands import Fate
from models.record.moving_day import move_all
from models.record.reorganisation_rows import reorganised
from models.record.reorganising import manage_reorganisation
from models.record.tools import Tools
from tests.bench.together_checked import Seen
from tests.world import World

PLANS = 24
"""Plans asked for over the whole, however much else is."""
SHARE = 40
"""People moved in one transaction: a plan of a hundred is several, with the others' acts between."""
PATIENCE = 20
"""How often a plan that people keep joining is gone on with."""
DECISION = {"number": "12/QĐ-UBND", "signed_on": "2025-01-02", "issuer": "UBND Thành phố Hà Nội"}
MUSEUM, CULTURE, HEALTH = "H26.02.01", "H26.02", "H26.03"
LINES: tuple[dict[str, Any], ...] = (
    {"op": "merge", "units": [MUSEUM], "into": CULTURE},
    {"op": "reparent", "unit": MUSEUM, "under": HEALTH},
    {"op": "merge", "units": [MUSEUM], "into": HEALTH},
    {"op": "rename", "unit": MUSEUM, "name": "Bảo tàng mới"},
)
"""In turn, each taken back before the next."""


@dataclass
class Plans:
    """What was planned, and what can be taken back: at most one thing, from the day after it was done."""

    begun: int = 0
    done: int = 0
    undone: int = 0
    standing: tuple[UUID, date] | None = None
    """The plan that is carried out and not taken back, with its day."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    held: datetime | None = None
    """The instant at which the virtual clock stands while a plan is carried out: days are seconds here, and a
    plan that took three of them would begin in the past of what others ask. They all go on meanwhile."""


async def reorganise(
    plans: Plans,
    world: World,
    tools: Tools,
    now: Callable[[], datetime],
    told: list[Seen],
) -> None:
    """The next small plan, or the one that takes back what stands; nothing while another runs."""
    if plans.turn.locked():
        return
    async with plans.turn:
        plans.held = now()
        try:
            await _reorganise(plans, replace(world, now=plans.held), tools, told)
        finally:
            plans.held = None


async def _reorganise(plans: Plans, there: World, tools: Tools, told: list[Seen]) -> None:
    line = _line(plans, there)
    case = uuid4()
    plans.begun += 1
    given = {
        "title": "Sắp xếp",
        "decision": DECISION,
        "effective_on": legal_date(there.now),
        "operations": [line],
    }
    drafted = await _ask(
        there, "department", DraftReorganisation(plan=Plan.model_validate(given)), case, told
    )
    if drafted.status != 201:
        return
    row = await there.one("SELECT plan_hash, warnings FROM reorganisations WHERE id = :id", id=case)
    answers = {one["code"]: "đã có phương án xử lý" for one in row.warnings}
    body = ApproveReorganisation(plan_hash=row.plan_hash, answers=answers)
    if (await _ask(there, "department.head", body, case, told)).status != 200:
        return
    await _carried_out(there, tools, case)
    plans.done += 1
    plans.undone += line["op"] == "restore"
    plans.standing = None if line["op"] == "restore" else (case, legal_date(there.now))


def _line(plans: Plans, world: World) -> dict[str, Any]:
    if plans.standing is not None and legal_date(world.now) > plans.standing[1]:
        return {"op": "restore", "of": str(plans.standing[0])}
    return LINES[(plans.done - plans.undone) % len(LINES)]


async def _ask(world: World, who: str, body: Body, case: UUID, told: list[Seen]) -> Fate:
    key, sent = uuid4(), time.monotonic()
    found = await world.ask(who, body, case, subject="reorganisation", key=key)
    status = found.status or 202
    code = str((found.answer or {}).get("code", "")) if status >= 400 else ""
    told.append(Seen(key, status, code, sent, time.monotonic()))
    return found


async def _carried_out(world: World, tools: Tools, case: UUID) -> None:
    """The workflow's own order: what begins, people in shares, what ends; then whoever came meanwhile."""
    moment = await _step(world, tools, case, "wake")
    assert moment.chapter == EXECUTING, moment
    for _ in range(PATIENCE):
        await _move(world, tools, case)
        moment = await _step(world, tools, case, "finish_reorganisation")
        if moment.chapter == DONE:
            return await _move(world, tools, case)
    raise AssertionError(f"{case}: somebody is left whom nothing moves")


async def _step(world: World, tools: Tools, case: UUID, internal: Internal) -> Moment:
    asked = Ask(
        authority_id=world.authority,
        subject="reorganisation",
        subject_id=case,
        internal=internal,
        now=world.now,
    )
    return await manage_reorganisation(tools, asked)


async def _move(world: World, tools: Tools, case: UUID) -> None:
    async with transaction(tools.engine, world.scope) as connection:
        found = await reorganised(connection, case)
    reshaping = Reshaping(found.id, found.effective_on, found.document, found.heirs)
    await move_all(tools, world.authority, reshaping, world.now, share=SHARE)
