"""Profiles: who sees which, search without URLs, pages by key, custody, the header."""

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text

from models.tables import CaseRow
from tests.api.reading.world import NOW, Caller, World, code_of


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, UUID]:
    """In A: An (with a personal account), Bình (overdue); below A: Chi; in B: Dũng; twelve more in B."""

    async def write(c: Any) -> None:
        an = await world.profile(c, "NGUYỄN VĂN AN", world.a, staff_number="CB-01", revision_number=3)
        binh = await world.profile(c, "Trần Thị Bình", world.a, chapter="declaration", status="pending")
        await world.profile(c, "Lê Đức Chi", world.a1)
        await world.profile(c, "Đỗ Anh Dũng", world.b)
        for number in range(12):
            await world.profile(c, f"Người Số {number}", world.b)
        await world.account(c, "an", kind="personal", profile_id=an)
        await world.duty(c, world.a, date(2026, 3, 6), profile_id=binh)
        await world.duty(c, world.a, date(2026, 3, 16), profile_id=an)

    asyncio.run(world.written(write))
    return world.profiles


def names(answer: Any) -> set[str]:
    return {item["full_name"] for item in answer["items"]}


async def test_hr_sees_its_subtree_and_no_other(people: dict[str, UUID], caller: Caller) -> None:
    await caller.login("hr.a")
    assert names(await caller.ok("/profiles")) == {"NGUYỄN VĂN AN", "Trần Thị Bình", "Lê Đức Chi"}
    for suffix in (
        "",
        "/form",
        "/revisions",
        "/changes",
        "/custody",
        "/documents",
        "/timeline",
        "/attachments",
    ):
        answer = await caller.get(f"/profiles/{people['Đỗ Anh Dũng']}{suffix}")
        assert code_of(answer) == (404, "not-found"), suffix
        assert code_of(await caller.get(f"/profiles/{uuid4()}{suffix}")) == (404, "not-found")


async def test_the_department_sees_the_authority(people: dict[str, UUID], caller: Caller) -> None:
    await caller.login("sonoivu")
    assert len((await caller.ok("/profiles", limit=200))["items"]) == 16


@pytest.mark.rule("hanoi.art17.1")
async def test_an_official_sees_the_own_profile_only(people: dict[str, UUID], caller: Caller) -> None:
    await caller.login("an")
    own = await caller.ok(f"/profiles/{people['NGUYỄN VĂN AN']}")
    assert own["role"] == "official"
    assert own["citation"]
    assert code_of(await caller.get(f"/profiles/{people['Trần Thị Bình']}")) == (404, "not-found")
    assert code_of(await caller.get("/profiles")) == (403, "not-permitted")
    assert code_of(await caller.post("/profiles/search", json={"name": "An"})) == (403, "not-permitted")


async def test_an_administrator_keeps_the_system_and_reads_no_profile(
    people: dict[str, UUID], caller: Caller
) -> None:
    await caller.login("admin")
    assert code_of(await caller.get(f"/profiles/{people['Trần Thị Bình']}")) == (403, "not-permitted")
    assert code_of(await caller.get("/profiles")) == (403, "not-permitted")
    assert (await caller.get(f"/profiles/{people['Trần Thị Bình']}/timeline")).status_code == 200


async def test_an_ended_role_shows_nothing(people: dict[str, UUID], caller: Caller) -> None:
    await caller.login("former.hr")
    assert code_of(await caller.get(f"/profiles/{people['Trần Thị Bình']}")) == (404, "not-found")
    assert code_of(await caller.get("/profiles")) == (403, "not-permitted")


