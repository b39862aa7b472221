"""A worker of Phú Yên on the form of the labour contract, through the API; then an official."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from api.cli.demo.papers import paper
from models.database import engine_for, transaction
from models.regulations import in_force
from tests.api.commands.conftest import CHEAP, PASSWORD, Person
from tests.api.commands.test_refusals import problem
from tests.forms import COMPLETE, CONTRACT
from tests.world import World, build, tools_for

pytestmark = pytest.mark.usefixtures("worker")
PDF = paper("A decision, certified")
NEW = "một mật khẩu đủ dài 2026"


@pytest.fixture
async def world(database, tmp_path: Path) -> AsyncIterator[World]:
    """The authority of `conftest`, under the draft that knows two forms."""
    engine = engine_for(database.url("worker"), pool_size=8)
    now = datetime.now(UTC)
    law = in_force("phu_yen", now.date(), simulate=["phu_yen_2024"])
    made = await build(tools_for(engine, tmp_path), now, law=law)
    async with transaction(engine, made.scope) as connection:
        await connection.execute(text("UPDATE accounts SET password_hash = :h"), {"h": CHEAP.hash(PASSWORD)})
        await connection.execute(text("UPDATE authorities SET installed_on = :d"), {"d": now.date()})
    yield made
    await engine.dispose()


async def opened(log_in: Any, hr: Person, newcomer: dict[str, Any], profile_of: Any) -> tuple[UUID, str]:
    """A worker's profile with its account, and the confirmed form that HR has scanned."""
    body = newcomer | {"origin": "recruited", "category": "contract_worker"}
    profile = profile_of(await hr.command("/profiles", body))
    made = await hr.command(f"/profiles/{profile}/account", {"login": "nguoi.lao.dong"})
    assert made.status_code == 201, made.text
    first = made.json()["one_time_password"]
    person = await log_in("", "nguoi.lao.dong", first)
    await person.put("/session/password", json={"old_password": first, "new_password": NEW})
    scanned = await hr.post(
        f"/profiles/{profile}/attachments",
        files={"file": ("mau.pdf", PDF, "application/pdf")},
        data={"kind": "confirmed_form"},
    )
    return profile, scanned.json()["sha256"]


async def entered(hr: Person, profile: UUID, content: dict[str, Any], form: str) -> Any:
    """HR saves what the person supplied; the answer."""
    had = await hr.get(f"/profiles/{profile}/form", params={"draft": True})
    tag = (had if had.status_code == 200 else await hr.get(f"/profiles/{profile}")).headers["ETag"]
    body = {"content": content, "evidence": [form], "on_behalf": True}
    return await hr.put(f"/profiles/{profile}/draft", json=body, headers={"If-Match": tag})


@pytest.mark.rule("phu_yen.art5.1.a", "phu_yen.art5.1.b")
async def test_a_worker_declares_the_contract_and_an_official_the_general_form(
    world: World, log_in, newcomer: dict[str, Any], profile_of
) -> None:
    hr = await log_in("culture.hr")
    profile, form = await opened(log_in, hr, newcomer, profile_of)
    wrong = await entered(hr, profile, COMPLETE, form)
    problem(wrong, 422, "invalid-form")
    assert "birth_full_name" in {field["path"] for field in wrong.json()["errors"]}
    saved = await entered(hr, profile, CONTRACT, form)
    assert saved.status_code == 200, saved.text
    assert saved.json()["remaining"] == []
    shown = (await hr.get(f"/profiles/{profile}/form", params={"draft": True})).json()
    assert (shown["form_version"], shown["content"]) == ("tt05_2023", CONTRACT)
    assert shown["filled"] <= shown["asked"]

    # The decision comes while the draft is still open: it goes on where both forms ask the same.
    notice = {
        "kind": "appointment",
        "changed_on": world.now.date().isoformat(),
        "document": "9/QĐ",
        "category": "civil_servant",
    }
    draft = saved.json()
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE profiles SET category = 'civil_servant' WHERE id = :p"), {"p": profile}
        )
    seen = await hr.get(f"/profiles/{profile}/form", params={"draft": True})
    assert seen.json()["form_version"] == "tt06_2023"
    assert seen.json()["content"]["birth_full_name"] == CONTRACT["worker_full_name"]
    assert "contract_number" not in seen.json()["content"]
    body = {"revision_id": draft["id"], "digest": draft["digest"], "confirmed_form": form}
    refused = await hr.command(f"/profiles/{profile}/entries", body, If_Match=seen.headers["ETag"])
    problem(refused, 409, "other-form")
    assert refused.json()["form"] == "tt06_2023"
    again = await entered(hr, profile, COMPLETE, form)
    assert again.status_code == 200, again.text
    body = {"revision_id": again.json()["id"], "digest": again.json()["digest"], "confirmed_form": form}
    done = await hr.command(f"/profiles/{profile}/entries", body, If_Match=again.headers["ETag"])
    assert done.status_code == 200, done.text
    early = await hr.command(f"/profiles/{profile}/notices", notice)
    problem(early, 409, "wrong-state")  # nothing is noticed of somebody who has not declared yet


@pytest.mark.rule("phu_yen.art5.1.b", "phu_yen.art3.5.b")
async def test_a_decision_that_changes_the_category_begins_the_other_form(
    world: World, log_in, newcomer: dict[str, Any]
) -> None:
    hr = await log_in("culture.hr")
    profile = await world.employ()
    notice = {
        "kind": "contract",
        "changed_on": world.now.date().isoformat(),
        "document": "9/HĐ",
        "category": "contract_worker",
    }
    problem(
        await hr.command(f"/profiles/{profile}/notices", notice | {"category": "king"}),
        400,
        "malformed-request",
    )
    given = await hr.command(f"/profiles/{profile}/notices", notice)
    assert given.status_code == 201, given.text
    answer = given.json()["answer"]
    assert (answer["form"], answer["draft"]) == ("tt05_2023", 2)
    seen = (await hr.get(f"/profiles/{profile}/form", params={"draft": True})).json()
    assert (seen["form_version"], seen["number"]) == ("tt05_2023", 2)
    assert seen["content"]["worker_full_name"] == COMPLETE["birth_full_name"]
    assert (await hr.get(f"/profiles/{profile}")).json()["category"] == "contract_worker"
    approved = (await hr.get(f"/profiles/{profile}/form")).json()
    assert approved["form_version"] == "tt06_2023", "what was approved stays as it was"
    changes = (await hr.get(f"/profiles/{profile}/changes", params={"from": 1, "to": 2})).json()
    assert changes["items"] == [], "what both forms hold is the same"
