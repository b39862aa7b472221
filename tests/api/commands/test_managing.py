"""Accounts managed over the API: a role granted and taken back under a running session; invitations."""

from uuid import UUID

import pytest

from models.calendar import legal_date
from tests.api.commands.test_refusals import problem

pytestmark = pytest.mark.usefixtures("worker")
PAPER = {"document": "45/ĐN-SVH"}


async def test_a_running_session_gains_and_loses_a_role_at_once(log_in, world) -> None:
    admin, reader = await log_in("admin"), await log_in("health.approver")
    account = f"/accounts/{world.accounts['health.approver']}"
    problem(await reader.get("/accounts"), 403, "not-permitted")
    today = legal_date(world.now).isoformat()
    body = {
        "role": "hr_officer",
        "agency_id": str(world.health),
        "valid_from": today,
    }
    granted = await admin.command(f"{account}/grants", {**body, **PAPER})
    assert granted.status_code == 201, granted.text
    assert (await reader.get("/accounts")).status_code == 200, "the session began before the role"
    grant = granted.json()["answer"]["grant_id"]
    held = (await reader.get(f"{account}/grants")).json()
    assert [(one["role"], one["document"], one["holds"]) for one in held if one["id"] == grant] == [
        ("hr_officer", PAPER["document"], True)
    ]
    gone = await admin.command(f"{account}/grants/{grant}/revocations", {**PAPER, "reason": "hết nhiệm vụ"})
    assert gone.status_code == 200, gone.text
    problem(await reader.get("/accounts"), 403, "not-permitted")
    foreign = await log_in("culture.hr")
    assert (await foreign.get(f"{account}/grants")).json() == []


async def test_an_agency_s_account_from_invitation_to_suspension(log_in, world) -> None:
    head, admin = await log_in("culture.head"), await log_in("admin")
    body = {"agency_id": str(world.museum), "login": "bao-tang", "display_name": "Bảo tàng", **PAPER}
    opened = await head.command("/accounts", body, key="one")
    assert opened.status_code == 201, opened.text
    again = await head.command("/accounts", body, key="one")
    assert "one_time_password" not in again.json()
    account = UUID(opened.json()["answer"]["account_id"])
    museum = await log_in("", "bao-tang", opened.json()["one_time_password"])
    assert (await museum.get("/session")).json()["must_change_password"] is True
    listed = await admin.get(f"/accounts/{account}/sessions")
    assert len(listed.json()) == 1
    problem(await head.get(f"/accounts/{account}/sessions"), 403, "not-permitted")
    stopped = await admin.command(f"/accounts/{account}/suspensions", {**PAPER, "reason": "nghi lộ mật khẩu"})
    assert stopped.status_code == 200, stopped.text
    problem(await museum.get("/session"), 401, "not-authenticated")
    line = next(
        one
        for one in (await admin.get("/accounts", params={"agency": str(world.museum)})).json()["items"]
        if one["id"] == str(account)
    )
    assert line["suspended_at"] is not None