async def test_the_law_decides_who_reads(world: World, people: dict[str, UUID], caller: Caller) -> None:
    """Without a rule that gives agencies access nobody of an agency reads: the law is data."""
    await caller.login("hr.a")
    path = f"/profiles/{people['NGUYỄN VĂN AN']}"
    assert (await caller.ok(path))["citation"]
    # The rules without that one come into force on the day of the others, and these again after them.
    drop = (
        "INSERT INTO rule_sets SELECT authority_id, 'x' || hash, valid_from,"
        " jsonb_set(content - 'hash', '{rules}',"
        " (SELECT jsonb_agg(r) FROM jsonb_array_elements(content -> 'rules') r"
        "  WHERE NOT coalesce(r -> 'slot' ? 'agency_access', false))),"
        " document, loaded_at + interval '1 hour'"
        " FROM rule_sets"
    )
    again = (
        "INSERT INTO rule_set_loads SELECT gen_random_uuid(), authority_id, hash, valid_from, 'back', NULL,"
        " loaded_at + interval '2 hours' FROM rule_sets WHERE hash NOT LIKE 'x%'"
    )
    await world.written(lambda c: c.execute(text(drop)))
    try:
        assert code_of(await caller.get(path)) == (403, "not-permitted")
        assert code_of(await caller.get("/profiles")) == (403, "not-permitted")
    finally:
        await world.written(lambda c: c.execute(text(again)))
    assert (await caller.ok(path))["citation"]


async def _rows(connection: Any, query: str) -> list[Any]:
    return list((await connection.execute(text(query))).all())


async def test_pages_meet_without_gap_or_repetition(people: dict[str, UUID], caller: Caller) -> None:
    await caller.login("hr.b")
    whole = [item["id"] for item in (await caller.ok("/profiles", limit=200))["items"]]
    paged: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = await caller.ok("/profiles", limit=5, **after)
        paged += [item["id"] for item in answer["items"]]
        if answer["next"] is None:
            break
        after = {"after": answer["next"]}
    assert paged == whole
    assert len(whole) == 13


@pytest.mark.parametrize("after", ["x", "W10", "WyJhIl0", "eyJhIjoxfQ", "WyIxIiwiMiJd", "ư", "=" * 50])
async def test_a_foreign_cursor_is_refused(caller: Caller, after: str) -> None:
    await caller.login("hr.a")
    assert code_of(await caller.get("/profiles", params={"after": after})) == (400, "malformed-request")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "chapter=none", "status=x", "agency=x", "overdue=x"]
)
async def test_wrong_filters_are_refused(caller: Caller, query: str) -> None:
    await caller.login("hr.a")
    assert code_of(await caller.get(f"/profiles?{query}")) == (400, "malformed-request")


async def test_filters(world: World, people: dict[str, UUID], caller: Caller) -> None:
    await caller.login("sonoivu")
    assert names(await caller.ok("/profiles", agency=str(world.a1))) == {"Lê Đức Chi"}
    assert len(names(await caller.ok("/profiles", agency=str(world.a)))) == 3, "the whole subtree"
    assert names(await caller.ok("/profiles", chapter="declaration")) == {"Trần Thị Bình"}
    assert names(await caller.ok("/profiles", status="pending")) == {"Trần Thị Bình"}
    assert names(await caller.ok("/profiles", overdue="true")) == {"Trần Thị Bình"}
    assert len(names(await caller.ok("/profiles", overdue="false", limit=200))) == 15


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"name": "nguyễn văn"}, {"NGUYỄN VĂN AN"}),
        ({"name": "Nguye\u0302\u0303n"}, {"NGUYỄN VĂN AN"}),  # NFD
        ({"name": "van an"}, {"NGUYỄN VĂN AN"}),
        ({"name": "đức chi"}, {"Lê Đức Chi"}),
        ({"name": "DUC CHI"}, {"Lê Đức Chi"}),
        ({"name": "dung"}, set()),  # in B: out of scope
        ({"staff_number": "CB-01"}, {"NGUYỄN VĂN AN"}),
        ({"staff_number": "cb-01"}, set()),
        ({"personal_id_number": "000000000003"}, {"Lê Đức Chi"}),
        ({"personal_id_number": "000000000004"}, set()),  # in B
        ({"name": "an", "staff_number": "CB-02"}, set()),
        ({"name": "%%"}, set()),
    ],
)
async def test_search(
    people: dict[str, UUID], caller: Caller, asked: dict[str, str], expected: set[str]
) -> None:
    await caller.login("hr.a")
    answer = await caller.post("/profiles/search", json=asked)
    assert answer.status_code == 200, answer.text
    assert names(answer.json()) == expected


