"""A head's leaving names who is to act: proposed to whoever gives the post, put in by the call it carries."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from activities.readiness.vacancies import warn_of_vacancies
from models.calendar import legal_date
from models.command_accounts import Appoint, SuspendAccount
from models.commands import Body, CancelSeparation, OpenProfile, RequestTransfer, Separate, WithdrawTransfer
from models.database import transaction
from models.record.commands import Fate
from tests.world import World


async def heading(world: World, person: UUID, post: str = "culture.head") -> None:
    """The person holds the post of the department of culture's head, as an agency's account is held."""
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE accounts SET profile_id = :p WHERE id = :a"),
            {"p": person, "a": world.accounts[post]},
        )


async def pair(world: World) -> tuple[UUID, UUID, UUID]:
    """Who heads the department of culture, somebody of its museum, and that person's account."""
    head = await world.employ()
    await heading(world, head)
    other = await world.employ(agency=world.museum)
    return head, other, world.accounts["person"]


def leaving(world: World, acting: UUID | None, days: int = 0) -> Separate:
    on = legal_date(world.now) + timedelta(days)
    return Separate(kind="retired", effective_on=on, document="1/QĐ", acting_head=acting)


async def told(world: World, kind: str) -> Any:
    return await world.one(
        "SELECT agency_id, role, facts FROM notices WHERE kind = :k AND role = 'department_officer'", k=kind
    )


async def called(world: World, who: str, call: dict[str, Any]) -> Fate:
    """Send the call just as it came."""
    account = UUID(call["path"].split("/")[2])
    assert (call["method"], call["path"]) == ("POST", f"/accounts/{account}/posts")
    body = Appoint.model_validate(call["body"])
    return await world.ask(who, body, account, subject="account")


async def head_of(world: World, account: UUID) -> Any:
    return await world.one(
        "SELECT h.acting, h.valid_from, h.document, g.role, g.agency_id FROM post_holders h"
        " JOIN grants g ON g.id = h.grant_id WHERE h.account_id = :a",
        a=account,
    )


async def test_named_with_a_leaving_of_today_and_put_in_by_the_call(world: World) -> None:
    head, other, account = await pair(world)
    left = await world.ask("culture.hr", leaving(world, other), head)
    assert left.status == 201, left.answer
    notice = await told(world, "acting_head_proposed")
    assert (notice.agency_id, notice.facts["account"]) == (world.department, str(account))
    none = await world.rows("SELECT 1 FROM post_holders")
    assert none == [], "named is not appointed: HR officers give no head's post"
    assert (await called(world, "culture.hr", notice.facts["call"])).status == 403

    world.now += timedelta(days=1)
    assert await warn_of_vacancies(world.tools, world.scope, world.now) == 1
    asked = await world.rows("SELECT facts FROM notices WHERE kind = 'head_vacant'")
    assert {tuple(one.facts["proposals"]) for one in asked} == {(str(account),)}
    done = await called(world, "department", asked[0].facts["call"])
    assert done.status == 201, done.answer
    row = await head_of(world, account)
    assert (row.acting, row.valid_from, row.document) == (True, legal_date(world.now), "1/QĐ")
    assert (row.role, row.agency_id) == ("head", world.culture)
    assert await warn_of_vacancies(world.tools, world.scope, world.now) == 0


async def test_put_in_ahead_for_the_day_of_the_leaving(world: World) -> None:
    head, other, account = await pair(world)
    body = leaving(world, other, days=10)
    assert (await world.ask("culture.hr", body, head)).status == 201
    notice = await told(world, "acting_head_proposed")
    done = await called(world, "department", notice.facts["call"])
    assert done.status == 201, done.answer
    assert (await head_of(world, account)).valid_from == body.effective_on
    off = await world.ask("culture.hr", CancelSeparation(reason="ở lại"), head)
    assert off.status == 200, off.answer
    back = await told(world, "acting_head_withdrawn")
    assert (back.agency_id, back.facts["account"]) == (world.department, str(account))


async def test_a_transfer_names_too_and_one_within_the_agency_does_not(world: World) -> None:
    head, other, account = await pair(world)
    on = legal_date(world.now)
    move = RequestTransfer(
        to_agency_id=world.health, mode="điều động", effective_on=on, document="7/QĐ", acting_head=other
    )
    asked = await world.ask("culture.hr", move, head)
    assert asked.status == 201, asked.answer
    notice = await told(world, "acting_head_proposed")
    assert (notice.facts["account"], notice.facts["agency"]) == (str(account), str(world.culture))
    case = UUID(asked.answer["transfer_id"])
    stopped = await world.ask("culture.hr", WithdrawTransfer(reason="thôi"), case, subject="transfer")
    assert stopped.status == 200, stopped.answer
    assert (await told(world, "acting_head_withdrawn")).facts["case"] == str(case)
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE agencies SET kind = 'internal_unit' WHERE id = :m"), {"m": world.museum}
        )
    within = move.model_copy(update={"to_agency_id": world.museum})
    assert why(await world.ask("culture.hr", within, head)) == "head-stays"


def why(fate: Fate) -> str:
    assert (fate.status, fate.answer["code"]) == (422, "acting-head-unfit"), fate.answer
    return str(fate.answer["extra"]["why"])


async def test_who_cannot_act_is_refused_by_name(world: World) -> None:
    head, other, account = await pair(world)

    async def refused(person: UUID, of: UUID = head) -> str:
        return why(await world.ask("culture.hr", leaving(world, person), of))

    assert await refused(head) == "leaver"
    assert await refused(head, of=other) == "no-head"
    stranger = uuid4()
    elsewhere = OpenProfile(
        agency_id=world.health,
        full_name="Nguyễn Văn Thử",
        personal_id_number="000555666777",
        event_on=legal_date(world.now),
        document="12/QĐ",
    )
    assert (await world.ask("health.hr", elsewhere, stranger)).status == 201
    assert [await refused(stranger), await refused(uuid4())] == ["not-of-unit"] * 2
    newcomer = await world.employ(until="account")
    assert await refused(newcomer) == "no-account"
    suspend = SuspendAccount(document="2/QĐ", reason="nghỉ dài")
    post = Appoint(agency_id=world.culture, role="head", acting=True, document="2/QĐ")
    assert (await world.ask("department", post, account, subject="account")).status == 201
    assert await refused(other) == "holds-already"
    assert (await world.ask("department", suspend, account, subject="account")).status == 200
    assert await refused(other) == "no-account"
    assert await world.rows("SELECT 1 FROM cases WHERE kind = 'separation'") == []


@pytest.mark.parametrize("given", [None, date(2025, 12, 1)])
async def test_a_post_without_a_day_is_held_from_today(world: World, given: date | None) -> None:
    body: Body = Appoint(agency_id=world.museum, role="hr_officer", valid_from=given, document="3/QĐ")
    done = await world.ask("department", body, world.accounts["culture.hr"], subject="account")
    assert done.status == 201, done.answer
    held = await world.one(
        "SELECT valid_from FROM post_holders WHERE id = :h", h=UUID(done.answer["holder_id"])
    )
    assert held.valid_from == date(2025, 12, 1)
