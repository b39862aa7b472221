"""A draft tried on 10,000 lives: facts read, walked under two laws, set side by side. There is no budget."""

import asyncio
import time
from datetime import UTC, date, datetime

from api.reading.simulations import Trial, _told
from models.calendar import Calendar
from models.database import engine_for
from models.regulations import in_force
from models.settings import DatabaseRole
from tests.api.simulations.lives import collected, live
from tests.bench.report import Figure, Say
from tests.bench.stage import Stage, stage
from tests.world import World, build, tools_for

START = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)
_COPIED = (
    "CREATE TABLE twins AS SELECT p.id AS old, gen_random_uuid() AS new FROM profiles p"
    " CROSS JOIN generate_series(1, {times})",
    "CREATE TABLE turned AS SELECT k.id AS old, gen_random_uuid() AS new, t.new AS person"
    " FROM cases k JOIN twins t ON t.old = k.profile_id",
    "INSERT INTO profiles (id, authority_id, agency_id, category, full_name, id_number_index, origin,"
    " chapter, status, version, revision_number, foretold, last_event, last_hash, created_at) SELECT t.new,"
    " p.authority_id, p.agency_id, p.category, p.full_name, decode(replace(t.new::text, '-', ''), 'hex'),"
    " p.origin, p.chapter, p.status, p.version, p.revision_number, p.foretold, p.last_event, p.last_hash,"
    " p.created_at FROM twins t JOIN profiles p ON p.id = t.old",
    "INSERT INTO cases (id, authority_id, kind, profile_id, from_agency_id, to_agency_id, mode, effective_on,"
    " document, state, version, facts, opened_at, closed_at) SELECT u.new, k.authority_id, k.kind, u.person,"
    " k.from_agency_id, k.to_agency_id, k.mode, k.effective_on, k.document, k.state, k.version, k.facts,"
    " k.opened_at, coalesce(k.closed_at, k.opened_at) FROM turned u JOIN cases k ON k.id = u.old",
    # Each act keeps its own transaction number, so that what happened together is still told together.
    "INSERT INTO events (transaction, authority_id, stream_id, number, profile_id, agency_id, kind, at,"
    " actor_id, actor_role, rule_set_hash, command_id, facts, previous_hash, hash) SELECT e.transaction,"
    " e.authority_id, t.new, e.number, t.new, e.agency_id, e.kind, e.at, e.actor_id, e.actor_role,"
    " e.rule_set_hash, e.command_id, CASE WHEN u.new IS NULL THEN e.facts ELSE jsonb_set(e.facts, '{case}',"
    " to_jsonb(u.new::text)) END, e.previous_hash, e.hash FROM twins t JOIN events e ON e.profile_id = t.old"
    " LEFT JOIN turned u ON u.person = t.new AND u.old::text = e.facts ->> 'case' ORDER BY t.new, e.position",
)


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """Lives of every kind lived once, copied to the size, then a draft tried on all of them."""
    size = 1000 if quick else 10_000
    with stage() as built:
        engine = engine_for(built.settings.database_url(DatabaseRole.WORKER))
        try:
            world = await build(tools_for(engine, built.folder), START)
            await live(world)
            people = _copied(built, size)
            say(f"simulation: {people} lives")
            return [await _measured(world, people)]
        finally:
            await engine.dispose()


def _copied(built: Stage, size: int) -> int:
    """Copies as the superuser makes them, outside every policy: no role of ours may write so."""
    times = size // int(built.sql("SELECT count(*) FROM profiles"))
    for statement in _COPIED:
        built.sql(statement.replace("{times}", str(times)))
    return int(built.sql("SELECT count(*) FROM profiles"))


async def _measured(world: World, people: int) -> Figure:
    trial = Trial.model_validate(
        {"simulate": ["phu_yen_2024"], "from": date(2025, 12, 1), "to": date(2026, 3, 31)}
    )
    law, draft = (
        in_force("hanoi", START.date()),
        in_force("phu_yen", START.date(), simulate=["phu_yen_2024"]),
    )
    begun = time.perf_counter()
    facts = await collected(world)
    read = time.perf_counter() - begun
    found = await asyncio.to_thread(
        _told, trial, facts, law, draft, Calendar.seed(), world.tools.policy, world.now.date()
    )
    whole = time.perf_counter() - begun
    return Figure(
        "a draft tried on every life, beside the law in force",
        whole,
        "s",
        sizes=f"{found.profiles} profiles, {found.in_force.duties} and {found.simulated.duties} duties",
        where={"facts read, ms": read * 1000, "walked twice and compared, ms": (whole - read) * 1000},
        note=f"{sum(found.counts.values())} differences of {people} lives; other requests are answered",
    )
