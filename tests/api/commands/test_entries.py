"""The agency enters a confirmed form through the API, under a law that has it so; the person disputes it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from api.cli.demo.papers import paper
from models.database import engine_for, transaction
from models.regulations import in_force
from tests.api.commands.conftest import CHEAP, PASSWORD
from tests.api.commands.test_refusals import problem
from tests.world import World, build, tools_for

pytestmark = pytest.mark.usefixtures("worker")
PDF = paper("A decision, certified")
NEW = "một mật khẩu đủ dài 2026"


@pytest.fixture
async def world(database, tmp_path: Path) -> AsyncIterator[World]:
    """The authority of `conftest`, under the draft whose agencies enter what people give them."""
    engine = engine_for(database.url("worker"), pool_size=8)
    now = datetime.now(UTC)
    law = in_force("phu_yen", now.date(), simulate=["phu_yen_2024"])
    made = await build(tools_for(engine, tmp_path), now, law=law)
    async with transaction(engine, made.scope) as connection:
        await connection.execute(text("UPDATE accounts SET password_hash = :h"), {"h": CHEAP.hash(PASSWORD)})
        await connection.execute(text("UPDATE authorities SET installed_on = :d"), {"d": now.date()})
    yield made
    await engine.dispose()


@pytest.mark.rule("phu_yen.art5.2.b", "phu_yen.art5.2.c")
async def test_the_agency_enters_what_the_person_supplied(
    log_in, newcomer: dict[str, Any], complete_form, profile_of
) -> None:
    hr = await log_in("culture.hr")
    opened = await hr.command("/profiles", newcomer | {"origin": "recruited"})
    assert opened.status_code == 201, opened.text
    profile = profile_of(opened)
    made = await hr.command(f"/profiles/{profile}/account", {"login": "nhap.thay"})
    assert made.status_code == 201, made.text
    person = await log_in("", "nhap.thay", made.json()["one_time_password"])
    old = {"old_password": made.json()["one_time_password"], "new_password": NEW}
    assert (await person.put("/session/password", json=old)).status_code < 300

    scanned = await hr.post(
        f"/profiles/{profile}/attachments",
        files={"file": ("mau.pdf", PDF, "application/pdf")},
        data={"kind": "confirmed_form"},
    )
    assert scanned.status_code == 201, scanned.text
    form = scanned.json()["sha256"]
    tag = (await hr.get(f"/profiles/{profile}")).headers["ETag"]
    content = {"content": complete_form, "evidence": [form]}
    own = await hr.put(f"/profiles/{profile}/draft", json=content, headers={"If-Match": tag})
    problem(own, 422, "invalid-form")  # the person's part is not HR's, unless entered on the person's behalf
    saved = await hr.put(
        f"/profiles/{profile}/draft", json=content | {"on_behalf": True}, headers={"If-Match": tag}
    )
    assert saved.status_code == 200, saved.text
    draft, tag = saved.json(), saved.headers["ETag"]
    assert draft["remaining"] == []
    body = {"revision_id": draft["id"], "digest": draft["digest"], "confirmed_form": "0" * 64}
    problem(await hr.command(f"/profiles/{profile}/entries", body, If_Match=tag), 422, "evidence-required")
    other = await person.command(f"/profiles/{profile}/entries", body, If_Match=tag)
    problem(other, 403, "not-permitted")
    entered = await hr.command(f"/profiles/{profile}/entries", body | {"confirmed_form": form}, If_Match=tag)
    assert entered.status_code == 200, entered.text

    inbox = (await person.get("/inbox")).json()
    assert "entered_for_you" in [line["kind"] for line in inbox["items"]]
    report = {"paths": ["gender"], "reason": "nhập nhầm"}
    told = await person.command(f"/profiles/{profile}/error-reports", report)
    assert told.status_code == 201, told.text
    answer = {
        "duty_id": told.json()["answer"]["duty_id"],
        "accepted": True,
        "reason": "nhập nhầm, sẽ trả lại để sửa",
    }
    path = f"/profiles/{profile}/error-reports/answers"
    problem(await person.command(path, answer), 403, "not-permitted")
    answered = await hr.command(path, answer)
    assert answered.status_code == 200, answered.text
    problem(await hr.command(path, answer), 404, "not-found")


async def test_nobody_enters_for_whom_the_law_has_declare(log_in, newcomer, profile_of) -> None:
    """The person saves the own draft; somebody who is not the agency's officer enters nothing."""
    hr, approver = await log_in("culture.hr"), await log_in("culture.approver")
    profile = profile_of(await hr.command("/profiles", newcomer | {"origin": "recruited"}))
    tag = (await approver.get(f"/profiles/{profile}")).headers["ETag"]
    body = {"content": {}, "on_behalf": True}
    refused = await approver.put(f"/profiles/{profile}/draft", json=body, headers={"If-Match": tag})
    problem(refused, 403, "not-permitted")
