"""The board before the window: kept as profiles change, in order each morning, opened to what is missing."""

import asyncio
from datetime import date, timedelta
from typing import Any
from unittest.mock import ANY
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text

from activities.readiness.board import look_over
from models.calendar import Calendar
from models.database import Scope, engine_for
from models.record.law_of import Laws
from models.record.tools import Tools
from models.regulations import in_force
from models.tables import AgencyClosureRow, AgencyMonthRow, AgencyRow, MonthItemRow
from tests.api.reading.world import NOW, TODAY, Caller, World, code_of
from tests.forms import COMPLETE

WINDOW = {"opens_on": date(2026, 2, 24), "nominal_end": date(2026, 2, 28), "rolled_end": date(2026, 3, 2)}
FORM = {**COMPLETE, "managing_authority_id": "H26", "employing_unit_id": "H26.02", "record_code": "HS-0001"}
SUMS = (
    "SELECT agency_id, marks, sum(n) AS n FROM readiness_counts GROUP BY 1, 2 HAVING sum(n) <> 0"
    " EXCEPT SELECT agency_id, marks, count(*) FROM readiness GROUP BY 1, 2"
)


async def morning(world: World, now: Any = NOW) -> int:
    """The morning's look; how many profiles it measured."""
    engine = engine_for(world.database.url("worker"), pool_size=1)
    scope, tools = Scope(world.authority, everything=True), Tools(engine, world.ring)
    seen = await look_over(tools, scope, Laws(in_force("hanoi", TODAY), Calendar.seed()), now, lambda: None)
    await engine.dispose()
    return seen


async def run(world: World, sql: str, **values: Any) -> list[Any]:
    async def write(c: Any) -> list[Any]:
        done = await c.execute(text(sql), values)
        return list(done) if done.returns_rows else []

    return await world.written(write)


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, UUID]:
    """In A somebody in order, somebody without ethnicity and somebody new; in A1 one with a wrong code."""
    made: dict[str, UUID] = {}

    async def write(c: Any) -> None:
        author = await world.account(c, "author", kind="personal")
        for n, (who, agency, changes) in enumerate(
            (
                ("right", world.a, {}),
                ("short", world.a, {"ethnicity": None}),
                ("coded", world.a1, {"religion": "jedi"}),
            )
        ):
            name, number = f"NGUYỄN VĂN {who.upper()}", f"0001900007{n:02}"
            profile = made[who] = await world.profile(c, name.title(), agency, id_number=number)
            content = {**FORM, "birth_full_name": name, "citizen_id_number": number, **changes}
            content = {k: v for k, v in content.items() if v is not None}
            made[f"{who}.revision"] = await world.revision(
                c, profile, 1, "approved", content, author, saved_at=NOW - timedelta(days=1)
            )
            await c.execute(
                text("UPDATE profiles SET approved_revision_id = :r, synced_revision_id = :s WHERE id = :id"),
                {"r": made[f"{who}.revision"], "s": made[f"{who}.revision"] if n else None, "id": profile},
            )
        made["new"] = await world.profile(c, "Trần Thị Mới", world.a)
        await world.duty(c, world.a, date(2026, 3, 20), profile_id=made["short"])
        month, below, deep = made["month"], made["below"], made["deep"] = uuid4(), uuid4(), uuid4()
        unit = uuid4()
        await c.execute(
            insert(AgencyRow).values(
                id=unit, authority_id=world.authority, code="H26.9", name="Đơn vị 9", kind="unit",
                parent_id=world.a1, has_account=True, valid_from=date(2025, 1, 1),
            )
        )  # fmt: skip
        for depth, ancestor in enumerate([unit, world.a1, world.a]):
            await c.execute(
                insert(AgencyClosureRow).values(
                    authority_id=world.authority, ancestor_id=ancestor, descendant_id=unit, depth=depth,
                    valid_from=date(2025, 1, 1),
                )
            )  # fmt: skip
        for one, agency, state, listed in (
            (month, world.a, "closed", 2), (below, world.a1, "gate", 1), (deep, unit, "closed", 1),
        ):  # fmt: skip
            await c.execute(
                insert(AgencyMonthRow).values(
                    id=one, authority_id=world.authority, agency_id=agency, month="2026-02", state=state,
                    version=1, listed=listed, opened_at=NOW, closes_at=NOW, summary={}, **WINDOW,
                )
            )  # fmt: skip
        for one, who, state in (
            (month, "right", "accepted"), (month, "short", "listed"), (below, "coded", "released"),
            (deep, "coded", "approved"),
        ):  # fmt: skip
            await c.execute(
                insert(MonthItemRow).values(
                    agency_month_id=one, profile_id=made[who], authority_id=world.authority,
                    revision_id=made[f"{who}.revision"], digest="0" * 64, state=state, changed_at=NOW,
                )
            )  # fmt: skip

    asyncio.run(world.written(write))
    assert asyncio.run(morning(world)) == 4
    return made


