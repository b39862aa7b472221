"""Two units of 5,000 people merged into one, then taken apart; the custody invariant asked all the while.

The day is carried out by its own workflow and workers, from the approved plan to its end; beside it the same
rows are moved by bare sets on a database of their own.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from threading import Event, Thread
from typing import Any
from uuid import UUID, uuid4

import psycopg
from temporalio.client import Client

from models.calendar import legal_date
from models.database import transaction
from models.identifiers import reorganisation_workflow
from models.messages_admin import ReorganisationStart
from models.record.tree import load_tree
from tests.bench import captured
from tests.bench.bare_reorganising import bare
from tests.bench.machine import Meter
from tests.bench.month_end import Took
from tests.bench.people import connect, people, settle_in
from tests.bench.report import Figure, Say
from tests.bench.stage import Stage, stage
from tests.models.record.plans import approve, drafted
from tests.world import World
from workflows.payload_codec import data_converter
from workflows.reorganisation import ReorganisationWorkflow

BUDGET = 60.0
"""Seconds for 10,000 people (design, Budgets)."""
_APART = (
    "UPDATE custody SET starts_on = starts_on - 100",
    "UPDATE profiles SET agency_id = %(health)s WHERE id = ANY (%(half)s)",
    "UPDATE custody SET agency_id = %(health)s WHERE profile_id = ANY (%(half)s)",
    "UPDATE accounts SET agency_id = %(health)s WHERE profile_id = ANY (%(half)s)",
    "UPDATE duties SET agency_id = p.agency_id FROM profiles p WHERE p.id = duties.profile_id",
)
_CASE = (
    "INSERT INTO reorganisations (id, authority_id, agency_id, title, decision_number, decision_on,"
    " decision_issuer, effective_on, plan, plan_hash, state, version, units, answers, warnings, author_id,"
    " authors, approver_id, drafted_at, approved_at, begun_at, former, former_digest) VALUES (%(case)s,"
    " %(authority)s, %(department)s, 'Sáp nhập', '12', %(on)s, 'HĐND', %(on)s, '{}', '', 'executing', 1,"
    " '{}', '{}', '[]', %(author)s, ARRAY[%(author)s::uuid], %(approver)s, %(now)s, %(now)s, %(now)s, '{}',"
    " '')"
)
_ITEMS = (
    "INSERT INTO reorganisation_items (reorganisation_id, profile_id, authority_id, position, from_agency_id,"
    " to_agency_id, placed, state) SELECT %(case)s, p.id, p.authority_id, row_number() OVER (ORDER BY"
    " p.agency_id, p.id), p.agency_id, %(to)s, true, 'waiting' FROM profiles p"
    " WHERE p.agency_id = ANY (%(from)s)"
)
# Independent of the code: exactly one open custody for each profile, by the agency it names, which stands; no
# gap behind it; every open duty with an agency that stands.
_WRONG = (
    "SELECT (SELECT count(*) FROM profiles p WHERE (SELECT count(*) FROM custody c JOIN agency_spans s"
    " ON s.agency_id = c.agency_id AND s.valid_to IS NULL AND NOT s.ended WHERE c.profile_id = p.id"
    " AND c.ends_on IS NULL AND c.agency_id = p.agency_id) <> 1)"
    " + (SELECT count(*) FROM custody c WHERE c.follows IS NOT NULL AND NOT EXISTS (SELECT 1 FROM custody b"
    " WHERE b.profile_id = c.profile_id AND b.ends_on = c.follows))"
    " + (SELECT count(*) FROM duties d WHERE d.state = 'open' AND NOT EXISTS (SELECT 1 FROM agency_spans s"
    " WHERE s.agency_id = d.agency_id AND s.valid_to IS NULL AND NOT s.ended))"
)
_VIEW = (
    "SELECT p.id, c.agency_id, a.agency_id FROM profiles p JOIN custody c ON c.profile_id = p.id"
    " AND c.starts_on <= %(day)s AND (c.ends_on IS NULL OR c.ends_on > %(day)s)"
    " LEFT JOIN accounts a ON a.id = p.account_id ORDER BY p.id"
)


@dataclass
class Watch:
    """What an independent eye saw while people were moved."""

    looks: int = 0
    wrong: int = 0
    slowest: float = 0.0
    _over: Event = field(default_factory=Event)


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """Merged and taken apart again, ours and the bare way; then a larger subtree put below another agency."""
    size = 1000 if quick else 10_000
    with stage() as built:
        world, client, day = await _settled(built, size)
        before = _hash(built, day)
        merge, took, seen = await _merged(built, world, client, size)
        say(f"reorganisation: {size} people in {took.seconds:.1f} s, {seen.looks} looks, {seen.wrong} wrong")
        during = _hash(built, day)
        back, again = await _back(built, world, client, merge)
        restored = _hash(built, day) == before != during
        await world.tools.engine.dispose()
    with stage() as other:
        world, _, day = await _settled(other, size, workers=False)
        plain = _bare(other, world, day)
        await world.tools.engine.dispose()
    return [
        *_told(size, took, seen, plain),
        _returned(size, back, again, restored=restored),
        await _below(quick),
        *await _province(quick),
    ]


def _told(size: int, took: Took, seen: Watch, plain: Took) -> list[Figure]:
    share = {name: spent / size * 1000 for name, spent in took.spent.items()}
    return [
        Figure(
            "two units merged into one",
            took.seconds,
            "s",
            BUDGET * size / 10_000,
            sizes=f"{size} people, one open duty each, shares of 500",
            where=share | {f"bare:{name}": spent / size * 1000 for name, spent in plain.spent.items()},
            note=f"invariant asked {seen.looks} times beside it, {seen.wrong} contradictions, slowest look"
            f" {seen.slowest * 1000:.0f} ms; time in ms of CPU each",
        ),
        Figure(
            "the same beside bare sets of the same rows",
            took.seconds,
            "s",
            bare=plain.seconds,
            ratio=took.seconds / plain.seconds,
            note="bare: no decision, no law, no rule set of the day, no canonical event, nothing checked",
        ),
    ]


def _returned(size: int, back: int, again: Took, *, restored: bool) -> Figure:
    return Figure(
        "the inverse plan, everybody back",
        again.seconds,
        "s",
        BUDGET * size / 10_000,
        sizes=f"{back} people",
        note=f"as-of view {'the same as before, by hash' if restored else 'IS ANOTHER than before'}",
    )


async def _below(quick: bool) -> Figure:
    """A subtree with its people put below another agency: whose it is changes, custody stays where it is."""
    size = 2000 if quick else 35_000
    with stage() as built:
        world, client, _ = await _settled(built, size, apart=False)
        case = await drafted(world, {"op": "reparent", "unit": "H26.02", "under": "H26.03"}, days=0)
        with watching(built) as seen:
            took = await _carried_out(built, world, client, case)
        above = built.sql(
            "SELECT count(*) FROM profiles p JOIN agency_closure c ON c.descendant_id = p.agency_id"
            " WHERE c.ancestor_id = %s",
            world.health,
        )
        await world.tools.engine.dispose()
    return Figure(
        "a subtree put below another agency",
        took.seconds,
        "s",
        BUDGET,
        sizes=f"{size} people, {above} of them below it afterwards",
        where={name: spent * 1000 for name, spent in took.spent.items()},
        note=f"{seen.looks} looks, {seen.wrong} contradictions; time in ms of CPU together",
    )


async def _province(quick: bool) -> list[Figure]:
    """A province under another managing authority: its law from the day on, every running duty reckoned again
    by it, and back."""
    size = 1000 if quick else 35_000
    with stage() as built:
        world, client, day = await _settled(built, size, apart=False)
        before = await _standing(built, world, day)
        move = {"op": "move_authority", "unit": "H26.02", "under": "H26.03", "regulation": "binh_dinh"}
        case = await drafted(world, {**move, "duties": "rebase"}, days=0)
        with watching(built) as seen:
            took = await _carried_out(built, world, client, case)
        query = "SELECT count(*) FROM duties WHERE state = 'open' AND rule_id = 'binh_dinh.II.1.b.upd'"
        moved, during = built.sql(query), await _standing(built, world, day)
        with watching(built) as later:
            back, again = await _back(built, world, client, case)
        restored, left = await _standing(built, world, day) == before != during, built.sql(query)
        await world.tools.engine.dispose()
    return [
        Figure(
            "a province moved under another authority, its law with it",
            took.seconds,
            "s",
            BUDGET * size / 10_000,
            sizes=f"{size} people, one running duty each, {moved} reckoned again by the other regulation",
            where={name: spent * 1000 for name, spent in took.spent.items()},
            note=f"{seen.looks} looks, {seen.wrong} contradictions; time in ms of CPU together",
        ),
        Figure(
            "the inverse plan, the province under its own law",
            again.seconds,
            "s",
            BUDGET * size / 10_000,
            sizes=f"{back} people, {left} duties left under the other regulation",
            where={name: spent * 1000 for name, spent in again.spent.items()},
            note=f"{later.looks} looks, {later.wrong} contradictions; tree, custody and law of every unit"
            f" {'the same as before, by hash' if restored else 'ARE OTHERS than before'}",
        ),
    ]


async def _standing(built: Stage, world: World, day: date) -> str:
    """The tree of a day, who is whose, and the law of every unit, as one word."""
    async with transaction(world.tools.engine, world.scope) as connection:
        tree = (await load_tree(connection)).digest(day)
        laws = await world.tools.laws(connection, world.authority, day)
    bound = sorted((str(unit), law.hash) for unit, law in laws.by_unit.items())
    return hashlib.sha256(repr((tree, laws.own.hash, bound, _hash(built, day))).encode()).hexdigest()


async def _settled(
    built: Stage, size: int, *, apart: bool = True, workers: bool = True
) -> tuple[World, Client, date]:
    """One open duty each, half the people in each unit; workers that have carried out a plan before."""
    world = await settle_in(built)
    everybody = people(built, world, size + 1)
    template, *rest = everybody
    await world.ask("culture.hr", captured.notice(1, world.now.date()), template)
    _owe(built, template, rest)
    half = rest[: size // 2] if apart else []
    with psycopg.connect(built.superuser, autocommit=True) as connection:
        with connection.transaction():
            for statement in _APART:
                connection.execute(statement, {"health": world.health, "half": half})
        connection.execute("VACUUM ANALYZE")
    converter = data_converter(built.ring)
    client = await Client.connect(built.settings.temporal_address, data_converter=converter)
    if workers:
        for part in ("workflows", "activities", "batches"):
            built.worker(part)
        # One without people first: whoever starts a worker is not kept waiting by its imports.
        rename = {"op": "rename", "unit": "H26.03", "name": "Sở Y tế thành phố"}
        await _carried_out(built, world, client, await drafted(world, rename, days=0))
    return world, client, legal_date(world.now)


def _owe(built: Stage, template: UUID, rest: list[UUID]) -> None:
    columns = built.sql(
        "SELECT string_agg(column_name, ', ') FROM information_schema.columns WHERE table_name = 'duties'"
        " AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'profile_id')"
    )
    values = ", ".join(f"d.{name}" for name in columns.split(", "))
    built.sql(
        f"INSERT INTO duties (id, profile_id, {columns}) SELECT gen_random_uuid(), o.id, {values}"
        " FROM unnest(%s::uuid[]) AS o (id) CROSS JOIN duties d WHERE d.profile_id = %s AND d.state = 'open'",
        rest,
        template,
    )


def _planned(built: Stage, world: World, day: date, *, come: tuple[UUID, ...], to: UUID) -> UUID:
    case = uuid4()
    values: dict[str, Any] = {
        "case": case,
        "authority": world.authority,
        "department": world.department,
        "on": day,
        "author": world.accounts["admin"],
        "approver": world.accounts["department"],
        "now": world.now,
        "from": list(come),
        "to": to,
    }
    with connect(built, world) as connection:
        connection.execute(_CASE, values)
        connection.execute(_ITEMS, values)
    return case


async def _merged(built: Stage, world: World, client: Client, size: int) -> tuple[UUID, Took, Watch]:
    case = await drafted(world, {"op": "merge", "units": ["H26.02.01", "H26.03"], "into": "H26.02"}, days=0)
    with watching(built) as seen:
        took = await _carried_out(built, world, client, case)
    moved = built.sql("SELECT count(*) FROM reorganisation_items WHERE state = 'moved'")
    assert moved >= size, moved
    return case, took, seen


async def _carried_out(built: Stage, world: World, client: Client, case: UUID) -> Took:
    """Approved, then carried out at once, for its day has come; from the start of its workflow to its end."""
    approved = await approve(world, case)
    assert approved.status == 200, approved.answer
    start = ReorganisationStart(authority_id=world.authority, reorganisation_id=case)
    name, queue = reorganisation_workflow(case), built.settings.task_queue
    meter, begun = Meter(built.processes), time.perf_counter()
    handle = await client.start_workflow(ReorganisationWorkflow.run, start, id=name, task_queue=queue)
    await handle.result()
    return Took(time.perf_counter() - begun, meter.spent())


async def _back(built: Stage, world: World, client: Client, merge: UUID) -> tuple[int, Took]:
    """The inverse plan: everybody to where that plan took them from."""
    case = await drafted(world, {"op": "restore", "of": str(merge)}, days=0)
    took = await _carried_out(built, world, client, case)
    query = "SELECT count(*) FROM reorganisation_items WHERE reorganisation_id = %s AND state = 'moved'"
    return built.sql(query, case), took


def _bare(built: Stage, world: World, day: date) -> Took:
    case = _planned(built, world, day, come=(world.museum, world.health), to=world.culture)
    with psycopg.connect(built.superuser, autocommit=True) as connection:  # it keeps its share in a table
        meter, begun = Meter(built.processes), time.perf_counter()
        bare(connection, case, world.authority, day, world.now)
        return Took(time.perf_counter() - begun, meter.spent())


def _hash(built: Stage, day: date) -> str:
    """Who is whose on a day, as one word."""
    with psycopg.connect(built.superuser) as connection:
        rows = connection.execute(_VIEW, {"day": day}).fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


@contextmanager
def watching(built: Stage) -> Iterator[Watch]:
    """Ask the independent question again and again, on a connection of its own, until it is over."""
    seen = Watch()

    def look() -> None:
        with psycopg.connect(built.superuser, autocommit=True) as connection:
            while not seen._over.wait(0.05):
                begun = time.perf_counter()
                row = connection.execute(_WRONG).fetchone()
                assert row is not None
                seen.looks += 1
                seen.wrong += row[0]
                seen.slowest = max(seen.slowest, time.perf_counter() - begun)

    thread = Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        seen._over.set()
        thread.join()
