"""One signature for many: a list is cut, shown, and signed exactly as shown, wholly or not at all."""

from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from sqlalchemy import text

from activities.batches.progress import Progress
from models.command_lists import ApproveByList, CutList
from models.commands import ReturnedField, ReturnForCorrection, RevokeDelegation
from models.database import transaction
from models.evidence import verify
from models.evidence.attachment import attached_data
from models.evidence.listing import is_included, prove, read_manifest
from models.messages import MonthStart
from models.record import listing
from models.record.commands import Fate
from models.record.load import content_of
from tests.activities.batches.conftest import OPENING, batch, items_of, month_of, submitted
from tests.models.record.test_delegations import lend
from tests.world import World


@pytest.fixture
async def listed(world: World, months, run) -> tuple[Any, list[UUID]]:
    """Culture's open list with four people, in the order of their ids."""
    people = sorted([await submitted(world, n) for n in range(1, 5)])
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    return await month_of(world, world.culture), people


async def cut(world: World, months, run, month: Any, *people: UUID, who: str = "culture.approver") -> Any:
    """Have a list cut; answers its row as the approver is shown it."""
    asked = await world.ask(who, CutList(profiles=people or None), month.id, subject="agency_month")
    assert asked.status == 202, asked.answer
    await run(months.approve_batch, batch(world, month, asked.id))
    await world.step("approvals_done", month.id, subject="agency_month", round=str(asked.id))
    return await list_of(world, UUID(asked.answer["list_id"]))


async def list_of(world: World, list_id: UUID) -> Any:
    return await world.one("SELECT * FROM approval_lists WHERE id = :id", id=list_id)


async def confirm(world: World, month: Any, shown: Any, who: str = "culture.approver", **more: Any) -> Fate:
    """Confirm the list that was shown."""
    body = ApproveByList(**{"list_id": shown.id, "digest": shown.digest, **more})
    return await world.ask(who, body, month.id, subject="agency_month")


async def sign(world: World, months, run, month: Any, shown: Any, who: str = "culture.approver") -> Any:
    """Confirm and run the round."""
    asked = await confirm(world, month, shown, who)
    assert asked.status == 202, asked.answer
    return await run(months.approve_batch, batch(world, month, asked.id))


async def send_back(world: World, profile: UUID) -> None:
    revision = await world.one("SELECT pending_revision_id AS id FROM profiles WHERE id = :p", p=profile)
    fields = (ReturnedField(path="hometown", reason="sai"),)
    body = ReturnForCorrection(revision_id=revision.id, fields=fields, reason="sửa")
    assert (await world.ask("culture.approver", body, profile)).status == 200


async def test_one_signature_approves_them_all(world, listed, months, run, signing) -> None:
    month, people = listed
    shown = await cut(world, months, run, month)
    assert (shown.state, shown.size) == ("shown", 4)
    result = await sign(world, months, run, month, shown)
    assert (result.done, result.refused) == (4, 0)
    items = await items_of(world, month.id)
    assert {items[p].state for p in people} == {"approved"}
    approvals = await world.rows("SELECT * FROM approvals")
    assert {a.profile_id for a in approvals} == set(people)
    assert {(a.state, a.list_id) for a in approvals} == {("signed", shown.id)}
    (document,) = {a.document_sha256 for a in approvals}
    ended = await list_of(world, shown.id)
    assert (ended.state, ended.document_sha256) == ("signed", document)
    lives = await world.rows("SELECT chapter, approved_revision_id, pending_revision_id FROM profiles")
    assert all(
        life.chapter == "service" and life.approved_revision_id and life.pending_revision_id is None
        for life in lives
        if life.approved_revision_id
    )
    told = await world.rows("SELECT facts FROM events WHERE kind = 'approval.signed'")
    assert sorted(row.facts["list_row"] for row in told) == [1, 2, 3, 4]
    answers = await world.rows("SELECT outcome FROM approval_results WHERE outcome = 'approved'")
    assert len(answers) == 4


async def test_what_is_not_compared_yet_is_compared_in_shares_before_the_list_is_cut(
    world, listed, months, run
) -> None:
    month, _ = listed
    await world.rows("UPDATE month_items SET described = NULL RETURNING profile_id")
    asked = await world.ask("culture.approver", CutList(), month.id, subject="agency_month")
    share = batch(world, month, asked.id).model_copy(update={"most": 3})
    first = await run(months.approve_batch, share)
    left = await world.rows("SELECT 1 FROM month_items WHERE described IS NULL")
    assert (first.more, len(left)) == (True, 1), "others have their turn in between"
    assert (await list_of(world, UUID(asked.answer["list_id"]))).state == "cutting"
    told = await world.one("SELECT phase, phase_done FROM approval_rounds WHERE command_id = :c", c=asked.id)
    assert (told.phase, told.phase_done) == ("describing", 3)
    second = await run(months.approve_batch, share)
    assert (second.more, second.done) == (False, 4)


