"""An order over HTTP, carried out by its workflow on the queue of batches, told, taken back."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from openpyxl import Workbook, load_workbook

from models.calendar import legal_date
from models.command_tree import CreateAgency, EndAgency
from tests.api.bulk.conftest import codes, over
from tests.api.commands.conftest import Person
from tests.world import World


async def test_rehearsed_run_told_and_taken_back(
    world: World, worker: None, batches: None, log_in: Callable[..., Any]
) -> None:
    people, stranger = [await world.employ() for _ in range(2)], uuid4()
    hr, other = await log_in("culture.hr"), await log_in("health.hr")
    day = world.now.date().isoformat()
    common = {"to_agency_id": str(world.health), "mode": "điều động", "effective_on": day, "document": "1/QĐ"}
    items = [{"profile_id": str(one)} for one in (*people, stranger, people[0])]
    items[1]["own"] = {"mode": "nơi khác"}
    body = {"verb": "request_transfer", "common": common, "items": items, "dry_run": True}
    rehearsed = await over(hr, await hr.command("/bulk", body))
    assert (rehearsed["done"], rehearsed["refused"], rehearsed["undo"]) == (1, 3, False)
    assert await codes(hr, rehearsed) == [None, "malformed-request", "not-found", "malformed-request"]
    assert await world.rows("SELECT 1 FROM cases") == []
    assert (await other.get(f"/bulk/{rehearsed['id']}")).status_code == 404
    assert (await other.get(f"/bulk/{rehearsed['id']}/items")).status_code == 404

    key = uuid4().hex
    done = await over(hr, await hr.command(f"/bulk/{rehearsed['id']}/runs", key=key))
    assert (done["total"], done["done"], done["follows"], done["undo"]) == (1, 1, rehearsed["id"], True)
    again = await hr.command(f"/bulk/{rehearsed['id']}/runs", key=key)
    assert again.json()["id"] == done["id"]
    reused = await hr.command("/bulk", body, key=key)
    assert (reused.status_code, reused.json()["code"]) == (422, "key-reused")
    (item,) = (await hr.get(f"/bulk/{done['id']}/items")).json()["items"]
    told = (await hr.get(f"/commands/{item['command_id']}")).json()
    assert told["answer"]["transfer_id"] == item["answer"]["transfer_id"]

    undone = await over(hr, await hr.command(f"/bulk/{done['id']}/undo", {"reason": "nhầm danh sách"}))
    assert (undone["verb"], undone["done"], undone["refused"]) == ("withdraw_transfer", 1, 0)
    assert [row.state for row in await world.rows("SELECT state FROM cases")] == ["withdrawn"]
    second = await hr.command(f"/bulk/{done['id']}/undo", {"reason": "lần nữa"})
    assert (second.status_code, second.json()["code"]) == (409, "wrong-state")
    assert [one["id"] for one in (await hr.get("/bulk")).json()["items"]] == [
        undone["id"],
        done["id"],
        rehearsed["id"],
    ]


async def test_a_filter_is_frozen_an_approval_was_seen_and_a_workbook_names_people(
    world: World, worker: None, batches: None, log_in: Callable[..., Any]
) -> None:
    waits = await world.employ(until="review")
    approver = await log_in("culture.approver")
    chosen = {"filter": {"agency": str(world.culture), "awaiting_approval": True}}
    blind = await approver.command("/bulk", {"verb": "approve", "dry_run": False, **chosen})
    assert await codes(approver, await over(approver, blind)) == ["precondition-required"]
    shown = await over(
        approver, await approver.command("/bulk", {"verb": "approve", "dry_run": True, **chosen})
    )
    (item,) = (await approver.get(f"/bulk/{shown['id']}/items")).json()["items"]
    assert (item["profile_id"], item["revision"], item["state"]) == (str(waits), 1, "done")
    done = await over(approver, await approver.command(f"/bulk/{shown['id']}/runs"))
    assert (done["done"], done["undo"]) == (1, False)
    refused = await approver.command(f"/bulk/{done['id']}/undo", {"reason": "nhầm danh sách"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no-undo")
    neither = await approver.command("/bulk", {"verb": "approve", "dry_run": True})
    assert neither.json()["code"] == "malformed-request"
    waiting = "INSERT INTO bulk_orders (id, authority_id, account_id, verb, dry_run, source, digest, state,"
    waiting += (
        " created_at) VALUES (:id, :a, :who, 'approve', true, 'items', '', 'waiting', :now) RETURNING id"
    )
    values = {"a": world.authority, "who": world.accounts["culture.approver"], "now": world.now}
    (row,) = await world.rows(waiting, id=uuid4(), **values)
    early = await approver.command(f"/bulk/{row.id}/runs")
    assert (early.status_code, early.json()["code"]) == (409, "bulk-running")
    await by_workbook(world, log_in, waits)
    await by_edited_workbook(world, log_in, waits)
    await to_a_code_given_again(world, log_in)


def book(*rows: tuple[Any, ...]) -> bytes:
    made = Workbook()
    assert made.active is not None
    for row in rows:
        made.active.append(row)
    out = BytesIO()
    made.save(out)
    return out.getvalue()


async def by_workbook(world: World, log_in: Callable[..., Any], second: UUID) -> None:
    """One decision with its list of people."""
    first = await world.employ()
    hr = await log_in("culture.hr")
    day = world.now.date()
    data = book(
        ("Hồ sơ", "Ngày có thông tin thay đổi", "kind"),
        (str(first), day, "salary"),
        (str(second), None, "salary"),
        (str(uuid4()), day, "=1+1"),
        (None, None, None),
    )
    fields = {"verb": "give_notice", "dry_run": "false", "common": '{"document": "45/QĐ-SVH"}'}
    sent = await hr.post(
        "/bulk/workbooks",
        data=fields,
        files={"file": ("ds.xlsx", data)},
        headers={"Idempotency-Key": uuid4().hex},
    )
    done = await over(hr, sent)
    assert (done["source"], done["total"], done["done"]) == ("workbook", 3, 1)
    duty = await world.one("SELECT facts ->> 'document' AS document FROM duties WHERE state = 'open'"
                           " AND slot = 'update_after_change'")  # fmt: skip
    assert duty.document == "45/QĐ-SVH"
    answer = await hr.get(f"/bulk/{done['id']}/workbook")
    rows = list(load_workbook(BytesIO(answer.content)).worksheets[0].values)
    assert [row[3] for row in rows[1:]] == [2, 3, 4], "the lines of the workbook that was sent"
    assert [row[6] for row in rows[1:]] == [None, "malformed-request", "not-found"]
    for wrong in (b"no workbook", book(("kind",), ("salary",))):
        refused = await hr.post(
            "/bulk/workbooks",
            data=fields,
            files={"file": ("ds.xlsx", wrong)},
            headers={"Idempotency-Key": uuid4().hex},
        )
        assert refused.json()["code"] in ("import-unreadable", "malformed-request")
    undone = await over(hr, await hr.command(f"/bulk/{done['id']}/undo", {"reason": "nhầm quyết định"}))
    assert (undone["verb"], undone["done"]) == ("withdraw_notice", 1)


async def to_a_code_given_again(world: World, log_in: Callable[..., Any]) -> None:
    """A code names the unit that has it today, not one that ended and had it before."""
    hr, person, day = await log_in("culture.hr"), await world.employ(), legal_date(world.now)
    how = {"effective_on": day, "document": "8/QĐ"}
    for body in (
        EndAgency(agency_id=world.museum, **how),
        CreateAgency(parent_id=world.health, code="H26.02.01", name="Bảo tàng Y học", **how),
    ):
        made = await world.ask("department", body, world.authority, subject="administration")
        assert made.status == 201, made.answer
    await world.rows(
        "UPDATE agencies SET code = code WHERE id = :m RETURNING id", m=world.museum
    )  # read last
    header = ("profile_id", "to_agency_code", "mode", "effective_on", "document")
    sent = await hr.post(
        "/bulk/workbooks",
        data={"verb": "request_transfer", "dry_run": "false"},
        files={"file": ("ds.xlsx", book(header, (str(person), "H26.02.01", "điều động", day, "9/QĐ")))},
        headers={"Idempotency-Key": uuid4().hex},
    )
    done = await over(hr, sent)
    assert (done["done"], done["refused"]) == (1, 0), await codes(hr, done)
    case = await world.one("SELECT to_agency_id FROM cases WHERE profile_id = :p", p=person)
    assert str(case.to_agency_id) == made.answer["agency_id"]


async def by_edited_workbook(world: World, log_in: Callable[..., Any], approved: UUID) -> None:
    """Taken out, edited, sent back: unedited lines change nothing, lines that moved since are refused."""
    hr, named = await log_in("culture.hr"), {"field": ["staff_number", "employer_assessment"]}
    older, unheard = await world.employ(), await world.employ()
    await _on_another_form(world, older)
    none = "UPDATE profiles SET approved_revision_id = NULL WHERE id = :p RETURNING id"
    await world.rows(none, p=unheard)
    taken = await hr.get("/bulk/workbooks/fields", params=named)
    assert taken.status_code == 200, taken.text
    sheet, left_out = load_workbook(BytesIO(taken.content)).worksheets
    header, *lines = sheet.values
    said = {row[0]: row[2:] for row in left_out.values}
    assert set(said) == {"profile_id", str(older), str(unheard)}, "nobody is left out without a word"
    assert (said[str(older)][0], said[str(unheard)][0]) == ("mau_khac", None)
    assert "chưa có bản khai" in said[str(unheard)][1]
    await _decision(world, hr, [line[0] for line in lines])
    assert header == ("profile_id", "full_name", "revision", "staff_number", "employer_assessment")
    assert len(lines) == 2
    read = await world.rows(
        "SELECT 1 FROM dossier_reads WHERE part = 'downloadFields' AND profile_id = :p", p=approved
    )
    assert len(read) == 1, "who looked at whose file"
    before = await world.rows("SELECT count(*) AS n FROM revisions")
    same = await changed(hr, taken.content)
    assert (same["done"], same["refusals"]) == (0, {"nothing-to-submit": 2})
    assert await world.rows("SELECT count(*) AS n FROM revisions") == before
    edited = [list(line) for line in lines]
    for line in edited:
        line[4] = "'=Hoàn thành tốt nhiệm vụ"
    edited[1][2] -= 1
    done = await changed(hr, book(header, *edited))
    assert (done["done"], done["refusals"]) == (1, {"stale-revision": 1})
    (item,) = (await hr.get(f"/bulk/{done['id']}/items", params={"state": "done"})).json()["items"]
    duties = await world.rows(
        "SELECT profile_id, state FROM duties WHERE facts ->> 'document' = '7/QĐ'"
        " AND slot = 'update_after_change' ORDER BY state"
    )
    assert [row.state for row in duties] == ["met", "open"], (
        "fulfilled by the second workbook, where it was taken"
    )
    assert str(duties[0].profile_id) == item["profile_id"]
    assert item["answer"]["changed"] == ["employer_assessment"]
    pending = (
        "SELECT r.author_id, r.state FROM revisions r JOIN profiles p ON p.pending_revision_id = r.id"
        " WHERE p.id = :p"
    )
    row = await world.one(pending, p=item["profile_id"])
    assert (row.author_id, row.state) == (world.accounts["culture.hr"], "submitted")


async def _on_another_form(world: World, profile: UUID) -> None:
    """What was approved last stands on a form that is not the one of officials today."""
    await world.rows(
        "INSERT INTO revisions (id, authority_id, profile_id, number, form_version, content, sealed, key_id,"
        " digest, state, author_id, evidence, saved_at) SELECT :id, authority_id, profile_id, number + 1,"
        " 'mau_khac', content, sealed, key_id, digest, state, author_id, evidence, saved_at FROM revisions"
        " WHERE profile_id = :p AND state = 'approved' RETURNING id",
        id=(made := uuid4()),
        p=profile,
    )
    await world.rows(
        "UPDATE profiles SET approved_revision_id = :r WHERE id = :p RETURNING id", r=made, p=profile
    )


async def _decision(world: World, hr: Person, people: list[str]) -> None:
    """One decision with its list of people opens what each of them owes."""
    lines = [(one, "2025-12-01", "other") for one in people]
    sent = await hr.post(
        "/bulk/workbooks",
        data={"verb": "give_notice", "dry_run": "false", "common": '{"document": "7/QĐ"}'},
        files={"file": ("qd.xlsx", book(("profile_id", "changed_on", "kind"), *lines))},
        headers={"Idempotency-Key": uuid4().hex},
    )
    done = await over(hr, sent)
    assert (done["done"], done["refused"]) == (len(people), 0)


async def changed(person: Person, data: bytes) -> dict[str, Any]:
    common = {"document": "7/QĐ", "changed_on": "2025-12-01", "confirmed_form": "e" * 64}
    sent = await person.post(
        "/bulk/workbooks",
        data={"verb": "change_fields", "dry_run": "false", "common": json.dumps(common)},
        files={"file": ("ds.xlsx", data)},
        headers={"Idempotency-Key": uuid4().hex},
    )
    return await over(person, sent)
