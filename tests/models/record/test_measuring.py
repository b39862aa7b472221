"""The act measures what it changes: from the opening to the signature, and back after a return."""

from typing import Any
from uuid import UUID

from models.commands import ReturnedField, ReturnForCorrection
from models.lifecycle.readiness import READY, Mark
from tests.world import World


async def row(world: World, profile: UUID) -> Any:
    return await world.one("SELECT * FROM readiness WHERE profile_id = :p", p=profile)


async def test_measured_in_the_act_that_puts_another_revision_in_its_place(world: World) -> None:
    profile = await world.employ(until="declaration")
    opened = await row(world, profile)
    assert opened.measured_at == world.now
    assert opened.marks & Mark.COMPLETE == 0
    assert ["nothing-approved", ""] in opened.faults["complete"]

    revision = await world.submit(profile)
    waiting = await row(world, profile)
    assert (waiting.revision_id, waiting.measured_at) == (revision, world.now)
    assert waiting.marks & Mark.CORRECT
    assert waiting.marks & Mark.SIGNED == 0
    assert waiting.basis is not None

    await world.sign(profile)
    signed = await row(world, profile)
    assert signed.marks == waiting.marks | Mark.SIGNED, "the same revision: nothing is measured again"

    (count,) = await world.rows(
        "SELECT marks, sum(n) AS n FROM readiness_counts WHERE agency_id = :a GROUP BY 1 HAVING sum(n) <> 0",
        a=world.culture,
    )
    assert (count.marks, count.n) == (signed.marks, 1)
    assert (signed.marks & READY == READY) == (
        "complete" not in signed.faults and "correct" not in signed.faults
    )


async def test_after_a_return_what_was_approved_before_stands_again(world: World) -> None:
    profile = await world.employ(until="review")
    pending = await world.pending(profile)
    fields = (ReturnedField(path="gender", reason="sai giới"),)
    body = ReturnForCorrection(revision_id=pending.revision_id, fields=fields, reason="sai giới")
    done = await world.ask("culture.approver", body, profile)
    assert done.status == 200, done.answer
    back = await row(world, profile)
    assert back.revision_id is None
    assert ["nothing-approved", ""] in back.faults["correct"]
    assert back.measured_at == world.now
