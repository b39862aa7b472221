"""Everything both sides hold, compared and repaired against the emulator; a second run does nothing."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError

from activities.national import reconciling
from activities.national.mappings import load_mapping
from activities.national.office import NationalOffice
from models.command_national import AnswerProposal, OrderReconciliation
from models.database import transaction
from models.identifiers import reconciliation_workflow
from models.messages import MonthStart
from models.messages_admin import Reconciled, ReconciliationRun
from models.record.load import content_of
from models.regulations.policy import Reconciliations
from tests.activities.batches.conftest import batch, month_of
from tests.activities.batches.test_sending import approved, ready, settle, small_packets
from tests.world import World

__all__ = ["approved", "ready", "small_packets"]

SERVICE = load_mapping("stand_in").service
RUNNING = "2026-01-event"


@pytest.fixture
def office(months) -> NationalOffice:
    return NationalOffice(months.settings, months.tools, months.gateway)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "PAGE", 2)


@pytest.fixture
async def told(world: World, ready, months, run, emulator) -> list[UUID]:
    """Three people both sides hold alike."""
    month, people = ready
    await run(months.submit_batch, batch(world, month))
    assert (await settle(run, months, batch(world, month))).done == 3
    return people


async def order(world: World) -> UUID:
    body = OrderReconciliation(document="7/QT")
    done = await world.ask("department", body, world.authority, subject="administration")
    assert done.status == 201, done.answer
    return UUID(done.answer["reconciliation_id"])


async def compare(world: World, office: NationalOffice, run: Any) -> tuple[UUID, Reconciled]:
    ordered = await order(world)
    asked = ReconciliationRun(authority_id=world.authority, reconciliation_id=ordered, now=world.now)
    return ordered, await run(office.reconcile_national, asked, at=world.now)


async def found(world: World, ordered: UUID, people: list[UUID]) -> dict[UUID, tuple[str, list[str], str]]:
    rows = await world.rows(
        "SELECT * FROM national_differences WHERE reconciliation_id = :r AND national_id = ANY (:people)",
        r=ordered,
        people=people,
    )
    return {row.national_id: (row.kind, row.fields, row.repair) for row in rows}


async def send_again(world: World, months: Any, run: Any) -> Any:
    running = await month_of(world, world.culture, RUNNING)
    await run(months.submit_batch, batch(world, running))
    return await settle(run, months, batch(world, running))


def body(profile: UUID, **more: Any) -> dict[str, Any]:
    return {"service": SERVICE, "profile_id": str(profile), **more}


async def test_what_both_hold_alike_is_no_difference(world, told, office, run, emulator) -> None:
    before = emulator.summary()
    ordered, done = await compare(world, office, run)
    assert await found(world, ordered, told) == {}
    assert (done.resent, done.proposed) == (0, 0)
    assert done.compared >= 3
    # What the other side holds of people nobody here knows is listed, for people to look into.
    others = await world.rows("SELECT DISTINCT kind, repair FROM national_differences")
    assert {(o.kind, o.repair) for o in others} <= {("unknown_here", "by_hand")}
    assert emulator.summary()["sendings"] == before["sendings"]


async def test_lost_and_changed_are_sent_again_and_a_second_run_finds_nothing(
    world, told, office, months, run, emulator
) -> None:
    lost, changed, _ = told
    emulator.admin("DELETE", "/records", body(lost))
    emulator.admin("PATCH", "/records", body(changed, fields={"NhomMau": "AB", "SoHieu": "cũ"}, silent=True))
    ordered, done = await compare(world, office, run)
    assert await found(world, ordered, told) == {
        lost: ("missing_there", [], "resend"),
        changed: ("fields", ["blood_type", "staff_number"], "resend"),
    }
    assert (done.resent, done.proposed) == (2, 0)
    # Asked again before the packets are gone: known to be under way, and not put twice.
    again, done = await compare(world, office, run)
    assert {repair for *_, repair in (await found(world, again, told)).values()} == {"under_way"}
    assert (done.resent, done.proposed) == (0, 0)
    assert (await send_again(world, months, run)).done == 2
    before = emulator.summary()
    last, done = await compare(world, office, run)
    assert await found(world, last, told) == {}
    assert (done.resent, done.proposed) == (0, 0)
    after = emulator.summary()
    assert (after["sendings"], after["writes"]) == (before["sendings"], before["writes"])


async def test_what_they_corrected_is_proposed_and_accepted_into_the_draft(
    world, told, office, months, run, emulator
) -> None:
    profile = told[0]
    emulator.admin("PATCH", "/records", body(profile, fields={"NhomMau": "AB", "SoDienThoai": None}))
    ordered, done = await compare(world, office, run)
    fields = ["blood_type", "contact_phone"]
    assert await found(world, ordered, told) == {profile: ("fields", fields, "proposal")}
    assert (done.resent, done.proposed) == (0, 1)
    row = await world.one("SELECT * FROM national_proposals WHERE profile_id = :p", p=profile)
    assert (row.state, row.fields) == ("open", fields)
    assert b"AB" not in bytes(row.sealed)
    notices = await world.rows("SELECT role, account_id FROM notices WHERE kind = 'national_proposed'")
    assert {(n.role, n.account_id) for n in notices} == {
        ("hr_officer", None),
        (None, world.accounts[str(profile)]),
    }
    # Nothing of ours is changed by it, and a second run asks nobody twice.
    _, done = await compare(world, office, run)
    assert (done.resent, done.proposed) == (0, 0)
    said = await world.ask(str(profile), AnswerProposal(proposal_id=row.id, accepted=True), profile)
    assert said.status == 200, said.answer
    assert said.answer["filled"] == fields
    draft = await world.one("SELECT id FROM revisions WHERE profile_id = :p AND state = 'draft'", p=profile)
    async with transaction(world.tools.engine, world.scope) as connection:
        content = await content_of(connection, world.tools, world.authority, draft.id)
    assert content["blood_type"] == "AB"
    assert "contact_phone" not in content
    row = await world.one("SELECT state FROM national_proposals WHERE id = :i", i=row.id)
    assert row.state == "accepted"
    # It waits to be declared and approved; until then a comparison leaves it alone.
    _, done = await compare(world, office, run)
    assert (done.resent, done.proposed) == (0, 0)


async def test_what_is_disputed_goes_out_again(world, told, office, months, run, emulator) -> None:
    profile = told[1]
    emulator.admin("PATCH", "/records", body(profile, fields={"NhomMau": "AB"}))
    await compare(world, office, run)
    row = await world.one("SELECT id FROM national_proposals WHERE profile_id = :p", p=profile)
    wordless = await world.ask("culture.hr", AnswerProposal(proposal_id=row.id, accepted=False), profile)
    assert (wordless.status, wordless.answer["code"]) == (400, "malformed-request")
    other = AnswerProposal(proposal_id=UUID(int=1), accepted=True)
    assert (await world.ask("culture.hr", other, profile)).answer["code"] == "not-found"
    answer = AnswerProposal(proposal_id=row.id, accepted=False, reason="theo hồ sơ gốc")
    said = await world.ask("culture.hr", answer, profile)
    assert said.status == 200, said.answer
    assert (await send_again(world, months, run)).done == 1
    ordered, done = await compare(world, office, run)
    assert await found(world, ordered, told) == {}
    assert (done.resent, done.proposed) == (0, 0)


async def test_whatever_dies_it_goes_on_and_one_runs_at_a_time(
    world, told, office, months, run, emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.admin("DELETE", "/records", body(told[2]))
    ordered = await order(world)
    second = OrderReconciliation(document="8/QT")
    refused = await world.ask("department", second, world.authority, subject="administration")
    assert (refused.status, refused.answer["code"]) == (409, "wrong-state")
    asked = ReconciliationRun(authority_id=world.authority, reconciliation_id=ordered, now=world.now)
    emulator.faults(server_error_next=1)
    with pytest.raises(ApplicationError, match="UnreachableError"):
        await run(office.reconcile_national, asked)

    async def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(reconciling, "_go_on", die)
        with pytest.raises(KeyboardInterrupt):
            await reconciling._ours(
                reconciling.Comparison(
                    office.tools, office.gateway, load_mapping("stand_in"), asked, lambda *_: None
                ),
                await reconciling._row(
                    reconciling.Comparison(
                        office.tools, office.gateway, load_mapping("stand_in"), asked, lambda *_: None
                    )
                ),
            )
    done = await run(office.reconcile_national, asked)
    assert (done.resent, done.proposed) == (1, 0)
    assert await run(office.reconcile_national, asked) == done
    items = await world.rows(
        "SELECT i.profile_id FROM month_items i JOIN agency_months m ON m.id = i.agency_month_id"
        " WHERE m.month = :m",
        m=RUNNING,
    )
    assert [i.profile_id for i in items] == [told[2]]


async def test_a_share_of_pages_is_gone_through_and_the_next_goes_on_there(world, told, office, run) -> None:
    ordered = await order(world)
    asked = ReconciliationRun(authority_id=world.authority, reconciliation_id=ordered, now=world.now, most=1)
    shares = []
    while (done := await run(office.reconcile_national, asked, at=world.now)).more:
        shares.append(done.compared)
    assert len(shares) >= 2, "three people and two of them on a page: each side wants several pages"
    assert shares == sorted(shares)
    assert done.compared >= 3
    row = await world.one("SELECT state, compared FROM reconciliations WHERE id = :r", r=ordered)
    assert (row.state, row.compared) == ("done", done.compared)


CLOSED = datetime(2026, 2, 23, 17, 5, tzinfo=UTC)


async def close(world: World, months: Any, run: Any) -> list[Any]:
    """January's end is closed; the comparisons there are."""
    start = MonthStart(authority_id=world.authority, month="2026-01")
    await run(months.close_month_end, start, at=CLOSED, attempt=21)
    return await world.rows("SELECT * FROM reconciliations ORDER BY ordered_at")


