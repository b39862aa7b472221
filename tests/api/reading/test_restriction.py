"""Withheld, never blank: what an auditor sees of a form, its changes, its proofs; and why, for each right."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text

from models.database import Scope, engine_for, transaction
from models.form import sealing
from models.record import resealing
from models.record.tools import Tools
from models.tables import AccessConsentRow, ApprovalRow, AttachmentRow
from tests.api.reading.world import NOW, TODAY, Caller, World, code_of

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
SIGNED = datetime(2026, 2, 27, 3, tzinfo=UTC)
OPEN = {"birth_full_name": "NGUYỄN VĂN AN", "staff_number": "CB-01", "main_assigned_work": "Văn thư"}
HIDDEN = {"religion": "Phật giáo", "planned_position": ["quy hoạch bí mật"]}


@pytest.fixture(scope="module")
def an(world: World) -> UUID:
    """A person with an approved revision after another; the second changed what an auditor does not see."""

    async def write(c: Any) -> UUID:
        person = await world.profile(c, "NGUYỄN VĂN AN", world.a, revision_number=2)
        author = await world.account(c, "an", kind="personal", profile_id=person)
        await world.account(c, "auditor", role="auditor", agency_id=world.department)
        await world.revision(c, person, 1, "superseded", OPEN, author, submitted_at=SIGNED)
        second = await world.revision(
            c, person, 2, "approved", {**OPEN, **HIDDEN, "main_assigned_work": "Kế toán"}, author, based_on=1,
            submitted_at=SIGNED, returned_fields=[{"path": "religion", "reason": "ghi lại cho đúng"}],
        )  # fmt: skip
        kept = world.documents.put(world.authority, PDF, "application/pdf")
        await c.execute(
            insert(ApprovalRow).values(
                id=uuid4(), authority_id=world.authority, profile_id=person, revision_id=second,
                approver_id=world.accounts["approver.a"], approver_role="approver", digest="0" * 64,
                rule_ids=["hanoi.art7"], rule_set_hash="0", state="signed", late_days=0,
                requested_at=SIGNED, signed_at=SIGNED, document_sha256=kept.sha256,
            )
        )  # fmt: skip
        await c.execute(
            insert(AttachmentRow).values(
                id=uuid4(), authority_id=world.authority, profile_id=person, sha256=kept.sha256,
                size=len(PDF), media_type="application/pdf", kind="evidence", uploaded_by=author,
                uploaded_at=NOW,
            )
        )  # fmt: skip
        await c.execute(
            text("UPDATE profiles SET approved_revision_id = :revision WHERE id = :id"),
            {"revision": second, "id": person},
        )
        return person

    return asyncio.run(world.written(write))


async def test_what_lies_above_the_level_is_named_with_its_reason(an: UUID, caller: Caller) -> None:
    await caller.login("auditor")
    caller.headers["Hoso-Purpose"] = "kiem%20tra"
    found = await caller.ok(f"/profiles/{an}/form")
    assert found["content"] == {**OPEN, "main_assigned_work": "Kế toán"}
    named = {one["path"]: one for one in found["withheld"]}
    assert {"religion", "planned_position", "ethnicity"} <= set(named), "filled or not"
    assert "staff_number" not in named
    assert named["religion"]["level"] == 3
    assert "NĐ 356/2025/NĐ-CP, Điều 4" in named["religion"]["why"]
    assert "Điều 4.3" in named["religion"]["why"]
    assert "art. 4.3" in named["religion"]["why_en"]
    await caller.login("hr.a")
    whole = await caller.ok(f"/profiles/{an}/form")
    assert whole["content"]["religion"] == "Phật giáo"
    assert whole["withheld"] == []


async def test_changes_and_returns_tell_nothing_of_it(an: UUID, caller: Caller) -> None:
    await caller.login("auditor")
    caller.headers["Hoso-Purpose"] = "kiem%20tra"
    changed = await caller.ok(f"/profiles/{an}/changes")
    assert [one["path"] for one in changed["items"]] == ["main_assigned_work"]
    assert "religion" in {one["path"] for one in changed["withheld"]}
    lines = await caller.ok(f"/profiles/{an}/revisions")
    assert lines[1]["returned_fields"] == []
    await caller.login("hr.a")
    assert len((await caller.ok(f"/profiles/{an}/changes"))["items"]) == 3
    assert (await caller.ok(f"/profiles/{an}/revisions"))[1]["returned_fields"][0]["path"] == "religion"


async def test_no_read_of_the_file_carries_a_withheld_value(an: UUID, caller: Caller) -> None:
    await caller.login("auditor")
    caller.headers["Hoso-Purpose"] = "kiem%20tra"
    for path in ("", "/form", "/form?revision=2", "/changes", "/revisions", "/documents", "/custody",
                 "/timeline", "/explanation", "/attachments", "/exports", "/access"):  # fmt: skip
        answer = await caller.get(f"/profiles/{an}{path}")
        assert answer.status_code == 200, path
        for secret in ("Phật giáo", "quy hoạch bí mật", "ghi lại cho đúng"):
            assert secret not in json.dumps(answer.json(), ensure_ascii=False), path


async def test_events_name_no_field_above_the_level(an: UUID, world: World, caller: Caller) -> None:
    """What was returned, changed, said to be wrong: the feed, the timeline, the proof."""
    paths = ["religion", "staff_number", "planned_position[0]"]
    facts = {"fields": paths, "revision": 2}

    async def write(c: Any) -> None:
        await world.event(c, an, 1, kind="fields.changed", facts=facts)
        await world.event(c, an, 2, kind="error.reported", facts={"paths": ["religion"]})
        await world.event(c, an, 3, kind="draft.corrected", facts={"fields": 3})
        await world.duty(c, world.a, None, profile_id=an, slot="error_notice", facts={"paths": paths})

    await world.written(write)
    duty = (await (await caller.login("hr.a")).ok("/duties", whose="agency"))["items"][-1]["id"]
    caller.headers["Hoso-Purpose"] = "kiem%20tra"
    told = {}
    for login in ("auditor", "hr.a", "an"):
        await caller.login(login)
        for path, name in (("/changes", "items"), (f"/profiles/{an}/timeline", "events")):
            events = (await caller.ok(path, limit=200))[name]
            told[login, name] = [one["facts"] for one in events if one["profile_id"] == str(an)]
    hidden = [
        {"fields": ["staff_number"], "revision": 2, "fields_withheld": True},
        {"paths": [], "fields_withheld": True},
        {"fields": 3},
    ]
    whole = [facts, {"paths": ["religion"]}, {"fields": 3}]
    for (login, name), found in told.items():
        assert found == (hidden if login == "auditor" else whole), (login, name)
    await caller.login("auditor")
    assert (await caller.ok(f"/duties/{duty}"))["facts"] == {
        "paths": ["staff_number"],
        "fields_withheld": True,
    }
    proof = await caller.get(f"/profiles/{an}/events/1/proof")
    assert code_of(proof) == (403, "field-withheld")
    await caller.login("hr.a")
    assert (await caller.ok(f"/duties/{duty}"))["facts"] == {"paths": paths}
    assert code_of(await caller.get(f"/profiles/{an}/events/1/proof")) == (409, "not-logged-yet")


async def test_the_database_itself_shows_no_restricted_field(an: UUID, world: World) -> None:
    """A revision is one row, of which policies cannot keep a field: so restricted fields are sealed in it,
    whether the form marks them or not, and the API's role reads them by no statement."""
    scope = Scope(world.authority, everything=True, every_archive=True)
    engine = engine_for(world.database.url("api"), pool_size=1)
    async with transaction(engine, scope) as connection:
        rows = (
            await connection.execute(text("SELECT * FROM revisions WHERE profile_id = :p"), {"p": an})
        ).all()
    await engine.dispose()
    told = repr([{**row._mapping, "sealed": bytes(row.sealed)} for row in rows])
    assert "NGUYỄN VĂN AN" in told
    assert len(rows) == 2
    for secret in (*HIDDEN["planned_position"], HIDDEN["religion"]):
        assert secret not in told
        assert secret.encode() not in b"".join(bytes(row.sealed) for row in rows)
    assert all(not set(row.content) & set(HIDDEN) for row in rows)


