"""Pauses and announced maintenance over the API: who may, who is told, what is refused, what goes on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from models.commands import GiveNotice
from tests.world import World

pytestmark = pytest.mark.usefixtures("worker")


class Shifted:
    """The application's clock, some time ahead."""

    def __init__(self, clock: Any, ahead: timedelta) -> None:
        self._clock, self._ahead = clock, ahead

    async def now(self) -> datetime:
        found: datetime = await self._clock.now()
        return found + self._ahead


async def test_paused_and_shown_to_everybody(world: World, log_in: Callable[..., Any]) -> None:
    admin, officer = await log_in("admin"), await log_in("culture.hr")
    body = {"party": "national", "reason": "khoá kết nối bị thu hồi"}
    assert (await officer.command("/admin/pauses", body)).status_code == 403
    assert (await officer.get("/admin/pauses")).status_code == 403
    answer = await admin.command("/admin/pauses", body, key="pause")
    assert answer.status_code == 201, answer.text
    assert (await admin.command("/admin/pauses", body, key="pause")).json() == answer.json()
    refused = await admin.command("/admin/pauses", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "party-paused")
    (shown,) = (await officer.get("/service")).json()["paused"]
    assert shown["party"] == "national"
    assert "reason" not in shown
    (line,) = (await admin.get("/admin/pauses")).json()["items"]
    assert line["reason"] == body["reason"]
    done = await admin.command("/admin/resumptions", body | {"reason": "đã có khoá mới"})
    assert done.status_code == 200, done.text
    assert (await officer.get("/service")).json()["paused"] == []
    kinds = [
        row.kind for row in await world.rows("SELECT kind FROM events WHERE kind LIKE 'party.%' ORDER BY at")
    ]
    assert kinds == ["party.paused", "party.resumed"]
    refused = await admin.command("/admin/resumptions", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "party-not-paused")


async def test_only_reading_while_maintenance_goes_on(
    world: World, app: Any, log_in: Callable[..., Any]
) -> None:
    profile = await world.employ()
    admin, officer = await log_in("admin"), await log_in("culture.hr")
    now = await app.state.clock.now()
    body = {
        "starts_at": (now + timedelta(minutes=10)).isoformat(),
        "ends_at": (now + timedelta(minutes=40)).isoformat(),
        "document": "6/TB nâng cấp máy chủ",
    }
    late = await admin.command("/admin/maintenance", body | {"starts_at": now.isoformat()})
    assert (late.status_code, late.json()["code"]) == (422, "period-invalid")
    answer = await admin.command("/admin/maintenance", body)
    assert answer.status_code == 201, answer.text
    one = answer.json()["answer"]["maintenance_id"]
    assert "maintenance_announced" in [n["kind"] for n in (await officer.get("/inbox")).json()["items"]]
    (shown,) = (await officer.get("/service")).json()["maintenance"]
    assert (shown["id"], shown["now"]) == (one, False)
    notice = {"kind": "salary", "changed_on": f"{now:%Y-%m-%d}", "document": "5/QĐ"}
    app.state.clock = Shifted(app.state.clock, timedelta(minutes=20))

    refused = await officer.command(f"/profiles/{profile}/notices", notice, key="asked-in-between")
    assert (refused.status_code, refused.json()["code"]) == (503, "maintenance")
    assert 1100 < int(refused.headers["Retry-After"]) <= 1200
    assert body["document"] in refused.json()["detail"]
    assert not await world.rows("SELECT 1 FROM commands WHERE verb = 'give_notice'"), "nothing was taken"
    light = await officer.put(f"/profiles/{profile}/draft", json={})
    assert (light.status_code, light.json()["code"]) == (503, "maintenance")
    assert (await officer.get(f"/profiles/{profile}")).status_code == 200
    assert (await officer.post("/profiles/search", json={"name": "Nguyễn"})).status_code == 200
    assert (await (await log_in("department")).get("/service")).json()["maintenance"][0]["now"]
    # What is due inside is done: acts of workflows go on.
    asked = GiveNotice(kind="salary", changed_on=now.date(), document="7/QĐ")
    assert (await world.ask("culture.hr", asked, profile)).status == 201

    lifted = {"maintenance_id": one, "reason": "xong sớm"}
    assert (await officer.command("/admin/maintenance/lifts", lifted)).status_code == 403
    assert (await admin.command("/admin/maintenance/lifts", lifted)).status_code == 200
    done = await officer.command(f"/profiles/{profile}/notices", notice, key="asked-in-between")
    assert done.status_code == 201, done.text
    unknown = await admin.command("/admin/maintenance/lifts", lifted | {"maintenance_id": str(uuid4())})
    assert unknown.status_code == 404
