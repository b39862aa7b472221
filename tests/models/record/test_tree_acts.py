"""Acts on the tree of agencies: what they change from their day on, who may, what is refused and how."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from models.calendar import legal_date
from models.command_tree import ChangeAgency, CreateAgency, EndAgency, SetQuota, WithdrawAgencyChange
from models.commands import Body, Delegate, RequestTransfer, Second
from models.database import Scope, transaction
from models.record.commands import Fate
from models.record.tree import bring_up, lines_apart, load_tree
from tests.world import World

DOCUMENT = "12/QĐ-UBND"


async def do(world: World, who: str, body: Body) -> Fate:
    return await world.ask(who, body, world.authority, subject="administration")


def today(world: World) -> date:
    return legal_date(world.now)


def how(world: World, days: int = 0) -> dict[str, Any]:
    return {"effective_on": today(world) + timedelta(days), "document": DOCUMENT}


def code(fate: Fate) -> tuple[int | None, str]:
    return fate.status, (fate.answer or {}).get("code", "")


async def above(world: World, agency: UUID, on: date) -> list[UUID]:
    """What authorisation finds above an agency on a day."""
    async with transaction(world.tools.engine, Scope(world.authority, everything=True, on=on)) as connection:
        tree = await load_tree(connection)
        assert not await lines_apart(connection)
    rows = await world.rows(
        "SELECT ancestor_id FROM agency_lines WHERE descendant_id = :g"
        " AND valid_from <= :on AND (valid_to IS NULL OR valid_to > :on) ORDER BY depth",
        g=agency,
        on=on,
    )
    found = [row.ancestor_id for row in rows]
    assert tuple(found) == tree.line(agency, on)
    return found


@pytest.mark.rule("hanoi.art19.2")
async def test_an_agency_begins_below_another(world: World) -> None:
    body = CreateAgency(parent_id=world.culture, code="H26.02.02", name="Thư viện Hà Nội", **how(world))
    done = await do(world, "culture.head", body)
    assert done.status == 201, done.answer
    made = UUID(done.answer["agency_id"])
    assert (await above(world, made, today(world)))[:2] == [made, world.culture]
    row = await world.one("SELECT * FROM agencies WHERE id = :id", id=made)
    assert (row.code, row.parent_id, row.valid_to) == ("H26.02.02", world.culture, None)
    change = await world.one("SELECT * FROM agency_changes WHERE agency_id = :id", id=made)
    assert (change.operation, change.document, change.actor_id) == (
        "create",
        DOCUMENT,
        world.accounts["culture.head"],
    )
    event = await world.one("SELECT * FROM events WHERE kind = 'agency.changed' AND agency_id = :id", id=made)
    assert "Điều 19.2" in event.citation
    again = await do(world, "culture.head", body.model_copy(update={"name": "Thư viện khác"}))
    assert code(again) == (409, "code-taken")


async def test_a_change_to_come_holds_from_its_day_without_anybody_doing_anything(world: World) -> None:
    day = today(world) + timedelta(days=30)
    body = ChangeAgency(
        agency_id=world.museum,
        parent_id=world.health,
        name="Bảo tàng Y học",
        code="H26.03.01",
        **how(world, 30),
    )
    done = await do(world, "department", body)
    assert done.status == 201, done.answer
    assert (await above(world, world.museum, day - timedelta(days=1)))[1] == world.culture
    assert (await above(world, world.museum, day))[1] == world.health
    seen = "SELECT count(*) AS n FROM agency_closure WHERE descendant_id = :g AND ancestor_id = :up"
    name = "SELECT name FROM agencies_today WHERE id = :g"
    for on, upper, called in (
        (today(world), world.culture, "Bảo tàng"),
        (day, world.health, "Bảo tàng Y học"),
    ):
        scope = Scope(world.authority, agencies=(upper,), on=on)
        async with transaction(world.tools.engine, scope) as connection:
            assert await connection.scalar(text(seen), {"g": world.museum, "up": upper}) == 1
            assert await connection.scalar(text(name), {"g": world.museum}) == called
    async with transaction(world.tools.engine, world.scope) as connection:
        assert await bring_up(connection, day) == 1
        assert await bring_up(connection, day) == 0
    assert (
        await world.one("SELECT name FROM agencies WHERE id = :g", g=world.museum)
    ).name == "Bảo tàng Y học"


async def test_whose_subtree_it_becomes_sees_its_people_from_that_day(world: World) -> None:
    """Row-level security asks the same closure, by the same date."""
    await do(
        world, "department", ChangeAgency(agency_id=world.museum, parent_id=world.health, **how(world, 5))
    )
    profile = await world.employ(agency=world.museum)
    for days, upper, sees in ((0, "culture", 1), (0, "health", 0), (5, "culture", 0), (5, "health", 1)):
        on = today(world) + timedelta(days)
        scope = Scope(world.authority, agencies=(getattr(world, upper),), on=on)
        async with transaction(world.tools.engine, scope) as connection:
            query = text("SELECT count(*) FROM profiles WHERE id = :p")
            assert await connection.scalar(query, {"p": profile}) == sees, (days, upper)


@pytest.mark.parametrize(
    ("who", "given", "expected"),
    [
        ("culture.head", {"agency": "culture", "name": "Sở mới"}, (403, "not-permitted")),
        ("culture.head", {"agency": "museum", "parent_id": "health"}, (403, "not-permitted")),
        ("culture.hr", {"agency": "museum", "name": "Tên mới"}, (403, "not-permitted")),
        ("health.hr", {"agency": "museum", "name": "Tên mới"}, (403, "not-permitted")),
        ("culture.head", {"agency": "museum", "name": "Tên mới"}, (201, "")),
        ("department", {"agency": "culture", "name": "Sở mới"}, (201, "")),
        ("department", {"agency": "culture", "parent_id": "museum"}, (409, "agency-cycle")),
        ("department", {"agency": "culture", "code": "H26.03"}, (409, "code-taken")),
        ("department", {"agency": "culture", "code": "000.00.02.H26"}, (422, "code-malformed")),
        ("department", {"agency": "culture", "name": "Sở Văn hóa"}, (409, "nothing-changes")),
        ("department", {"agency": "nobody", "name": "Tên"}, (422, "unknown-agency")),
        ("department", {"agency": "culture", "parent_id": "nobody"}, (422, "unknown-agency")),
    ],
)
async def test_who_changes_what(
    world: World, who: str, given: dict[str, Any], expected: tuple[int, str]
) -> None:
    places = {"nobody": UUID(int=7), "culture": world.culture, "health": world.health, "museum": world.museum}
    fields = {
        name: places.get(value, value) if name == "parent_id" else value for name, value in given.items()
    }
    body = ChangeAgency(agency_id=places[fields.pop("agency")], **fields, **how(world))
    assert code(await do(world, who, body)) == expected


async def test_on_the_day_on_which_an_agency_is_no_more_nobody_comes_to_it(world: World) -> None:
    profile, day, agency = await world.employ(), today(world), world.museum
    later = day + timedelta(days=30)
    ends = EndAgency(agency_id=agency, successors=(world.culture,), **how(world))
    assert (await do(world, "department", ends)).status == 201
    move = RequestTransfer(to_agency_id=agency, mode="điều động", effective_on=day, document="1/QĐ")
    lent = Second(to_agency_id=agency, decided_on=day, starts_on=day, ends_on=later, document="7/QĐ")
    for body in (move, lent):
        assert code(await world.ask("culture.hr", body, profile)) == (422, "unknown-agency")
    right = Delegate(
        delegate_id=world.accounts["culture.head"], what="approval", agency_id=agency, valid_from=day,
        valid_to=later, document="3/UQ",
    )  # fmt: skip
    asked = await world.ask("culture.approver", right, uuid4(), subject="delegation")
    assert code(asked) == (422, "unknown-agency")


async def test_people_are_put_below_another_agency_by_a_plan_only(world: World) -> None:
    """What the agency above owes for them, their list and the law that binds go along with a plan alone."""
    await world.employ(agency=world.museum, until="account")
    for agency, parent in ((world.museum, world.health), (world.culture, world.health)):
        body = ChangeAgency(agency_id=agency, parent_id=parent, **how(world))
        fate = await do(world, "department", body)
        assert code(fate) == (409, "move-needs-plan"), agency
        assert fate.answer["extra"]["count"] == 1
    same = ChangeAgency(agency_id=world.museum, parent_id=world.culture, name="Bảo tàng mới", **how(world))
    assert (await do(world, "department", same)).status == 201, "another name moves nobody"


async def test_an_agency_ends_when_nobody_and_nothing_is_left_in_it(world: World) -> None:
    assert code(await do(world, "department", EndAgency(agency_id=world.culture, **how(world)))) == (
        409,
        "agency-has-units",
    )
    ends = EndAgency(agency_id=world.museum, successors=(world.health,), **how(world))
    assert (await do(world, "department", ends)).status == 201
    assert await above(world, world.museum, today(world)) == []
    link = await world.one("SELECT * FROM agency_links WHERE predecessor_id = :g", g=world.museum)
    assert (link.successor_id, link.kind) == (world.health, "merged")
    assert code(await do(world, "department", ends)) == (409, "agency-ended")
    row = await world.one("SELECT valid_to FROM agencies WHERE id = :g", g=world.museum)
    assert row.valid_to == today(world)
    below = CreateAgency(parent_id=world.museum, code="H26.9", name="Đội", **how(world))
    assert code(await do(world, "department", below)) == (422, "unknown-agency")


async def test_nothing_moves_in_a_month_that_is_closed(world: World) -> None:
    month = today(world).replace(day=1) - timedelta(days=1)
    await world.rows(
        "INSERT INTO month_ends (authority_id, month, state, opens_on, nominal_end, rolled_end) VALUES"
        " (:a, :m, 'closed', :d, :d, :d) RETURNING month",
        a=world.authority,
        m=f"{month:%Y-%m}",
        d=month,
    )
    late = {"effective_on": month, "document": DOCUMENT}
    fate = await do(world, "department", ChangeAgency(agency_id=world.culture, name="Sở mới", **late))
    assert code(fate) == (409, "month-closed")
    first = late | {"effective_on": month + timedelta(days=1)}
    fate = await do(world, "department", ChangeAgency(agency_id=world.culture, name="Sở mới", **first))
    assert fate.status == 201, fate.answer


async def test_what_is_planned_is_withdrawn_before_its_day_only(world: World) -> None:
    before = await above(world, world.museum, today(world) + timedelta(days=40))
    planned = await do(
        world, "department", ChangeAgency(agency_id=world.museum, parent_id=world.health, **how(world, 40))
    )
    withdraw = WithdrawAgencyChange(change_id=planned.answer["change_id"], document=DOCUMENT)
    assert code(await do(world, "culture.hr", withdraw)) == (403, "not-permitted")
    assert (await do(world, "department", withdraw)).status == 201
    assert await above(world, world.museum, today(world) + timedelta(days=40)) == before
    assert code(await do(world, "department", withdraw)) == (409, "change-in-effect")
    unknown = WithdrawAgencyChange(change_id=UUID(int=3), document=DOCUMENT)
    assert code(await do(world, "department", unknown)) == (404, "not-found")
    created = await do(
        world,
        "department",
        CreateAgency(parent_id=world.culture, code="H26.02.9", name="Nhà hát", **how(world, 40)),
    )
    again = WithdrawAgencyChange(change_id=created.answer["change_id"], document=DOCUMENT)
    assert (await do(world, "department", again)).status == 201
    assert await above(world, UUID(created.answer["agency_id"]), today(world) + timedelta(days=50)) == []


async def test_staffing_is_set_from_a_day_on(world: World) -> None:
    def quota(number: int, days: int) -> SetQuota:
        return SetQuota(
            agency_id=world.museum, kind="quota", code="civil_servant", number=number, **how(world, days)
        )

    for number, days in ((12, 0), (10, 30), (11, 10)):
        assert (await do(world, "culture.head", quota(number, days))).status == 201
    rows = await world.rows(
        "SELECT number, valid_from, valid_to FROM agency_quotas WHERE valid_to IS DISTINCT FROM valid_from"
        " ORDER BY valid_from"
    )
    assert [(row.number, (row.valid_from - today(world)).days) for row in rows] == [(12, 0), (11, 10)]
    assert rows[1].valid_to is None
    unknown = SetQuota(agency_id=UUID(int=3), kind="position", code="VT01", number=1, **how(world))
    assert code(await do(world, "department", unknown)) == (422, "unknown-agency")
