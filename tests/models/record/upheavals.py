"""A small authority with something under way with everybody, and what its rows must say whatever is done to
its tree: asked in plain SQL, of the rows alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from activities.batches.opening import Opening, open_list
from models.calendar import legal_date
from models.commands import GiveNotice, SubmitDeclaration
from models.database import Scope, engine_for, transaction
from models.record.law_of import LawOf
from models.record.months import dates_of
from models.record.tools import Tools
from models.regulations import in_force
from tests.forms import COMPLETE
from tests.models.record.test_passing_on import seconded
from tests.world import INSTALLED, World, build, tools_for

HIRED, NOW = datetime(2025, 12, 2, 3, 0, tzinfo=UTC), datetime(2025, 12, 28, 3, 0, tzinfo=UTC)
"""People came on a Tuesday; everything is under way on a Sunday of the month's window."""
SILENT = "hanoi.art6.2.c"
"""Without it the law of above says who makes accounts: the agency above (TT 06/2023, Quy chế, Điều 6)."""


@dataclass
class Upheaval:
    """The authority, and who is who in it."""

    world: World
    people: dict[str, UUID] = field(default_factory=dict)
    """Profiles by what is under way with each."""
    accounts: dict[str, UUID] = field(default_factory=dict)
    """Their accounts."""

    def on(self, tools: Tools) -> "Upheaval":
        """The same in a copy of its database."""
        world = replace(self.world, tools=tools, accounts=dict(self.world.accounts))
        return Upheaval(world, dict(self.people), dict(self.accounts))

    def name(self, profile: UUID) -> str:
        """Who a profile is."""
        return next(name for name, one in self.people.items() if one == profile)


PEOPLE: Mapping[str, tuple[str, Any]] = {
    "kept": ("museum", "service"),
    "new": ("museum", "account"),
    "waiting": ("museum", "review"),
    "listed": ("culture", "review"),
    "going": ("culture", "service"),
    "lent": ("culture", "service"),
    "late": ("culture", "declaration"),
    "busy": ("culture", "service"),
}
"""Who is where, and how far: a change to make, an account to be given by the agency above, two forms in
review on the department's open list, a transfer to health, a secondment to health, a declaration owed; and
one with a change in review, a transfer, a secondment and duties at once."""


MORE = (("H26.02.02", "Kho lưu trữ", "culture"), ("H26.03.01", "Trạm y tế", "health"))
"""Units below them in which nobody is."""


async def _more(world: World) -> None:
    root = await world.one("SELECT parent_id AS id FROM agencies WHERE id = :c", c=world.culture)
    for code, name, above in MORE:
        unit, values = uuid4(), {"a": world.authority, "on": INSTALLED}
        line = (unit, getattr(world, above), root.id)
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(
                text("INSERT INTO agencies VALUES (:id, :a, :code, :name, 'unit', :up, false, :on, NULL)"),
                {**values, "id": unit, "code": code, "name": name, "up": line[1]},
            )
            await connection.execute(
                text(
                    "INSERT INTO agency_lines (authority_id, ancestor_id, descendant_id, valid_from, depth)"
                    " VALUES (:a, :up, :unit, :on, :depth)"
                ),
                [{**values, "up": up, "unit": unit, "depth": depth} for depth, up in enumerate(line)],
            )


async def settled(url: str, folder: Path) -> Upheaval:
    """The authority with its people, the month's list of the department of culture open."""
    engine = engine_for(url, pool_size=4)
    law = in_force("hanoi", HIRED.date()).without(SILENT)
    made = Upheaval(await build(tools_for(engine, folder), HIRED, law=law))
    world = made.world
    await _more(world)
    for name, (where, until) in PEOPLE.items():
        made.people[name] = await world.employ(agency=getattr(world, where), until=until)
        if until != "account":
            made.accounts[name] = world.accounts["person"]
    world.now = NOW
    day = legal_date(NOW)
    for name in ("kept", "busy"):
        notice = GiveNotice(kind="salary", changed_on=day, document="5/QĐ")
        assert (await world.ask("culture.hr", notice, made.people[name])).status == 201
    for name in ("lent", "busy"):
        await seconded(world, "culture", made.people[name], world.health)
    await _changes(made, "busy")
    for name in ("going", "busy"):
        await world.transfer(made.people[name], "requested")
    async with transaction(world.tools.engine, world.scope) as connection:
        dates = await dates_of(connection, world.tools, LawOf.authority(world.authority), "2025-12")
    assert dates.opens_on <= day
    assert await open_list(Opening(world.tools, world.authority, dates, NOW), world.culture) is not None
    assert await wrong(world) == []
    assert await left_behind(world) == []
    await engine.dispose()
    return made


