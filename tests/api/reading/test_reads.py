"""Who looked at my file: every answered read of another's file has its line, and nobody takes one away."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import api
from api.reading.reads import PARTS
from api.routers import ROUTERS
from models.database import Scope, transaction
from tests.api.reading.recording import records
from tests.api.reading.world import CONTENT, NOW, Caller, StandingClock, World, code_of

WHY = "Kiểm tra theo QĐ 12/QĐ-TTr"


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, UUID]:
    """An and Bình of A, each with an account, An with an approved form; an auditor."""

    async def write(c: Any) -> dict[str, UUID]:
        found = {}
        for login, name in (("an", "NGUYỄN VĂN AN"), ("binh", "Trần Thị Bình")):
            found[login] = await world.profile(c, name, world.a, revision_number=1)
            author = await world.account(c, login, kind="personal", profile_id=found[login])
            revision = await world.revision(c, found[login], 1, "approved", CONTENT, author, submitted_at=NOW)
            await c.execute(
                text("UPDATE profiles SET approved_revision_id = :revision WHERE id = :id"),
                {"revision": revision, "id": found[login]},
            )
        await world.account(c, "auditor", role="auditor", agency_id=world.department)
        return found

    return asyncio.run(world.written(write))


async def log(caller: Caller, login: str) -> list[dict[str, Any]]:
    await caller.login(login)
    caller.headers.pop("Hoso-Purpose", None)
    items: list[dict[str, Any]] = (await caller.ok("/me/reads"))["items"]
    return items


async def test_each_part_read_by_another_has_its_line(
    people: dict[str, UUID], caller: Caller, clock: StandingClock
) -> None:
    an = people["an"]
    await caller.login("hr.a")
    await caller.ok(f"/profiles/{an}")
    await caller.ok(f"/profiles/{an}/form")
    await caller.ok(f"/profiles/{an}/form", revision=1)  # the same part, within the quarter of an hour
    clock.at = NOW + timedelta(minutes=20)
    await caller.ok(f"/profiles/{an}/form")
    seen = await log(caller, "an")
    assert sorted(one["part"] for one in seen) == ["getForm", "getForm", "getProfile"]
    assert {one["reader"] for one in seen} == {"hr.a"}
    assert seen[0]["role_vi"] == "Người phụ trách tổ chức cán bộ"
    assert seen[0]["agency"] == "Cơ quan 1"
    assert seen[0]["part_vi"] == "Nội dung bản khai"
    assert (seen[0]["stated"], seen[0]["purpose"]) == (False, "Công việc của Người phụ trách tổ chức cán bộ")
    assert "Điều 8.2" in seen[0]["citation"]
    first = await caller.ok("/me/reads", limit=2)
    second = await caller.ok("/me/reads", limit=2, after=first["next"])
    assert [one["id"] for one in (*first["items"], *second["items"])] == [one["id"] for one in seen]


async def test_ones_own_reads_and_refused_ones_leave_no_line(people: dict[str, UUID], caller: Caller) -> None:
    binh = people["binh"]
    await caller.login("binh")
    await caller.ok(f"/profiles/{binh}/form")
    for login in ("hr.b", "admin"):
        await caller.login(login)
        assert (await caller.get(f"/profiles/{binh}/form")).status_code in (403, 404)
    await caller.login("hr.a")
    assert (await caller.get(f"/profiles/{binh}/form", params={"revision": 9})).status_code == 404
    assert await log(caller, "binh") == []


async def test_who_audits_says_what_for_and_the_person_reads_it(
    people: dict[str, UUID], caller: Caller
) -> None:
    binh = people["binh"]
    await caller.login("auditor")
    caller.headers.pop("Hoso-Purpose", None)
    assert code_of(await caller.get(f"/profiles/{binh}/form")) == (400, "purpose-required")
    for wrong in ("%ff%fe", quote("dòng\nhai"), "x" * 301):
        caller.headers["Hoso-Purpose"] = wrong
        assert code_of(await caller.get(f"/profiles/{binh}/form"))[1] == "malformed-request"
    caller.headers["Hoso-Purpose"] = quote(WHY)
    await caller.ok(f"/profiles/{binh}/form")
    theirs = (await caller.ok(f"/profiles/{binh}/reads"))["items"]
    assert [(one["purpose"], one["stated"], one["level"]) for one in theirs] == [(WHY, True, 2)]
    assert [one["id"] for one in await log(caller, "binh")] == [one["id"] for one in theirs]


async def test_the_log_of_a_file_is_for_its_person_and_for_auditors(
    people: dict[str, UUID], caller: Caller
) -> None:
    for login, status in (("hr.a", 403), ("an", 403), ("hr.b", 404), ("sonoivu", 403)):
        await caller.login(login)
        assert (await caller.get(f"/profiles/{people['an']}/reads")).status_code == status, login
    await caller.login("hr.a")
    assert code_of(await caller.get("/me/reads")) == (404, "not-found")


async def test_the_database_lets_nobody_write_for_another_or_take_a_line_away(
    people: dict[str, UUID], world: World, caller: Caller
) -> None:
    await caller.login("hr.a")
    await caller.ok(f"/profiles/{people['an']}/revisions")
    row = (
        "INSERT INTO dossier_reads (id, authority_id, profile_id, account_id, reader, role, agency_id, part,"
        " level, began_at, at) VALUES (:id, :authority, :profile, :account, 'x', 'head', :agency, 'getForm',"
        " 4, now(), now())"
    )
    values = {
        "id": uuid4(), "authority": world.authority, "profile": people["an"], "agency": world.a,
        "account": world.accounts["hr.b"],
    }  # fmt: skip
    own = Scope(world.authority, profile=people["an"], account=world.accounts["an"])
    whole = Scope(world.authority, everything=True, account=world.accounts["an"])
    for role, scope, statement in (
        ("api", own, row),
        ("api", whole, "UPDATE dossier_reads SET reader = 'y'"),
        ("api", whole, "DELETE FROM dossier_reads"),
        ("worker", whole, row),
        ("worker", whole, "DELETE FROM dossier_reads"),
        ("report", whole, "SELECT content FROM revisions"),
        ("report", whole, "SELECT sealed FROM revisions"),
    ):
        engine = create_async_engine(world.database.url(role), poolclass=NullPool)
        with pytest.raises(ProgrammingError, match=r"row-level security|permission denied"):
            async with transaction(engine, scope) as connection:
                await connection.execute(text(statement), values if ":id" in statement else {})
        await engine.dispose()
    engine = create_async_engine(world.database.url("api"), poolclass=NullPool)
    foreign = Scope(world.authority, agencies=(world.a,), account=world.accounts["approver.a"])
    async with transaction(engine, foreign) as connection:
        assert await connection.scalar(text("SELECT count(*) FROM dossier_reads")) == 0
    async with transaction(engine, own) as connection:
        assert (await connection.scalar(text("SELECT count(*) FROM dossier_reads")) or 0) > 0
    await engine.dispose()


def test_every_read_of_a_file_has_words_for_its_line() -> None:
    """Whatever can record has its words, and whatever has words can record; what is under a file's path and
    shows nothing of it is named here."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    read = [route for route in routes if "GET" in route.methods]
    assert {route.operation_id for route in read if records(route)} == set(PARTS)
    shown = {route.operation_id for route in read if "{profile_id}" in route.path}
    assert shown - {"explainAccess", "listReads"} <= set(PARTS)


def test_nothing_reads_without_its_operation_known() -> None:
    """A read made by hand would leave no line: so is an upload, which shows nothing, and the opening of
    payloads, which hold ids and whose every call is logged by itself."""
    folder = Path(api.__file__).parent
    made = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if re.search(r"(?<!class )\bReading\(", path.read_text(encoding="utf-8"))
    }
    assert made == {"scope.py", "intake/upload.py", "codec_server.py"}
