"""What the national database answered and what it holds beside ours, as readers see it."""

from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest

from activities.national.office import NationalOffice
from tests.activities.batches.conftest import batch
from tests.activities.batches.test_reconciling import body, compare
from tests.activities.batches.test_sending import settle
from tests.api.lists.test_lists import ok, refused
from tests.world import World


@pytest.fixture
async def told(world: World, listed, months, run, emulator) -> tuple[Any, list[UUID]]:
    """The list's people approved elsewhere and sent."""
    month, people = listed
    await world.rows(
        "UPDATE month_items SET state = 'approved' WHERE agency_month_id = :m RETURNING profile_id",
        m=month.id,
    )
    await world.rows("UPDATE profiles SET approved_revision_id = pending_revision_id RETURNING id")
    await run(months.submit_batch, batch(world, month))
    await settle(run, months, batch(world, month))
    return month, people


async def test_receipts_and_differences_are_told_by_name_and_hash(
    world, told, months, run, emulator, log_in
) -> None:
    month, people = told
    profile = people[0]
    approver, department = await log_in("culture.approver"), await log_in("department")
    lines = ok(await approver.get(f"/agency-months/{month.id}/receipts"))["items"]
    assert lines
    assert sum(line["settled"] for line in lines) == len(people)
    for line in lines:
        raw = await approver.get(f"/agency-months/{month.id}/receipts/{line['id']}")
        assert sha256(raw.content).hexdigest() == line["sha256"]
        assert raw.json()["result"]["tran_code"] == line["tran_code"]
    looked = await world.rows(
        "SELECT profile_id, account_id, role FROM dossier_reads WHERE part = 'getReceipt' ORDER BY profile_id"
    )
    who = world.accounts["culture.approver"]
    assert [(row.profile_id, row.account_id, row.role) for row in looked] == [
        (one, who, "approver") for one in sorted(people)
    ], "each whose file the answer quotes is told, once"
    health = await log_in("health.hr")
    assert refused(await health.get(f"/agency-months/{month.id}/receipts"))[0] == 404
    assert refused(await approver.get(f"/agency-months/{month.id}/receipts/{uuid4()}"))[0] == 404

    emulator.admin("PATCH", "/records", body(profile, fields={"NhomMau": "AB"}))
    office = NationalOffice(months.settings, months.tools, months.gateway)
    ordered, done = await compare(world, office, run)
    assert done.proposed == 1
    (line, *_) = ok(await department.get("/national/reconciliations"))["items"]
    assert (line["id"], line["state"], line["proposed"]) == (str(ordered), "done", 1)
    assert ok(await department.get(f"/national/reconciliations/{ordered}"))["compared"] == done.compared
    path = f"/national/reconciliations/{ordered}/differences"
    assert refused(await approver.get(path.replace(str(ordered), str(uuid4())))) == (404, "not-found")
    found, after = [], None
    while True:
        got = ok(await department.get(path, params={"limit": 1, **({"after": after} if after else {})}))
        found += got["items"]
        if (after := got["next"]) is None:
            break
    (mine,) = [one for one in found if one["profile_id"] == str(profile)]
    assert (mine["kind"], mine["fields"], mine["repair"]) == ("fields", ["Nhóm máu"], "proposal")
    assert (mine["withheld"], mine["repaired"]) == (0, True)
    await _told_to_each_agency(world, department, approver, health, ordered, found)
    assert refused(await approver.get("/national/reconciliations")) == (403, "not-permitted")
    assert refused(await department.get(f"/national/reconciliations/{uuid4()}")) == (404, "not-found")
    (proposal,) = ok(await approver.get(f"/profiles/{profile}/national-proposals"))["items"]
    assert [(f["path"], f["theirs"]) for f in proposal["fields"]] == [("blood_type", "AB")]
    assert proposal["state"] == "open"
    assert [call["path"] for call in proposal["calls"]] == [
        f"/api/v1/profiles/{profile}/national-proposals/answers"
    ]


async def _told_to_each_agency(
    world: World, department: Any, approver: Any, health: Any, ordered: UUID, found: list[dict[str, Any]]
) -> None:
    """The same lines by agency: the department sees every agency's, each agency its own people's only.

    Whom the other side alone knows, be it from another test, is nobody's.
    """
    known = [one for one in found if one["profile_id"]]
    path = f"/national/reconciliations/{ordered}/differences"
    for who in (department, approver):
        board = ok(await who.get("/national/agencies"))
        assert (board["reconciliation_id"], board["state"]) == (str(ordered), "done")
        (line,) = board["items"]
        assert (line["agency_id"], line["different"]) == (str(world.culture), len(known))
        assert (line["proposed"], line["resent"] + line["under_way"] + line["by_hand"]) == (1, len(known) - 1)
        opened = ok(await who.get(line["href"].removeprefix("/api/v1")))["items"]
        assert [one["national_id"] for one in opened] == [one["national_id"] for one in known]
        assert ok(await who.get(path, params={"agency": str(world.health)}))["items"] == []
    assert ok(await health.get("/national/agencies"))["items"] == []
    assert ok(await health.get(path))["items"] == []
    assert refused(await health.get("/national/agencies", params={"reconciliation": str(uuid4())})) == (
        404,
        "not-found",
    )


async def test_the_agency_with_the_most_differences_is_named_first(world, told, log_in) -> None:
    _, people = told
    department = await log_in("department")
    none = ok(await department.get("/national/agencies"))
    assert (none["reconciliation_id"], none["items"]) == (None, [])
    (top,) = await world.rows("SELECT id FROM agencies WHERE parent_id IS NULL AND has_account")
    for profile, agency in ((people[0], world.health), (people[1], top.id)):
        await world.rows(
            "WITH held AS (UPDATE custody SET agency_id = :a WHERE profile_id = :p)"
            " UPDATE profiles SET agency_id = :a WHERE id = :p RETURNING id",
            a=agency,
            p=profile,
        )
    (run,) = await world.rows(
        "INSERT INTO reconciliations (id, authority_id, state, document, ordered_at, cursor, compared,"
        " ended_at) VALUES (gen_random_uuid(), :a, 'done', '', now(), '', 3, now()) RETURNING id",
        a=world.authority,
    )
    for profile in people:
        await world.rows(
            "INSERT INTO national_differences (id, authority_id, reconciliation_id, national_id, profile_id,"
            " kind, fields, repair, repaired, found_at) VALUES (gen_random_uuid(), :a, :r, :p, :p, 'fields',"
            " '[]', 'by_hand', false, now()) RETURNING id",
            a=world.authority,
            r=run.id,
            p=profile,
        )
    seen, after = [], None
    while True:
        got = ok(
            await department.get(
                "/national/agencies", params={"limit": 1} | ({"after": after} if after else {})
            )
        )
        seen += got["items"]
        if (after := got["next"]) is None:
            break
    rest = len(people) - 2
    assert (seen[0]["agency_id"], seen[0]["different"], seen[0]["by_hand"]) == (
        str(world.culture),
        rest,
        rest,
    )
    assert {line["agency_id"]: line["different"] for line in seen[1:]} == {
        str(world.health): 1,
        str(top.id): 1,
    }
    for (
        line
    ) in seen:  # each number opens its people, and not those of an agency below with an account of its own
        opened = ok(await department.get(line["href"].removeprefix("/api/v1")))["items"]
        assert len(opened) == line["different"]