async def test_what_is_signed_is_the_file_that_was_shown(world, listed, months, run, signing) -> None:
    month, people = listed
    shown = await cut(world, months, run, month)
    prepared = signing.store.get(world.authority, shown.prepared_sha256)
    await sign(world, months, run, month, shown)
    ended = await list_of(world, shown.id)
    document = signing.store.get(world.authority, ended.document_sha256)
    assert document.startswith(prepared), "signed as an update of the shown file, byte for byte"
    verdict = verify(document, signing.signers._keystore.trust())
    assert verdict.valid, verdict.problems
    record = verdict.signatures[0].competence
    assert record is not None
    assert (record["role"], record["digest"]) == ("approver", shown.digest)
    assert "hanoi.art7" in record["rules"][0]
    assert verdict.content_digest == shown.digest
    rows = await world.rows(
        "SELECT profile_id, revision_id, digest, position FROM approval_list_rows ORDER BY position"
    )
    assert {row.profile_id for row in rows} == set(people)


async def test_each_row_is_provable_by_itself(world, listed, months, run, signing) -> None:
    month, _ = listed
    shown = await cut(world, months, run, month)
    (attached,) = set(
        attached_data(PdfFileReader(BytesIO(signing.store.get(world.authority, shown.prepared_sha256))))
    )
    manifest = read_manifest(attached)
    assert manifest.root == shown.root
    proofs = prove(manifest.rows)
    pairs = list(zip(manifest.rows, proofs, strict=True))
    assert [is_included(row, proof, shown.root) for row, proof in pairs] == [True] * 4
    assert not is_included(manifest.rows[0], proofs[1], shown.root)


async def test_a_second_run_changes_nothing(world, listed, months, run) -> None:
    month, _ = listed
    shown = await cut(world, months, run, month)
    asked = await confirm(world, month, shown)
    first = await run(months.approve_batch, batch(world, month, asked.id))
    events = await world.rows("SELECT hash FROM events")
    assert await run(months.approve_batch, batch(world, month, asked.id)) == first
    assert await world.rows("SELECT hash FROM events") == events
    assert len(await world.rows("SELECT 1 FROM approvals")) == 4


