"""What the owner of the database may do to the past, done to a real one; the audit names the row."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.evidence import TrustList
from models.history import sealing
from models.history.exports import Exports
from models.history.findings import Finding, Report
from models.history.leaf import leaf_of
from models.history.statement import statement_of
from models.history.witness import witness_by
from tests.models.history.past import History
from tests.models.history.reckoning import link, mth
from tests.models.history.stamping import token_for
from tests.world import build


async def test_an_untouched_past_is_whole_and_proven_to_its_newest_seal(history: History) -> None:
    report = await history.audit()
    assert (report.findings, report.whole) == ([], True)
    rows = await history.events()
    logged = [row for row in rows if row.index is not None]
    assert (report.events, report.logged, report.waiting) == (len(rows), len(logged), len(rows) - len(logged))
    assert 0 < report.proven == history.sealed < report.logged < report.events
    assert report.proven_at == history.world.now
    assert report.seals == report.exported >= 2
    alone = await history.audit(place=False)
    assert (alone.findings, alone.proven, alone.exported) == ([], 0, 0)


async def middle(history: History) -> Any:
    """A sealed event in the middle of its stream."""
    rows = [row for row in await history.events() if row.index is not None and row.index < history.sealed]
    return next(row for row in rows if row.profile_id and row.number == 3)


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("facts = facts || %s::jsonb", '{"late_days": 0}'),
        ("at = at - %s::interval", "3 days"),
        ("actor_id = %s::uuid", "00000000-0000-4000-8000-000000000000"),
        ("actor_role = %s", "head"),
        ("kind = %s", "nothing_happened"),
        ("citation = %s", "Điều 1"),
    ],
)
async def test_an_edited_row_is_named(history: History, change: str, value: str) -> None:
    row = await middle(history)
    history.superuser(f"UPDATE events SET {change} WHERE position = %s", value, row.position)
    assert await history.found() == {("event-edited", row.position)}
    (finding,) = (await history.audit(place=False)).findings
    assert (finding.stream_id, finding.number, finding.index) == (row.stream_id, row.number, row.index)
    assert finding.as_json()["vi"].startswith("Nội dung")


@pytest.mark.parametrize("column", ["agency_id", "profile_id", "command_id"])
async def test_what_the_chain_does_not_cover_the_log_does(history: History, column: str) -> None:
    row = await middle(history)
    history.superuser(f"UPDATE events SET {column} = %s WHERE position = %s", uuid4(), row.position)
    assert await history.found(place=False) == {("event-differs", row.position)}


async def test_an_edited_row_with_a_fitting_hash_is_named(history: History) -> None:
    row = await middle(history)
    forge(history, row, facts={**row.facts, "forged": True})
    (after,) = [one for one in await history.events() if (one.stream_id, one.number) == (row.stream_id, 4)]
    assert await history.found() == {("event-differs", row.position), ("chain-broken", after.position)}


def forge(history: History, row: Any, **changes: Any) -> str:
    """Change an event and give it the hash that fits; answers that."""
    forged = type("Row", (), {**row._asdict(), **changes})
    found = link(forged)
    history.superuser(
        "UPDATE events SET facts = %s, previous_hash = %s, hash = %s WHERE position = %s",
        json.dumps(forged.facts),
        forged.previous_hash,
        found,
        row.position,
    )
    return found


async def test_a_deleted_row_is_named(history: History) -> None:
    row = await middle(history)
    (after,) = [one for one in await history.events() if (one.stream_id, one.number) == (row.stream_id, 4)]
    history.superuser("DELETE FROM events WHERE position = %s", row.position)
    assert await history.found(place=False) == {
        ("event-missing", row.position),
        ("chain-broken", after.position),
    }


async def test_a_row_deleted_with_its_leaf_is_named(history: History) -> None:
    row = await middle(history)
    history.superuser("DELETE FROM events WHERE position = %s", row.position)
    history.superuser("DELETE FROM log_leaves WHERE position = %s", row.position)
    found = {(one.code, one.index) for one in (await history.audit()).findings if one.index is not None}
    assert found == {("leaf-missing", row.index)}
    history.superuser(
        "UPDATE log_leaves SET index = index - 1 WHERE authority_id = %s AND index > %s", history.a, row.index
    )
    codes = (await history.audit()).counts
    assert {"leaf-differs", "head-differs"} & codes.keys()
    first = min(one.index for one in (await history.audit()).findings if one.code == "leaf-differs")
    assert first == row.index


async def test_two_swapped_rows_are_both_named(history: History) -> None:
    one = await middle(history)
    (two,) = [row for row in await history.events() if (row.stream_id, row.number) == (one.stream_id, 4)]
    history.superuser("UPDATE events SET number = 1000000 WHERE position = %s", two.position)
    for row, other in ((one, two), (two, one)):
        columns = "number, kind, at, actor_id, actor_role, facts, previous_hash, hash, rule_id, citation"
        columns += ", command_id"
        values = [getattr(other, name.strip()) for name in columns.split(",")]
        values[5] = json.dumps(values[5])
        history.superuser(
            f"UPDATE events SET ({columns}) = ROW ({', '.join(['%s'] * 11)}) WHERE position = %s".replace(
                "ROW (%s, %s, %s, %s, %s, %s,", "ROW (%s, %s, %s, %s, %s, %s::jsonb,"
            ),
            *values,
            row.position,
        )
    assert await history.found(place=False) == {
        ("event-differs", one.position),
        ("event-differs", two.position),
    }


async def test_an_event_slipped_into_the_past_is_named(history: History) -> None:
    row = await middle(history)
    (inserted,) = history.superuser(
        "INSERT INTO events (transaction, authority_id, stream_id, number, profile_id, agency_id, kind, at,"
        " actor_role, rule_set_hash, facts, previous_hash, hash) SELECT transaction, authority_id, %s, 1,"
        " profile_id, agency_id, 'slipped_in', at, actor_role, rule_set_hash, '{}', repeat('0', 64), ''"
        " FROM events WHERE position = %s RETURNING position",
        uuid4(),
        row.position,
    )
    made = await history.world.one("SELECT * FROM events WHERE position = :p", p=inserted[0])
    history.superuser("UPDATE events SET hash = %s WHERE position = %s", link(made), inserted[0])
    assert await history.found() == {("event-inserted", inserted[0])}


async def test_a_tail_cut_with_its_log_is_found_by_the_exported_head(history: History) -> None:
    """Events, leaves, nodes, heads, seals are cut back to the first seal; the profiles' rows set back."""
    first = (await history.world.one("SELECT min(size) AS n FROM log_seals")).n
    cut_back(history, await history.events(), first)
    assert (await history.audit(place=False)).findings == []  # nothing in the database can tell
    report = await history.audit()
    gone = {one.index for one in report.findings if one.code == "leaf-missing"}
    assert gone == set(range(first, history.sealed))
    assert report.counts["seal-gone"] >= 1
    assert report.counts["log-cut"] >= 1
    with pytest.raises(sealing.LogBrokenError, match="only the second place"):
        await sealing.check(history.world.tools.engine, history.a, history.place)


