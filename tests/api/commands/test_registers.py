"""Registers over HTTP, with the engine: a breach's timer fires; what officials ask is answered and listed."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook

from activities.breaches.office import BreachOffice
from activities.signing.signer import DevelopmentSigners
from models.evidence import verify
from tests.api.commands.test_refusals import problem
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World

ALWAYS = {"since": "2020-01-01", "until": "2100-01-01"}
REMINDED = "SELECT 1 FROM notices WHERE kind = 'reminder' AND role = 'department_officer'"
pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture
def others(world: World, app: Any, pki: Path) -> list[Callable[..., Any]]:
    """What makes notifications of a breach."""
    store, threads = store_in(app.state.settings.documents, world.tools), ThreadPoolExecutor(1)
    office = BreachOffice(world.tools, store, DevelopmentSigners(pki), threads, quiet(pki))
    return [office.make_breach_notice]


@pytest.mark.rule("pdpl.art23.1")
async def test_a_breach_is_reminded_of_by_the_hour_and_told_to_whom_it_concerns(
    log_in: Any, world: World
) -> None:
    profile = await world.employ()
    hr, department = await log_in("culture.hr"), await log_in("department")
    known = datetime.now(UTC) - timedelta(hours=48) + timedelta(seconds=3)
    body = {
        "agency_id": str(world.culture),
        "kind": "disclosure",
        "known_at": known.isoformat(),
        "story": "=HYPERLINK gửi nhầm tệp danh sách",
        "people": 1,
        "data": ["basic"],
        "profiles": [str(profile)],
    }
    made = await hr.command("/breaches", body)
    assert made.status_code == 201, made.text
    breach = made.json()["answer"]["breach_id"]
    for _ in range(60):  # the engine's own timer, three seconds ahead
        told = await world.rows(REMINDED)
        if told:
            break
        await asyncio.sleep(0.25)
    assert len(told) == 1

    shown = (await department.get(f"/breaches/{breach}")).json()
    assert (shown["state"], shown["late_hours"], shown["profiles"]) == ("open", 0, [str(profile)])
    assert 23 < shown["hours_left"] <= 24.1
    assert shown["story"][0]["said"] == body["story"]
    draft = await department.get(f"/breaches/{breach}/notification")
    assert "Luật 91/2025/QH15, Điều 23.1" in draft.text
    assert body["story"] in draft.text
    duty = (await department.get(f"/duties/{shown['duty_id']}")).json()
    assert (duty["slot"], duty["facts"]["breach"]) == ("breach_notice", breach)
    sent = {"document": "12/TB-SNV", "recipient": "A05", "sent_at": datetime.now(UTC).isoformat()}
    problem(await hr.command(f"/breaches/{breach}/notification", sent), 403, "not-permitted")
    assert (await department.command(f"/breaches/{breach}/notification", sent)).status_code == 200
    more = {"story": "Đã thu hồi được tệp."}
    assert (await hr.command(f"/breaches/{breach}/facts", more)).status_code == 200
    ended = {"measures": "Đã thu hồi tệp, nhắc nhở người gửi."}
    assert (await department.command(f"/breaches/{breach}/closure", ended)).status_code == 200

    listed = (await hr.get("/breaches", params={"state": "closed", "late": "false"})).json()["items"]
    assert [one["id"] for one in listed] == [breach]
    assert (await hr.get("/breaches", params={"late": "true"})).json()["items"] == []
    approver, health = await log_in("culture.approver"), await log_in("health.hr")
    problem(await approver.get("/breaches"), 403, "not-permitted")
    assert (await health.get("/breaches")).json()["items"] == []
    problem(await health.get(f"/breaches/{breach}"), 404, "not-found")
    person = await log_in("person", login=await _login(world))
    own = (await person.get(f"/profiles/{profile}/breaches")).json()
    assert [(one["id"], one["state_vi"]) for one in own] == [(breach, "đã kết thúc")]
    problem(await person.get(f"/breaches/{breach}"), 403, "not-permitted")


async def test_a_notification_is_made_under_the_seal_and_read_by_who_answers_for_the_breach(
    log_in: Any, world: World, pki: Path
) -> None:
    profile = await world.employ()
    hr, department = await log_in("culture.hr"), await log_in("department")
    body = {
        "agency_id": str(world.culture),
        "kind": "loss",
        "known_at": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        "story": "Mất một máy tính xách tay.",
        "people": 1,
        "data": ["basic"],
        "profiles": [str(profile)],
    }
    breach = (await hr.command("/breaches", body)).json()["answer"]["breach_id"]
    asked = {"document": "5/TB-SNV", "recipient": "A05", "contact": "Phòng CCVC"}
    asked["measures"] = "Đã khóa tài khoản, đổi mật khẩu."
    problem(await hr.command(f"/breaches/{breach}/notices", asked), 403, "not-permitted")
    made = await department.command(f"/breaches/{breach}/notices", asked)
    assert made.status_code == 201, made.text
    for _ in range(120):  # the file is made after the answer
        (notice,) = (await department.get(f"/breaches/{breach}")).json()["notices"]
        if notice["state"] != "making":
            break
        await asyncio.sleep(0.25)
    assert (notice["id"], notice["state"]) == (made.json()["answer"]["notice_id"], "made")
    path = f"/documents/{notice['document_sha256']}"
    for may in (department, hr):
        file = await may.get(path)
        assert file.status_code == 200, file.text
    verdict = verify(file.content, quiet(pki).trust)
    assert verdict.valid, verdict
    health, person = await log_in("health.hr"), await log_in("person", login=await _login(world))
    for not_theirs in (health, person):
        problem(await not_theirs.get(path), 404, "not-found")


async def _login(world: World) -> str:
    from sqlalchemy import text

    from models.database import transaction
    from tests.api.commands.conftest import PASSWORD
    from tests.api.conftest import CHEAP

    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE accounts SET password_hash = :h WHERE id = :id"),
            {"h": CHEAP.hash(PASSWORD), "id": world.accounts["person"]},
        )
    found = await world.one("SELECT login FROM accounts WHERE id = :id", id=world.accounts["person"])
    return str(found.login)


async def test_a_correction_and_a_dispute_from_request_to_register(log_in: Any, world: World) -> None:
    profile: UUID = await world.employ()
    person = await log_in("person", login=await _login(world))
    hr, department = await log_in("culture.hr"), await log_in("department")
    asked = {"path": "=cmd|x", "wanted": "01.003", "reason": "Ghi sai ngạch."}
    made = await person.command(f"/profiles/{profile}/rectifications", asked)
    assert made.status_code == 201, made.text
    request = made.json()["answer"]["request_id"]
    problem(await hr.command(f"/profiles/{profile}/rectifications", asked), 403, "not-permitted")
    duty = (await hr.get("/duties", params={"slot": "rectification"})).json()["items"][0]
    assert (duty["party"], duty["profile_id"]) == ("hr_officer", str(profile))
    no = {"request_id": request, "accepted": False, "reason": "Quyết định ghi đúng."}
    assert (await hr.command(f"/profiles/{profile}/rectifications/answers", no)).status_code == 200
    dispute = {"path": "=cmd|x", "reason": "Không đồng ý.", "request_id": request}
    opened = await person.command(f"/profiles/{profile}/disputes", dispute)
    assert opened.status_code == 201, opened.text
    header = (await hr.get(f"/profiles/{profile}")).json()
    assert [one["path"] for one in header["disputed"]] == ["=cmd|x"]

    mine = (await person.get(f"/profiles/{profile}/requests")).json()
    stands = [(one["kind"], one["state"]) for one in mine]
    assert stands == [
        ("dispute", "open"),
        ("rectification", "refused"),
    ]
    assert (mine[1]["wanted"], mine[1]["answer"]) == ("01.003", "Quyết định ghi đúng.")
    first = (await hr.get("/registers/requests", params={"limit": 1})).json()
    second = (await hr.get("/registers/requests", params={"limit": 1, "after": first["next"]})).json()
    assert [one["items"][0]["kind"] for one in (first, second)] == ["dispute", "rectification"]
    assert second["next"] is None
    assert second["items"][0]["person"] == "Nguyễn Thị Thử"
    assert second["items"][0]["answer"] is None, "what people wrote is read in the file itself"
    assert (await (await log_in("health.hr")).get("/registers/requests")).json()["items"] == []
    only = {"kind": "dispute", "state": "open", "agency": str(world.culture), "late": "false"}
    book = await hr.get("/registers/requests/workbook", params=only)
    rows = CalamineWorkbook.from_filelike(BytesIO(book.content)).get_sheet_by_index(0).to_python()
    assert [row[4] for row in rows] == ["Mục hoặc sự việc", "'=cmd|x"], "no cell is a formula"
    lines = "SELECT account_id, role, profile_id FROM dossier_reads WHERE part = 'downloadRegister'"
    assert [tuple(one) for one in await world.rows(lines)] == [
        (world.accounts["culture.hr"], "hr_officer", profile)
    ], "the person sees that a register with the name was taken away"
    for name in ("consents", "exports", "breaches"):
        assert (await hr.get(f"/registers/{name}/workbook")).status_code == 200
    for path in ("/registers/consents", "/registers/exports"):
        assert (await hr.get(path, params=ALWAYS)).json()["items"] == []

    verdict = {"request_id": opened.json()["answer"]["request_id"], "upheld": False}
    verdict |= {"reason": "Không có cơ sở.", "document": "7/QĐ"}
    assert (await department.command(f"/profiles/{profile}/disputes/decisions", verdict)).status_code == 200
    assert (await hr.get(f"/profiles/{profile}")).json()["disputed"] == []
    last = await person.command(f"/profiles/{profile}/rectifications", asked)
    gone = {"request_id": last.json()["answer"]["request_id"]}
    assert (await person.command(f"/profiles/{profile}/requests/withdrawals", gone)).status_code == 200
