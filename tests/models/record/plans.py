"""Plans of reorganisations over the small authority of the tests, and the acts on them."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from models.calendar import legal_date
from models.command_reorganisation import (
    AmendReorganisation,
    ApproveReorganisation,
    DraftReorganisation,
    Plan,
    WithdrawReorganisation,
)
from models.command_tree import CreateAgency
from models.commands import Body
from models.database import transaction
from models.messages import Ask, Internal, Moment
from models.record.commands import Fate
from models.record.reorganisation_rows import judge_plan
from models.record.reorganising import manage_reorganisation
from models.record.touched import Touched, touched
from models.record.tree import load_tree
from tests.world import World

DECISION = {"number": "12/QĐ-UBND", "signed_on": "2025-12-01", "issuer": "UBND Thành phố Hà Nội"}
MERGE = {"op": "merge", "units": ["H26.02.01"], "into": "H26.02"}
"""The museum into the department of culture above it."""
ALLOWED = {
    **dict.fromkeys(
        ("draft_reorganisation", "amend_reorganisation"), ("culture.head", "department", "admin")
    ),
    "withdraw_reorganisation": ("culture.head", "department", "department.head", "admin"),
    "approve_reorganisation": ("culture.head", "department.head"),
}
"""Who may, below the department of culture."""


def plan(world: World, *operations: dict[str, Any], days: int = 10) -> Plan:
    """A plan that takes effect in some days."""
    on: date = legal_date(world.now) + timedelta(days)
    given = {
        "title": "Sắp xếp",
        "decision": DECISION,
        "effective_on": on,
        "operations": operations or (MERGE,),
    }
    return Plan.model_validate(given)


def bodies(world: World) -> tuple[Body, ...]:
    """One well-formed body of each verb."""
    return (
        DraftReorganisation(plan=plan(world)),
        # Before it is amended: whoever does that may not approve it any more.
        ApproveReorganisation(plan_hash="a" * 64),
        AmendReorganisation(plan=plan(world, days=20), reason="chưa kịp"),
        WithdrawReorganisation(reason="không còn cần"),
    )


async def do(world: World, who: str, body: Body, case: UUID) -> Fate:
    """One command about a plan."""
    return await world.ask(who, body, case, subject="reorganisation")


async def drafted(world: World, *operations: dict[str, Any], who: str = "department", days: int = 10) -> UUID:
    """A plan that was written down."""
    case = uuid4()
    body = DraftReorganisation(plan=plan(world, *operations, days=days))
    done = await do(world, who, body, case)
    assert done.status == 201, done.answer
    return case


async def approve(world: World, case: UUID, who: str = "department.head", **answers: str) -> Fate:
    """The plan as it stands, with an answer to whatever it warns of."""
    row = await world.one("SELECT plan_hash, warnings FROM reorganisations WHERE id = :id", id=case)
    given = {one["code"]: "đã có phương án xử lý" for one in row.warnings} | answers
    return await do(world, who, ApproveReorganisation(plan_hash=row.plan_hash, answers=given), case)


async def previewed(world: World, *operations: dict[str, Any], days: int = 10) -> Touched:
    """What a plan would touch, counted now."""
    wanted = plan(world, *operations, days=days)
    async with transaction(world.tools.engine, world.scope) as connection:
        tree = await load_tree(connection)
        judged = await judge_plan(connection, world.tools.shelf, wanted, uuid4(), tree)
        return await touched(connection, judged, legal_date(world.now))


async def given(world: World, who: str, role: str, agency: UUID) -> None:
    """One role more for somebody."""
    values = {"id": uuid4(), "a": world.authority, "who": world.accounts[who], "g": agency, "role": role}
    await world.rows(
        "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from)"
        " VALUES (:id, :a, :who, :g, :role, '2025-01-01') RETURNING 1",
        **values,
    )


async def unit(world: World, parent: UUID, code: str) -> UUID:
    """A unit of today below another, without an agency account."""
    on = legal_date(world.now)
    body = CreateAgency(parent_id=parent, code=code, name=f"Đơn vị {code}", effective_on=on, document="3")
    made = await world.ask("department", body, world.authority, subject="administration")
    assert made.status == 201, made.answer
    return UUID(made.answer["agency_id"])


async def ask(world: World, case: UUID, internal: Internal) -> Moment:
    """What its own workflow asks."""
    asked = Ask(
        authority_id=world.authority,
        subject="reorganisation",
        subject_id=case,
        internal=internal,
        now=world.now,
    )
    return await manage_reorganisation(world.tools, asked)
