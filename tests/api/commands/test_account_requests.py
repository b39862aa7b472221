"""A lost password through the API: reported by HR, the session ends, the account opens again by a new one."""

import pytest

from tests.api.commands.test_refusals import problem

pytestmark = pytest.mark.usefixtures("worker")


async def test_a_lost_password_ends_the_session_at_once(log_in, newcomer, profile_of) -> None:
    hr = await log_in("culture.hr")
    profile = profile_of(await hr.command("/profiles", newcomer))
    made = await hr.command(f"/profiles/{profile}/account", {"login": "mat.mk"})
    person = await log_in("", "mat.mk", made.json()["one_time_password"])
    path = f"/profiles/{profile}/account/lost-password-reports"
    lost = await hr.command(path, {"reason": "mất điện thoại"})
    assert lost.status_code == 201, lost.text
    problem(await person.get("/session"), 401, "not-authenticated")
    again = await person.post(
        "/session", json={"login": "mat.mk", "password": made.json()["one_time_password"]}
    )
    problem(again, 401, "login-failed")
    issued = await hr.command(
        f"/profiles/{profile}/account/one-time-passwords", {"reason": "đã báo mất mật khẩu"}
    )
    assert issued.status_code == 200, issued.text
    await log_in("", "mat.mk", issued.json()["one_time_password"])


async def test_this_law_knows_no_request(log_in, newcomer, profile_of) -> None:
    hr = await log_in("culture.hr")
    profile = profile_of(await hr.command("/profiles", newcomer))
    refused = await hr.command(f"/profiles/{profile}/account/requests", {"document": "15/YC"})
    problem(refused, 403, "not-permitted")