def cut_back(history: History, rows: list[Any], size: int) -> None:
    kept = {row.position for row in rows[:size]}
    ends: dict[UUID, Any] = {row.stream_id: row for row in rows[:size]}
    for table in ("log_seals", "log_heads"):
        history.superuser(f"DELETE FROM {table} WHERE authority_id = %s AND size > %s", history.a, size)
    history.superuser("DELETE FROM log_leaves WHERE authority_id = %s AND index >= %s", history.a, size)
    history.superuser(
        "DELETE FROM log_nodes WHERE authority_id = %s AND (index + 1) << level > %s", history.a, size
    )
    history.superuser(
        "DELETE FROM events WHERE authority_id = %s AND NOT position = ANY (%s)", history.a, list(kept)
    )
    history.superuser(
        "UPDATE profiles SET last_event = 0, last_hash = repeat('0', 64) WHERE authority_id = %s", history.a
    )
    for stream, row in ends.items():
        history.superuser(
            "UPDATE profiles SET last_event = %s, last_hash = %s WHERE id = %s", row.number, row.hash, stream
        )


async def test_a_tail_cut_from_the_events_alone_is_found_by_what_remains(history: History) -> None:
    rows = await history.events()
    waiting = [row for row in rows if row.index is None]
    history.superuser("DELETE FROM events WHERE position = ANY (%s)", [row.position for row in waiting])
    report = await history.audit(place=False)
    assert set(report.counts) == {"chain-cut"}  # not logged yet, but the profile counted them
    assert {one.stream_id for one in report.findings} == {row.profile_id for row in waiting}
    history.superuser("DELETE FROM events WHERE position = %s", rows[-len(waiting) - 1].position)
    assert "event-missing" in (await history.audit(place=False)).counts


