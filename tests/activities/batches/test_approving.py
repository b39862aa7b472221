"""Approving a list: each item by its own rules, each with its own answer, from wherever a batch stopped."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import text

from activities.batches.rounds import approve_batch
from activities.signing.keystore import KeystoreError
from activities.signing.office import SigningOffice
from models.calendar import at_local
from models.commands import Approve, ReturnedField, ReturnForCorrection
from models.database import transaction
from models.evidence import verify
from models.messages import MonthStart, Signed, SignRequest
from tests.activities.batches.conftest import OPENING, batch, chosen, items_of, month_of, submitted
from tests.world import World


class Watched:
    """The real office, with somebody looking over its shoulder before and after each signature."""

    def __init__(self, office: SigningOffice) -> None:
        self.office = office
        self.before: Callable[[SignRequest], None] = _nothing
        self.after: Callable[[SignRequest], None] = _nothing

    async def sign(self, request: SignRequest) -> Signed:
        self.before(request)
        signed = await self.office.sign(request)
        self.after(request)
        return signed


def _nothing(_request: SignRequest) -> None:
    """Nobody interferes."""


@pytest.fixture
async def listed(world: World, months, run) -> tuple[Any, list[UUID]]:
    """Culture's open list with four people, in the order of their ids."""
    people = sorted([await submitted(world, n) for n in range(1, 5)])
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    return await month_of(world, world.culture), people


class TestApproving:
    async def test_each_chosen_item_is_signed_by_itself(self, world, listed, months, run, signing) -> None:
        month, people = listed
        command = await chosen(world, month.id, *people[:3])
        result = await run(months.approve_batch, batch(world, month, command))
        assert (result.done, result.refused) == (3, 0)
        items = await items_of(world, month.id)
        assert [items[p].state for p in people] == ["approved"] * 3 + ["listed"]
        approvals = await world.rows("SELECT * FROM approvals WHERE state = 'signed'")
        assert {a.profile_id for a in approvals} == set(people[:3])
        assert {a.agency_month_id for a in approvals} == {month.id}
        assert len({a.document_sha256 for a in approvals}) == 3
        trust = signing.signers._keystore.trust()
        for approval in approvals:
            assert verify(signing.store.get(world.authority, approval.document_sha256), trust).valid
        chapters = await world.rows("SELECT chapter FROM profiles WHERE approved_revision_id IS NOT NULL")
        assert [c.chapter for c in chapters] == ["service"] * 3

    async def test_a_batch_wakes_each_life_that_moved_on_and_not_the_list(
        self, world, listed, months, run
    ) -> None:
        month, people = listed
        command = await chosen(world, month.id, people[0])
        before = {row.workflow_id for row in await world.rows("SELECT workflow_id FROM outbox")}
        await run(months.approve_batch, batch(world, month, command))
        told = {row.workflow_id for row in await world.rows("SELECT workflow_id FROM outbox")} - before
        assert told == {f"profile/{people[0]}"}

    async def test_a_round_chosen_in_the_window_is_in_time_however_late_it_is_run(
        self, world, listed, months, run
    ) -> None:
        """January's window ends on Monday 2 February 2026; the engine came back on Friday."""
        month, people = listed
        world.now = at_local(month.rolled_end, 23, 59)
        command = await chosen(world, month.id, *people)
        world.now = at_local(month.rolled_end + timedelta(days=4), 9)
        result = await run(months.approve_batch, batch(world, month, command))
        assert (result.done, result.refused) == (4, 0)
        await world.step("approvals_done", month.id, subject="agency_month", round=str(command))
        approvals = await world.rows("SELECT late_days, signed_at FROM approvals")
        assert [(a.late_days, a.signed_at) for a in approvals] == [(0, world.now)] * 4
        duty = await world.one("SELECT state, met_on, late_days FROM duties WHERE slot = 'approval_window'")
        assert (duty.state, duty.met_on, duty.late_days) == ("met", month.rolled_end, 0)
        signed = await world.rows("SELECT facts FROM events WHERE kind = 'approval.signed'")
        assert [one.facts["late_days"] for one in signed] == [0] * 4

    async def test_a_round_chosen_after_the_window_is_late(self, world, listed, months, run) -> None:
        month, people = listed
        world.now = at_local(month.rolled_end + timedelta(days=1), 0, 1)
        command = await chosen(world, month.id, people[0])
        await run(months.approve_batch, batch(world, month, command))
        approval = await world.one("SELECT late_days FROM approvals")
        assert approval.late_days == 1

    async def test_a_second_run_signs_nothing(self, world, listed, months, run) -> None:
        month, people = listed
        command = await chosen(world, month.id, *people[:2])
        first = await run(months.approve_batch, batch(world, month, command))
        events = await world.rows("SELECT hash FROM events")
        again = await run(months.approve_batch, batch(world, month, command))
        assert again == first
        assert await world.rows("SELECT hash FROM events") == events
        assert len(await world.rows("SELECT 1 FROM approvals")) == 2

    async def test_a_share_is_done_and_the_rest_is_said_to_be_left(self, world, listed, months, run) -> None:
        month, people = listed
        share = batch(world, month, await chosen(world, month.id, *people[:3])).model_copy(update={"most": 2})
        first = await run(months.approve_batch, share)
        assert (first.more, len(await world.rows("SELECT 1 FROM approvals"))) == (True, 2)
        rest = await run(months.approve_batch, share)
        assert (rest.done, rest.refused, rest.more) == (3, 0, False)
        assert len(await world.rows("SELECT 1 FROM approvals")) == 3
        assert await run(months.approve_batch, share) == rest


