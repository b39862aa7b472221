"""The agencies of an authority for whoever has an account there."""

from typing import Any

from sqlalchemy import text

from tests.api.reading.world import Caller, World, code_of


async def test_the_tree_with_standing_and_office(world: World, caller: Caller) -> None:
    async def said(connection: Any) -> None:
        await connection.execute(
            text("UPDATE agency_spans SET standing = 'constituent' WHERE agency_id = :a"), {"a": world.a1}
        )
        await connection.execute(text("UPDATE authorities SET ict_department_id = :b"), {"b": world.b})

    assert code_of(await caller.get("/agencies")) == (401, "not-authenticated")
    await world.written(said)
    await caller.login("hr.a")
    lines: list[dict[str, Any]] = []
    page = await caller.ok("/agencies", limit="1")
    while True:
        lines += page["items"]
        if page.get("next") is None:
            break
        page = await caller.ok("/agencies", limit="1", after=page["next"])
    by_id = {line["id"]: line for line in lines}
    assert len(by_id) == len(lines)
    assert [line["code"] for line in lines] == sorted(line["code"] for line in lines)
    part, own = by_id[str(world.a1)], by_id[str(world.a)]
    assert (part["standing"], part["standing_stated"]) == ("constituent", True)
    assert (own["standing"], own["standing_stated"]) == ("subordinate", False)
    assert by_id[str(world.department)]["keeps_database"] is True
    assert [line["id"] for line in lines if line["operates_database"]] == [str(world.b)]