async def test_once_a_month_s_end_is_closed_both_sides_are_compared_by_policy(
    world, told, months, office, run, client
) -> None:
    (ordered,) = await close(world, months, run)
    assert (ordered.state, ordered.ordered_by, ordered.ordered_at) == ("theirs", None, CLOSED)
    handle = client.get_workflow_handle(reconciliation_workflow(world.authority))
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    event = await world.one(
        "SELECT facts, actor_role FROM events WHERE kind = 'reconciliation.ordered' AND stream_id = :a",
        a=world.authority,
    )
    assert (event.facts["policy"], event.actor_role) == (True, "system")
    asked = ReconciliationRun(authority_id=world.authority, reconciliation_id=ordered.id, now=CLOSED)
    assert (await run(office.reconcile_national, asked, at=CLOSED)).compared >= 3
    assert [row.id for row in await close(world, months, run)] == [ordered.id], "closed again, not again"
    await handle.terminate("seen")


async def test_no_comparison_is_ordered_beside_another_or_where_policy_wants_none(
    world, told, months, run, monkeypatch
) -> None:
    policy = world.tools.policy
    none = policy.model_copy(update={"reconciliations": Reconciliations(after_month_end=False)})
    monkeypatch.setattr(world.tools, "policy", none)
    assert await close(world, months, run) == []
    monkeypatch.setattr(world.tools, "policy", policy)
    by_hand = await order(world)
    assert [row.id for row in await close(world, months, run)] == [by_hand]