async def test_older_forms_are_sealed_and_read_as_before(world: World, caller: Caller) -> None:
    """Who may read a field reads it, who may not does not, before their forms are sealed and after."""

    async def write(c: Any) -> UUID:
        person = await world.profile(c, "NGUYỄN VĂN BA", world.a, revision_number=1)
        author = await world.account(c, "ba", kind="personal", profile_id=person)
        with pytest.MonkeyPatch.context() as older:
            older.setattr(sealing, "open_fields", lambda form: frozenset(form.by_name))
            form = await world.revision(c, person, 1, "approved", {**OPEN, **HIDDEN}, author)
        approved = text("UPDATE profiles SET approved_revision_id = :revision WHERE id = :id")
        await c.execute(approved, {"revision": form, "id": person})
        return person

    person = await world.written(write)
    engine = engine_for(world.database.url("worker"), pool_size=1)
    tools = Tools(engine, world.ring)
    told: list[dict[str, Any]] = []
    try:
        for left in (1, 0):
            assert await resealing.too_open(engine, world.authority) == left
            seen = {}
            for login in ("auditor", "hr.a", "ba"):
                await caller.login(login)
                caller.headers["Hoso-Purpose"] = "kiem%20tra"
                seen[login] = await caller.ok(f"/profiles/{person}/form")
            told.append(seen)
            async for _ in resealing.seal_open(tools, world.authority):
                pass
    finally:
        await engine.dispose()
    assert told[0] == told[1]
    assert told[1]["auditor"]["content"] == OPEN
    assert told[1]["hr.a"]["content"] == {**OPEN, **HIDDEN} == told[1]["ba"]["content"]


