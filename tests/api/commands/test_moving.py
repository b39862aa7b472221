"""Moves through the API on a real engine: the steps are shown, the host reads, who comes back goes on."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.calendar import legal_date

pytestmark = pytest.mark.usefixtures("worker")


def number_of(profile: UUID) -> str:
    return f"000{profile.int % 10**9:09d}"


async def test_the_steps_of_a_transfer_are_told_and_a_claim_is_for_laws_that_know_it(log_in, world) -> None:
    profile = await world.employ()
    day = legal_date(world.now).isoformat()
    health, culture, museum = await log_in("health.hr"), await log_in("culture.hr"), world.health
    claim = {
        "personal_id_number": number_of(profile),
        "to_agency_id": str(world.health),
        "mode": "điều động",
        "effective_on": day,
        "decided_on": day,
        "document": "1/QĐ",
    }
    refused = await health.command("/transfers/claims", claim)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong-state")
    unknown = await health.command("/transfers/claims", {**claim, "personal_id_number": "000999999999"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not-found")
    outside = await culture.command("/transfers/claims", claim)
    assert (outside.status_code, outside.json()["code"]) == (403, "not-permitted")

    asked = {k: v for k, v in claim.items() if k not in ("personal_id_number", "to_agency_id")}
    opened = await culture.command(f"/profiles/{profile}/transfers", {**asked, "to_agency_id": str(museum)})
    assert opened.status_code == 201, opened.text
    case = opened.json()["answer"]["transfer_id"]
    found = (await culture.get(f"/transfers/{case}")).json()
    assert [one["step"] for one in found["steps"]] == ["report", "hand_over", "accept", "check"]
    assert (found["next"]["verb"], found["next"]["side"]) == ("report_transfer", "old")
    assert found["next"]["citation"] == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 12.1.a"
    assert found["next"]["due_on"] is not None
    early = await health.command(f"/transfers/{case}/request")
    assert (early.status_code, early.json()["code"]) == (409, "wrong-state")
    nobody = await culture.command(f"/profiles/{profile}/intake-requests", {"document": "7/CV"})
    assert (nobody.status_code, nobody.json()["code"]) == (409, "wrong-state")


async def test_the_host_of_a_secondment_reads_the_profile_and_its_list(log_in, world) -> None:
    profile = await world.employ()
    day = legal_date(world.now)
    host, home = await log_in("health.hr"), await log_in("culture.hr")
    assert (await host.get(f"/profiles/{profile}")).status_code == 404
    body: dict[str, Any] = {
        "to_agency_id": str(world.health),
        "decided_on": day.isoformat(),
        "starts_on": day.isoformat(),
        "ends_on": (day + timedelta(days=40)).isoformat(),
        "document": "5/QĐ",
    }
    done = await home.command(f"/profiles/{profile}/secondments", body)
    assert done.status_code == 201, done.text
    assert (await host.get(f"/profiles/{profile}")).status_code == 200
    (line,) = (await host.get("/secondments", params={"state": "running"})).json()["items"]
    assert (line["profile_id"], line["last_day"]) == (str(profile), body["ends_on"])
    ended = await home.command(f"/profiles/{profile}/secondments/end", {"reason": "rút về"})
    assert ended.status_code == 200, ended.text
    assert (await host.get(f"/profiles/{profile}")).status_code == 404
    again = await home.command(f"/profiles/{profile}/secondments/end", {"reason": "rút về"})
    assert (again.status_code, again.json()["code"]) == (409, "wrong-state")


async def test_a_former_official_goes_on_with_the_archived_profile(log_in, world) -> None:
    profile = await world.employ()
    hr = await log_in("culture.hr")
    day = legal_date(world.now).isoformat()
    left = await hr.command(
        f"/profiles/{profile}/separations", {"kind": "retired", "effective_on": day, "document": "3/QĐ"}
    )
    assert left.status_code == 201, left.text
    await world.step("archive", profile, told=False)
    newcomer = {
        "agency_id": str(world.culture),
        "full_name": "Nguyễn Thị Thử",
        "personal_id_number": number_of(profile),
        "event_on": day,
        "document": "4/HĐ",
    }
    doubled = await hr.command("/profiles", newcomer)
    assert (doubled.status_code, doubled.json()["code"]) == (409, "former-official")
    assert doubled.json()["profile_id"] == str(profile)
    back = await hr.command(
        f"/profiles/{profile}/reopening",
        {"agency_id": str(world.culture), "event_on": day, "document": "4/HĐ"},
    )
    assert back.status_code == 201, back.text
    made = await hr.command(f"/profiles/{profile}/account", {"login": f"v.{uuid4().hex[:9]}"})
    assert made.status_code == 201, made.text
    nothing = await hr.command(
        f"/profiles/{profile}/separations/confirmations", {"duty_id": str(uuid4()), "document": "5/BC"}
    )
    assert (nothing.status_code, nothing.json()["code"]) == (409, "wrong-state")
