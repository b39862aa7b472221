"""A post's account is unlocked by a one-time password issued through its holder's profile."""

import pytest
from sqlalchemy import text

from models.database import transaction
from tests.api.commands.test_refusals import problem

pytestmark = pytest.mark.usefixtures("worker")


async def test_a_post_gets_its_password(log_in, newcomer, world, profile_of) -> None:
    hr = await log_in("culture.hr")
    profile = profile_of(await hr.command("/profiles", newcomer))
    post = world.accounts["culture.approver"]
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text(
                "UPDATE accounts SET profile_id = :p, password_hash = '!', state = 'default_password'"
                " WHERE id = :a"
            ),
            {"p": profile, "a": post},
        )
    listed = await hr.get("/accounts", params={"kind": "agency", "agency": str(world.culture)})
    assert listed.status_code == 200, listed.text
    line = next(one for one in listed.json()["items"] if one["id"] == str(post))
    assert (line["profile_id"], line["state"]) == (str(profile), "default_password")
    assert line["roles"] == [{"role": "approver", "agency_id": str(world.culture), "agency": "Sở Văn hóa"}]

    path = f"/profiles/{profile}/account/one-time-passwords"
    issued = await hr.command(path, {"reason": "cấp lần đầu", "account_id": str(post)})
    assert issued.status_code == 200, issued.text
    approver = await log_in("", line["login"], issued.json()["one_time_password"])
    who = (await approver.get("/session")).json()
    assert who["must_change_password"] is True
    wanted = {"old_password": issued.json()["one_time_password"], "new_password": "mật khẩu mới 2026 dài"}
    assert (await approver.put("/session/password", json=wanted)).status_code == 204
    assert (await approver.get(f"/profiles/{profile}")).status_code == 200

    foreign = await hr.command(path, {"reason": "nhầm người", "account_id": str(world.accounts["health.hr"])})
    problem(foreign, 404, "not-found")
    nothing = await hr.command(path, {"reason": "chưa có tài khoản"})
    problem(nothing, 409, "wrong-state")
    problem(await approver.get("/accounts"), 403, "not-permitted")
    others = await hr.get("/accounts", params={"agency": str(world.health)})
    assert others.json()["items"] == []
