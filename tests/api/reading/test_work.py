"""Transfers, month ends and imports: both sides, counts, what changed since last time."""

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text

from models.tables import (
    AgencyMonthRow,
    ApprovalRow,
    CaseRow,
    GrantRow,
    ImportRow,
    MonthEndRow,
    MonthItemRow,
    ShareRow,
    SlipRow,
)
from tests.api.reading.world import CONTENT, NOW, Caller, World, code_of

WINDOW = {"opens_on": date(2026, 2, 24), "nominal_end": date(2026, 2, 28), "rolled_end": date(2026, 3, 2)}


@pytest.fixture(scope="module")
def work(world: World) -> dict[str, UUID]:
    """A transfer A → B and a closed one inside A; the February lists of A and B; two imports."""
    ids = {name: uuid4() for name in ("moving", "moved", "month.a", "month.b", "own", "other")}

    async def write(c: Any) -> None:
        an = await world.profile(c, "NGUYỄN VĂN AN", world.a)
        new = await world.profile(c, "Trần Thị Mới", world.a)
        author = await world.account(c, "an", kind="personal", profile_id=an)
        for name, state, closed in (("moving", "reported", None), ("moved", "accepted", NOW)):
            await c.execute(
                insert(CaseRow).values(
                    id=ids[name], authority_id=world.authority, kind="transfer", profile_id=an,
                    from_agency_id=world.a, to_agency_id=world.b if name == "moving" else world.a1,
                    mode="điều động", effective_on=date(2026, 3, 9), document="12/QĐ", state=state, version=2,
                    facts={}, opened_at=NOW, closed_at=closed,
                )
            )  # fmt: skip
        await world.duty(
            c, world.a, date(2026, 3, 12), party="hr_officer", slot="transfer_report", case_id=ids["moving"]
        )
        await world.event(c, an, 1, kind="transfer.requested", facts={"case": str(ids["moving"])})
        await world.event(c, an, 2, kind="duty.opened", facts={})
        await c.execute(
            insert(MonthEndRow).values(authority_id=world.authority, month="2026-02", state="open", **WINDOW)
        )
        for name, agency, state in (("month.a", world.a, "open"), ("month.b", world.b, "closed")):
            await c.execute(
                insert(AgencyMonthRow).values(
                    id=ids[name], authority_id=world.authority, agency_id=agency, month="2026-02",
                    state=state, version=1, listed=2, opened_at=NOW, closes_at=NOW, summary={}, **WINDOW,
                )
            )  # fmt: skip
        await world.event(c, ids["month.a"], 1, kind="month.opened", profile_id=None)
        before = await world.revision(c, an, 1, "approved", CONTENT, author)
        after = await world.revision(
            c, an, 2, "submitted", {**CONTENT, "contact_phone": "0911111111"}, author, based_on=1
        )
        first = await world.revision(c, new, 1, "submitted", CONTENT, author)
        query = text("UPDATE profiles SET approved_revision_id = :r, synced_revision_id = :r WHERE id = :id")
        await c.execute(query, {"r": before, "id": an})
        for profile, revision in ((an, after), (new, first)):
            await c.execute(
                insert(MonthItemRow).values(
                    agency_month_id=ids["month.a"], profile_id=profile, authority_id=world.authority,
                    revision_id=revision, digest="0" * 64, state="listed", changed_at=NOW,
                )
            )  # fmt: skip
        await c.execute(
            insert(ApprovalRow).values(
                id=uuid4(), authority_id=world.authority, profile_id=an, revision_id=after,
                approver_id=world.accounts["approver.a"], approver_role="approver", digest="0" * 64,
                rule_ids=[], rule_set_hash="0", state="signed", late_days=0, requested_at=NOW, signed_at=NOW,
            )
        )  # fmt: skip
        for name, login in (("own", "hr.a"), ("other", "hr.b")):
            await c.execute(
                insert(ImportRow).values(
                    id=ids[name], authority_id=world.authority, account_id=world.accounts[login], sha256="0",
                    dry_run=True, state="done", counts={"created": 3}, issues=[{"row": 4}], created_at=NOW,
                )
            )  # fmt: skip

    asyncio.run(world.written(write))
    return ids