@pytest.mark.parametrize(
    "asked", [{}, {"name": "x"}, {"name": "a\0b"}, {"personal_id_number": "1"}, {"nam": "an"}, {"limit": 0}]
)
async def test_a_search_without_sense_is_refused_without_echo(caller: Caller, asked: dict[str, Any]) -> None:
    await caller.login("hr.a")
    assert code_of(await caller.post("/profiles/search", json=asked)) == (400, "malformed-request")


async def test_the_header_tells_where_the_profile_stands(
    world: World, people: dict[str, UUID], caller: Caller
) -> None:
    await caller.login("hr.a")
    answer = await caller.get(f"/profiles/{people['NGUYỄN VĂN AN']}")
    assert answer.headers["ETag"] == '"r3"'
    body = answer.json()
    assert body["chapter_vi"] == "đang công tác"
    assert body["custody"]["agency_id"] == str(world.a)
    assert [(d["slot"], d["days_left"], d["overdue"]) for d in body["duties"]] == [
        ("update_after_change", 4, False)
    ]
    assert "16/03/2026" in body["next_step"]
    history = await caller.ok(f"/profiles/{people['NGUYỄN VĂN AN']}/custody")
    assert [(h["agency_id"], h["starts_on"], h["ends_on"]) for h in history] == [
        (str(world.a), "2025-01-01", None)
    ]


@pytest.mark.rule("hanoi.art12.1.a")
async def test_the_new_agency_sees_the_dossier_from_the_hand_over(
    world: World, callers: Callable[[], Caller]
) -> None:
    case_id = uuid4()

    async def moving(c: Any) -> UUID:
        person = await world.profile(c, "Vũ Thị Giang", world.a, chapter="transfer", case_id=case_id)
        await c.execute(
            insert(CaseRow).values(
                id=case_id,
                authority_id=world.authority,
                kind="transfer",
                profile_id=person,
                from_agency_id=world.a,
                to_agency_id=world.b,
                mode="điều động",
                effective_on=date(2026, 3, 9),
                document="12/QĐ-SNV",
                state="reported",
                version=2,
                facts={},
                opened_at=NOW,
            )
        )
        return person

    person = await world.written(moving)
    old, new = await callers().login("hr.a"), await callers().login("hr.b")
    assert (await new.ok(f"/transfers/{case_id}"))["person"] is None, "announced, not yet handed over"
    assert code_of(await new.get(f"/profiles/{person}")) == (404, "not-found")
    move = text("UPDATE cases SET state = 'handed_over' WHERE id = :id")
    await world.written(lambda c: c.execute(move, {"id": case_id}))
    assert (await new.ok(f"/transfers/{case_id}"))["person"] == "Vũ Thị Giang"
    assert (await new.ok(f"/profiles/{person}"))["role"] == "hr_officer"
    assert (await old.ok(f"/profiles/{person}"))["open_case"]["state"] == "handed_over"
    draft = {"content": {}}
    answer = await new.put(f"/profiles/{person}/draft", json=draft, headers={"If-Match": '"r0"'})
    assert code_of(answer) == (403, "not-permitted"), "it may look, not write"
    end = text("UPDATE cases SET state = 'refused', closed_at = opened_at WHERE id = :id")
    await world.written(lambda c: c.execute(end, {"id": case_id}))
    assert code_of(await new.get(f"/profiles/{person}")) == (404, "not-found")
