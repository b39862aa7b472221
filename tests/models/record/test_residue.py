"""What a reorganisation leaves to people is owed until it is no longer so; each agency is told once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from models.calendar import legal_date
from models.commands import AcceptTransfer, HandOver, ReportTransfer, RequestTransfer
from models.database import engine_for, together, transaction
from models.lifecycle.outcome import Outcome
from models.lifecycle.reorganisation import Reorganised
from models.lifecycle.scene import Scene
from models.record.law_of import LawOf
from models.record.moving_day import move_all
from models.record.residue import residue, settle_residue
from models.record.write import GENESIS, chain, lines
from models.record.writing import Writing
from tests.models.record.test_moving import DOCUMENT, TODAY, planned
from tests.world import World, build, tools_for

NOW = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), NOW)
    await engine.dispose()


async def told(world: World, case: Reorganised) -> Outcome:
    """The residue written as the end of a case writes it."""
    out = Outcome()
    async with transaction(world.tools.engine, world.scope) as connection:
        law, calendar = await world.tools.law(connection, LawOf.authority(world.authority), TODAY)
        scene = Scene(
            now=world.now,
            law=law,
            calendar=calendar,
            policy=world.tools.policy,
            act_id=uuid4(),
            actor_id=None,
            actor_role="system",
            actor_profile_id=None,
            department_id=world.department,
            managing_agency_id=world.department,
        )
        await residue(connection, world.tools, case, scene, out)
        common = {"authority_id": world.authority, "agency_id": world.department, "profile_id": None}
        events = chain(out, scene, case.id, 0, GENESIS, **common, command_id=None)
        writing = Writing(world.authority, None, world.tools, world.now)
        await together(connection, lines(out, scene, writing, events))
    return out


async def test_a_unit_without_a_head_is_owed_until_it_has_one(world: World) -> None:
    profile = await world.employ()
    reshaping = await planned(world, {profile: world.museum})
    await move_all(world.tools, world.authority, reshaping, world.now)
    case = Reorganised(reshaping.id, world.authority, world.department, TODAY, DOCUMENT, (), (), {}, (), ())
    out = await told(world, case)
    (notice,) = out.notices
    assert (notice.agency_id, notice.role) == (world.culture, "hr_officer")
    assert notice.facts["arrived"] == 1
    assert notice.facts["left"] == {"head": 1}
    duty = await world.one("SELECT * FROM duties WHERE slot = 'org_change'")
    assert (duty.state, duty.party, duty.agency_id) == ("open", "hr_officer", world.culture)
    assert (duty.due_on, duty.next_wake_at) == (None, None)
    assert await settle_residue(world.tools, world.authority, world.now) == 0
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text(
                "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from)"
                " VALUES (:id, :a, :who, :where, 'head', :on)"
            ),
            {"id": uuid4(), "a": world.authority, "who": world.accounts["culture.head"], "on": TODAY}
            | {"where": world.museum},
        )
    assert await settle_residue(world.tools, world.authority, world.now) == 1
    met = await world.one("SELECT state, met_on FROM duties WHERE slot = 'org_change'")
    assert tuple(met) == ("met", TODAY)
    kinds = await world.rows("SELECT kind FROM events WHERE stream_id = :c ORDER BY number", c=case.id)
    assert [one.kind for one in kinds] == ["reorganisation.residue", "duty.opened", "duty.met"]


async def test_a_step_nobody_signs_is_owed_by_who_works_on_personnel(world: World) -> None:
    profile = await world.employ(until="review")
    # The heir is a unit with no approver of its own nor above: nobody may sign there.
    reshaping = await planned(world, {profile: world.department}, heirs={world.culture: world.department})
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text(
                "UPDATE grants SET valid_to = valid_from"
                " WHERE role IN ('approver', 'head', 'department_head')"
            )
        )
    await move_all(world.tools, world.authority, reshaping, world.now)
    heirs = {world.culture: world.department}
    case = Reorganised(
        reshaping.id, world.authority, world.department, TODAY, DOCUMENT, (), (world.culture,), heirs, (), ()
    )
    out = await told(world, case)
    assert {one.facts["residue"] for one in out.opened} == {"head", "signer"}
    assert len(out.notices) == 1


_HELD = "SELECT agency_id FROM custody WHERE profile_id = :p AND ends_on IS NULL"


async def transferred(world: World, profile: UUID) -> None:
    """From health to the museum, as anybody is transferred."""
    day = legal_date(world.now)
    body = RequestTransfer(to_agency_id=world.museum, mode="điều động", effective_on=day, document="1/QĐ")
    asked = await world.ask("health.hr", body, profile)
    assert asked.status == 201, asked.answer
    case = UUID(asked.answer["transfer_id"])
    steps = [ReportTransfer(document="2/BC"), HandOver(handed_over_on=day), AcceptTransfer()]
    for who, step in zip(("health.hr", "health.hr", "culture.hr"), steps, strict=True):
        done = await world.ask(who, step, case, subject="transfer")
        assert done.status == 200, done.answer


@pytest.mark.parametrize("placed_by", ["another plan", "an ordinary transfer"])
async def test_people_nobody_placed_are_owed_until_they_go_on(world: World, placed_by: str) -> None:
    profile = await world.employ()
    reshaping = await planned(world, {profile: world.health}, placed=False)
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text(
                "INSERT INTO grants SELECT :id, authority_id, account_id, :h, 'head', valid_from FROM grants"
                " WHERE role = 'head'"
            ),
            {"id": uuid4(), "h": world.health},
        )
    await move_all(world.tools, world.authority, reshaping, world.now)
    case = Reorganised(reshaping.id, world.authority, world.department, TODAY, DOCUMENT, (), (), {}, (), ())
    out = await told(world, case)
    assert [one.facts["residue"] for one in out.opened] == ["unplaced"]
    assert await settle_residue(world.tools, world.authority, world.now) == 0
    later = replace(world, now=world.now + timedelta(days=1))
    if placed_by == "another plan":
        on = await planned(later, {profile: world.museum}, on=legal_date(later.now))
        await move_all(world.tools, world.authority, on, later.now)
    else:
        await transferred(later, profile)
    assert await settle_residue(world.tools, world.authority, later.now) == 1
    met = await world.one("SELECT state FROM duties WHERE slot = 'org_change'")
    assert (met.state, (await world.one(_HELD, p=profile)).agency_id) == ("met", world.museum)