async def test_a_transfer_is_seen_from_both_sides(
    work: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    old, new, person = (
        await callers().login("hr.a"),
        await callers().login("hr.b"),
        await callers().login("an"),
    )
    both = {str(work["moving"]), str(work["moved"])}
    assert {i["id"] for i in (await old.ok("/transfers"))["items"]} == both
    assert {i["id"] for i in (await new.ok("/transfers"))["items"]} == {str(work["moving"])}
    assert {i["id"] for i in (await person.ok("/transfers"))["items"]} == both
    assert code_of(await new.get(f"/transfers/{work['moved']}")) == (404, "not-found")
    one = await old.ok(f"/transfers/{work['moving']}")
    assert (one["person"], one["state"], len(one["duties"])) == ("NGUYỄN VĂN AN", "reported", 1)
    assert [c["verb"] for c in one["calls"]] == ["report_transfer", "hand_over", "withdraw_transfer"]
    assert all(str(work["moving"]) in c["path"] for c in one["calls"])


async def test_lists_name_nobody_to_whom_reads_no_file(
    work: dict[str, UUID], world: World, callers: Callable[[], Caller]
) -> None:
    """The administrator's scope is the authority, and the keeper of archives has a subtree: neither reads the
    files of those who serve."""
    await world.written(lambda c: world.account(c, "archivist.a", role="archivist", agency_id=world.a))
    await world.written(lambda c: c.execute(insert(ShareRow).values(**_secondment(world))))
    duty = None
    for login, named in (("hr.a", True), ("admin", False), ("archivist.a", False)):
        caller = await callers().login(login)
        moves = (await caller.ok("/transfers"))["items"]
        assert {one["person"] for one in moves} == {"NGUYỄN VĂN AN" if named else None}, login
        one = await caller.ok(f"/transfers/{work['moving']}")
        people = {one["person"], *(duty["person"] for duty in one["duties"])}
        assert people == {"NGUYỄN VĂN AN" if named else None}, login
        owed = (await caller.ok("/duties", whose="agency"))["items"]
        (duty,) = [one for one in owed if one["case_id"] == str(work["moving"])]
        detail = await caller.ok(f"/duties/{duty['id']}")
        assert {duty["person"], detail["person"]} == {"NGUYỄN VĂN AN" if named else None}, login
        (away,) = (await caller.ok("/secondments"))["items"]
        assert away["person"] == ("Trần Thị Mới" if named else None), login
    person = await callers().login("an")
    assert {one["person"] for one in (await person.ok("/transfers"))["items"]} == {"NGUYỄN VĂN AN"}


def _secondment(world: World) -> dict[str, Any]:
    return {
        "id": uuid4(), "authority_id": world.authority, "kind": "secondment", "state": "ahead",
        "profile_id": world.profiles["Trần Thị Mới"], "from_agency_id": world.a, "agency_id": world.b,
        "document": "9/QĐ", "starts_on": date(2026, 4, 1), "ends_on": date(2026, 7, 1), "warned": 0,
        "next_on": date(2026, 4, 1), "opened_at": NOW,
    }  # fmt: skip


async def test_a_slip_is_for_those_who_read_files_on_its_sides(
    work: dict[str, UUID], world: World, callers: Callable[[], Caller]
) -> None:
    """It prints the name and the staff number; the old side keeps its paper, the new one has it from the
    hand-over on."""
    an = world.profiles["NGUYỄN VĂN AN"]
    kept = world.documents.put(world.authority, b"%PDF-1.7\n%%EOF\n", "application/pdf")
    slip = {
        "id": uuid4(), "authority_id": world.authority, "case_id": work["moving"], "profile_id": an,
        "kind": "hand_over", "agency_id": world.a, "asked_role": "hr_officer", "signature": "required",
        "rule_ids": [], "rule_set_hash": "0", "state": "made", "asked_at": NOW, "made_at": NOW,
        "document_sha256": kept.sha256,
    }  # fmt: skip
    await world.written(lambda c: c.execute(insert(SlipRow).values(**slip)))
    await world.written(lambda c: world.account(c, "reader.a", role="archivist", agency_id=world.a))
    path = f"/documents/{kept.sha256}"
    for login, status in (("hr.a", 200), ("an", 200), ("hr.b", 404), ("admin", 403), ("reader.a", 403)):
        answer = await (await callers().login(login)).get(path)
        assert answer.status_code == status, (login, answer.text)
    await world.written(lambda c: _case_at(c, work["moving"], "handed_over"))
    assert (await (await callers().login("hr.b")).get(path)).status_code == 200
    seen = (await (await callers().login("an")).ok("/me/reads"))["items"]
    assert {(one["part"], one["reader"]) for one in seen} == {
        ("getDocument", "hr.a"),
        ("getDocument", "hr.b"),
    }
    await world.written(lambda c: _case_at(c, work["moving"], "reported"))


async def _case_at(connection: Any, case_id: UUID, state: str) -> None:
    await connection.execute(text("UPDATE cases SET state = :s WHERE id = :c"), {"s": state, "c": case_id})


async def test_transfer_filters_and_pages(work: dict[str, UUID], caller: Caller) -> None:
    await caller.login("hr.a")
    assert [i["state"] for i in (await caller.ok("/transfers", running="true"))["items"]] == ["reported"]
    assert [i["state"] for i in (await caller.ok("/transfers", running="false"))["items"]] == ["accepted"]
    assert [i["state"] for i in (await caller.ok("/transfers", state="accepted"))["items"]] == ["accepted"]
    assert code_of(await caller.get("/transfers", params={"state": "x"})) == (400, "malformed-request")
    first = await caller.ok("/transfers", limit=1)
    second = await caller.ok("/transfers", limit=1, after=first["next"])
    assert first["items"][0]["id"] < second["items"][0]["id"]
    assert second["next"] is None


async def test_a_transfers_timeline_holds_its_events_only(work: dict[str, UUID], caller: Caller) -> None:
    await caller.login("hr.a")
    answer = await caller.ok(f"/transfers/{work['moving']}/timeline")
    assert [e["kind"] for e in answer["events"]] == ["transfer.requested"]
    assert answer["workflow_id"] == f"transfer/{work['moving']}"


async def test_month_ends_tell_whether_they_were_done(
    work: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    department, hr, person = (
        await callers().login("sonoivu"),
        await callers().login("hr.a"),
        await callers().login("an"),
    )
    whole = (await department.ok("/month-ends"))["items"][0]
    assert (whole["month"], whole["agencies"], whole["agencies_closed"]) == ("2026-02", 2, 1)
    assert (await hr.ok("/month-ends"))["items"][0]["agencies"] == 1, "only what is in scope is counted"
    for path in ("/month-ends", "/agency-months"):
        assert code_of(await person.get(path)) == (403, "not-permitted")


async def test_agency_months_are_scoped(
    world: World, work: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    department, hr = await callers().login("sonoivu"), await callers().login("hr.a")
    rows = (await department.ok("/agency-months", month="2026-02"))["items"]
    assert {(r["agency_id"], r["overdue"]) for r in rows} == {(str(world.a), True), (str(world.b), False)}
    assert [r["counts"] for r in (await hr.ok("/agency-months"))["items"]] == [{"listed": 2}]
    only_b = await department.ok("/agency-months", agency=str(world.b))
    assert [r["id"] for r in only_b["items"]] == [str(work["month.b"])]
    assert code_of(await hr.get(f"/agency-months/{work['month.b']}")) == (404, "not-found")
    assert code_of(await hr.get("/agency-months", params={"month": "2026-13"})) == (400, "malformed-request")


async def test_a_role_somewhere_else_opens_no_list_here(
    world: World, work: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    """HR of one agency who also administers the whole: what one role reads, the other only passes by."""

    async def write(c: Any) -> None:
        both = await world.account(c, "hr.and.admin", role="hr_officer", agency_id=world.b)
        await c.execute(
            insert(GrantRow).values(
                id=uuid4(), authority_id=world.authority, account_id=both, agency_id=world.department,
                role="administrator", valid_from=date(2025, 1, 1),
            )
        )  # fmt: skip

    await world.written(write)
    caller = await callers().login("hr.and.admin")
    assert [r["id"] for r in (await caller.ok("/agency-months"))["items"]] == [str(work["month.b"])]
    assert (await caller.get(f"/agency-months/{work['month.b']}")).status_code == 200
    for part in ("", "/rounds", "/receipts", "/signing-check"):
        answer = await caller.get(f"/agency-months/{work['month.a']}{part}")
        assert code_of(answer) == (403, "not-permitted"), part


async def test_the_approver_sees_what_changed_and_who_checked(work: dict[str, UUID], caller: Caller) -> None:
    await caller.login("approver.a")
    answer = await caller.ok(f"/agency-months/{work['month.a']}")
    items = {i["person"]: i for i in answer["items"]}
    old, new = items["NGUYỄN VĂN AN"], items["Trần Thị Mới"]
    assert (old["compared_with"], old["changed"]) == (1, ["Số điện thoại liên hệ"])
    assert [c["approver_role"] for c in old["checks"]] == ["approver"]
    assert (new["compared_with"], new["changed"], new["checks"]) == (None, [], [])
    assert [c["verb"] for c in answer["calls"]] == ["approve_list", "cut_list"]
    first = await caller.ok(f"/agency-months/{work['month.a']}", limit=1)
    second = await caller.ok(f"/agency-months/{work['month.a']}", limit=1, after=first["next"])
    assert {i["person"] for i in (*first["items"], *second["items"])} == set(items)
    assert second["next"] is None


async def test_a_list_shows_no_content_of_who_was_archived_since(
    work: dict[str, UUID], caller: Caller, world: World
) -> None:
    """The line stays; what changed is read by who reads archives, whatever else one may read there."""

    async def chapter(name: str) -> None:
        query = text("UPDATE profiles SET chapter = :chapter WHERE id = :id")
        values = {"chapter": name, "id": world.profiles["NGUYỄN VĂN AN"]}
        await world.written(lambda c: c.execute(query, values))

    await chapter("archive")
    try:
        found = {}
        for login in ("approver.a", "sonoivu"):
            items = (await (await caller.login(login)).ok(f"/agency-months/{work['month.a']}"))["items"]
            one = next(i for i in items if i["person"] == "NGUYỄN VĂN AN")
            found[login] = (one["number"], one["changed"])
    finally:
        await chapter("service")
    assert found == {"approver.a": (None, []), "sonoivu": (2, ["Số điện thoại liên hệ"])}


async def test_an_agency_months_timeline(work: dict[str, UUID], caller: Caller, world: World) -> None:
    await caller.login("hr.a")
    answer = await caller.ok(f"/agency-months/{work['month.a']}/timeline")
    assert [e["kind"] for e in answer["events"]] == ["month.opened"]
    assert answer["workflow_id"] == f"month-end/{world.a}/2026-02"


async def test_imports_are_their_makers_or_the_departments(
    work: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    hr, department, approver = (
        await callers().login("hr.a"),
        await callers().login("sonoivu"),
        await callers().login("approver.a"),
    )
    assert (await hr.ok(f"/imports/{work['own']}"))["counts"] == {"created": 3}
    assert code_of(await hr.get(f"/imports/{work['other']}")) == (404, "not-found")
    assert (await department.ok(f"/imports/{work['other']}"))["issues"] == [{"row": 4}]
    assert code_of(await approver.get(f"/imports/{work['own']}")) == (403, "not-permitted")
    assert code_of(await hr.get(f"/imports/{uuid4()}")) == (404, "not-found")
