"""Explanations of duties and profiles, and `hoso explain`: told in full, to those who may read them."""

import asyncio
import json
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import insert

from api.cli.explain import as_lines, ask
from api.cli.importing import ImportFailedError
from models import tables as t
from models.calendar import Calendar
from models.regulations import in_force
from tests.api.reading.world import NOW, TODAY, Caller, World, code_of

OLD = in_force("hanoi", TODAY).replace("hanoi.art6.3", deadline={"unit": "working_days", "n": 7})
"""A rule set of long ago: the same words with another period."""


@pytest.fixture(scope="module")
def owed(world: World) -> dict[str, UUID]:
    """An's update under the law of today, one opened years ago under another, one whose law is lost."""
    ids = {name: uuid4() for name in ("now", "then", "lost", "list", "an", "chi")}
    law, years = in_force("hanoi", TODAY), Calendar.seed()

    async def write(c: Any) -> None:
        await world.profile(c, "NGUYỄN VĂN AN", world.a, id=ids["an"], approved_revision_id=None)
        await world.profile(c, "LÊ THỊ CHI", world.b, id=ids["chi"])
        await world.account(c, "an", kind="personal", profile_id=ids["an"])
        await c.execute(
            insert(t.RuleSetRow).values(
                authority_id=world.authority, document="cũ", loaded_at=NOW, hash=OLD.hash,
                valid_from=date(2023, 1, 1), content=json.loads(OLD.to_json()),
            )
        )  # fmt: skip
        read = {"rule_set_hash": law.hash, "calendar_hash": years.hash}
        cited = law.slot("update_after_change")
        assert cited is not None
        await world.duty(
            c, world.a, date(2026, 1, 7), id=ids["now"], profile_id=ids["an"], event_on=date(2025, 12, 29),
            citation=cited.citation, facts={"document": "34/QĐ-SVHTT"}, **read,
        )  # fmt: skip
        await world.duty(
            c, world.a, date(2024, 5, 9), id=ids["then"], profile_id=ids["an"], event_on=date(2024, 4, 26),
            citation=cited.citation, state="met", met_on=date(2024, 5, 14), late_days=3,
            rule_set_hash=OLD.hash, calendar_hash=years.hash,
        )  # fmt: skip
        await world.duty(c, world.a, TODAY, id=ids["lost"], profile_id=ids["chi"])
        month = law.slot("approval_window")
        assert month is not None
        await world.duty(
            c, world.a, date(2026, 3, 31), id=ids["list"], party="approver", slot="approval_window",
            rule_id=month.rule.id, citation=month.citation, event_on=date(2026, 3, 27), **read,
        )  # fmt: skip
        for number, kind in enumerate(("duty.opened", "change.noticed"), 1):
            await world.event(c, ids["an"], number, kind=kind, facts={"duty": str(ids["now"])})

    asyncio.run(world.written(write))
    return ids


@pytest.mark.rule("hanoi.art6.3")
async def test_a_duty_is_told_in_full(world: World, owed: dict[str, UUID], caller: Caller) -> None:
    await caller.login("hr.a")
    told = await caller.ok(f"/duties/{owed['now']}/explanation")
    assert told["summary"]["vi"].startswith("Người có hồ sơ: Kịp thời cập nhật")
    assert "hết ngày 07/01/2026" in told["summary"]["vi"]
    assert (told["event"]["on"], told["event"]["document"]) == ("2025-12-29", "34/QĐ-SVHTT")
    assert [act["kind"] for act in told["event"]["acts"]] == ["change.noticed"]
    assert [(r["id"], r["binds"]) for r in told["rules"]] == [("hanoi.art6.3", True), ("tt06.art6.2", False)]
    assert told["rules"][0]["document"].startswith("6187/QĐ-UBND")
    law = in_force("hanoi", TODAY)
    assert told["rules"][0]["quote"] == law.rule("hanoi.art6.3").quote
    (clock,) = told["clocks"]
    skipped = {day["day"]: day["source"] for day in clock["days"] if day["number"] is None}
    assert skipped["2026-01-02"] == "12729/VPCP-KGVX ngày 25/12/2025"
    assert told["responsible"] == {
        "party": "person", "party_vi": "Người có hồ sơ", "agency_id": str(world.a),
        "agency": "Cơ quan 1", "holders": ["NGUYỄN VĂN AN"],
    }  # fmt: skip
    assert [step["slot"] for step in told["next"]] == ["approval_window", "sync_window", "department_gate"]
    assert told["law"]["in_force_today"] is True