async def test_files_that_cannot_be_shown_in_part_are_refused(an: UUID, caller: Caller) -> None:
    await caller.login("auditor")
    caller.headers["Hoso-Purpose"] = "kiem%20tra"
    sha256 = (await caller.ok(f"/profiles/{an}/documents"))[0]["document_sha256"]
    for path in (f"/documents/{sha256}", f"/profiles/{an}/attachments/{sha256}", f"/profiles/{an}/evidence"):
        assert code_of(await caller.get(path)) == (403, "field-withheld"), path
    await caller.login("hr.a")
    assert (await caller.get(f"/documents/{sha256}")).status_code == 200
    assert (await caller.get(f"/profiles/{an}/attachments/{sha256}")).status_code == 200


@pytest.mark.rule("hanoi.art8.2")
async def test_everybody_is_told_what_they_may_do_and_why(an: UUID, caller: Caller) -> None:
    await caller.login("hr.a")
    mine = await caller.ok(f"/profiles/{an}/access")
    assert (mine["reads"], mine["level"]) == (True, 4)
    rights = {one["verb"]: one for one in mine["rights"]}
    assert "Điều 8.2" in rights["read_profile"]["why"]
    assert (rights["approve"]["allowed"], rights["approve"]["code"]) == (False, "not-permitted")
    assert "read_archive" not in rights
    assert [one["slot"] for one in mine["principles"]] == ["restriction_levels"]
    await caller.login("an")
    own = await caller.ok(f"/profiles/{an}/access")
    assert {one["verb"] for one in own["rights"] if one["allowed"]} >= {"read_own", "declare"}
    await caller.login("hr.b")
    assert code_of(await caller.get(f"/profiles/{an}/access")) == (404, "not-found")


async def test_a_grant_shows_as_much_as_it_says_and_says_by_what(
    an: UUID, world: World, caller: Caller
) -> None:
    async def write(c: Any) -> None:
        await world.account(c, "hr.less", role="hr_officer")
        query = text("UPDATE grants SET level = 2, document = '9/QĐ-SNV' WHERE account_id = :a")
        await c.execute(query, {"a": world.accounts["hr.less"]})

    await world.written(write)
    await caller.login("hr.less")
    found = await caller.ok(f"/profiles/{an}/form")
    assert found["content"] == {**OPEN, "main_assigned_work": "Kế toán"}
    mine = await caller.ok(f"/profiles/{an}/access")
    assert (mine["reads"], mine["level"]) == (True, 2)
    read = next(one for one in mine["rights"] if one["verb"] == "read_profile")
    assert "Xem đến độ hạn chế 2 theo 9/QĐ-SNV, từ 01/01/2025." in read["why"]
    assert "up to level 2 of restriction by 9/QĐ-SNV, from 2025-01-01." in read["why_en"]


async def test_another_accounts_rights_are_for_administrators(an: UUID, world: World, caller: Caller) -> None:
    asked = {"account": str(world.accounts["hr.b"])}
    await caller.login("hr.a")
    assert code_of(await caller.get(f"/profiles/{an}/access", params=asked)) == (403, "not-permitted")
    await caller.login("admin")
    theirs = await caller.ok(f"/profiles/{an}/access", **asked)
    assert (theirs["account_id"], theirs["reads"], theirs["level"]) == (asked["account"], False, None)
    read = next(one for one in theirs["rights"] if one["verb"] == "read_profile")
    assert "Ngoài phạm vi" in read["why"]
    unknown = await caller.get(f"/profiles/{an}/access", params={"account": str(uuid4())})
    assert code_of(unknown) == (404, "not-found")


async def test_a_number_that_the_reader_may_not_see_is_not_found_by_searching(
    an: UUID, world: World, caller: Caller
) -> None:
    """Neither hit nor miss: a number told by trying would be a number told."""

    async def write(c: Any) -> None:
        hidden = await world.profile(c, "NGUYỄN VĂN SỐ", world.a, id_number="000190007007")
        reader = await world.account(c, "reader", agency_id=world.b)
        for file, level in ((an, 2), (hidden, 1)):
            await c.execute(
                insert(AccessConsentRow).values(
                    id=uuid4(), authority_id=world.authority, profile_id=file, account_id=reader,
                    kind="written", state="given", purpose="Tra cứu", document="1/VB", level=level,
                    starts_on=TODAY, ends_on=TODAY + timedelta(days=9), asked_by=world.accounts["hr.a"],
                    asked_at=NOW, rule_id="hanoi.art8.3", citation="Điều 8.3",
                )
            )  # fmt: skip
        await world.account(c, "first.level", role="consent_reader", agency_id=world.a)

    await world.written(write)
    for number in ("000190007007", "000190007008"):
        await caller.login("first.level")
        refused = await caller.post("/profiles/search", json={"personal_id_number": number})
        assert code_of(refused) == (403, "field-withheld"), "the same for a number that is nobody's"
        await caller.login("reader")
        asked = await caller.post("/profiles/search", json={"personal_id_number": number})
        assert (asked.status_code, asked.json()["items"]) == (200, [])
    await caller.login("hr.a")
    found = await caller.post("/profiles/search", json={"personal_id_number": "000190007007"})
    assert [one["full_name"] for one in found.json()["items"]] == ["NGUYỄN VĂN SỐ"]
    await caller.login("first.level")
    by_name = await caller.post("/profiles/search", json={"name": "nguyen van so"})
    assert by_name.status_code == 200, by_name.text