async def rewrite(history: History) -> Any:
    """The whole past rewritten so that everything in the database agrees: chain, leaves, nodes, heads."""
    target = await middle(history)
    streams: dict[UUID, str] = {}
    for row in sorted(await history.events(), key=lambda one: (str(one.stream_id), one.number)):
        if row.stream_id != target.stream_id or row.number < target.number:
            continue
        facts = {**row.facts, "forged": True} if row.position == target.position else row.facts
        previous = streams.get(row.stream_id, row.previous_hash)
        streams[row.stream_id] = forge(history, row, facts=facts, previous_hash=previous)
    for stream, last in streams.items():
        history.superuser("UPDATE profiles SET last_hash = %s WHERE id = %s", last, stream)
    hashes = [leaf_of(row) for row in await history.events() if row.index is not None]
    for index, found in enumerate(hashes):
        history.superuser(
            "UPDATE log_leaves SET hash = %s WHERE authority_id = %s AND index = %s", found, history.a, index
        )
    for node in await history.world.rows("SELECT level, index FROM log_nodes"):
        below = hashes[node.index << node.level : (node.index + 1) << node.level]
        history.superuser(
            "UPDATE log_nodes SET hash = %s WHERE authority_id = %s AND level = %s AND index = %s",
            mth(below),
            history.a,
            node.level,
            node.index,
        )
    for head in await history.world.rows("SELECT size FROM log_heads"):
        history.superuser(
            "UPDATE log_heads SET root = %s WHERE authority_id = %s AND size = %s",
            mth(hashes[: head.size]),
            history.a,
            head.size,
        )
    return target


async def test_a_past_rewritten_consistently_is_found_by_the_sealed_head_and_named_by_the_second_place(
    history: History,
) -> None:
    target = await rewrite(history)
    alone = await history.audit(place=False)
    assert set(alone.counts) == {"head-differs"}  # the seals' own timestamps say otherwise
    report = await history.audit()
    first = min(
        (one for one in report.findings if one.code == "event-differs"), key=lambda one: one.index or 0
    )
    assert (first.position, first.number) == (target.position, target.number)
    assert report.counts["leaf-differs"] >= 1
    with pytest.raises(sealing.LogBrokenError, match="sealed head"):
        await sealing.check(history.world.tools.engine, history.a, None)


async def test_seals_made_anew_for_a_rewritten_past_betray_themselves(history: History) -> None:
    """A timestamp authority stamps whatever it is given: but today, and the second place has the old one."""
    await rewrite(history)
    hashes = [leaf_of(row) for row in await history.events() if row.index is not None]
    previous: tuple[int, bytes | None] = (0, None)
    later = history.world.now + timedelta(days=30)
    for row in await history.world.rows("SELECT * FROM log_seals ORDER BY size"):
        old = statement_of(bytes(row.statement))
        root = mth(hashes[: row.size])
        content = type(old)(old.authority_id, old.size, root, *previous, old.day, old.made_at).content()
        previous = (row.size, root)
        history.superuser(
            "UPDATE log_seals SET statement = %s, token = %s WHERE authority_id = %s AND size = %s",
            content,
            token_for(history.pki, content, later),
            history.a,
            row.size,
        )
    assert set((await history.audit(place=False)).counts) == {"seal-false"}
    report = await history.audit()
    assert {"seal-false", "seal-differs", "event-differs"} <= report.counts.keys()
    assert report.proven == 0