async def test_how_far_it_is_is_seen_while_nothing_of_it_is(
    world, listed, months, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told beside the one transaction: whoever asks meanwhile sees the phase, and no approval yet."""
    month, _ = listed
    monkeypatch.setattr(listing, "AT_ONCE", 2)
    seen: list[tuple[str, int, int]] = []
    tell = Progress.tell

    async def watched(self: Progress, phase: Any, done: int = 0) -> None:
        await tell(self, phase, done)
        sql = (
            "SELECT phase, phase_done, (SELECT count(*) FROM approvals) AS approved FROM approval_rounds"
            " WHERE command_id = :c AND phase_at <= told_at"
        )
        seen.append(tuple(await world.one(sql, c=self.batch.command_id)))

    monkeypatch.setattr(Progress, "tell", watched)
    shown = await cut(world, months, run, month)
    assert seen == [("describing", 0, 0), ("judging", 0, 0), ("judging", 2, 0), ("judging", 4, 0),
                    ("typesetting", 0, 0)]  # fmt: skip
    seen.clear()
    await sign(world, months, run, month, shown)
    assert seen == [("judging", 0, 0), ("judging", 2, 0), ("judging", 4, 0), ("signing", 0, 0),
                    ("writing", 0, 0), ("writing", 2, 0), ("writing", 4, 0)]  # fmt: skip
    assert len(await world.rows("SELECT 1 FROM approvals")) == 4


class TestDelegates:
    """hanoi.art6.4.c: the head lends the approval; the list is the delegate's, both names stand on it."""

    async def test_a_delegate_cuts_confirms_and_signs(self, world, listed, months, run, signing) -> None:
        month, people = listed
        early = await world.ask("culture.hr", CutList(), month.id, subject="agency_month")
        assert (early.status, early.answer["code"]) == (403, "not-permitted")
        lent, given = await lend(world)
        assert given.status == 201, given.answer
        head, hr = world.accounts["culture.head"], world.accounts["culture.hr"]
        async with transaction(world.tools.engine, world.scope) as connection:
            sql = "UPDATE revisions SET author_id = :head WHERE profile_id = :p"
            await connection.execute(text(sql), {"head": head, "p": people[0]})
        shown = await cut(world, months, run, month, who="culture.hr")
        assert (shown.size, shown.account_id, shown.account_role) == (3, hr, "head")
        assert (shown.on_behalf_of, shown.delegation_id) == (head, lent)
        own = (await items_of(world, month.id))[people[0]]
        assert (own.state, own.reason) == ("listed", "own-approval"), "the lender's own is the delegate's too"
        lender = await confirm(world, month, shown, who="culture.head")
        assert (lender.status, lender.answer["code"]) == (403, "list-of-another")
        result = await sign(world, months, run, month, shown, who="culture.hr")
        assert result.done == 3
        approvals = await world.rows("SELECT * FROM approvals")
        assert {a.profile_id for a in approvals} == set(people[1:])
        assert {(a.approver_id, a.approver_role, a.on_behalf_of, a.delegation_id) for a in approvals} == {
            (hr, "head", head, lent)
        }
        told = await world.rows(
            "SELECT kind, facts FROM events WHERE kind IN ('list.signed', 'approval.signed')"
        )
        assert sorted(row.kind for row in told) == ["approval.signed"] * 3 + ["list.signed"]
        assert {(row.facts["on_behalf_of"], row.facts["delegation_id"]) for row in told} == {
            (str(head), str(lent))
        }
        ended = await list_of(world, shown.id)
        verdict = verify(
            signing.store.get(world.authority, ended.document_sha256), signing.signers._keystore.trust()
        )
        assert verdict.valid, verdict.problems
        record = verdict.signatures[0].competence
        assert record is not None
        assert record["delegation"]["document"] == "7/QĐ-SVH"

    async def test_a_delegation_that_ends_between_yes_and_signature_stops_all_of_it(
        self, world, listed, months, run
    ) -> None:
        month, people = listed
        lent, given = await lend(world)
        assert given.status == 201, given.answer
        shown = await cut(world, months, run, month, who="culture.hr")
        asked = await confirm(world, month, shown, who="culture.hr")
        assert asked.status == 202, asked.answer
        over = await world.ask("culture.head", RevokeDelegation(reason="đã về"), lent, subject="delegation")
        assert over.status == 200, over.answer
        assert (await run(months.approve_batch, batch(world, month, asked.id))).done == 0
        ended = await list_of(world, shown.id)
        assert (ended.state, ended.reason, ended.document_sha256) == ("failed", "delegation-ended", None)
        items = await items_of(world, month.id)
        assert {items[p].state for p in people} == {"listed"}
        assert not await world.rows("SELECT 1 FROM approvals")


class TestLeftBehind:
    async def test_the_own_file_is_not_on_the_list_one_signs(self, world, listed, months, run) -> None:
        month, people = listed
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(
                text("UPDATE revisions SET author_id = :a WHERE profile_id = :p"),
                {"a": world.accounts["culture.approver"], "p": people[0]},
            )
        shown = await cut(world, months, run, month)
        assert shown.size == 3
        item = (await items_of(world, month.id))[people[0]]
        assert (item.state, item.reason) == ("listed", "own-approval")
        (result,) = await world.rows("SELECT profile_id, outcome, reason FROM approval_results")
        assert tuple(result) == (people[0], "stays", "own-approval")
        told = await world.rows("SELECT role, agency_id, facts FROM notices WHERE kind = 'own_files_wait'")
        assert {row.role for row in told} == {"approver", "head"}, "whoever else signs here"
        assert {row.agency_id for row in told} == {world.culture}
        assert all(row.facts == {"month": "2026-01", "items": 1} for row in told)
        other = await cut(world, months, run, month, people[0], who="culture.head")
        assert (other.state, other.size) == ("shown", 1)

    async def test_nothing_to_sign_is_no_list(self, world, listed, months, run) -> None:
        month, people = listed
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(
                text("UPDATE revisions SET author_id = :a WHERE profile_id = :p"),
                {"a": world.accounts["culture.approver"], "p": people[0]},
            )
        failed = await cut(world, months, run, month, people[0])
        assert (failed.state, failed.reason) == ("failed", "nothing-to-sign")

    async def test_the_riskiest_stands_first(self, world, listed, months, run) -> None:
        month, people = listed
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(
                text(
                    "UPDATE month_items SET described = digest, changes = '[\"Ngày sinh\"]',"
                    " risk = CASE WHEN profile_id = :p THEN 6 ELSE 1 END"
                ),
                {"p": people[2]},
            )
        shown = await cut(world, months, run, month)
        sql = "SELECT profile_id, risk FROM approval_list_rows WHERE list_id = :id ORDER BY position"
        rows = await world.rows(sql, id=shown.id)
        assert (rows[0].profile_id, [row.risk for row in rows]) == (people[2], [6, 1, 1, 1])


async def test_a_row_says_what_changed_since_it_was_approved_not_since_it_was_sent(
    world, listed, months, run
) -> None:
    """What was approved after the last sending (refused there, say) was seen by the approver already."""
    month, people = listed
    person = people[0]
    waiting = await world.one("SELECT pending_revision_id AS id FROM profiles WHERE id = :p", p=person)
    async with transaction(world.tools.engine, world.scope) as connection:
        content = await content_of(connection, world.tools, world.authority, waiting.id)
    ids = {}
    for name, before in (
        ("synced_revision_id", {"gender": "male", "contact_phone": "0900000001"}),
        ("approved_revision_id", {"contact_phone": "0900000002"}),
    ):
        ids[name], _ = await world.draft(person, {**content, **before})
        sql = "UPDATE revisions SET state = 'approved' WHERE id = :r RETURNING 1"
        await world.rows(sql, r=ids[name])
        sql = f"UPDATE profiles SET {name} = :r WHERE id = :p RETURNING 1"
        await world.rows(sql, r=ids[name], p=person)
    await world.rows("UPDATE month_items SET described = NULL RETURNING 1")
    shown = await cut(world, months, run, month, person)
    row = await world.one("SELECT changes FROM approval_list_rows WHERE list_id = :id", id=shown.id)
    assert row.changes == ["Số điện thoại liên hệ"]


class TestRefusals:
    async def test_another_digest_is_refused(self, world, listed, months, run) -> None:
        month, _ = listed
        shown = await cut(world, months, run, month)
        refused = await confirm(world, month, shown, digest="0" * 64)
        assert (refused.status, refused.answer["code"]) == (409, "list-differs")

    async def test_somebody_else_s_list_is_refused(self, world, listed, months, run) -> None:
        month, _ = listed
        shown = await cut(world, months, run, month)
        refused = await confirm(world, month, shown, who="culture.head")
        assert (refused.status, refused.answer["code"]) == (403, "list-of-another")

    async def test_a_list_is_signed_once(self, world, listed, months, run) -> None:
        month, _ = listed
        shown = await cut(world, months, run, month)
        await sign(world, months, run, month, shown)
        refused = await confirm(world, month, shown)
        assert (refused.status, refused.answer["code"]) == (409, "list-not-ready")

    async def test_an_unknown_list_is_not_found(self, world, listed) -> None:
        month, people = listed
        body = ApproveByList(list_id=people[0], digest="0" * 64)
        refused = await world.ask("culture.approver", body, month.id, subject="agency_month")
        assert (refused.status, refused.answer["code"]) == (404, "not-found")

    async def test_a_changed_row_refuses_the_whole_list(self, world, listed, months, run) -> None:
        month, people = listed
        shown = await cut(world, months, run, month)
        await send_back(world, people[1])
        refused = await confirm(world, month, shown)
        assert (refused.status, refused.answer["code"]) == (409, "list-changed")
        assert refused.answer["extra"] == {"changed": 1, "first": str(people[1])}
        assert not await world.rows("SELECT 1 FROM approvals")

    async def test_or_it_is_cut_and_shown_again(self, world, listed, months, run) -> None:
        month, people = listed
        shown = await cut(world, months, run, month)
        await send_back(world, people[1])
        again = await confirm(world, month, shown, recut=True)
        assert (again.status, again.answer["recut"]) == (202, True)
        await run(months.approve_batch, batch(world, month, again.id))
        fresh = await list_of(world, UUID(again.answer["list_id"]))
        assert (fresh.state, fresh.size) == ("shown", 3)
        assert (await list_of(world, shown.id)).state == "superseded"
        assert not await world.rows("SELECT 1 FROM approvals")

    async def test_what_changes_between_yes_and_signature_stops_all_of_it(
        self, world, listed, months, run
    ) -> None:
        month, people = listed
        shown = await cut(world, months, run, month)
        asked = await confirm(world, month, shown)
        await send_back(world, people[1])
        result = await run(months.approve_batch, batch(world, month, asked.id))
        assert result.done == 0
        ended = await list_of(world, shown.id)
        assert (ended.state, ended.reason, ended.document_sha256) == ("failed", "list-changed", None)
        items = await items_of(world, month.id)
        assert [items[p].state for p in people] == ["listed", "returned", "listed", "listed"]
        assert not await world.rows("SELECT 1 FROM approvals")

    async def test_a_right_that_ended_stops_all_of_it(self, world, listed, months, run) -> None:
        month, _ = listed
        shown = await cut(world, months, run, month)
        asked = await confirm(world, month, shown)
        async with transaction(world.tools.engine, world.scope) as connection:
            sql = "UPDATE grants SET valid_from = '2025-01-01', valid_to = '2026-01-02' WHERE account_id = :a"
            await connection.execute(text(sql), {"a": world.accounts["culture.approver"]})
        await run(months.approve_batch, batch(world, month, asked.id))
        ended = await list_of(world, shown.id)
        assert (ended.state, ended.reason) == ("failed", "not-permitted")
        assert not await world.rows("SELECT 1 FROM approvals")