async def units(caller: Caller, who: str, **params: Any) -> dict[str, Any]:
    board = await (await caller.login(who)).ok("/readiness", **params)
    return {one["agency_id"]: one for one in board["items"]}


async def test_the_worst_unit_stands_first_with_its_numbers(
    caller: Caller, world: World, people: dict[str, UUID]
) -> None:
    board = await (await caller.login("sonoivu")).ok("/readiness", month="2026-03")
    first, second = board["items"]
    assert (first["agency_id"], first["profiles"], first["unready"]) == (str(world.a), 3, 2)
    assert (second["agency_id"], second["profiles"], second["unready"]) == (str(world.a1), 1, 1)
    met = first["met"]
    assert (met["ready"], met["measured"], met["complete"], met["coded"], met["signed"]) == (1, 3, 1, 2, 2)
    assert (met["shared"], met["accepted"]) == (1, 1)
    assert second["met"]["coded"] == 0
    assert first["scores"]["complete"] == 33.3
    assert first["last_month"] == {
        "agency_month_id": str(people["month"]), "month": "2026-02", "state": "closed",
        "lists": 1, "listed": 2, "signed": 1, "accepted": 1, "opens": ANY,
    }  # fmt: skip
    assert first["this_month"] is None
    cited = {one["criterion"]: one["citation"] for one in board["criteria"]}
    assert cited["correct"] is not None
    assert cited["shared"] is None


async def test_pages_and_the_first_rank(caller: Caller, world: World, people: dict[str, UUID]) -> None:
    await caller.login("sonoivu")
    first = await caller.ok("/readiness", limit=1)
    rest = await caller.ok("/readiness", limit=1, after=first["next"])
    assert [first["items"][0]["agency_id"], rest["items"][0]["agency_id"]] == [str(world.a), str(world.a1)]
    assert rest["next"] is None
    ranked = await units(caller, "sonoivu", level="first_rank")
    assert sum(one["profiles"] for one in ranked.values()) == 4
    assert code_of(await caller.get("/readiness", params={"after": "x"})) == (400, "malformed-request")


async def test_the_months_of_the_first_rank_are_those_of_all_beneath_it(
    caller: Caller, world: World, people: dict[str, UUID]
) -> None:
    """Its people are those of the whole subtree: so are the lists, and each number opens one."""
    ranked = await units(caller, "sonoivu", level="first_rank", month="2026-03")
    summed = ranked[str(world.a1)]["last_month"]
    opens = summed.pop("opens")
    assert summed == {
        "agency_month_id": None, "month": "2026-02", "state": "open", "lists": 2, "listed": 2, "signed": 2,
        "accepted": 1,
    }  # fmt: skip
    lists = await opened(caller, opens["lists"])
    assert {one["id"] for one in lists["items"]} == {str(people["below"]), str(people["deep"])}
    assert ranked[str(world.a)]["last_month"]["agency_month_id"] == str(people["month"])
    own = await units(caller, "sonoivu", month="2026-02")
    assert own[str(world.a1)]["this_month"]["agency_month_id"] == str(people["below"])
    assert own[str(world.a)]["this_month"]["listed"] == 2, "a unit's own number is its own list's"


@pytest.mark.parametrize(
    ("number", "who"),
    [("signed", "right"), ("not_signed", "short"), ("accepted", "right"), ("not_accepted", "short")],
)
async def test_each_number_of_the_month_opens_its_profiles(
    caller: Caller, world: World, people: dict[str, UUID], number: str, who: str
) -> None:
    own = await units(caller, "hr.a", month="2026-02")
    found = await opened(caller, own[str(world.a)]["this_month"]["opens"][number])
    assert [one["profile_id"] for one in found["items"]] == [str(people[who])]
    assert {one["state"] for one in found["items"]} <= {"accepted", "listed"}


