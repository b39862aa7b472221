"""Lives of every kind that the law of Hà Nội knows, really lived, and the facts collected from them."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from api.reading.simulation_facts import Facts, collect
from api.scope import Asker, Reading
from models.access import Actor
from models.calendar import legal_date
from models.commands import (
    AcceptTransfer,
    AnswerError,
    CreateAccount,
    GiveNotice,
    OpenProfile,
    RefuseTransfer,
    ReportError,
    ResetPassword,
    ReturnedField,
    ReturnForCorrection,
    Separate,
    WithdrawNotice,
)
from models.database import transaction
from tests.world import World


async def collected(world: World) -> Facts:
    who = Asker(
        account_id=world.accounts["department"], authority_id=world.authority, agency_id=world.department,
        profile_id=None, login="department", display_name="department", kind="agency", state="active",
        actor=Actor(world.accounts["department"], None, world.authority, ()), scope=world.scope,
        now=world.now, today=legal_date(world.now), token_hash="", expires_at=world.now,
    )  # fmt: skip
    async with transaction(world.tools.engine, world.scope) as connection:
        return await collect(Reading(who, connection, world.tools), world.now + timedelta(seconds=1))


async def opened(world: World, **more: Any) -> UUID:
    profile = uuid4()
    body = OpenProfile(
        agency_id=world.culture, full_name="Nguyễn Thị Thử",
        personal_id_number=f"000{profile.int % 10**9:09d}",
        event_on=legal_date(world.now) - timedelta(days=3), document="12/QĐ", **more,
    )  # fmt: skip
    done = await world.ask("culture.hr", body, profile)
    assert done.status == 201, done.answer
    return profile


async def changed(world: World, profile: UUID, on: date) -> UUID:
    done = await world.ask("culture.hr", GiveNotice(kind="salary", changed_on=on, document="5/QĐ"), profile)
    assert done.status == 201, done.answer
    return UUID(done.answer["duty_id"])


async def listed(world: World) -> None:
    """A month's list of two, as the batch freezes it."""
    month = uuid4()
    await world.rows(
        "INSERT INTO agency_months (id, authority_id, agency_id, month, state, opens_on, nominal_end,"
        " rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:id, :a, :g, '2026-01', 'open',"
        " '2026-01-27', '2026-01-31', '2026-02-02', :now, 0, 2, :now, '{}') RETURNING id",
        id=month, a=world.authority, g=world.culture, now=world.now,
    )  # fmt: skip
    await world.step("open_month", month, subject="agency_month", listed=2)


async def live(world: World) -> dict[str, UUID]:
    """Lives of every kind that the law of Hà Nội knows, over a quarter with Tết in it."""
    people: dict[str, UUID] = {}
    people["waiting"] = await opened(world)
    people["received"] = await opened(world, origin="received")
    people["pulled"] = await opened(world, origin="received_with_national_record")
    world.now += timedelta(days=8)
    body = CreateAccount(login=f"nhan.{uuid4().hex[:8]}", password_hash="x")
    await world.ask("culture.hr", body, people["received"])
    await world.ask("culture.hr", ResetPassword(password_hash="z", reason="quên"), people["received"])
    people["declaring"] = await world.employ(until="declaration")
    people["returned"] = await world.employ(until="review")
    pending = await world.pending(people["returned"])
    fields = (ReturnedField(path="gender", reason="sai"),)
    back = ReturnForCorrection(revision_id=pending.revision_id, fields=fields, reason="sửa")
    assert (await world.ask("culture.approver", back, people["returned"])).status == 200
    people["serving"] = await world.employ()
    world.now += timedelta(days=30)
    today = legal_date(world.now)
    await changed(world, people["serving"], today - timedelta(days=4))
    wrong = await changed(world, people["serving"], today)
    await world.ask("culture.hr", WithdrawNotice(duty_id=wrong, reason="nhầm"), people["serving"])
    await changed(world, people["serving"], today + timedelta(days=9))
    world.now += timedelta(days=12)
    await world.submit(people["serving"], changed_on=today - timedelta(days=4))
    await world.sign(people["serving"])
    for _ in range(2):
        wrong = ReportError(paths=("gender",), reason="sai")
        told_hr = await world.ask("person", wrong, people["serving"])
        assert told_hr.status == 201, told_hr.answer
    answer = AnswerError(duty_id=told_hr.answer["duty_id"], accepted=True, reason="đã sửa")
    assert (await world.ask("culture.hr", answer, people["serving"])).status == 200
    people["moving"] = await world.employ()
    await changed(world, people["moving"], legal_date(world.now))
    case = await world.transfer(people["moving"])
    world.now += timedelta(days=5)
    await world.ask("health.hr", AcceptTransfer(), case, subject="transfer")
    people["asked"] = await world.employ()
    await world.transfer(people["asked"], until="requested")
    people["refused"] = await world.employ()
    refused = await world.transfer(people["refused"], until="reported")
    await world.ask("health.hr", RefuseTransfer(reason="không"), refused, subject="transfer")
    people["gone"] = await world.employ()
    await changed(world, people["gone"], legal_date(world.now))
    leaving = Separate(
        kind="moved_out", effective_on=legal_date(world.now), document="9/QĐ", destination="Huế",
        covered_by_national_database=True,
    )  # fmt: skip
    assert (await world.ask("culture.hr", leaving, people["gone"])).status == 201
    await listed(world)
    people["retired"] = await world.employ()
    await world.ask(
        "culture.hr",
        Separate(kind="retired", effective_on=legal_date(world.now), document="8/QĐ"),
        people["retired"],
    )
    world.now += timedelta(days=3)
    return people