class TestRefusals:
    async def test_one_item_refused_stops_no_other_and_says_why(self, world, listed, months, run) -> None:
        month, people = listed
        command = await chosen(world, month.id, *people)
        revision = await world.one("SELECT id FROM revisions WHERE profile_id = :p", p=people[1])
        back = ReturnForCorrection(
            revision_id=revision.id, fields=(ReturnedField(path="hometown", reason="sai"),), reason="sửa"
        )
        assert (await world.ask("culture.approver", back, people[1])).status == 200
        result = await run(months.approve_batch, batch(world, month, command))
        assert (result.done, result.refused) == (3, 1)
        items = await items_of(world, month.id)
        assert [items[p].state for p in people if p != people[1]] == ["approved"] * 3

    async def test_the_refusal_s_code_is_kept_and_goes_when_it_is_approved(
        self, world, listed, months, run
    ) -> None:
        """The approver loses the right between choosing and signing, and gets it back."""
        month, people = listed
        command = await chosen(world, month.id, people[0])
        await _set_grant(world, "approver", "valid_to = '2026-01-02'")
        result = await run(months.approve_batch, batch(world, month, command))
        assert (result.done, result.refused) == (0, 1)
        item = (await items_of(world, month.id))[people[0]]
        assert (item.state, item.reason) == ("listed", "not-permitted")
        await _set_grant(world, "approver", "valid_to = NULL")
        result = await run(
            months.approve_batch, batch(world, month, await chosen(world, month.id, people[0]))
        )
        item = (await items_of(world, month.id))[people[0]]
        assert (result.done, item.state, item.reason) == (1, "approved", None)

    async def test_the_author_s_own_entry_is_not_approved_by_the_author(
        self, world, listed, months, run
    ) -> None:
        month, people = listed
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(
                text("UPDATE revisions SET author_id = :a WHERE profile_id = :p"),
                {"a": world.accounts["culture.approver"], "p": people[0]},
            )
        command = await chosen(world, month.id, *people[:2])
        result = await run(months.approve_batch, batch(world, month, command))
        items = await items_of(world, month.id)
        assert (result.done, result.refused) == (1, 1)
        assert (items[people[0]].state, items[people[0]].reason) == ("listed", "own-approval")
        assert items[people[1]].state == "approved"

    async def test_a_signature_that_fails_leaves_the_item_waiting(self, world, listed, signing, run) -> None:
        month, people = listed
        command = await chosen(world, month.id, *people[:2])
        bad = uuid5(uuid5(command, str(people[0])), "approval")

        def refuse(request: SignRequest) -> None:
            if request.approval_id == bad:
                raise KeystoreError("signing-keys-missing", "no keys")

        office = Watched(signing)
        office.before = refuse

        async def go(given: Any) -> Any:
            return await approve_batch(world.tools, office, given)

        result = await run(go, batch(world, month, command))
        assert (result.done, result.refused) == (1, 1)
        item = (await items_of(world, month.id))[people[0]]
        assert (item.state, item.reason) == ("listed", "signing-unavailable")
        revision = await world.one("SELECT state FROM revisions WHERE profile_id = :p", p=people[0])
        assert revision.state == "submitted"
        again = await run(go, batch(world, month, command))
        assert again == result
        office.before = _nothing
        result = await run(go, batch(world, month, await chosen(world, month.id, people[0])))
        assert result.done == 1


class TestResuming:
    @pytest.mark.parametrize("moment", ["before", "after"])
    async def test_it_goes_on_at_the_item_and_step_where_it_stopped(
        self, world, listed, signing, run, moment: str
    ) -> None:
        """The process dies at the third signature, before it is made or after it was kept."""
        month, people = listed
        command = await chosen(world, month.id, *people)
        seen: list[UUID] = []

        office = Watched(signing)

        async def go(given: Any) -> Any:
            return await approve_batch(world.tools, office, given)

        # What ends a process is no Exception: nothing in the batch may catch it.
        def kill(request: SignRequest) -> None:
            seen.append(request.profile_id)
            if len(seen) == 3:
                raise _Killed

        setattr(office, moment, kill)
        with pytest.raises(BaseExceptionGroup):
            await run(go, batch(world, month, command))
        signing_now = await world.rows("SELECT 1 FROM approvals WHERE state = 'signing'")
        assert signing_now
        setattr(office, moment, _nothing)
        result = await run(go, batch(world, month, command))
        assert (result.done, result.refused) == (4, 0)
        assert len(await world.rows("SELECT 1 FROM approvals")) == 4
        events = await world.rows(
            "SELECT stream_id, count(*) AS n FROM events WHERE kind = 'approval.signed' GROUP BY stream_id"
        )
        assert [row.n for row in events] == [1] * 4

    async def test_an_approval_under_way_elsewhere_is_left_alone(self, world, listed, months, run) -> None:
        month, people = listed
        revision = await world.one("SELECT id, digest FROM revisions WHERE profile_id = :p", p=people[0])
        single = Approve(revision_id=revision.id, digest=revision.digest)
        assert not (await world.ask("culture.approver", single, people[0])).settled
        result = await run(
            months.approve_batch, batch(world, month, await chosen(world, month.id, *people[:2]))
        )
        item = (await items_of(world, month.id))[people[0]]
        assert (result.done, result.refused) == (1, 1)
        assert (item.state, item.reason) == ("listed", "in-flight")


class _Killed(BaseException):
    """kill -9 as far as Python can play it."""


async def _set_grant(world: World, role: str, change: str) -> None:
    async with transaction(world.tools.engine, world.scope) as connection:
        sql = f"UPDATE grants SET valid_from = '2025-01-01', {change} WHERE account_id = :a AND role = :r"
        await connection.execute(text(sql), {"a": world.accounts["culture.approver"], "r": role})