async def opened(caller: Caller, address: str) -> Any:
    answer = await caller.get(address.removeprefix("/api/v1"))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_scope_and_role(caller: Caller, world: World, people: dict[str, UUID]) -> None:
    assert set(await units(caller, "hr.a")) == {str(world.a), str(world.a1)}
    assert await units(caller, "hr.b") == {}
    await caller.login("hr.b")
    assert code_of(await caller.get(f"/readiness/{world.a}")) == (404, "not-found")
    assert code_of(await caller.get(f"/readiness/{uuid4()}")) == (404, "not-found")
    await caller.login("former.hr")
    assert code_of(await caller.get("/readiness")) == (403, "not-permitted")


async def test_a_number_opens_who_and_what_exactly(
    caller: Caller, world: World, people: dict[str, UUID]
) -> None:
    await caller.login("hr.a")
    found = await caller.ok(f"/readiness/{world.a}", measure="complete")
    by_profile = {one["profile_id"]: one for one in found["items"]}
    assert set(by_profile) == {str(people["short"]), str(people["new"])}
    short = by_profile[str(people["short"])]
    (lack,) = short["lacks"]
    assert (lack["code"], lack["path"], lack["mended_by"]) == ("missing", "ethnicity", "person")
    assert "Dân tộc" in lack["label"]
    assert "mục" in lack["citation"]
    assert [one["citation"] for one in short["duties"]] == ["Điều 6 khoản 3"]
    assert by_profile[str(people["new"])]["lacks"][0]["code"] == "nothing-approved"
    below = await caller.ok(f"/readiness/{world.a}", measure="coded", below=True)
    codes = {one["profile_id"]: [x["code"] for x in one["lacks"]] for one in below["items"]}
    assert codes[str(people["coded"])] == ["unknown-code"]
    accepted = await caller.ok(f"/readiness/{world.a}", measure="accepted", limit=1)
    assert accepted["items"][0]["lacks"][0]["mended_by"] == "sync_agent"
    assert accepted["next"] is not None


async def test_what_is_wrong_with_a_field_above_the_readers_level_is_not_named(
    caller: Caller, world: World, people: dict[str, UUID]
) -> None:
    """That the ethnicity is missing, or the religion an unknown one, tells about it."""
    await world.written(
        lambda c: world.account(c, "board.auditor", role="auditor", agency_id=world.department)
    )
    await caller.login("board.auditor")
    unsaid = await caller.get(f"/readiness/{world.a}", params={"measure": "complete"})
    assert code_of(unsaid) == (400, "purpose-required"), "each line is a look into a file"
    caller.headers["Hoso-Purpose"] = "kiem%20tra"
    for measure in ("complete", "coded"):
        found = await caller.ok(f"/readiness/{world.a}", measure=measure, below=True)
        assert found["level"] == 2
        named = {x["path"] for one in found["items"] for x in one["lacks"]}
        assert not named & {"ethnicity", "religion"}
    assert str(people["coded"]) in {one["profile_id"] for one in found["items"]}, "the line stays"


async def test_sums_follow_every_change_and_a_morning_changes_nothing(
    world: World, people: dict[str, UUID], caller: Caller
) -> None:
    right = people["right"]
    assert await run(world, SUMS) == []
    await run(world, "UPDATE profiles SET pending_revision_id = :r WHERE id = :p", r=uuid4(), p=right)
    assert (await units(caller, "sonoivu"))[str(world.a)]["met"]["measured"] == 2, "another revision stands"
    assert await run(world, SUMS) == []
    await run(world, "UPDATE profiles SET pending_revision_id = NULL WHERE id = :p", p=right)
    await run(world, "UPDATE profiles SET chapter = 'separation' WHERE id = :p", p=people["new"])
    assert (await units(caller, "sonoivu"))[str(world.a)]["profiles"] == 2
    await run(world, "UPDATE profiles SET chapter = 'service' WHERE id = :p", p=people["new"])
    assert await run(world, SUMS) == []
    assert await morning(world) == 2, "who came back, and whose revision is another"
    before = await units(caller, "sonoivu")
    await morning(world)
    assert await run(world, SUMS) == []
    assert await units(caller, "sonoivu") == before