async def test_a_forged_head_is_found(history: History) -> None:
    history.superuser(
        "UPDATE log_heads SET root = sha256('x') WHERE authority_id = %s AND size = %s",
        history.a,
        history.sealed,
    )
    (finding,) = (await history.audit()).findings
    assert (finding.code, finding.index) == ("head-differs", history.sealed - 1)


async def test_a_forged_seal_is_found(history: History) -> None:
    (row,) = await history.world.rows("SELECT * FROM log_seals ORDER BY size DESC LIMIT 1")
    forged = token_for(history.pki, bytes(row.statement), row.sealed_at, stranger=True)
    history.superuser(
        "UPDATE log_seals SET token = %s WHERE authority_id = %s AND size = %s", forged, history.a, row.size
    )
    assert set((await history.audit()).counts) == {"seal-false", "seal-differs"}
    assert set((await history.audit(place=False)).counts) == {"seal-false"}


async def test_a_node_that_would_spoil_proofs_is_found(history: History) -> None:
    (node,) = await history.world.rows("SELECT * FROM log_nodes ORDER BY level, index LIMIT 1")
    history.superuser(
        "UPDATE log_nodes SET hash = sha256('x') WHERE authority_id = %s AND level = %s AND index = %s",
        history.a,
        node.level,
        node.index,
    )
    assert (await history.audit()).counts == {"node-differs": 1}
    history.superuser(
        "DELETE FROM log_nodes WHERE authority_id = %s AND level = %s AND index = %s",
        history.a,
        node.level,
        node.index,
    )
    assert (await history.audit()).counts == {"node-differs": 1}


async def test_an_event_given_to_another_authority_is_missed_here_and_found_there(history: History) -> None:
    other = await build(history.world.tools, history.world.now, second=True)
    row = await middle(history)
    history.superuser(
        "UPDATE events SET authority_id = %s WHERE position = %s", other.authority, row.position
    )
    assert ("event-missing", row.position) in await history.found()
    here, history.world = history.world, other
    found = {one.code for one in (await history.audit(place=False)).findings}
    history.world = here
    assert "chain-broken" in found  # its stream does not begin there


def files(history: History) -> list[Path]:
    return sorted((history.folder / str(history.a)).iterdir())


@pytest.mark.parametrize("kind", ["json", "leaves"])
@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "empty"])
async def test_an_altered_second_place_is_found_and_the_file_named(
    history: History, kind: str, damage: str
) -> None:
    path = [one for one in files(history) if one.suffix == f".{kind}"][-1]
    content = path.read_bytes()
    middle_of = len(content) // 2
    if damage == "flip":
        path.write_bytes(content[:middle_of] + bytes([content[middle_of] ^ 1]) + content[middle_of + 1 :])
    elif damage == "cut":
        path.write_bytes(content[:middle_of])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    report = await history.audit()
    if (kind, damage) == ("json", "gone"):
        assert set(report.counts) == {"seal-missing"}
    else:
        named = [one.detail for one in report.findings if one.code == "place-altered"]
        assert [path.stem in one for one in named] == [True]
        assert set(report.counts) <= {"place-altered", "seal-differs"}
    if kind == "json":
        assert report.proven < history.sealed


async def test_heads_of_another_authority_are_not_taken_for_its_own(history: History) -> None:
    strange = uuid4()
    for path in files(history):
        target = history.folder / str(strange) / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    exports = Exports(strange, history.place)
    exports.examine(witness_by(TrustList.load(history.pki / "trust.json")))
    assert {one.code for one in exports.findings} == {"place-altered"}
    assert exports.witnessed == {}


async def test_findings_are_counted_beyond_the_list(history: History) -> None:
    report = Report(history.a)
    for number in range(1_500):
        report.add(Finding("leaf-missing", number))
    assert (len(report.findings), report.counts, report.whole) == (1_000, {"leaf-missing": 1_500}, False)
    assert report.findings[7].where == "index=7"
