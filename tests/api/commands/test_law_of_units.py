"""Which law binds a unit and a file, over HTTP: as of any day, with the decision that says so."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from models.calendar import legal_date
from models.database import transaction
from tests.models.record.plans import drafted
from tests.models.record.test_reorganised_day import carried_out
from tests.world import World


async def test_the_law_of_a_unit_and_of_a_file_with_why(world: World, log_in: Any) -> None:
    there = await world.employ(agency=world.museum, until="account")
    here = await world.employ(until="account")
    async with transaction(world.tools.engine, world.scope) as connection:  # opened some days ago
        days = "event_on = event_on - 3, opened_at = opened_at - interval '3 days'"
        await connection.execute(text(f"UPDATE duties SET {days} WHERE profile_id = :p"), {"p": there})
    today = legal_date(world.now)
    move = {"op": "move_authority", "unit": "H26.02.01", "regulation": "binh_dinh"}
    case = await drafted(world, move, days=0)
    await carried_out(world, case)
    hr = await log_in("culture.hr")

    async def law(agency: Any, on: date | None = None) -> dict[str, Any]:
        asked = f"/law/in-force?agency_id={agency}" + (f"&on={on}" if on else "")
        found: dict[str, Any] = (await hr.get(asked)).json()
        return found

    found = await law(world.museum)
    assert "binh_dinh_2022" in {one["id"] for one in found["documents"]}
    regime = found["regime"]
    assert (regime["code"], regime["valid_from"], regime["valid_to"]) == (
        "H26.02.01",
        today.isoformat(),
        None,
    )
    assert (regime["duties"], regime["duties_by"], regime["reorganisation_id"]) == (
        "keep",
        "policy",
        str(case),
    )
    assert "12/QĐ-UBND" in found["why"]
    for agency, on in ((world.culture, None), (world.museum, today - timedelta(days=1))):
        own = await law(agency, on)
        assert "hanoi_2024" in {one["id"] for one in own["documents"]}
        assert own["regime"] is None
    assert (await law(uuid4()))["code"] == "not-found"
    assert (await law(world.museum, date(1990, 1, 1)))["code"] == "not-found"

    assert (await hr.get(f"/profiles/{there}")).json()["law"] == found
    assert (await hr.get(f"/profiles/{here}")).json()["law"]["regime"] is None
    # What ran keeps its text, though the unit's law has no such rule any more.
    kept = await world.one("SELECT id, rule_id FROM duties WHERE profile_id = :p AND state = 'open'", p=there)
    assert kept.rule_id.startswith("hanoi.")
    duty = (await hr.get(f"/duties/{kept.id}")).json()
    assert duty["rule_text"]
    loads = (await hr.get("/law/loads")).json()["items"]
    assert {one["regulation"] for one in loads} == {None, "binh_dinh"}
