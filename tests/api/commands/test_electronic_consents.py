"""The official's own consent over the API and the engine, where the authority has adopted the decree."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text

from models.calendar import legal_date
from models.database import transaction
from models.regulations import in_force
from tests.api.commands.conftest import PASSWORD
from tests.api.commands.test_refusals import problem
from tests.api.conftest import CHEAP
from tests.world import World

pytestmark = pytest.mark.usefixtures("worker")


@pytest.mark.rule("nd27.art20.4")
async def test_asked_given_read_and_withdrawn_in_one_open_session(log_in: Any, world: World) -> None:
    profile, day = await world.employ(), legal_date(world.now)
    law = in_force("hanoi", day, simulate=["nd27_2026"])
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("INSERT INTO rule_sets VALUES (:a, :h, :on, CAST(:c AS jsonb), 'thử', :now)"),
            {"a": world.authority, "h": law.hash, "on": day, "c": law.to_json(), "now": world.now},
        )
        await connection.execute(
            text("UPDATE accounts SET password_hash = :h WHERE id = :id"),
            {"h": CHEAP.hash(PASSWORD), "id": world.accounts["person"]},
        )
    login = await world.one("SELECT login FROM accounts WHERE id = :id", id=world.accounts["person"])
    hr, head, reader = [await log_in(name) for name in ("culture.hr", "culture.head", "health.hr")]
    person = await log_in("person", login=login.login)
    reader.headers["Hoso-Purpose"] = quote("Thẩm tra lý lịch")
    body = {"account_id": str(world.accounts["health.hr"]), "purpose": "Thẩm tra lý lịch", "level": 2}
    body |= {"starts_on": day.isoformat(), "ends_on": (day + timedelta(days=30)).isoformat()}
    path = f"/profiles/{profile}"

    written = await head.command(f"{path}/consents", {**body, "document": "12/SNV"})
    assert written.status_code == 201, written.text
    problem(await reader.get(f"{path}/form"), 403, "consent-needed")
    asked = await hr.command(f"{path}/consent-requests", body)
    assert asked.status_code == 201, asked.text
    assert "Điều 20.4" in asked.json()["answer"]["citation"]
    consent = asked.json()["answer"]["consent_id"]
    waiting = (await person.get(f"{path}/consents")).json()
    assert {one["kind"]: one["state"] for one in waiting} == {"electronic": "asked", "written": "given"}
    problem(await reader.get(f"{path}/form"), 403, "consent-needed")
    answer = {"consent_id": consent, "given": True}
    problem(await hr.command(f"{path}/consent-requests/answers", answer), 403, "not-permitted")
    given = await person.command(f"{path}/consent-requests/answers", answer)
    assert given.status_code == 200, given.text
    form = await reader.get(f"{path}/form")
    assert form.status_code == 200, form.text
    assert {one["level"] for one in form.json()["withheld"]} == {3, 4}
    assert str(profile) in {one["id"] for one in (await reader.get("/profiles")).json()["items"]}
    taken = await person.command(f"{path}/consents/withdrawals", {"consent_id": consent})
    assert taken.status_code == 200, taken.text
    problem(await reader.get(f"{path}/form"), 403, "consent-needed")
    assert str(profile) not in {one["id"] for one in (await reader.get("/profiles")).json()["items"]}
