"""Every operation of a plan through its whole day on rows, something under way with everybody, and back."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.calendar import legal_date, start_of_day
from models.command_reorganisation import DraftReorganisation
from models.commands import AcceptTransfer, HandOver, ReportTransfer, RequestTransfer
from models.database import engine_for
from models.lifecycle.moving import Reshaping
from models.record.moving import move_share
from models.record.tools import Tools
from tests.models.lifecycle.test_reorganisation import random_line
from tests.models.record.plans import approve, ask, do, drafted
from tests.models.record.plans import plan as planned
from tests.models.record.test_reorganised_day import carried_out, moved_and_ended, seen
from tests.models.record.upheavals import (
    PEOPLE,
    Upheaval,
    codes,
    left_behind,
    owed,
    settled,
    told,
    told_agencies,
    wrong,
)
from tests.world import World

CULTURE, HEALTH, MUSEUM = "H26.02", "H26.03", "H26.02.01"
HOME = {"museum": MUSEUM, "culture": CULTURE}
Lines = Callable[[Mapping[str, UUID]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def under_way(module_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Upheaval:
    """Made once; each test has a copy of its database."""
    url = module_database.url("worker")
    return asyncio.run(settled(url, tmp_path_factory.mktemp("keys")))


@pytest.fixture
async def upheaval(under_way: Upheaval, module_database: Any, copy_of: Any) -> AsyncIterator[Upheaval]:
    database = copy_of(module_database)
    tools = Tools(engine_for(database.url("worker"), pool_size=2), under_way.world.tools.ring)
    yield under_way.on(tools)
    await tools.engine.dispose()


def new(code: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "name": f"Đơn vị mới {code}", **more}


@dataclass(frozen=True)
class Expected:
    """What one operation makes of the authority."""

    lines: Lines
    where: Mapping[str, str] = field(default_factory=dict)
    """Who is in another unit afterwards, by its code."""
    transfer: tuple[str, str] = ("requested", CULTURE)
    """Of who is going to health: its state, and who gives the file."""
    lent: str | None = CULTURE
    """Who lends whom health has; none: between what became one nobody is lent."""
    account: str = CULTURE
    """Who owes the account that the agency above is to make."""
    followed: frozenset[str] = frozenset()
    """Who stays, with something that names another unit now."""
    switched: frozenset[str] = frozenset()
    """Who stays, under another regulation."""


EVERYBODY = frozenset(PEOPLE)
STAFF = tuple(name for name, (where, _) in PEOPLE.items() if where == "culture")
PARTS = [new(CULTURE, has_account=True), new("H26.05", has_account=True)]
CASES: Mapping[str, Expected] = {
    "merge": Expected(
        lambda _: [{"op": "merge", "units": [CULTURE, MUSEUM], "into": HEALTH}],
        where=dict.fromkeys(PEOPLE, HEALTH),
        transfer=("withdrawn", CULTURE),
        lent=None,
        account="H26",
    ),
    "consolidate": Expected(
        lambda _: [
            {"op": "consolidate", "units": [CULTURE, HEALTH], "into": new("H26.04", has_account=True)}
        ],
        where=dict.fromkeys(STAFF, "H26.04"),
        transfer=("withdrawn", CULTURE),
        lent=None,
        account="H26.04",
        followed=frozenset({"new"}),
    ),
    "divide, a code taken over": Expected(
        lambda who: [
            {"op": "divide", "unit": CULTURE, "into": PARTS},
            *({"op": "reparent", "unit": unit, "under": CULTURE} for unit in (MUSEUM, "H26.02.02")),
            {
                "op": "place",
                "unit": CULTURE,
                "to": "H26.05",
                "people": [str(who["listed"]), str(who["late"])],
            },
            {"op": "place", "unit": CULTURE, "to": CULTURE},
        ],
        where=dict.fromkeys(STAFF, CULTURE) | dict.fromkeys(("listed", "late"), "H26.05"),
        followed=frozenset({"new"}),
    ),
    "separate": Expected(
        lambda who: [
            {"op": "separate", "unit": CULTURE, "into": new("H26.06")},
            {
                "op": "place",
                "unit": CULTURE,
                "to": "H26.06",
                "people": [str(who[n]) for n in ("going", "listed")],
            },
        ],
        where=dict.fromkeys(("going", "listed"), "H26.06"),
        transfer=("requested", "H26.06"),
    ),
    "dissolve, its people placed": Expected(
        lambda who: [
            {"op": "dissolve", "unit": MUSEUM},
            {"op": "place", "unit": MUSEUM, "to": HEALTH, "people": [str(who["waiting"])]},
            {"op": "place", "unit": MUSEUM, "to": CULTURE},
        ],
        where={"waiting": HEALTH, "kept": CULTURE, "new": CULTURE},
        account="H26",
    ),
    "reparent": Expected(
        lambda _: [{"op": "reparent", "unit": MUSEUM, "under": HEALTH}],
        account=HEALTH,
        followed=frozenset({"new"}),
    ),
    "recode and rename": Expected(
        lambda _: [
            {"op": "recode", "unit": CULTURE, "code": "H26.09"},
            {"op": "rename", "unit": MUSEUM, "name": "Bảo tàng Hà Nội"},
        ],
        transfer=("requested", "H26.09"),
        lent="H26.09",
        account="H26.09",
    ),
    "move_authority": Expected(
        lambda _: [{"op": "move_authority", "unit": CULTURE, "regulation": "binh_dinh"}],
        switched=EVERYBODY,
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_an_operation_is_carried_out_and_taken_back(case: str, upheaval: Upheaval) -> None:
    world, people, expected = upheaval.world, upheaval.people, CASES[case]
    before, duties, homes = await standing(world), await owed(world), await codes(world)
    lines = await custody(upheaval)
    plan = await drafted(world, *expected.lines(people), days=1)
    await carried_out(world, plan, wrong)
    assert await left_behind(world) == []
    after = await custody(upheaval)
    names = await codes(world)
    for name, (place, _) in PEOPLE.items():
        moved = expected.where.get(name)
        held = after[name]
        assert held[: len(lines[name]) - 1] == lines[name][:-1], f"{name}: what was is as it was"
        if moved is None:
            assert held == lines[name], f"{name} stays and has no new line"
            continue
        assert len(held) == len(lines[name]) + 1, f"{name}: one line more"
        assert (names[held[-1][0]], held[-1][1]) == (moved, plan)
        assert homes[held[-2][0]] == HOME[place]
    assert await histories(upheaval, plan) == told_of(expected)
    await told_once(upheaval, expected)
    await under_way_still(upheaval, expected, names)
    assert await old_names(upheaval) == {name: HOME[place] for name, (place, _) in PEOPLE.items()}
    back = await drafted(world, {"op": "restore", "of": str(plan)}, days=1)
    await carried_out(world, back, wrong)
    assert await standing(world) == before
    again = await owed(world)
    assert again == {one: duties[one] for one in again}, "each is owed by whom it was owed by"
    assert [one for one in await left_behind(world) if one[0] not in ("nobody", "list")] == []


async def standing(world: World) -> tuple[Any, ...]:
    """As `seen`, but for duties: lists that were opened for who moved have their own, and a transfer between
    what became one does not begin again."""
    tree, held, own = await seen(world)
    return tree, held, {name: rows for name, rows in own.items() if name != "duties"}


async def custody(upheaval: Upheaval) -> dict[str, list[tuple[UUID, UUID | None]]]:
    """The lines of everybody's history: where, and by which case."""
    rows = await upheaval.world.rows(
        "SELECT profile_id, agency_id, case_id FROM custody ORDER BY starts_on, ends_on NULLS LAST"
    )
    found: dict[str, list[tuple[UUID, UUID | None]]] = {name: [] for name in upheaval.people}
    for row in rows:
        found[upheaval.name(row.profile_id)].append((row.agency_id, row.case_id))
    return found


