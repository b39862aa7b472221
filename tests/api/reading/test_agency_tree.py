"""The tree over the API: any day, search, one agency with its posts, its history."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text

from models.lifecycle.tree_changes import End, Succeed, apply, recode, rename
from models.record.tree import keep_tree, locked_tree
from models.tables import AgencyPostRow, AgencyQuotaRow, PostHolderRow
from tests.api.reading.world import Caller, World, code_of

LATER = date(2031, 7, 1)
MOVED_ON, RENAMED = date(2025, 3, 1), date(2025, 6, 1)
MOVED = (
    "UPDATE custody SET ends_on = :on WHERE profile_id = :p",
    "INSERT INTO custody (id, authority_id, profile_id, agency_id, starts_on, follows)"
    " VALUES (:id, :a, :p, :to, :on, :on)",
    "UPDATE profiles SET agency_id = :to WHERE id = :p",
)


@pytest.fixture(scope="module", autouse=True)
def planned(world: World) -> None:
    """Agency a is renamed and given another code years ahead, a1 ends then and a follows it."""

    async def write(connection: Any) -> None:
        before = await locked_tree(connection, world.authority)
        changes = [
            rename(world.a, LATER, "Sở Văn hóa và Thể thao Đặng Dung"),
            recode(world.a, LATER, "H26.77"),
            End(world.a1, LATER),
            Succeed(world.a1, LATER, world.a, "merged"),
            rename(world.b, RENAMED, "Sở mang tên mới"),
        ]
        after = apply(before, changes, coded=False)
        await keep_tree(connection, world.authority, before, after, date(2026, 1, 1))
        world.profiles["TRẦN CHUYỂN"] = profile = await world.profile(connection, "TRẦN CHUYỂN", world.b)
        for moved in MOVED:
            names = {"p": profile, "a": world.authority, "to": world.a, "on": MOVED_ON, "id": uuid4()}
            await connection.execute(text(moved), names)
        values = {"a": world.authority, "on": LATER, "p": world.a1, "s": world.a, "id": uuid4(), "n": uuid4()}
        await connection.execute(
            text("INSERT INTO agency_links VALUES (:id, :a, :p, :s, 'merged', :on, '9/QĐ')"), values
        )
        await connection.execute(
            text(
                "INSERT INTO agency_changes VALUES (:n, :a, :s, 'rename', :on, '9/QĐ',"
                """ '{"fields": {"name": "x"}}', NULL, NULL, NULL, now(), NULL)"""
            ),
            values,
        )

    asyncio.run(world.written(write))


async def test_the_tree_of_a_day_to_come(world: World, caller: Caller) -> None:
    await caller.login("hr.a")
    now = {line["id"]: line for line in (await caller.ok("/agencies", limit="200"))["items"]}
    then = await caller.ok("/agencies", limit="200", as_of=LATER.isoformat())
    later = {line["id"]: line for line in then["items"]}
    assert set(now) - set(later) == {str(world.a1)}
    assert later[str(world.a)]["code"] == "H26.77"
    assert now[str(world.a)]["code"] != "H26.77"
    eve = await caller.ok("/agencies", limit="200", as_of=(LATER - timedelta(days=1)).isoformat())
    assert eve["items"] == list(now.values())


async def test_found_by_name_without_accents_and_by_code(world: World, caller: Caller) -> None:
    await caller.login("hr.a")
    day = {"as_of": LATER.isoformat()}
    for words in ("dang dung", "Đặng Dung", "h26.77"):
        found = await caller.ok("/agencies", q=words, **day)
        assert [line["id"] for line in found["items"]] == [str(world.a)], words
    assert (await caller.ok("/agencies", q="dang dung"))["items"] == []
    under = await caller.ok("/agencies", parent_id=str(world.a))
    assert str(world.a1) in [line["id"] for line in under["items"]]


async def test_one_agency_on_a_day(world: World, caller: Caller) -> None:
    await caller.login("hr.a")
    unit = await caller.ok(f"/agencies/{world.a1}")
    assert unit["breadcrumb"][-1]["id"] == str(world.a)
    assert unit["until"] == LATER.isoformat()
    assert code_of(await caller.get(f"/agencies/{world.a1}?as_of={LATER.isoformat()}"))[0] == 404
    own = await caller.ok(f"/agencies/{world.a}")
    assert [one["operation"] for one in own["planned"]] == ["rename"]
    assert (own["units"] > 0, own["predecessors"]) == (True, [])
    later = await caller.ok(f"/agencies/{world.a}", as_of=LATER.isoformat())
    assert [(one["id"], one["kind"]) for one in later["predecessors"]] == [(str(world.a1), "merged")]
    assert later["name"] == "Sở Văn hóa và Thể thao Đặng Dung"


async def test_all_it_has_been_and_will_be(world: World, caller: Caller) -> None:
    await caller.login("hr.a")
    told = await caller.ok(f"/agencies/{world.a}/history")
    assert [one["until"] for one in told["periods"]] == [LATER.isoformat(), None]
    assert told["periods"][1]["code"] == "H26.77"
    ended = await caller.ok(f"/agencies/{world.a1}/history")
    assert [one["ended"] for one in ended["periods"]] == [False, True]
    assert ended["periods"][0]["parent"]["name"] != told["periods"][1]["name"]
    assert [one["id"] for one in ended["successors"]] == [str(world.a)]
    assert code_of(await caller.get(f"/agencies/{uuid4()}/history"))[0] == 404


async def test_where_somebody_was_bears_the_name_of_that_time(world: World, caller: Caller) -> None:
    await caller.login("hr.a")
    before, now = await caller.ok(f"/profiles/{world.profiles['TRẦN CHUYỂN']}/custody")
    assert (before["agency_id"], before["ends_on"]) == (str(world.b), MOVED_ON.isoformat())
    assert before["agency"] != "Sở mang tên mới"
    assert before["agency_today"] == "Sở mang tên mới"
    assert now["agency"] == now["agency_today"]


async def test_its_posts_with_holders_and_who_acts_and_its_staffing(world: World, caller: Caller) -> None:
    head, deputy = world.accounts["hr.a"], world.accounts["hr.b"]
    since, until = date(2025, 1, 1), date(2030, 1, 1)
    post, vacant = uuid4(), uuid4()
    common = {"authority_id": world.authority, "document": "7/QĐ"}

    def holder(account: UUID, *, acting: bool, start: date, end: date | None) -> dict[str, Any]:
        times = {"valid_from": start, "valid_to": end}
        return {**common, **times, "id": uuid4(), "post_id": post, "account_id": account, "acting": acting}

    def quota(code: str, number: int, start: date, end: date | None) -> dict[str, Any]:
        known = {"id": uuid4(), "agency_id": world.b, "kind": "quota", "code": code, "number": number}
        return {**common, **known, "valid_from": start, "valid_to": end}

    posts = [
        {
            **common,
            "id": post,
            "agency_id": world.b,
            "kind": "head",
            "title": "Giám đốc",
            "valid_from": since,
        },
        {**common, "id": vacant, "agency_id": world.b, "kind": "deputy", "title": None, "valid_from": since},
    ]

    async def write(connection: Any) -> None:
        await connection.execute(insert(AgencyPostRow), posts)
        holders = [
            holder(head, acting=False, start=since, end=until),
            holder(deputy, acting=True, start=since, end=None),
        ]
        await connection.execute(insert(PostHolderRow), holders)
        numbers = [quota("civil_servant", 12, since, until), quota("civil_servant", 9, until, None)]
        await connection.execute(insert(AgencyQuotaRow), numbers)

    await world.written(write)
    await caller.login("hr.a")
    own = await caller.ok(f"/agencies/{world.b}")
    shown = {one["kind"]: one for one in own["posts"]}
    assert (shown["head"]["title"], shown["deputy"]["holders"]) == ("Giám đốc", [])
    holders = [(one["account_id"], one["acting"], one["valid_to"]) for one in shown["head"]["holders"]]
    assert holders == [(str(head), False, until.isoformat()), (str(deputy), True, None)]
    assert [(one["code"], one["number"]) for one in own["quotas"]] == [("civil_servant", 12)]
    later = await caller.ok(f"/agencies/{world.b}", as_of=until.isoformat())
    (head_post,) = [one for one in later["posts"] if one["kind"] == "head"]
    assert [one["account_id"] for one in head_post["holders"]] == [str(deputy)]
    assert [one["number"] for one in later["quotas"]] == [9]
