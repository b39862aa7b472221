"""Simulations of law over HTTP and by command: by right, refused with a reason, both laws side by side."""

import asyncio
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import typer
from sqlalchemy import text

from api.cli.law_simulate import as_lines, body_of
from api.reading.simulations import OTHER_LAW
from models.regulations import seed_files
from tests.api.reading.world import Caller, World, code_of

PERIOD = {"from": "2026-01-01", "to": "2026-03-31"}


@pytest.fixture(scope="module")
def noticed(world: World) -> UUID:
    """An imported person with a change noticed before New Year's holiday ended."""
    person = uuid4()

    async def write(c: Any) -> None:
        await world.profile(c, "NGUYỄN VĂN AN", world.a, id=person)
        await world.event(c, person, 1, kind="profile.imported")

    async def later(c: Any) -> None:
        facts = {"changed_on": "2025-12-29", "kind": "salary"}
        await world.event(c, person, 2, kind="change.noticed", facts=facts)

    asyncio.run(world.written(write))
    asyncio.run(world.written(later))
    return person


async def simulated(caller: Caller, **body: Any) -> Any:
    answer = await caller.post("/law/simulations", json={**PERIOD, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_both_laws_side_by_side(noticed: UUID, caller: Caller) -> None:
    await caller.login("sonoivu")
    found = await simulated(caller, simulate=["phu_yen_2024"], authority="hanoi")
    assert (found["profiles"], found["in_force"]["duties"], found["simulated"]["duties"]) == (1, 1, 1)
    assert found["counts"] == {"moved": 1}
    (one,) = found["differences"]
    assert (one["profile_id"], one["in_force"]["due_on"]) == (str(noticed), "2026-01-07")
    assert (one["simulated"]["due_on"], one["simulated"]["rule_id"]) == ("2025-12-30", "phu_yen.art18.2")
    assert [(load["day"], load["in_force"]) for load in found["load"]] == [("2026-01-07", 1)]
    assert found["laws"]["simulated"]["regulations"][0].endswith("(draft)")
    assert found["in_force"]["late"] == 1, "unmet on 10 March"
    lines = "\n".join(as_lines(found))
    assert "update_after_change · person" in lines
    assert "07/01/2026" in lines


async def test_a_reported_layer_and_an_altered_file(noticed: UUID, caller: Caller) -> None:
    await caller.login("sonoivu")
    reported = await simulated(caller, simulate=["nd27_2026"])
    assert any("known_from_reports" in one for one in reported["laws"]["simulated"]["regulations"])
    path = next(path for path in seed_files() if path.stem == "hanoi_2024")
    text = path.read_text(encoding="utf-8")
    # Every five working days become nine: some periods are those of another article by reference.
    altered = re.sub(r"(unit: working_days\n\s+)n: 5\n", r"\1n: 9\n", text)
    found = await simulated(caller, document=altered)
    assert found["counts"] == {"moved": 1}
    assert found["differences"][0]["simulated"]["due_on"] == "2026-01-12", "Saturday 10 January is worked"
    same = await simulated(caller, document=text)
    assert (same["counts"], same["in_force"]) == ({}, same["simulated"])


async def test_only_who_answers_for_the_authority_may_simulate(
    noticed: UUID, callers: Callable[[], Caller]
) -> None:
    officer = await callers().login("hr.a")
    refused = await officer.post("/law/simulations", json={**PERIOD, "simulate": ["phu_yen_2024"]})
    assert code_of(refused) == (403, "not-permitted")


@pytest.mark.parametrize(
    ("body", "problem", "named"),
    [
        ({"simulate": ["none_2024"]}, (422, "law-not-usable"), "none_2024"),
        ({"simulate": ["phu_yen_2024", "hanoi_2024"]}, (422, "law-not-usable"), "phu_yen"),
        ({"document": "id: x\nrules: []\n"}, (422, "law-not-usable"), "document.yaml:"),
        ({"simulate": ["phu_yen_2024"], "authority": "moha"}, (422, "law-not-usable"), "hanoi"),
        ({"simulate": []}, (400, "malformed-request"), ""),
        ({"simulate": ["phu_yen_2024"], "to": "2028-01-01"}, (400, "malformed-request"), ""),
    ],
)
async def test_what_cannot_be_simulated_is_refused_with_the_reason(
    caller: Caller, body: dict[str, Any], problem: tuple[int, str], named: str
) -> None:
    await caller.login("sonoivu")
    answer = await caller.post("/law/simulations", json={**PERIOD, **body})
    assert code_of(answer) == problem, answer.text
    assert named in answer.text


def test_the_command_reads_one_file_or_names_documents(tmp_path: Path) -> None:
    file = tmp_path / "draft.yaml"
    file.write_text("id: x\n", encoding="utf-8")
    body = body_of([str(file), "nd27_2026"], date(2026, 1, 1), date(2026, 3, 31), "hanoi")
    assert (body["document"], body["simulate"], body["from"]) == ("id: x\n", ["nd27_2026"], "2026-01-01")
    for wrong in ([str(file), str(file)], [str(tmp_path / "none.yaml")]):
        with pytest.raises(typer.Exit):
            body_of(wrong, date(2026, 1, 1), date(2026, 3, 31), None)


async def test_units_under_another_regulation_are_said_to_be_left_out(
    noticed: UUID, caller: Caller, world: World
) -> None:
    await caller.login("sonoivu")
    assert OTHER_LAW not in (await simulated(caller, simulate=["phu_yen_2024"]))["left_out"]

    async def divided(c: Any) -> None:
        await c.execute(
            text(
                "INSERT INTO agency_regimes (id, authority_id, agency_id, regulation, valid_from, valid_to,"
                " duties, duties_by, document) VALUES (gen_random_uuid(), :a, :g, 'binh_dinh', '2025-02-01',"
                " '2025-03-01', 'keep', 'policy', '9/QĐ')"
            ),
            {"a": world.authority, "g": world.b},
        )

    await world.written(divided)
    assert OTHER_LAW in (await simulated(caller, simulate=["phu_yen_2024"]))["left_out"]