async def test_years_later_it_is_told_under_the_law_it_was_opened_with(
    owed: dict[str, UUID], caller: Caller
) -> None:
    await caller.login("hr.a")
    told = await caller.ok(f"/duties/{owed['then']}/explanation")
    (clock,) = told["clocks"]
    assert (clock["due_on"], [d["number"] for d in clock["days"]][-1]) == ("2024-05-09", 7)
    assert (told["state"], told["late_days"], told["law"]["in_force_today"]) == ("met", 3, False)
    assert told["law"]["rule_set_hash"] == OLD.hash


async def test_who_holds_the_post_today(owed: dict[str, UUID], caller: Caller) -> None:
    await caller.login("approver.a")
    told = await caller.ok(f"/duties/{owed['list']}/explanation")
    assert (told["responsible"]["party"], told["responsible"]["holders"]) == ("approver", ["approver.a"])
    assert told["clocks"][0]["nominal_due_on"] == "2026-03-31"


async def test_a_profile_is_told_with_what_has_ended_on_demand(owed: dict[str, UUID], caller: Caller) -> None:
    await caller.login("an")
    told = await caller.ok(f"/profiles/{owed['an']}/explanation")
    assert [one["id"] for one in told["duties"]] == [str(owed["now"])]
    assert told["person"] == "NGUYỄN VĂN AN"
    assert any(one.startswith("6187") for one in told["regulations"])
    whole = await caller.ok(f"/profiles/{owed['an']}/explanation", closed="true")
    assert [one["id"] for one in whole["duties"]] == [str(owed["now"]), str(owed["then"])]


async def test_who_may_not_read_the_profile_reads_no_explanation(
    owed: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    other, technician = await callers().login("hr.b"), await callers().login("admin")
    for path in (f"/duties/{owed['now']}/explanation", f"/profiles/{owed['an']}/explanation"):
        assert code_of(await other.get(path)) == (404, "not-found")
        refused = await technician.get(path)
        assert refused.status_code in (403, 404)
    assert code_of(await other.get(f"/duties/{uuid4()}/explanation")) == (404, "not-found")
    person = await callers().login("an")
    assert code_of(await person.get(f"/duties/{owed['list']}/explanation")) == (404, "not-found")


async def test_law_that_is_not_kept_is_refused(owed: dict[str, UUID], caller: Caller) -> None:
    await caller.login("sonoivu")
    assert code_of(await caller.get(f"/duties/{owed['lost']}/explanation")) == (409, "law-not-kept")


async def test_people_read_it_in_lines(owed: dict[str, UUID], caller: Caller) -> None:
    await caller.login("hr.a")
    lines = "\n".join(as_lines(await caller.ok(f"/duties/{owed['now']}/explanation")))
    assert lines.startswith("Người có hồ sơ: Kịp thời cập nhật")
    for part in (
        "⚖ Quy chế kèm QĐ 6187/QĐ-UBND, Điều 6.3 [hanoi.art6.3]",
        "02/01/2026    –  Nghỉ hoán đổi",
        "07/01/2026    5  Ngày làm việc",
        "Tiếp theo / next: ",
        "Trách nhiệm / responsible: Người có hồ sơ, Cơ quan 1: NGUYỄN VĂN AN",
    ):
        assert part in lines
    then = "\n".join(as_lines(await caller.ok(f"/duties/{owed['then']}/explanation")))
    assert "trễ 3 ngày làm việc" in then
    assert "nay đã có bộ quy định khác" in then


async def test_the_command_asks_for_a_duty_then_for_a_profile(owed: dict[str, UUID], caller: Caller) -> None:
    await caller.login("hr.a")
    answers = {
        path: await caller.get(path)
        for one in (owed["now"], owed["an"])
        for path in (f"/duties/{one}/explanation", f"/profiles/{one}/explanation")
    }

    def answer(request: httpx.Request) -> httpx.Response:
        found = answers[request.url.path]
        return httpx.Response(found.status_code, json=found.json())

    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://hoso")
    assert ask(client, owed["now"], closed=False)["id"] == str(owed["now"])
    assert ask(client, owed["an"], closed=False)["profile_id"] == str(owed["an"])
    for one in ("duties", "profiles"):
        path = f"/{one}/{owed['chi']}/explanation"
        answers[path] = await caller.get(path)
    with pytest.raises(ImportFailedError, match="404 not-found"):
        ask(client, owed["chi"], closed=False)