async def histories(upheaval: Upheaval, plan: UUID) -> dict[str, list[str]]:
    """What each person's own history says of the plan, one line each."""
    rows = await upheaval.world.rows(
        "SELECT profile_id, kind FROM events WHERE profile_id IS NOT NULL AND kind LIKE 'profile.%'"
        " AND facts ->> 'reorganisation' = :plan ORDER BY kind",
        plan=str(plan),
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(upheaval.name(row.profile_id), []).append(row.kind)
    return found


def told_of(expected: Expected) -> dict[str, list[str]]:
    """The one line of each whom the operation touches."""
    return (
        {name: ["profile.reorganised"] for name in expected.where}
        | {name: ["profile.followed"] for name in expected.followed}
        | {name: ["profile.regime_changed"] for name in expected.switched}
    )


async def told_once(upheaval: Upheaval, expected: Expected) -> None:
    """One notice to each person who moves or whose law changes, and one to each agency: not forty."""
    since = start_of_day(legal_date(upheaval.world.now))
    found = await told(upheaval.world, since)
    kinds = {name: ["reorganised"] for name in expected.where}
    kinds |= {name: ["regime_changed"] for name in expected.switched}
    accounts = {upheaval.accounts[name]: kind for name, kind in kinds.items() if name in upheaval.accounts}
    assert found == accounts
    for about, said in (await told_agencies(upheaval.world, since)).items():
        assert said.count("reorganisation_done") <= 1, about
        assert "regime_changed" not in said, "said in the one notice of the day"


async def under_way_still(upheaval: Upheaval, expected: Expected, names: Mapping[UUID, str]) -> None:
    """The transfer, the secondment, the forms in review and what the agency above owes."""
    world, people = upheaval.world, upheaval.people
    case = await world.one("SELECT * FROM cases WHERE profile_id = :p", p=people["going"])
    assert case.state == expected.transfer[0]
    if case.state == "requested":
        assert (names[case.from_agency_id], names[case.to_agency_id]) == (expected.transfer[1], HEALTH)
    share = await world.one("SELECT * FROM shares WHERE profile_id = :p", p=people["lent"])
    if expected.lent is None:
        assert share.ended_at is not None
    else:
        assert (names[share.from_agency_id], names[share.agency_id]) == (expected.lent, HEALTH)
    for name in ("waiting", "listed", "busy"):
        row = await world.one(
            "SELECT r.state FROM profiles p JOIN revisions r ON r.id = p.pending_revision_id WHERE p.id = :p",
            p=people[name],
        )
        assert row.state == "submitted", "nobody is approved or sent back by a plan"
    made = await world.one(
        "SELECT agency_id FROM duties WHERE slot = 'personal_account' AND profile_id = :p", p=people["new"]
    )
    assert names[made.agency_id] == expected.account
    if expected.switched:
        kept = await world.rows("SELECT facts FROM events WHERE kind = 'duty.kept'")
        assert kept
        assert {row.facts["regime"] for row in kept} == {"binh_dinh"}


async def old_names(upheaval: Upheaval) -> dict[str, str]:
    """Where everybody was the day before, by the code that the unit had then."""
    rows = await upheaval.world.rows(
        "SELECT c.profile_id, s.code FROM custody c JOIN agency_spans s ON s.agency_id = c.agency_id"
        " AND s.valid_from <= :day AND (s.valid_to IS NULL OR s.valid_to > :day)"
        " WHERE c.starts_on <= :day AND (c.ends_on IS NULL OR c.ends_on > :day)",
        day=legal_date(upheaval.world.now).replace(day=28),
    )
    return {upheaval.name(row.profile_id): row.code for row in rows}


MERGE = {"op": "merge", "units": [CULTURE, MUSEUM], "into": HEALTH}


async def begun(world: World) -> UUID:
    """Culture goes into health: its day has begun, nobody has moved yet."""
    plan = await drafted(world, MERGE, days=1)
    assert (await approve(world, plan)).status == 200
    row = await world.one("SELECT effective_on FROM reorganisations WHERE id = :c", c=plan)
    world.now = start_of_day(row.effective_on)
    assert (await ask(world, plan, "wake")).chapter == "executing"
    return plan


async def test_whoever_comes_into_a_unit_that_ends_goes_along_and_is_named_as_placed_by_nobody(
    upheaval: Upheaval,
) -> None:
    world = upheaval.world
    plan = await begun(world)
    newcomer = await world.employ(until="account")
    await finished(world, plan)
    row = await world.one("SELECT * FROM reorganisation_items WHERE profile_id = :p", p=newcomer)
    assert (row.state, row.reason, row.placed, row.to_agency_id) == ("moved", None, False, world.health)
    left = await world.one(
        "SELECT facts FROM duties WHERE slot = 'org_change' AND facts ->> 'residue' = 'unplaced'"
    )
    assert (left.facts["agency"], left.facts["count"]) == (str(world.health), 1)


async def test_whoever_comes_back_before_the_day_has_ended_is_moved_again(upheaval: Upheaval) -> None:
    """The day could not be ended and goes on: the units stand, and somebody is transferred back into one."""
    world, profile = upheaval.world, upheaval.people["kept"]
    plan = await begun(world)
    row = await world.one("SELECT * FROM reorganisations WHERE id = :c", c=plan)
    heirs = {world.culture: world.health, world.museum: world.health}
    reshaping = Reshaping(plan, row.effective_on, "12", heirs)
    assert (await move_share(world.tools, world.authority, reshaping, world.now)).moved == len(PEOPLE)
    assert await wrong(world) == []
    world.now += timedelta(days=1)
    await brought_back(world, profile)
    assert await wrong(world) == []
    assert (await ask(world, plan, "finish_reorganisation")).left == 1
    item = await world.one("SELECT * FROM reorganisation_items WHERE profile_id = :p", p=profile)
    assert (item.state, item.reason, item.to_agency_id) == ("waiting", "came-back", world.health)
    await finished(world, plan)
    row = await world.one("SELECT agency_id FROM profiles WHERE id = :p", p=profile)
    assert row.agency_id == world.health
    told_ = await histories(upheaval, plan)
    assert told_["kept"] == ["profile.reorganised"] * 2, "moved twice, because it came back between"


async def brought_back(world: World, profile: UUID) -> None:
    """A transfer from health to culture, every step of it on the day."""
    day = legal_date(world.now)
    body = RequestTransfer(to_agency_id=world.culture, mode="điều động", effective_on=day, document="1/QĐ")
    asked = await world.ask("health.hr", body, profile)
    assert asked.status == 201, asked.answer
    case = UUID(asked.answer["transfer_id"])
    for who, step in (
        ("health.hr", ReportTransfer(document="2/BC")),
        ("health.hr", HandOver(handed_over_on=day)),
        ("culture.hr", AcceptTransfer()),
    ):
        done = await world.ask(who, step, case, subject="transfer")
        assert done.status == 200, done.answer


async def finished(world: World, plan: UUID) -> None:
    """The rest of the day as the workflow carries it out."""
    await moved_and_ended(world, plan, wrong)
    assert await left_behind(world) == []


SEEDS = [*range(4), *(pytest.param(n, marks=pytest.mark.exhaustive) for n in range(4, 60))]


async def possible(upheaval: Upheaval, chance: random.Random) -> tuple[UUID, list[dict[str, Any]]]:
    """A random plan that was drafted; each that is refused on the way is refused with a line of it."""
    world = upheaval.world
    units = {code: unit for unit, code in sorted((await codes(world)).items(), key=lambda one: one[1])}
    held = await world.rows("SELECT id, agency_id FROM profiles ORDER BY id")
    people = {
        str(upheaval.people[n]): row.agency_id for n in PEOPLE for row in held if row.id == upheaval.people[n]
    }
    for _ in range(40):
        free = chance.sample(sorted(units)[1:], len(units) // 2)
        lines = [random_line(chance, free, people, units) for _ in range(chance.randint(1, 4))]
        case = uuid4()
        asked = await do(world, "department", DraftReorganisation(plan=planned(world, *lines, days=1)), case)
        if asked.status == 201:
            return case, lines
        assert (asked.status, asked.answer["code"]) == (409, "plan-impossible"), asked.answer
        assert 1 <= asked.answer["extra"]["line"] <= len(lines)
    raise AssertionError("no random plan was possible")


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_random_plan_keeps_the_invariants_and_is_taken_back(seed: int, upheaval: Upheaval) -> None:
    world, chance = upheaval.world, random.Random(seed)
    before = await standing(world)
    case, lines = await possible(upheaval, chance)
    at = chance.randrange(len(lines) + 1)
    spoiled = [*lines[:at], {"op": "dissolve", "unit": "H99"}, *lines[at:]]
    body = DraftReorganisation(plan=planned(world, *spoiled, days=1))
    refused = (await do(world, "department", body, uuid4())).answer["extra"]
    assert (refused["line"], refused["fault"]) == (at + 1, "unknown-unit")
    await carried_out(world, case, wrong)
    assert await left_behind(world) == [], lines
    back = await drafted(world, {"op": "restore", "of": str(case)}, days=1)
    await carried_out(world, back, wrong)
    assert await standing(world) == before, lines
