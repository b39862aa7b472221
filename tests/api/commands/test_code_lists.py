"""A newer version of a code list: read from a file, previewed, handed in by one and loaded by another."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from activities.readiness.board import look_over
from models.database import transaction
from models.form.codes import packaged_list
from tests.api.commands.test_refusals import problem
from tests.api.intake.test_code_files import as_csv, table
from tests.world import World

pytestmark = pytest.mark.usefixtures("worker")
LIST = "/code-lists/ethnicity"


async def test_a_version_is_handed_in_by_one_and_loaded_by_another(
    world: World, log_in: Callable[..., Any]
) -> None:
    profile, today = await world.employ(), world.now.date().isoformat()
    department, admin, hr = [await log_in(who) for who in ("department", "admin", "culture.hr")]
    read = await department.post("/code-lists/version-files", files={"file": ("dm.csv", as_csv(table()))})
    assert read.status_code == 200, read.text
    body = {"starts": today, "rows": read.json()["rows"]}
    seen = await department.post(f"{LIST}/versions/preview", json=body)
    assert seen.status_code == 200, seen.text
    told = seen.json()
    assert (told["added"], told["renamed"], told["ended"], told["loadable"]) == (1, 1, 1, True)
    assert (told["profiles"], told["profiles_unreadable"]) == (1, 0)
    assert [(one["path"], one["code"], one["profiles"]) for one in told["fields"]] == [("ethnicity", "01", 1)]
    assert [one["profiles"] for one in told["units"]] == [1]
    assert await world.rows("SELECT 1 FROM code_list_versions") == []

    handed = await department.command(f"{LIST}/versions", {**body, "document": "7/QĐ-SNV"}, key="dm-1")
    assert handed.status_code == 201, handed.text
    version = handed.json()["answer"]["version"]
    assert (handed.json()["answer"]["state"], handed.json()["answer"]["ended"]) == ("proposed", 1)
    inbox = (await admin.get("/inbox")).json()["items"]
    waiting = [one for one in inbox if one["kind"] == "code_list_to_decide"]
    facts = {"code_list": "ethnicity", "version": version, "valid_from": today}
    assert [(one["role"], one["facts"]) for one in waiting] == [("administrator", facts)]
    told = await world.rows("SELECT role, agency_id FROM notices WHERE kind = 'code_list_to_decide'")
    # The one officer handed it in: of that post nobody else is there to decide.
    assert [(one.role, one.agency_id) for one in told] == [("administrator", world.department)]
    again = await department.command(f"{LIST}/versions", {**body, "document": "7/QĐ-SNV"}, key="dm-1")
    assert again.json()["answer"] == handed.json()["answer"]
    problem(await admin.command(f"{LIST}/versions", {**body, "document": "8/QĐ"}), 409, "wrong-state")
    entry = packaged_list("ethnicity").codes["01"]
    assert ("01", None) in [(e["code"], e["valid_to"]) for e in (await hr.get(LIST)).json()["entries"]]

    decision = f"{LIST}/versions/{version}/decisions"
    problem(await department.command(decision, {"decision": "load"}), 403, "same-person")
    problem(await hr.command(decision, {"decision": "load"}), 403, "not-permitted")
    problem(await admin.command(decision, {"decision": "refuse"}), 400, "malformed-request")
    shown = await admin.get(f"{LIST}/versions/{version}/preview")
    assert (shown.json()["profiles"], shown.json()["ended"]) == (1, 1)
    done = await admin.command(decision, {"decision": "load"})
    assert done.status_code == 201, done.text
    problem(await admin.command(decision, {"decision": "load"}), 409, "wrong-state")

    entries = {e["code"]: e for e in (await hr.get(LIST)).json()["entries"]}
    assert (entries["01"]["valid_to"], entries["01"]["label"]) == (today, entry.label)
    assert entries["99.1"]["valid_from"] == today
    (said,) = await world.rows("SELECT account_id, facts FROM notices WHERE kind = 'code_list_decided'")
    assert said.account_id == world.accounts["department"]
    assert said.facts == {"code_list": "ethnicity", "version": version, "state": "loaded"}
    (row,) = (await hr.get(f"{LIST}/versions")).json()["items"]
    accounts = (str(world.accounts["department"]), str(world.accounts["admin"]))
    assert (row["proposed_by"], row["decided_by"], row["state"]) == (*accounts, "loaded")
    events = await world.rows(
        "SELECT kind, actor_id, facts FROM events WHERE kind LIKE 'codes.%' ORDER BY number"
    )
    assert [e.kind for e in events] == ["codes.proposed", "codes.loaded"]
    assert [str(e.actor_id) for e in events] == list(accounts)
    assert events[1].facts["hash"] == row["hash"]

    # No form was rewritten: the morning measures it by the lists in force, and the desk has the old value.
    async with transaction(world.tools.engine, world.scope) as connection:
        laws = await world.tools.laws(connection, world.authority, world.now.date())
    await look_over(world.tools, world.scope, laws, world.now + timedelta(hours=1), lambda: None)
    (measured,) = await world.rows("SELECT faults FROM readiness WHERE profile_id = :p", p=profile)
    assert ["code-not-then", "ethnicity"] in measured.faults["correct"]
    (old,) = [one for one in (await hr.get("/mapping-desk")).json()["items"] if one["value"] == "01"]
    assert (old["code_list"], old["profiles"], old["label"]) == ("ethnicity", 1, entry.label)
    known = await department.command(f"{LIST}/versions", {**body, "document": "9/QĐ"})
    problem(known, 409, "law-known")


async def test_what_is_no_version_is_refused(world: World, log_in: Callable[..., Any]) -> None:
    department, hr = await log_in("department"), await log_in("culture.hr")
    today = world.now.date().isoformat()
    rows = [{"code": "01", "label": "Kinh"}, {"code": "01", "label": "Tày"}]
    body = {"starts": today, "rows": rows, "document": "1/QĐ"}
    twice = await department.command(f"{LIST}/versions", body)
    problem(twice, 422, "code-list-unfit")
    assert {one["path"] for one in twice.json()["errors"]} == {"rows.0", "rows.1"}
    seen = await department.post(f"{LIST}/versions/preview", json={"starts": today, "rows": rows})
    assert (seen.json()["loadable"], seen.json()["profiles"]) == (False, 0)
    problem(await department.command("/code-lists/yes_no/versions", body), 422, "code-list-unfit")
    problem(await department.command("/code-lists/no_such/versions", body), 404, "not-found")
    problem(await hr.command(f"{LIST}/versions", body), 403, "not-permitted")
    problem(
        await hr.post(f"{LIST}/versions/preview", json={"starts": today, "rows": rows}), 403, "not-permitted"
    )
    files = {"file": ("dm.csv", b"code,name\n")}
    problem(await hr.post("/code-lists/version-files", files=files), 403, "not-permitted")
    problem(await department.post("/code-lists/version-files", files=files), 422, "code-list-unfit")
    nothing = f"{LIST}/versions/{uuid4()}"
    problem(await department.command(f"{nothing}/decisions", {"decision": "load"}), 404, "not-found")
    problem(await department.get(f"{nothing}/preview"), 404, "not-found")
