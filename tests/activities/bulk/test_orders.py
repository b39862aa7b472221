"""An order does to each what the single command would, with the right of whoever gave it, once."""

from datetime import timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from activities.bulk import office
from api.bulk_bodies import BulkVerb
from models.calendar import legal_date
from models.command_fields import ChangeFields
from models.commands import (
    Approve,
    Body,
    CreateAccount,
    GiveNotice,
    RequestAccount,
    RequestTransfer,
    Separate,
)
from models.database import Scope, transaction
from models.identifiers import profile_workflow, transfer_workflow
from models.record import orders
from models.record.orders import Item

from .conftest import Desk


def moving(desk: Desk, profile: UUID) -> Item:
    day = legal_date(desk.world.now)
    body = RequestTransfer(
        to_agency_id=desk.world.health, mode="điều động", effective_on=day, document="1/QĐ"
    )
    return Item(profile, body)


async def test_a_rehearsal_says_what_the_order_then_does_and_writes_nothing(desk: Desk) -> None:
    here, moved = await desk.world.employ(), await desk.world.employ()
    await desk.world.transfer(moved, until="requested")
    items = [moving(desk, here), moving(desk, moved)]
    before = await desk.facts()
    rehearsed = await desk.order("culture.hr", items, dry_run=True)
    done = await desk.run(rehearsed)
    assert (done.done, done.refused, done.left) == (1, 1, 0)
    assert await desk.facts() == before
    said = await desk.items(rehearsed)
    real = await desk.order("culture.hr", items)
    await desk.run(real)
    found = await desk.items(real)
    assert [(i.state, i.status, i.code) for i in said] == [(i.state, i.status, i.code) for i in found]
    assert [i.code for i in found] == [None, "transfer-open"]
    assert said[0].answer["steps"] == found[0].answer["steps"]
    case = UUID(found[0].answer["transfer_id"])
    row = await desk.world.one("SELECT c.state, e.actor_id, e.command_id FROM cases c JOIN events e"
                               " ON e.facts ->> 'case' = c.id::text AND e.kind = 'transfer.requested'"
                               " WHERE c.id = :id", id=case)  # fmt: skip
    assert (row.state, row.actor_id, row.command_id) == (
        "requested",
        desk.world.accounts["culture.hr"],
        found[0].id,
    )
    told = {
        r.workflow_id for r in await desk.world.rows("SELECT workflow_id FROM outbox WHERE sent_at IS NULL")
    }
    assert {profile_workflow(here), transfer_workflow(case)} <= told, "both workflows hear of it"


async def test_no_order_reaches_further_than_who_gave_it(desk: Desk) -> None:
    """No confused deputy: the worker may everything, the order's account may not."""
    profile = await desk.world.employ()
    for dry_run in (True, False):
        (found,) = await _done(desk, "health.hr", [moving(desk, profile)], dry_run=dry_run)
        assert (found.state, found.status, found.code) == ("refused", 403, "not-permitted")
    assert await desk.world.rows("SELECT 1 FROM cases") == []


async def test_no_order_of_any_kind_reaches_further_than_who_gave_it(desk: Desk) -> None:
    """Every verb an order may carry, named about somebody of another agency."""
    world, day = desk.world, legal_date(desk.world.now)
    theirs = await world.employ(until="review")
    await world.rows(
        "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from)"
        " SELECT :id, authority_id, account_id, agency_id, 'approver', valid_from FROM grants"
        " WHERE account_id = :who RETURNING id",
        id=uuid4(),
        who=world.accounts["health.hr"],
    )
    bodies: list[Body] = [
        RequestTransfer(to_agency_id=world.health, mode="điều động", effective_on=day, document="1/QĐ"),
        Separate(kind="retired", effective_on=day, document="3/QĐ"),
        CreateAccount(login="cua.nguoi.khac", password_hash="!"),
        RequestAccount(document="4/CV"),
        await world.pending(theirs),
        GiveNotice(kind="salary", changed_on=day, document="9/QĐ"),
        ChangeFields(content={"staff_number": "1"}, changed_on=day, document="9/QĐ"),
    ]
    assert {body.verb for body in bodies} == set(get_args(BulkVerb))
    before = (await desk.facts())[0][1:]
    for body in bodies:
        (found,) = await _done(desk, "health.hr", [Item(theirs, body, expected=1)])
        assert (found.state, found.status, found.code) == ("refused", 403, "not-permitted"), body.verb
    assert (await desk.facts())[0][1:] == before, "the commands and their refusals are all there is"


async def test_whose_right_has_ended_meanwhile_does_nothing(desk: Desk) -> None:
    """The order's account is judged at each item, with its roles of that moment."""
    people = [await desk.world.employ() for _ in range(2)]
    order = await desk.order("culture.hr", [moving(desk, one) for one in people])
    await desk.run(order, most=1)
    async with transaction(desk.world.tools.engine, desk.world.scope) as connection:
        ended = text("UPDATE grants SET valid_to = valid_from WHERE account_id = :a")
        await connection.execute(ended, {"a": desk.world.accounts["culture.hr"]})
    await desk.run(order)
    assert [(i.state, i.code) for i in await desk.items(order)] == [
        ("done", None),
        ("refused", "not-permitted"),
    ]