async def _changes(made: Upheaval, name: str) -> None:
    """Somebody in service submits a change: it waits in review."""
    world = made.world
    world.accounts["person"] = made.accounts[name]
    changed = {**COMPLETE, "staff_number": "S-0001"}
    revision, digest = await world.draft(made.people[name], changed, evidence=("f" * 64,))
    body = SubmitDeclaration(revision_id=revision, digest=digest, changed_on=legal_date(world.now))
    done = await world.ask("person", body, made.people[name])
    assert done.status == 200, done.answer


_STANDS = (
    "EXISTS (SELECT 1 FROM agency_spans s WHERE s.agency_id = {agency} AND NOT s.ended"
    " AND s.valid_from <= :day AND (s.valid_to IS NULL OR s.valid_to > :day))"
)


def _stands(agency: str) -> str:
    return _STANDS.format(agency=agency)


ALWAYS: Mapping[str, str] = {
    "custody": "SELECT p.id FROM profiles p WHERE (SELECT count(*) FROM custody c"
    " WHERE c.profile_id = p.id AND c.ends_on IS NULL AND c.agency_id = p.agency_id"
    f" AND {_stands('c.agency_id')}) <> 1"
    " OR (SELECT count(*) FROM custody c WHERE c.profile_id = p.id AND c.ends_on IS NULL) <> 1",
    "history": "SELECT profile_id FROM (SELECT profile_id, starts_on, lag(ends_on) OVER w AS before,"
    " row_number() OVER w AS n FROM custody WINDOW w AS (PARTITION BY profile_id ORDER BY starts_on,"
    " ends_on NULLS LAST)) k WHERE n > 1 AND before IS DISTINCT FROM starts_on",
    "account": "SELECT a.id FROM accounts a JOIN profiles p ON p.account_id = a.id"
    " WHERE a.state <> 'cancelled' AND a.agency_id <> p.agency_id",
    "duty": f"SELECT d.id FROM duties d WHERE d.state = 'open' AND NOT {_stands('d.agency_id')}",
    "case": "SELECT c.id FROM cases c JOIN profiles p ON p.id = c.profile_id WHERE c.closed_at IS NULL"
    " AND (c.from_agency_id <> p.agency_id OR c.to_agency_id = c.from_agency_id"
    f" OR c.to_agency_id IS NOT NULL AND NOT {_stands('c.to_agency_id')})",
    "case duty": "SELECT d.id FROM duties d JOIN cases c ON c.id = d.case_id WHERE d.state = 'open'"
    " AND c.closed_at IS NOT NULL",
    "share": "SELECT h.id FROM shares h JOIN profiles p ON p.id = h.profile_id WHERE h.ended_at IS NULL"
    " AND (h.from_agency_id <> p.agency_id OR h.agency_id = h.from_agency_id"
    f" OR NOT {_stands('h.agency_id')})",
}
"""What holds at every instant: nothing of these is found."""
_HOLDS = (
    "EXISTS (SELECT 1 FROM grants g JOIN accounts a ON a.id = g.account_id"
    " JOIN agency_lines l ON l.ancestor_id = g.agency_id WHERE l.descendant_id = d.agency_id"
    " AND l.valid_from <= :day AND (l.valid_to IS NULL OR l.valid_to > :day) AND g.role = d.party"
    " AND g.valid_from <= :day AND (g.valid_to IS NULL OR g.valid_to > :day) AND a.state = 'active')"
)
AFTERWARDS: Mapping[str, str] = {
    "list": "SELECT i.profile_id FROM month_items i JOIN agency_months m ON m.id = i.agency_month_id"
    " JOIN profiles p ON p.id = i.profile_id WHERE m.state <> 'closed' AND i.tran_code IS NULL"
    " AND i.state IN ('listed', 'approved', 'held', 'cleared')"
    " AND m.agency_id IS DISTINCT FROM hoso_sync_agent(p.agency_id)",
    "list twice": "SELECT i.profile_id FROM month_items i JOIN agency_months m ON m.id = i.agency_month_id"
    " WHERE m.state <> 'closed' AND i.state IN ('listed', 'approved', 'held', 'cleared')"
    " GROUP BY 1 HAVING count(*) > 1",
    "right": "SELECT g.id FROM grants g WHERE g.valid_from <= :day"
    f" AND (g.valid_to IS NULL OR g.valid_to > :day) AND NOT {_stands('g.agency_id')}",
    "named": f"SELECT a.id FROM accounts a WHERE a.state <> 'cancelled' AND NOT {_stands('a.agency_id')}",
    "delegation": f"SELECT d.id FROM delegations d WHERE d.state <> 'ended' AND NOT {_stands('d.agency_id')}",
    # Somebody holds the post that owes it, or what is left to people names the agency.
    "nobody": "SELECT d.slot || ' ' || d.party || ' ' || d.agency_id FROM duties d WHERE d.state = 'open'"
    f" AND d.party <> 'person' AND NOT {_HOLDS}"
    " AND NOT EXISTS (SELECT 1 FROM duties r WHERE r.slot = 'org_change' AND r.state = 'open'"
    "   AND r.facts ->> 'agency' = d.agency_id::text)",
}
"""What holds before a day and after it; during it people are on their way."""


