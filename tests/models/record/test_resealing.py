"""Keys change while everybody works: nothing is unreadable for a moment, and nobody is entered twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from models import key_ring, keys
from models.commands import OpenProfile
from models.database import engine_for, transaction
from models.errors import KeyUnknownError, SealBrokenError
from models.key_files import read_private, write_private
from models.key_ring import UNKNOWN, unwrap, wrap
from models.keys import KeyRing, MasterKey, Purpose, Sealed
from models.migrations import configuration, migrate
from models.record import resealing
from models.record.tools import Tools
from models.settings import DatabaseRole
from tests.models.record.resealed import form, turn, written
from tests.world import World, build, tools_for

START = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)


@pytest.fixture
async def world(database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(resealing, "BATCH", 3)
    monkeypatch.setattr(key_ring, "LEARNS_WITHIN", 0.0)
    engine = engine_for(database.url("worker"), pool_size=6)
    yield await build(tools_for(engine, tmp_path), START)
    await engine.dispose()


async def open_one(world: World, number: str) -> UUID | str:
    """Somebody new; the profile, or the code of the refusal."""
    profile = uuid4()
    body = OpenProfile(
        agency_id=world.culture,
        full_name="Nguyễn Thị Thử",
        personal_id_number=number,
        event_on=world.now.date(),
        document="12/QĐ",
    )
    fate = await world.ask("culture.hr", body, profile)
    return profile if fate.status == 201 else fate.answer["code"]


async def test_rows_are_sealed_anew_while_people_read_and_write(world: World, tmp_path: Path) -> None:
    people = [await world.employ() for _ in range(4)]
    before = {p: await form(world, p) for p in people}
    new = turn(tmp_path, Purpose.FIELDS, world.authority)
    stop, seen = asyncio.Event(), 0

    async def read() -> None:
        nonlocal seen
        while not stop.is_set():
            for profile in people:
                assert await form(world, profile) == before[profile]
                seen += 1

    async def write() -> None:
        for number in range(6):
            assert isinstance(await open_one(world, f"00077700000{number}"), UUID)

    reader = asyncio.create_task(read())
    _, done = await asyncio.gather(write(), written(resealing.reseal(world.tools, world.authority)))
    stop.set()
    await reader
    assert seen > len(people)
    assert done["revisions"] >= 4
    assert done["commands"] >= 4
    assert set(await resealing.uses(world.tools.engine, world.authority)) - {new.id} == {
        world.tools.ring.current(Purpose.BLIND_INDEX, world.authority).id
    }
    # Another process, which has only the new key, reads everything: nothing needs the former one.
    former = world.tools.ring.serving(Purpose.FIELDS, world.authority)[0]
    master = MasterKey.from_file(tmp_path / "master.key")
    kept = [key for key in world.tools.ring.keys if key != former]
    write_private(tmp_path / "other" / "keyring.json", wrap(kept, master), replace=False)
    tools = Tools(world.tools.engine, KeyRing(tmp_path / "other" / "keyring.json", master))
    with pytest.raises(KeyUnknownError):
        tools.ring.find(Purpose.FIELDS, former.id)
    for profile in people:
        assert await form(replace(world, tools=tools), profile) == before[profile]


async def test_an_interrupted_change_goes_on_where_it_was(world: World, tmp_path: Path) -> None:
    for _ in range(5):
        await world.employ(until="account")
    turn(tmp_path, Purpose.FIELDS, world.authority)
    work = resealing.reseal(world.tools, world.authority)
    first = await anext(work)
    await work.aclose()
    assert first.written > 0
    left = await written(resealing.reseal(world.tools, world.authority))
    assert sum(left.values()) >= 1
    assert await written(resealing.reseal(world.tools, world.authority)) == {}


async def test_a_row_somebody_works_on_is_not_waited_for(world: World, tmp_path: Path) -> None:
    profile = await world.employ()
    turn(tmp_path, Purpose.FIELDS, world.authority)
    async with transaction(world.tools.engine, world.scope) as held:
        await held.execute(text("SELECT 1 FROM revisions WHERE profile_id = :p FOR UPDATE"), {"p": profile})
        done = await asyncio.wait_for(written(resealing.reseal(world.tools, world.authority)), 20)
    assert "revisions" not in done
    assert (await written(resealing.reseal(world.tools, world.authority)))["revisions"] >= 1


async def test_what_was_submitted_stays_immutable(world: World) -> None:
    await world.employ(until="review")
    for change in (
        "sealed = 'x'",
        "sealed = 'x', key_id = 'other'",
        "content = '{}'",
    ):
        with pytest.raises(IntegrityError, match="immutable"):
            await world.rows(f"UPDATE revisions SET {change} WHERE state = 'submitted' RETURNING id")
    # Even who says that keys change may not change what was said, nor keep the key's name.
    for change in (
        "content = '{}', key_id = 'other'",
        "sealed = 'x'",
        """content = content || '{"planned_position": "x"}', sealed = 'x', key_id = 'other'""",
        """content = content - 'gender' || '{"main_assigned_work": "x"}', sealed = 'x'""",
        "content = content - 'gender', sealed = 'x', digest = 'x'",
    ):
        with pytest.raises(DBAPIError, match="immutable"):
            await world.rows(
                f"WITH told AS MATERIALIZED (SELECT set_config('hoso.resealing', 'on', true))"
                f" UPDATE revisions SET {change} FROM told WHERE state = 'submitted' RETURNING id"
            )


async def test_a_value_that_does_not_open_stops_the_change(world: World, tmp_path: Path) -> None:
    await world.employ(until="account")
    turn(tmp_path, Purpose.FIELDS, world.authority)
    await world.rows("UPDATE commands SET body = overlay(body placing 'zz' from 20) RETURNING id")
    with pytest.raises(SealBrokenError, match="altered"):
        await written(resealing.reseal(world.tools, world.authority))


# --- the blind index


async def test_nobody_is_entered_twice_while_the_index_changes(world: World, tmp_path: Path) -> None:
    """At every stage of the change, by a process that knows the new key and by one that does not yet."""
    numbers = [f"00055500000{n}" for n in range(7)]
    for number in numbers:
        assert isinstance(await open_one(world, number), UUID)
    late = replace(world, tools=Tools(world.tools.engine, ignorant(tmp_path)))
    new = turn(tmp_path, Purpose.BLIND_INDEX, world.authority)
    stages = 0

    async def nobody_twice() -> None:
        nonlocal stages
        stages += 1
        for number in numbers:
            assert await open_one(world, number) == "duplicate-person"
            assert await open_one(late, number) == "duplicate-person"

    await nobody_twice()
    # Entered by the one, refused by the other, both ways.
    assert isinstance(await open_one(world, "000555000100"), UUID)
    assert await open_one(late, "000555000100") == "duplicate-person"
    assert isinstance(await open_one(late, "000555000200"), UUID)
    assert await open_one(world, "000555000200") == "duplicate-person"
    async for _ in resealing.reindex(world.tools, world.authority):
        await nobody_twice()
        for number in numbers:
            assert await found(world, number) == 1
    assert stages >= 3
    rows = await world.rows("SELECT id_number_key AS key, count(*) AS n FROM profiles GROUP BY 1")
    assert [(row.key, row.n) for row in rows] == [(new.id, 9)]
    await nobody_twice()
    await written(resealing.clear_guards(world.tools, world.authority))
    assert not await world.rows("SELECT 1 FROM profiles WHERE id_number_guard IS NOT NULL")
    for number in numbers:
        assert await open_one(world, number) == "duplicate-person"


def ignorant(folder: Path) -> KeyRing:
    """The ring as a process holds it that never looks again."""
    ring = KeyRing(folder / "keyring.json", MasterKey.from_file(folder / "master.key"))
    ring._look = lambda: None  # type: ignore[method-assign] # a process that has not looked yet
    return ring


async def found(world: World, number: str) -> int:
    indexes = list(world.tools.blind.candidates(world.authority, number))
    rows = await world.rows("SELECT 1 FROM profiles WHERE id_number_index = ANY (:i)", i=indexes)
    return len(rows)


async def test_a_number_nobody_can_find_again_stays_under_its_key(world: World, tmp_path: Path) -> None:
    profile = await open_one(world, "000555000001")
    former = world.tools.ring.current(Purpose.BLIND_INDEX, world.authority).id
    await world.rows("UPDATE profiles SET id_number_index = 'none of theirs' RETURNING id")
    turn(tmp_path, Purpose.BLIND_INDEX, world.authority)
    assert (await written(resealing.reindex(world.tools, world.authority)))["profiles"] == 0
    assert (await resealing.uses(world.tools.engine, world.authority))[former]["profiles"] == 1
    assert profile


# --- what was written before


async def test_who_changes_keys_may_write_every_sealed_column(world: World) -> None:
    for column in resealing.SEALED:
        for name in (column.data, column.key):
            may = "SELECT has_column_privilege('hoso_worker', :t, :c, 'UPDATE') AS may"
            assert (await world.one(may, t=column.table, c=name)).may, (column.table, name)


async def test_rows_of_the_version_before_open_and_move_to_keys_of_their_own(
    empty_database, tmp_path: Path
) -> None:
    """A database and a ring as the version before left them: one key for all, no key noted, no guard."""
    owner = create_engine(empty_database.url(DatabaseRole.MIGRATION))
    with owner.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0037")
    ring = keys.ensure_keyring(tmp_path / "keyring.json", None, tmp_path / "master.key")
    master = MasterKey.from_file(tmp_path / "master.key")
    old = [replace(key, follows=UNKNOWN) for key in unwrap(read_private(tmp_path / "keyring.json"), master)]
    write_private(tmp_path / "keyring.json", wrap(old, master), replace=True)
    assert b"follows" not in (tmp_path / "keyring.json").read_bytes()
    ring = KeyRing(tmp_path / "keyring.json", master)
    authority, agency, profile = uuid4(), uuid4(), uuid4()
    engine = engine_for(empty_database.url("worker"), pool_size=2)
    tools = Tools(engine, ring)
    values = {"a": authority, "g": agency, "p": profile, "on": date(2025, 1, 1), "now": START}
    values |= {"i": tools.blind.of(authority, "000555000001"), "c": uuid4(), "account": uuid4()}
    body = OpenProfile(
        agency_id=agency,
        full_name="Nguyễn Thị Thử",
        personal_id_number="000555000001",
        event_on=START.date(),
        document="1/QĐ",
    )
    sealed = tools.cipher.seal(authority, "commands", values["c"], "body", body.model_dump_json().encode())
    values |= {"body": sealed.data, "key": sealed.key_id, "verb": body.verb}
    world = World(tools, START, authority=authority)
    for statement in _BEFORE:
        await world_execute(world, statement, values)
    migrate(empty_database.url(DatabaseRole.MIGRATION))
    uses = await resealing.uses(engine, authority)
    assert uses == {"": {"profiles": 1}, sealed.key_id: {"commands": 1}}
    assert await found(world, "000555000001") == 1
    own = [turn(tmp_path, purpose, authority).id for purpose in (Purpose.FIELDS, Purpose.BLIND_INDEX)]
    tools.ring._read()
    assert await found(world, "000555000001") == 1, "found while nothing was re-indexed"
    await written(resealing.reindex(tools, authority))
    await written(resealing.reseal(tools, authority))
    assert await resealing.uses(engine, authority) == {own[0]: {"commands": 1}, own[1]: {"profiles": 1}}
    assert await found(world, "000555000001") == 1
    row = await world.one("SELECT id, body, key_id FROM commands")
    opened = tools.cipher.open(authority, "commands", row.id, "body", Sealed(row.key_id, bytes(row.body)))
    assert OpenProfile.model_validate_json(opened) == body
    await engine.dispose()
    owner.dispose()


async def world_execute(world: World, statement: str, values: dict[str, object]) -> None:
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(text(statement), values)


_BEFORE = (
    "INSERT INTO authorities VALUES (:a, 'hanoi', 'Hà Nội', 'hanoi', 'H26', NULL, :on)",
    "INSERT INTO agencies (id, authority_id, code, name, kind, has_account, valid_from)"
    " VALUES (:g, :a, 'H26', 'Hà Nội', 'department', true, :on)",
    "INSERT INTO profiles (id, authority_id, agency_id, category, full_name, id_number_index, chapter,"
    " status, version, revision_number, foretold, last_event, last_hash, created_at) VALUES (:p, :a, :g,"
    " 'civil_servant', 'Nguyễn Thị Thử', :i, 'service', 'working', 1, 0, '[]', 0, '', :now)",
    "INSERT INTO commands (id, authority_id, account_id, verb, workflow_id, subject_id, body, key_id,"
    " body_hash, accepted_at) VALUES (:c, :a, :account, :verb, 'profile/x', :p, :body, :key, '', :now)",
)
