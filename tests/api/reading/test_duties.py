"""What is owed: lists in the order of due dates, the inbox, the morning list, one's own page."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text

from api.reading.steps import CALLS, SETTLES
from models.regulations import Slot
from models.tables import CaseRow, NoticeRow
from tests.api.reading.world import CONTENT, NOW, TODAY, Caller, World, code_of


@pytest.fixture(scope="module")
def owed(world: World) -> dict[str, UUID]:
    """Duties of A: overdue, due today, returned, later, without a date; a receipt owed by B."""
    ids: dict[str, UUID] = {
        name: uuid4() for name in ("late", "today", "back", "later", "open", "receipt", "list")
    }

    async def write(c: Any) -> None:
        an = await world.profile(c, "NGUYỄN VĂN AN", world.a)
        binh = await world.profile(c, "Trần Thị Bình", world.a, chapter="declaration", status="pending")
        author = await world.account(c, "an", kind="personal", profile_id=an)
        await world.duty(c, world.a, TODAY - timedelta(days=4), id=ids["late"], profile_id=an)
        await world.duty(c, world.a, TODAY, id=ids["today"], profile_id=binh, slot="first_declaration")
        await world.duty(
            c, world.a, date(2026, 3, 17), id=ids["back"], profile_id=an, facts={"returned": True}
        )
        await world.duty(c, world.a1, None, id=ids["open"], party="hr_officer", slot="personal_account")
        await world.duty(
            c, world.a, date(2026, 3, 31), id=ids["list"], party="approver", slot="approval_window",
            facts={"succession": {"vi": "Phòng cũ: từ 01/07/2025 là phòng mới", "en": "old: new"}},
        )  # fmt: skip
        case_id = uuid4()
        await c.execute(
            insert(CaseRow).values(
                id=case_id, authority_id=world.authority, kind="transfer", profile_id=an,
                from_agency_id=world.a, to_agency_id=world.b, mode="điều động", effective_on=TODAY,
                document="1/QĐ", state="handed_over", version=3, facts={}, opened_at=NOW,
            )
        )  # fmt: skip
        await world.duty(
            c, world.b, date(2026, 3, 12), id=ids["receipt"], party="hr_officer", slot="transfer_receive",
            case_id=case_id,
        )  # fmt: skip
        pending = await world.revision(c, binh, 1, "submitted", CONTENT, author, submitted_at=NOW)
        query = text("UPDATE profiles SET pending_revision_id = :revision WHERE id = :id")
        await c.execute(query, {"revision": pending, "id": binh})
        for number, (account, agency, role) in enumerate(
            [(author, world.a, None), (None, world.a, "hr_officer"), (None, world.b, "hr_officer")]
        ):
            await c.execute(
                insert(NoticeRow).values(
                    id=UUID(int=number + 1), authority_id=world.authority, account_id=account,
                    agency_id=agency, role=role, kind="duty_opened", facts={},
                    created_at=NOW + timedelta(seconds=number),
                )
            )  # fmt: skip

    asyncio.run(world.written(write))
    return ids


def listed(answer: Any, ids: dict[str, UUID]) -> list[str]:
    known = {str(value): name for name, value in ids.items()}
    return [known[item["id"]] for item in answer["items"]]


async def test_the_agencys_duties_in_the_order_of_due_dates(owed: dict[str, UUID], caller: Caller) -> None:
    await caller.login("hr.a")
    answer = await caller.ok("/duties")
    assert listed(answer, owed) == ["late", "today", "back", "list", "open"]
    assert [i["days_left"] for i in answer["items"]] == [-2, 0, 5, 15, None]
    assert [i["overdue"] for i in answer["items"]] == [True, False, False, False, False]
    paged, after = [], None
    for _ in range(5):
        part = await caller.ok("/duties", limit=1, **({"after": after} if after else {}))
        paged += listed(part, owed)
        after = part["next"]
    assert (paged, after) == (["late", "today", "back", "list", "open"], None)


async def test_an_office_that_no_longer_exists_is_named_with_its_successor(
    owed: dict[str, UUID], caller: Caller
) -> None:
    await caller.login("hr.a")
    said = [(i["succession"], i["succession_en"]) for i in (await caller.ok("/duties"))["items"]]
    assert said == [(None, None)] * 3 + [
        ("Phòng cũ: từ 01/07/2025 là phòng mới", "old: new"),
        (None, None),
    ]
    one = await caller.ok(f"/duties/{owed['list']}")
    assert one["succession"] == "Phòng cũ: từ 01/07/2025 là phòng mới"
    waiting = (await caller.ok("/today"))["waiting_on_others"]["items"]
    assert [i["succession_en"] for i in waiting if i["duty_id"] == str(owed["list"])] == ["old: new"]


async def test_filters(owed: dict[str, UUID], caller: Caller) -> None:
    await caller.login("hr.a")
    assert listed(await caller.ok("/duties", overdue="true"), owed) == ["late"]
    assert listed(await caller.ok("/duties", overdue="false", due_before="2026-03-17"), owed) == ["today"]
    assert listed(await caller.ok("/duties", slot="personal_account"), owed) == ["open"]
    assert listed(await caller.ok("/duties", whose="mine"), owed) == [], "owed in A1, held in A"
    assert code_of(await caller.get("/duties", params={"slot": "none"})) == (400, "malformed-request")


async def test_each_sees_what_is_theirs(owed: dict[str, UUID], callers: Callable[[], Caller]) -> None:
    person, other = await callers().login("an"), await callers().login("hr.b")
    assert listed(await person.ok("/duties"), owed) == ["late", "back"]
    assert listed(await other.ok("/duties"), owed) == ["receipt"]
    assert listed(await other.ok("/duties", whose="mine"), owed) == ["receipt"]
    assert code_of(await other.get(f"/duties/{owed['late']}")) == (404, "not-found")
    assert code_of(await person.get(f"/duties/{owed['list']}")) == (404, "not-found")


async def test_a_duty_shows_its_law(owed: dict[str, UUID], caller: Caller) -> None:
    await caller.login("an")
    duty = await caller.ok(f"/duties/{owed['late']}")
    assert (duty["rule_id"], duty["citation"]) == ("hanoi.art6.3", "Điều 6 khoản 3")
    assert duty["rule_text"]
    assert duty["person"] == "NGUYỄN VĂN AN"


async def test_the_morning_list(owed: dict[str, UUID], caller: Caller) -> None:
    await caller.login("hr.a")
    today = await caller.ok("/today")
    assert (today["day"], today["working_day"]) == ("2026-03-10", True)
    found = {
        name: [(i["what"], i["person"]) for i in group["items"]]
        for name, group in today.items()
        if isinstance(group, dict)
    }
    assert found == {
        "overdue": [("update_after_change", "NGUYỄN VĂN AN")],
        "due_today": [("first_declaration", "Trần Thị Bình")],
        "returned": [("update_after_change", "NGUYỄN VĂN AN")],
        "newly_arrived": [("submission", "Trần Thị Bình")],
        "waiting_on_others": [("approval_window", None)],
        "delegated": [],
        "at_gate": [],
    }
    overdue = today["overdue"]["items"][0]
    assert (overdue["days_left"], overdue["citation"]) == (-2, "Điều 6 khoản 3")
    assert today["newly_arrived"]["items"][0]["citation"]
    for group in found:
        assert today[group]["count"] == len(found[group])
        for item in today[group]["items"]:
            assert all(c["path"].startswith("/api/v1/") and "{" not in c["path"] for c in item["calls"])
    assert {c["verb"] for c in overdue["calls"]} == {"save_draft", "submit_declaration"}


async def test_what_arrives_at_the_other_side(owed: dict[str, UUID], caller: Caller) -> None:
    await caller.login("hr.b")
    arrived = (await caller.ok("/today"))["newly_arrived"]
    assert [(i["what"], i["person"], i["days_left"]) for i in arrived["items"]] == [
        ("transfer_receive", "NGUYỄN VĂN AN", 2)
    ]
    assert [c["verb"] for c in arrived["items"][0]["calls"]] == ["accept_transfer", "refuse_transfer"]


async def test_the_morning_list_is_for_those_who_work_in_an_agency(
    owed: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    for login in ("an", "admin", "former.hr"):
        assert code_of(await (await callers().login(login)).get("/today")) == (403, "not-permitted")


async def test_my_own_page(owed: dict[str, UUID], callers: Callable[[], Caller]) -> None:
    me = await (await callers().login("an")).ok("/me")
    assert [(d["id"], d["days_left"]) for d in me["owed"]] == [
        (str(owed["late"]), -2),
        (str(owed["back"]), 5),
    ]
    assert all(d["why"] and d["calls"] for d in me["owed"])
    assert me["last_submission"] is None
    assert "06/03/2026" in me["next_step"]
    post = await (await callers().login("approver.a")).ok("/me")
    assert [d["slot"] for d in post["owed"]] == ["approval_window"]
    assert "31/03/2026" in post["next_step"]


async def test_where_my_last_submission_stands(world: World, owed: dict[str, UUID], caller: Caller) -> None:
    await world.written(
        lambda c: world.account(
            c, "binh", kind="personal", profile_id=world.profiles["Trần Thị Bình"], agency_id=world.a
        )
    )
    await caller.login("binh")
    me = await caller.ok("/me")
    assert (me["last_submission"]["number"], me["last_submission"]["state"]) == (1, "submitted")
    assert me["next_step"] == "Chờ người có thẩm quyền phê duyệt bản khai."


async def test_the_inbox_is_by_account_and_by_post(
    owed: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    person, hr = await callers().login("an"), await callers().login("hr.a")
    assert [n["id"][-1] for n in (await person.ok("/inbox"))["items"]] == ["1"]
    answer = await hr.ok("/inbox")
    assert ([n["id"][-1] for n in answer["items"]], answer["unread"]) == (["2"], 1)
    other = f"/inbox/{UUID(int=3)}/read"
    assert code_of(await hr.post(other)) == (404, "not-found")
    assert code_of(await hr.post(f"/inbox/{uuid4()}/read")) == (404, "not-found")
    for _ in range(2):
        assert (await hr.post(f"/inbox/{UUID(int=2)}/read")).status_code == 204
    assert (await hr.ok("/inbox", unread="true"))["items"] == []
    assert (await hr.ok("/inbox"))["unread"] == 0


async def test_inbox_pages(world: World, caller: Caller) -> None:
    async def write(c: Any) -> None:
        account = await world.account(c, "reader")
        for number in range(7):
            await c.execute(
                insert(NoticeRow).values(
                    id=uuid4(), authority_id=world.authority, account_id=account, agency_id=world.a,
                    kind=f"n{number}", facts={}, created_at=NOW + timedelta(seconds=number // 3),
                )
            )  # fmt: skip

    await world.written(write)
    await caller.login("reader")
    whole = [n["id"] for n in (await caller.ok("/inbox"))["items"]]
    paged: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = await caller.ok("/inbox", limit=2, **after)
        paged += [n["id"] for n in answer["items"]]
        if answer["next"] is None:
            break
        after = {"after": answer["next"]}
    assert paged == whole
    assert len(set(whole)) == 7


def test_every_duty_names_calls_that_are_known() -> None:
    assert set(SETTLES) <= {slot.value for slot in Slot}
    assert {verb for verbs in SETTLES.values() for verb in verbs} <= set(CALLS)


def test_every_call_is_a_route_of_the_whole_api() -> None:
    from api.routers import ROUTERS

    have = {
        (method, _shape(route.path))
        for router in ROUTERS
        for route in router.routes
        for method in route.methods  # type: ignore[attr-defined] # all ours are APIRoutes
    }
    asked = {(method, _shape(path)) for _, method, path in CALLS.values()}
    assert asked <= have, sorted(asked - have)


def _shape(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