async def _found(world: World, checks: Mapping[str, str]) -> list[tuple[str, Any]]:
    day = legal_date(world.now)
    async with transaction(world.tools.engine, Scope(world.authority, everything=True, on=day)) as connection:
        found = []
        for what, query in checks.items():
            wanted = {"day": day} if ":day" in query else {}
            found += [(what, row[0]) for row in await connection.execute(text(query), wanted)]
    return found


async def wrong(world: World) -> list[tuple[str, Any]]:
    """What contradicts what holds at every instant."""
    return await _found(world, ALWAYS)


async def left_behind(world: World) -> list[tuple[str, Any]]:
    """What contradicts what holds before and after a day."""
    return await _found(world, AFTERWARDS)


async def owed(world: World) -> dict[UUID, tuple[str, UUID]]:
    """Every open duty about a person: the party and the agency that owe it."""
    rows = await world.rows(
        "SELECT id, party, agency_id FROM duties WHERE state = 'open' AND profile_id IS NOT NULL"
    )
    return {row.id: (row.party, row.agency_id) for row in rows}


async def codes(world: World) -> dict[UUID, str]:
    """The agencies that stand today, by their electronic identifiers."""
    rows = await world.rows(
        "SELECT agency_id, code FROM agency_spans WHERE NOT ended AND valid_from <= :day"
        " AND (valid_to IS NULL OR valid_to > :day)",
        day=legal_date(world.now),
    )
    return {row.agency_id: row.code for row in rows}


async def told(world: World, since: datetime) -> dict[UUID, list[str]]:
    """Kinds of notices to each account itself since an instant, one entry for each."""
    rows = await world.rows(
        "SELECT account_id, kind FROM notices WHERE account_id IS NOT NULL AND created_at >= :since"
        " ORDER BY kind",
        since=since,
    )
    found: dict[UUID, list[str]] = {}
    for row in rows:
        found.setdefault(row.account_id, []).append(row.kind)
    return found


async def told_agencies(world: World, since: datetime) -> dict[str, list[str]]:
    """The same to posts, by the agency that the notice is about."""
    rows = await world.rows(
        "SELECT coalesce(facts ->> 'agency', agency_id::text) AS about, kind FROM notices"
        " WHERE account_id IS NULL AND created_at >= :since ORDER BY kind",
        since=since,
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.about, []).append(row.kind)
    return found