async def test_time_law_and_others_data_are_found_in_the_morning(
    world: World, people: dict[str, UUID], caller: Caller
) -> None:
    async def met(measure: str) -> int:
        return (await units(caller, "sonoivu"))[str(world.a)]["met"][measure]

    live = await met("live")
    assert await morning(world, NOW + timedelta(days=20)) == 2, (
        "a duty passed; who has nothing is asked again"
    )
    assert await met("live") == live - 1
    assert await morning(world, NOW) == 0
    await run(world, "UPDATE readiness SET basis = 'older'")
    assert await morning(world, NOW + timedelta(days=21)) == 4
    clean = await met("clean")
    for one in ("right", "short"):
        await run(world, "UPDATE profiles SET staff_number = 'CB-1' WHERE id = :p", p=people[one])
    await run(world, "UPDATE readiness SET measured_at = NULL WHERE profile_id = :p", p=people["right"])
    await morning(world, NOW + timedelta(days=22))
    assert await met("clean") == clean - 2, "the other one of two alike, too"


async def test_a_form_that_cannot_be_opened_stops_nobody(
    world: World, people: dict[str, UUID], caller: Caller
) -> None:
    # A draft's bytes may still be replaced; then it stands as what is approved.
    async def write(c: Any) -> None:
        broken = await world.revision(c, people["coded"], 2, "draft", FORM, world.accounts["author"])
        await c.execute(text("UPDATE revisions SET sealed = '\\x00' WHERE id = :r"), {"r": broken})
        query = text("UPDATE profiles SET approved_revision_id = :r WHERE id = :p")
        await c.execute(query, {"r": broken, "p": people["coded"]})

    await world.written(write)
    assert await morning(world, NOW + timedelta(days=23)) >= 1
    await caller.login("hr.a")
    (one,) = (await caller.ok(f"/readiness/{world.a1}", measure="correct"))["items"]
    assert [x["code"] for x in one["lacks"]] == ["unreadable"]
    assert one["lacks"][0]["mended_by"] == "hr_officer"


async def test_dead_ends_within_reach_with_names_and_who_gives_the_post(
    world: World, people: dict[str, UUID], caller: Caller
) -> None:
    approver = world.accounts["approver.a"]
    await caller.login("hr.a")
    assert await caller.ok("/dead-ends") == {"as_of": ANY, "total": 0, "items": [], "next": None}

    async def write(c: Any) -> None:
        for one in ("new", "short"):
            waiting = await world.revision(c, people[one], 9, "submitted", FORM, world.accounts["author"])
            query = text("UPDATE profiles SET pending_revision_id = :r WHERE id = :p")
            await c.execute(query, {"r": waiting, "p": people[one]})
        await c.execute(text("UPDATE accounts SET state = 'default_password' WHERE id = :a"), {"a": approver})

    await world.written(write)
    first = await caller.ok("/dead-ends", limit=1)
    rest = await caller.ok("/dead-ends", limit=1, after=first["next"])
    assert first["total"] == 2
    assert {first["items"][0]["subject_id"], rest["items"][0]["subject_id"]} == {
        str(people["new"]), str(people["short"]),
    }  # fmt: skip
    one = first["items"][0]
    assert (one["agency_id"], one["on"]) == (str(world.a), TODAY.isoformat())
    assert [(why["name"], why["code"]) for why in one["why"]] == [("approver.a", "default-password")]
    restore, *posts = one["proposals"]
    assert (restore["remedy"], restore["because"], restore["given_by"]) == ("restore", "default-password", [])
    assert posts[0]["remedy"] == "give_post"
    assert "head" in posts[0]["given_by"]
    await caller.login("hr.b")
    assert (await caller.ok("/dead-ends"))["total"] == 0
    await caller.login("former.hr")
    assert code_of(await caller.get("/dead-ends")) == (403, "not-permitted")
    await run(world, "UPDATE accounts SET state = 'active' WHERE id = :a", a=approver)
    await caller.login("hr.a")
    assert (await caller.ok("/dead-ends"))["total"] == 0
