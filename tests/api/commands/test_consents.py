"""Reading beyond one's scope over the API: nothing before the consent, only that file, nothing after it."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from models.calendar import legal_date
from tests.api.commands.test_refusals import problem
from tests.world import World

pytestmark = pytest.mark.usefixtures("worker")


async def test_a_written_consent_opens_one_file_until_it_is_taken_back(log_in: Any, world: World) -> None:
    profile, other = await world.employ(), await world.employ()
    day = legal_date(world.now)
    reader, head = await log_in("health.hr"), await log_in("culture.head")
    reader.headers["Hoso-Purpose"] = quote("Thẩm tra lý lịch")
    problem(await reader.get(f"/profiles/{profile}/form"), 404, "not-found")
    body = {
        "account_id": str(world.accounts["health.hr"]), "document": "12/SNV", "purpose": "Thẩm tra lý lịch",
        "starts_on": day.isoformat(), "ends_on": (day + timedelta(days=30)).isoformat(), "level": 2,
    }  # fmt: skip
    problem(await reader.command(f"/profiles/{profile}/consents", body), 404, "not-found")
    given = await head.command(f"/profiles/{profile}/consents", body)
    assert given.status_code == 201, given.text
    consent = given.json()["answer"]["consent_id"]
    form = await reader.get(f"/profiles/{profile}/form")
    assert form.status_code == 200, form.text
    assert {one["level"] for one in form.json()["withheld"]} == {3, 4}
    listed = (await reader.get("/profiles")).json()["items"]
    assert str(profile) in {one["id"] for one in listed}
    assert str(other) not in {one["id"] for one in listed}
    problem(await reader.get(f"/profiles/{other}/form"), 404, "not-found")
    held = (await head.get(f"/profiles/{profile}/consents")).json()
    assert [(one["state"], one["in_force"], one["document"]) for one in held] == [("given", True, "12/SNV")]
    body = {"consent_id": consent, "reason": "xong việc"}
    ended = await head.command(f"/profiles/{profile}/consents/revocations", body)
    assert ended.status_code == 200, ended.text
    problem(await reader.get(f"/profiles/{profile}/form"), 404, "not-found")


async def test_without_the_decree_nobody_is_asked(log_in: Any, world: World) -> None:
    profile = await world.employ()
    day = legal_date(world.now).isoformat()
    head = await log_in("culture.head")
    body = {
        "account_id": str(world.accounts["health.hr"]),
        "purpose": "Thử",
        "starts_on": day,
        "ends_on": day,
    }
    problem(await head.command(f"/profiles/{profile}/consent-requests", body), 403, "not-permitted")
