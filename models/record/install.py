"""Installing an authority, and loading law and calendar, by recorded acts that can be repeated.

What is loaded is kept under the hash of its content and never changed: an old duty stays explainable. The
stream of the authority's own events has the authority's id and the same hash chain as a profile's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import Calendar, legal_date
from models.database import Scope, enter
from models.identifiers import new_id
from models.lifecycle.outcome import Outcome
from models.record.authority_stream import authority_scene, record_on_authority
from models.record.loads import Load, calendar_known, load_calendar, load_rules, rules_known
from models.record.tools import Tools
from models.regulations import Regulation, RuleSet, Trial, check_trial, law_of, resolved
from models.tables import AgencyClosureRow, AgencyRow, AuthorityRow

ROOT_KIND = "peoples_committee"
_LOCK = text("SELECT pg_advisory_xact_lock(4817203553)")
_FIND = text("SELECT authority_id FROM authorities WHERE code = :code")


@dataclass(frozen=True, slots=True)
class Installed:
    """An installed authority; ``events`` counts what this call recorded, 0 when nothing was new."""

    authority_id: UUID
    root_agency_id: UUID
    events: int


async def install_authority(
    tools: Tools,
    *,
    code: str,
    name: str,
    national_code: str,
    document: str,
    now: datetime,
    trial: Trial | None = None,
    regulations: Sequence[Regulation] | None = None,
) -> Installed:
    """Install the authority, its first agency, the law and the calendar years packaged with the program.

    ``code`` names the authority for ``models.regulations``; ``national_code`` is its code at the integration
    platform and of its first agency; ``document`` is what the installation stands on. Repeating it loads
    what was never loaded for its date. An authority that has but a draft is installed by a ``trial`` of it: a
    decision of its own with its own document, recorded as such and never taken by default. ``regulations``
    stand in the place of the packaged ones, for an authority whose law did not ship with the program.

    Raises:
        NoLawInForce, MissingSlots: no regulation binds this authority today, nor a draft on trial.
        TrialRefused: what the trial names is no draft of this authority, or law in force stands against it.
    """
    if trial is not None:
        check_trial(code, trial, regulations)
    law_of(code, legal_date(now), trial, regulations)  # refused before anything is written
    calendar = Calendar.seed()
    async with tools.engine.begin() as connection:
        await connection.execute(_LOCK)  # two installers take turns; the second finds everything done
        found = await connection.scalar(_FIND, {"code": code})
        authority_id = found or new_id()
        await enter(connection, Scope(authority_id, everything=True, on=legal_date(now)))
        outcome = Outcome()
        if found is None:
            await _authority(connection, authority_id, code, name, national_code, legal_date(now))
            tools.ring.give(authority_id)
            outcome.happened("authority.installed", code=code, document=document)
        for start, rules in resolved(code, trial, regulations):
            by = trial.document if trial is not None and rules.drafts else document
            await _load_law(connection, authority_id, start, rules, by, now, outcome)
        await _load_calendar(connection, authority_id, calendar, document, now, outcome)
        act_id = uuid5(authority_id, f"install:{now.isoformat()}")
        scene = await authority_scene(connection, tools, authority_id, act_id, now)
        root = scene.managing_agency_id
        recorded = await record_on_authority(connection, scene, authority_id, root, outcome)
    return Installed(authority_id, root, recorded)


async def _authority(
    connection: AsyncConnection, authority_id: UUID, code: str, name: str, national_code: str, today: date
) -> None:
    await connection.execute(
        insert(AuthorityRow).values(
            authority_id=authority_id,
            code=code,
            name=name,
            regulation=code,
            national_code=national_code,
            installed_on=today,
        )
    )
    root = new_id()
    await connection.execute(
        insert(AgencyRow).values(
            id=root,
            authority_id=authority_id,
            code=national_code,
            name=name,
            kind=ROOT_KIND,
            parent_id=None,
            has_account=True,
            valid_from=today,
        )
    )
    await connection.execute(
        insert(AgencyClosureRow).values(
            authority_id=authority_id, ancestor_id=root, descendant_id=root, valid_from=today, depth=0
        )
    )


async def _load_law(
    connection: AsyncConnection,
    authority_id: UUID,
    start: date,
    rules: RuleSet,
    document: str,
    now: datetime,
    outcome: Outcome,
) -> None:
    if await rules_known(connection, authority_id, rules, start):
        return
    await load_rules(connection, Load(authority_id, document, now), rules, start)
    facts = {"hash": rules.hash, "valid_from": start.isoformat(), "document": document}
    if rules.drafts:
        outcome.happened("rules.trial_began", **facts, drafts=list(rules.drafts))
    else:
        outcome.happened("rules.loaded", **facts)


async def _load_calendar(
    connection: AsyncConnection,
    authority_id: UUID,
    calendar: Calendar,
    document: str,
    now: datetime,
    outcome: Outcome,
) -> None:
    if await calendar_known(connection, authority_id, calendar):
        return
    await load_calendar(connection, Load(authority_id, document, now), calendar)
    years = [year.year for year in calendar.years]
    outcome.happened("calendar.loaded", hash=calendar.hash, years=years, document=document)
