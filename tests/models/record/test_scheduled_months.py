"""The month ends to come that a plan touches: by hand what the engine will open, and no longer will."""

from datetime import date
from typing import Any
from uuid import uuid4

from models.calendar import legal_date
from models.database import Scope, transaction
from models.record.loads import Load, load_regime
from models.record.reorganisation_rows import judge_plan
from models.record.scheduled_months import scheduled_months
from models.record.tree import load_tree
from models.regulations import Deadline, in_force
from tests.models.record.plans import drafted, plan
from tests.models.record.test_reorganised_day import carried_out
from tests.world import World

CASE = uuid4()
NEW = {"code": "H26.04", "name": "Sở Văn hoá và Y tế", "has_account": True}


async def seen(world: World, *operations: dict[str, Any], days: int) -> list[tuple[str, str, str, date]]:
    everything = Scope(world.authority, everything=True)
    wanted = plan(world, *operations, days=days)
    async with transaction(world.tools.engine, everything) as connection:
        tree = await load_tree(connection)
        judged = await judge_plan(connection, world.tools.shelf, wanted, CASE, tree)
        found = await scheduled_months(
            connection, world.tools.shelf, world.authority, judged, legal_date(world.now)
        )
    return [(one.what, one.code, one.month, one.opens_on) for one in found]


async def test_who_has_no_account_is_on_the_list_of_the_one_above(world: World) -> None:
    """1 December 2025: windows open on the 27th; the museum's people stand on the department's list."""
    merge = {"op": "merge", "units": ["H26.02.01"], "into": "H26.02"}
    assert await seen(world, merge, days=10) == [("opens", "H26.02", "2025-12", date(2025, 12, 27))]
    # The list that opens before the plan's day runs on it; the first that opens after it follows.
    assert await seen(world, merge, days=40) == [
        ("running", "H26.02", "2025-12", date(2025, 12, 27)),
        ("opens", "H26.02", "2026-01", date(2026, 1, 27)),
    ]


async def test_what_ends_is_not_opened_any_more_and_what_begins_is(world: World) -> None:
    both = {"op": "consolidate", "units": ["H26.02", "H26.03"], "into": NEW}
    found = await seen(world, both, days=40)
    running, coming = date(2025, 12, 27), date(2026, 1, 27)
    assert [one for one in found if one[1] != "H26"] == [
        ("running", "H26.02", "2025-12", running),
        ("running", "H26.03", "2025-12", running),
        ("ends", "H26.02", "2026-01", coming),
        ("ends", "H26.03", "2026-01", coming),
        ("begins", "H26.04", "2026-01", coming),
    ]


async def test_under_another_regulation_the_days_are_those_of_its_law(world: World) -> None:
    move = {"op": "move_authority", "unit": "H26.02", "regulation": "binh_dinh"}
    found = await seen(world, move, days=40)
    assert [one[:3] for one in found] == [("running", "H26.02", "2025-12"), ("opens", "H26.02", "2026-01")]
    await carried_out(world, await drafted(world, move, days=1))
    law = in_force("binh_dinh", legal_date(world.now))
    shorter = law.replace("tt06.art7.1", deadline=Deadline(unit="last_n_calendar_days_of_month", n=3))
    load = Load(world.authority, "9/QĐ", world.now)
    async with transaction(world.tools.engine, world.scope) as connection:
        await load_regime(connection, load, "binh_dinh", shorter, date(2026, 1, 1))
    both = [{"op": "rename", "unit": unit, "name": f"{unit} mới"} for unit in ("H26.02.01", "H26.03")]
    found = await seen(world, *both, days=40)
    coming = {one[1]: one[3] for one in found if one[0] == "opens"}
    assert coming == {"H26.02": date(2026, 1, 29), "H26.03": date(2026, 1, 27)}
    wrong = {**move, "unit": "H26.03", "regulation": "atlantis"}
    assert await seen(world, wrong, days=40) == [], "a plan that cannot be touches no month"


async def test_taking_a_plan_back_gives_the_month_its_own_days_again(world: World) -> None:
    """Lists that open from the day on are reckoned by the law that binds then: the authority's own."""
    move = {"op": "move_authority", "unit": "H26.02", "regulation": "binh_dinh"}
    case = await drafted(world, move, days=1)
    await carried_out(world, case)
    law = in_force("binh_dinh", legal_date(world.now))
    shorter = law.replace("tt06.art7.1", deadline=Deadline(unit="last_n_calendar_days_of_month", n=3))
    load = Load(world.authority, "9/QĐ", world.now)
    async with transaction(world.tools.engine, world.scope) as connection:
        await load_regime(connection, load, "binh_dinh", shorter, date(2025, 12, 3))
    back = {"op": "restore", "of": str(case)}
    theirs, ours = date(2025, 12, 29), date(2026, 1, 27)
    assert await seen(world, back, days=40) == [
        ("running", "H26.02", "2025-12", theirs),
        ("opens", "H26.02", "2026-01", ours),
    ]
    # On the day itself: what opens in December opens by our own law again.
    assert await seen(world, back, days=5) == [("opens", "H26.02", "2025-12", date(2025, 12, 27))]
