"""The morning's message of a delegate: what was lent stands in it, once, as long as it is worth something."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.commands import Delegate, RevokeDelegation
from tests.activities.notifications.conftest import MORNING, give_address, mails, write
from tests.world import World

LENT = "Việc nhận uỷ quyền “phê duyệt dữ liệu”:"


async def owes(world: World, agency: UUID, *, slot: str = "approval_window", party: str = "approver") -> None:
    """One open duty of a post, overdue since the day before."""
    await write(
        world,
        "INSERT INTO duties (id, authority_id, agency_id, slot, party, rule_id, citation, rule_set_hash,"
        " calendar_hash, event_on, due_on, due_at, state, facts, opened_at, late_days, ladder_step) VALUES"
        " (:id, :a, :g, :slot, :party, 'hanoi.art7', 'Điều 7', 'x', 'x', '2026-01-12', '2026-01-19',"
        " '2026-01-19T17:00Z', 'open', '{}', '2026-01-12T03:00Z', 0, 0)",
        id=uuid4(),
        a=world.authority,
        g=agency,
        slot=slot,
        party=party,
    )


async def lend(world: World, receiver: str, agency: UUID, giver: str = "culture.head") -> UUID:
    """Approval over `agency` for ten days from the morning's day on."""
    lent, day = uuid4(), MORNING.date()
    body = Delegate(
        delegate_id=world.accounts[receiver],
        what="approval",
        agency_id=agency,
        valid_from=day,
        valid_to=day + timedelta(days=10),
        document="7/QĐ-SVH",
    )
    fate = await world.ask(giver, body, lent, subject="delegation")
    assert fate.status == 201, fate.answer
    await write(world, "UPDATE notices SET read_at = now()")
    return lent


def only(mailbox: Any, address: str) -> str:
    """The one message an address received, by lines."""
    (body,) = mailbox.to(address)
    return "\n".join(body.splitlines())


@pytest.mark.rule("hanoi.art6.4.c")
async def test_lent_duties_are_counted_from_the_first_day_to_the_end(
    world: World, office: Any, send: Any, mailbox: Any
) -> None:
    hr = await give_address(world, "culture.hr", "hr@example.invalid")
    await owes(world, world.culture)
    await owes(world, world.museum)
    await owes(world, world.health)
    await owes(world, world.culture, slot="department_gate")
    lent = await lend(world, "culture.hr", world.culture)
    assert (await send(office, MORNING - timedelta(days=1))).sent == 0
    await send(office)
    body = only(mailbox, hr)
    assert f"{LENT}\n- 2 × " in body
    assert "Work delegated to you “the approval of data”:" in body
    assert "(Điều 7); hạn sớm nhất 19/01/2026; quá hạn: 2" in body
    row = (await mails(world))[world.accounts["culture.hr"]]
    assert row.open_items == 2
    assert "culture.head" not in mailbox.letters[0].as_string() + body
    end = RevokeDelegation(reason="đã về lại cơ quan")
    assert (await world.ask("culture.head", end, lent, subject="delegation")).status == 200
    await write(world, "UPDATE notices SET read_at = now()")
    await send(office, MORNING + timedelta(days=1))
    assert len(mailbox.to(hr)) == 1


async def test_a_delegator_who_lost_the_right_lends_nothing(
    world: World, office: Any, send: Any, mailbox: Any
) -> None:
    hr = await give_address(world, "culture.hr", "hr@example.invalid")
    await owes(world, world.culture)
    await lend(world, "culture.hr", world.culture)
    await write(
        world,
        "UPDATE grants SET valid_to = '2026-01-20' WHERE account_id = :a",
        a=world.accounts["culture.head"],
    )
    await send(office)
    assert mailbox.to(hr) == []


async def test_a_duty_is_counted_once_however_it_comes(
    world: World, office: Any, send: Any, mailbox: Any
) -> None:
    """The approver holds the post that owes it, for the museum too; the delegation over both adds nothing."""
    approver = await give_address(world, "culture.approver", "approver@example.invalid")
    hr = await give_address(world, "culture.hr", "hr@example.invalid")
    await owes(world, world.culture)
    await owes(world, world.museum)
    await lend(world, "culture.approver", world.culture)
    await lend(world, "culture.hr", world.museum)
    await send(office)
    body = only(mailbox, approver)
    assert LENT not in body
    assert "Việc theo vai trò “Người được giao hoặc được uỷ quyền phê duyệt”:\n- 2 × " in body
    other = only(mailbox, hr)
    assert f"{LENT}\n- 1 × " in other
    opened = await mails(world)
    counts = [opened[world.accounts[who]].open_items for who in ("culture.approver", "culture.hr")]
    assert counts == [2, 1]
