"""Two profiles of one person over the API: proposed by one, decided by another, both read after it."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client

from models.calendar import legal_date
from models.identifiers import profile_workflow
from models.lifecycle.life import CHAPTER_VI, Chapter
from tests.api.commands.conftest import PASSWORD
from tests.api.commands.test_refusals import problem
from tests.api.conftest import CHEAP
from tests.world import World

pytestmark = pytest.mark.usefixtures("worker")
_PASSWORD = "UPDATE accounts SET password_hash = :h WHERE kind = 'personal' RETURNING id, login"
WORDS = {"document": "1/ĐN", "reason": "mở trùng khi nhập dữ liệu"}


async def test_proposed_previewed_and_decided_by_two(log_in: Any, world: World, app: Any) -> None:
    kept = await world.employ()
    world.accounts["kept"] = world.accounts["person"]
    twice = await world.employ()
    await world.employ()
    world.accounts["stranger"] = world.accounts["person"]
    logins = {row.id: row.login for row in await world.rows(_PASSWORD, h=CHEAP.hash(PASSWORD))}
    officer, head, person = [await log_in(who) for who in ("culture.hr", "culture.head", "department")]
    path = f"/profiles/{twice}"
    asked = await officer.get(f"{path}/merges/preview", params={"survivor_id": str(kept)})
    assert asked.status_code == 200, asked.text
    seen = asked.json()
    assert (seen["same"], seen["hindrances"], seen["custody_moves"]) == ("form", [], False)
    assert (seen["duplicate"]["id"], seen["survivor"]["id"]) == (str(twice), str(kept))
    assert (seen["differences"], seen["account_closes"]) == ([], True), "both forms say the same"
    assert seen["duplicate"]["revisions"] == 1

    problem(
        await officer.command(f"{path}/merges", {**WORDS, "survivor_id": str(uuid4())}),
        404,
        "merge-elsewhere",
    )
    problem(
        await officer.command(f"{path}/merges", {**WORDS, "survivor_id": str(twice)}), 422, "merge-itself"
    )
    problem(await head.command(f"{path}/merges", {**WORDS, "survivor_id": str(kept)}), 403, "not-permitted")
    proposed = await officer.command(f"{path}/merges", {**WORDS, "survivor_id": str(kept)})
    assert proposed.status_code == 201, proposed.text
    decision = {"merge_id": proposed.json()["answer"]["merge_id"], "document": "2/QĐ"}
    problem(await officer.command(f"{path}/merges/approvals", decision), 403, "not-permitted")
    away = {"kind": "retired", "effective_on": legal_date(world.now).isoformat(), "document": "3/QĐ"}
    problem(await officer.command(f"{path}/separations", away), 409, "merge-open")
    back = {"merge_id": decision["merge_id"], "reason": "xem lại"}
    assert (await officer.command(f"{path}/merges/withdrawals", back)).status_code == 200
    again = await person.command(f"{path}/merges", {**WORDS, "survivor_id": str(kept)})
    decision["merge_id"] = again.json()["answer"]["merge_id"]
    done = await head.command(f"{path}/merges/approvals", decision)
    assert done.status_code == 200, done.text
    assert done.json()["answer"]["survivor_id"] == str(kept)

    shown = (await officer.get(path)).json()
    assert (shown["merged_into"], shown["status"], shown["chapter"]) == (str(kept), "merged", "archive")
    assert (await officer.get(f"/profiles/{kept}")).json()["merged_from"] == [str(twice)]
    for part in ("form", "revisions", "custody", "timeline", "documents"):
        read = await officer.get(f"{path}/{part}")
        assert read.status_code == 200, (part, read.text)
    problem(await officer.command(f"{path}/separations", away), 410, "profile-merged")
    reopened = {"agency_id": str(world.culture), "event_on": away["effective_on"], "document": "9"}
    problem(await officer.command(f"{path}/reopening", reopened), 410, "profile-merged")
    lines = (await officer.get("/profiles", params={"limit": "200"})).json()["items"]
    assert {str(kept)} == {line["id"] for line in lines} & {str(kept), str(twice)}
    found = await officer.command("/profiles/search", {"name": "Nguyễn Thị Thử", "limit": 200})
    assert str(twice) not in found.text
    book = (await officer.get("/registers/merges")).json()["items"]
    assert [(one["state"], one["survivor_id"]) for one in book] == [
        ("carried_out", str(kept)), ("withdrawn", str(kept)),
    ]  # fmt: skip
    assert (await officer.get("/registers/merges/workbook")).content[:2] == b"PK"
    owner = await log_in("kept", logins[world.accounts["kept"]])
    for part in ("", "/form", "/revisions", "/custody", "/timeline", "/documents", "/reads"):
        read = await owner.get(f"{path}{part}")
        assert read.status_code == (403 if part == "/reads" else 200), (part, read.text)
    assert (await owner.get(f"/profiles/{kept}")).json()["merged_from"] == [str(twice)]
    looked = (await owner.get("/me/reads")).json()["items"]
    assert {one["reader"] for one in looked} == {"culture.hr"}, (
        "not the own ones; those of the closed file too"
    )
    read_own = {one["verb"]: one for one in (await owner.get(f"{path}/access")).json()["rights"]}["read_own"]
    assert read_own["allowed"]
    stranger = await log_in("stranger", logins[world.accounts["stranger"]])
    assert (await stranger.get(path)).status_code == 404
    draft = await owner.put(f"{path}/draft", json={"content": {}}, headers={"If-Match": '"r1"'})
    assert draft.json()["code"] == "wrong-state", draft.text
    client: Client = app.state.temporal
    ended = await asyncio.wait_for(client.get_workflow_handle(profile_workflow(twice)).result(), 20)
    assert ended == CHAPTER_VI[Chapter.ARCHIVE], "its life is told no further"
