"""Measuring every profile: figures equal to counting by hand, mended faults gone, cut off in the middle."""

import dataclasses
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities.reviews import measuring
from activities.reviews.measuring import Round
from models.database import transaction
from models.lifecycle.quality import Criterion
from models.record.reviews import planned
from tests.activities.reviews.conftest import OPENING, Campaign, Written
from tests.world import World

NAMES = "UPDATE profiles SET full_name = :name WHERE id = :id"
FAULTS = "SELECT profile_id, agency_id, faults FROM review_findings"


async def faults(world: World) -> dict[UUID, dict[str, list[str]]]:
    rows = await world.rows(FAULTS)
    return {row.profile_id: {k: [code for code, _ in v] for k, v in row.faults.items()} for row in rows}


async def round_of(world: World, agency: UUID | None = None) -> Round:
    async with transaction(world.tools.engine, world.scope) as connection:
        plan = await planned(connection, world.tools, world.authority, "2025-q4", OPENING)
    review = await world.one("SELECT id FROM reviews")
    threads = ThreadPoolExecutor(1)
    return Round(world.tools, threads, world.authority, review.id, plan.laws, world.now, agency)


async def test_figures_are_what_counting_by_hand_gives(
    campaign: Campaign, world: World, write: Written
) -> None:
    people = [await world.employ(agency=where) for where in (world.museum, world.museum, world.culture)]
    await world.employ(agency=world.culture, until="account")
    await write(NAMES, name="Trần Văn Khác", id=people[0])
    await campaign.look(OPENING)
    known = await faults(world)
    rows = await world.rows("SELECT id, agency_id FROM profiles")
    counted: dict[UUID, Counter[str]] = {}
    for row in rows:
        count = counted.setdefault(row.agency_id, Counter())
        count.update(["profiles", *known.get(row.id, {}), *(["any"] if row.id in known else [])])
    culture = (await campaign.report(world.culture)).figures
    whole = (await campaign.report(world.department, whole=True)).figures
    together = counted[world.museum] + counted[world.culture]
    for figures in (culture, whole):
        assert (figures["profiles"], figures["failing"]) == (together["profiles"], together["any"])
        assert figures["criteria"] == {one.value: together[one.value] for one in Criterion}
    units = {unit["name"]: (unit["profiles"], unit["failing"]) for unit in culture["units"]}
    assert units == {
        "Sở Văn hóa": (counted[world.culture]["profiles"], counted[world.culture]["any"]),
        "Bảo tàng": (counted[world.museum]["profiles"], counted[world.museum]["any"]),
    }
    assert [unit["name"] for unit in whole["units"]] == ["Sở Văn hóa"]
    assert (await campaign.report(world.health)).figures["profiles"] == 0


async def test_namesakes_and_late_synchronisation_are_found_by_the_database(
    campaign: Campaign, world: World, write: Written
) -> None:
    first, second = await world.employ(), await world.employ(agency=world.museum)
    await write(
        "INSERT INTO month_ends (authority_id, month, state, opens_on, nominal_end, rolled_end, closed_at)"
        " VALUES (:a, '2025-11', 'closed', '2025-11-26', '2025-11-30', '2025-12-01', :now)",
        a=world.authority,
        now=world.now,
    )
    await campaign.look(OPENING)
    known = await faults(world)
    for one in (first, second):
        assert "duplicate-person" in known[one]["clean"]
        assert "not-synchronised" in known[one]["live"]
    await write("UPDATE profiles SET synced_revision_id = approved_revision_id WHERE id = :id", id=first)
    await campaign.look(date(2025, 12, 12))
    known = await faults(world)
    assert "live" not in known.get(first, {})
    assert "shared" not in known.get(first, {})


async def test_a_fault_that_was_mended_and_a_person_who_left_are_gone(
    campaign: Campaign, world: World, write: Written
) -> None:
    stays, leaves = await world.employ(), await world.employ(agency=world.museum)
    await write(NAMES, name="Trần Văn Khác", id=stays)
    await campaign.look(OPENING)
    known = await faults(world)
    assert "name-differs" in known[stays]["unified"]
    right = await world.one(
        "SELECT r.content ->> 'birth_full_name' AS name FROM revisions r WHERE r.profile_id = :p LIMIT 1",
        p=stays,
    )
    await write(NAMES, name=right.name, id=stays)
    await write("UPDATE profiles SET chapter = 'separation' WHERE id = :id", id=leaves)
    await campaign.look(date(2025, 12, 12))
    known = await faults(world)
    assert "name-differs" not in known.get(stays, {}).get("unified", [])
    assert leaves not in known
    assert (await campaign.report(world.culture)).figures["profiles"] == 1


async def test_cut_off_in_the_middle_it_goes_on_and_comes_out_the_same(
    campaign: Campaign, world: World, write: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        await world.employ(agency=world.museum, until="account")
    await campaign.look(OPENING)
    whole = await faults(world)
    assert len(whole) == 5
    await write("DELETE FROM review_findings")
    monkeypatch.setattr(measuring, "PAGE", 2)
    beats: list[Any] = []
    around = await round_of(world)
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details)
    real, pages = measuring.Round._write, 0

    async def dies(self: Round, *given: Any) -> None:
        nonlocal pages
        pages += 1
        if pages == 3:
            raise ConnectionError("the database went away")
        await real(self, *given)

    monkeypatch.setattr(measuring.Round, "_write", dies)
    with pytest.raises(ConnectionError):
        await environment.run(around.run)
    assert len(await faults(world)) == 4
    resumed = ActivityEnvironment()
    resumed.info = dataclasses.replace(resumed.info, heartbeat_details=beats[-1])
    assert await resumed.run(around.run) == 1
    assert await faults(world) == whole


async def test_one_agency_s_measuring_leaves_the_others_as_they_were(
    campaign: Campaign, world: World, write: Written
) -> None:
    culture, museum = await world.employ(), await world.employ(agency=world.museum)
    await campaign.look(OPENING)
    await write(NAMES, name="Trần Văn Khác", id=culture)
    await write(NAMES, name="Trần Văn Khác", id=museum)
    assert await ActivityEnvironment().run((await round_of(world, world.museum)).run) == 1
    known = await faults(world)
    assert "name-differs" in known[museum]["unified"]
    assert "name-differs" not in known[culture].get("unified", [])