async def test_nobody_gives_an_order_in_another_name(desk: Desk) -> None:
    """The API's role writes the asker's own orders only, and no item that looks done."""
    profile = await desk.world.employ()
    order = await desk.order("culture.hr", [moving(desk, profile)])
    other = Scope(desk.world.authority, account=desk.world.accounts["health.hr"])
    named = {"a": desk.world.authority, "who": desk.world.accounts["culture.hr"], "now": desk.world.now}
    sql = (
        "INSERT INTO bulk_orders (id, authority_id, account_id, verb, dry_run, source, digest, state,"
        " created_at)"
        " VALUES (gen_random_uuid(), :a, :who, 'separate', false, 'items', '', 'waiting', :now)"
    )
    async with transaction(desk.api, other) as connection:
        with pytest.raises(ProgrammingError, match="row-level security"):
            await connection.execute(text(sql), named)
    async with transaction(desk.api, other) as connection:
        found = await connection.execute(text("SELECT 1 FROM bulk_items WHERE order_id = :o"), {"o": order})
        assert found.all() == []
    async with transaction(desk.api, Scope(desk.world.authority, everything=True)) as connection:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await connection.execute(text("UPDATE bulk_items SET state = 'done'"))


async def test_killed_at_any_step_it_goes_on_at_that_very_item(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await desk.world.employ() for _ in range(4)]
    day = legal_date(desk.world.now)
    notice = GiveNotice(kind="salary", changed_on=day, document="9/QĐ")
    order = await desk.order("culture.hr", [Item(one, notice) for one in people])
    for step in ("write_down", "judged", "answer"):
        await _killed_after(desk, order, step, monkeypatch)
    done = await desk.run(order)
    assert (done.done, done.refused, done.left) == (4, 0, 0)
    told = await desk.world.rows(
        "SELECT profile_id, count(*) AS n FROM events WHERE kind = 'change.noticed' GROUP BY 1"
    )
    assert {row.profile_id: row.n for row in told} == dict.fromkeys(people, 1)
    unheard = await desk.world.rows("SELECT 1 FROM commands WHERE verb = 'give_notice' AND heard_at IS NULL")
    assert unheard == [], "the relay has nothing to say again"


async def _killed_after(desk: Desk, order: UUID, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker dies right after a step of the first item it takes up."""
    whole, first = getattr(orders, step), True

    async def dies(*given: object) -> object:
        nonlocal first
        mine, first = first, False
        done = await whole(*given)
        if mine:
            raise ConnectionError("the worker died here")
        return done

    with monkeypatch.context() as patch:
        patch.setattr(orders, step, dies)
        patch.setattr(office, "LANES", 1)
        with pytest.raises(BaseExceptionGroup):
            await desk.run(order)


async def test_approvals_are_signed_each_with_the_revision_that_was_seen(desk: Desk) -> None:
    seen, moved = [await desk.world.employ(until="review") for _ in range(2)]
    first, second = [await desk.world.pending(one) for one in (seen, moved)]
    stale = Approve(revision_id=second.revision_id, digest="0" * 64)
    items = [Item(seen, first, expected=1), Item(moved, stale, expected=1)]
    assert [i.code for i in await _done(desk, "culture.approver", items, dry_run=True)] == [
        None,
        "stale-revision",
    ]
    found = await _done(desk, "culture.approver", items)
    assert [i.code for i in found] == [None, "stale-revision"]
    assert found[0].answer["document"]
    state = await desk.world.one("SELECT state FROM revisions WHERE id = :r", r=first.revision_id)
    assert state.state == "approved"


async def test_accounts_are_made_without_a_usable_password_and_a_taken_login_is_refused(desk: Desk) -> None:
    people = [await desk.world.employ(until="account") for _ in range(2)]
    items = [Item(one, CreateAccount(login="thu.chung", password_hash="!")) for one in people]
    assert [i.code for i in await _done(desk, "culture.hr", items[:1], dry_run=True)] == [None]
    found = await _done(desk, "culture.hr", items)
    assert sorted(str(i.code) for i in found) == ["None", "duplicate-login"]
    row = await desk.world.one("SELECT password_hash, state FROM accounts WHERE login = 'thu.chung'")
    assert (row.password_hash, row.state) == ("!", "default_password")
    without = next(item for item, one in zip(items, found, strict=True) if one.code is not None)
    again = await _done(desk, "culture.hr", [without], dry_run=True)
    assert again[0].code == "duplicate-login", "a rehearsal meets the constraints, too"


async def test_leaving_later_wakes_the_profile_in_time(desk: Desk) -> None:
    profile = await desk.world.employ()
    leaves = legal_date(desk.world.now) + timedelta(days=3)
    body = Separate(kind="retired", effective_on=leaves, document="3/QĐ")
    before = await desk.world.one("SELECT next_wake_at FROM profiles WHERE id = :p", p=profile)
    found = await _done(desk, "culture.hr", [Item(profile, body)])
    assert found[0].status == 201
    row = await desk.world.one("SELECT next_wake_at FROM profiles WHERE id = :p", p=profile)
    assert before.next_wake_at is None or row.next_wake_at < before.next_wake_at
    told = await desk.world.rows(
        "SELECT 1 FROM outbox WHERE workflow_id = :w AND id > (SELECT max(id) - 2 FROM outbox)",
        w=profile_workflow(profile),
    )
    assert told


async def _done(desk: Desk, who: str, items: list[Item], *, dry_run: bool = False) -> list[Any]:
    order = await desk.order(who, items, dry_run=dry_run)
    await desk.run(order)
    return await desk.items(order)
