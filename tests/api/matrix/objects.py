"""What only some routes are about: an answer, a round, a load, a backup, an upload, a move on its way."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.calendar import legal_date
from models.commands import HandOver, ReportTransfer, RequestTransfer
from models.database import transaction
from models.history.appending import append
from tests.api.matrix.papers import PAPER_SHA
from tests.world import World

_PACKET = (
    "INSERT INTO submissions (id, authority_id, agency_id, agency_month_id, tran_code, kind, items, state,"
    " created_at, result) VALUES (:id, :a, :g, :month, :code, 'month', 1, 'settled', :now, '{}') RETURNING id"
)
_ANSWER = (
    "INSERT INTO national_receipts (id, authority_id, submission_id, agency_id, sha256, size, received_at,"
    " items, settled, sealed, key_id) VALUES (:id, :a, :packet, :g, :sha, 2, :now, 1, 1, :sealed, :key)"
    " RETURNING id"
)
_ROUND = (
    "INSERT INTO approval_rounds (command_id, authority_id, agency_month_id, number, chosen, accepted_at,"
    " done_at) SELECT c.id, :a, :month, 1, 1, :now, :now FROM commands c WHERE c.account_id = :who"
    " AND NOT EXISTS (SELECT 1 FROM approval_rounds o WHERE o.command_id = c.id) LIMIT 1 RETURNING command_id"
)
_LOAD = (
    "INSERT INTO rule_set_loads (id, authority_id, hash, valid_from, document, loaded_at)"
    " SELECT :id, authority_id, hash, valid_from, 'thử', :now FROM rule_sets WHERE authority_id = :a LIMIT 1"
    " RETURNING id"
)
_BACKUP = (
    "INSERT INTO backups (id, authority_id, month, state, ordered_at, folder, rows, documents, bytes,"
    " problems, made_at, checked_at, document_sha256) VALUES (:id, :a, '2026-02', 'good', :now, 'thu', 1, 1,"
    " 1, '[]', :now, :now, :sha) RETURNING id"
)
_UPLOAD = (
    "INSERT INTO uploads (id, authority_id, profile_id, account_id, length, received, media_type, kind,"
    " created_at, expires_at) VALUES (:id, :a, :profile, :who, 16, 0, 'application/pdf', 'evidence', :now,"
    " :end)"
)

_AT_GATE = (
    "INSERT INTO agency_months (id, authority_id, agency_id, month, state, opens_on, nominal_end,"
    " rolled_end, closes_at, version, listed, opened_at, summary, gate) VALUES (:id, :a, :g, :month,"
    " 'gate', '2026-02-24', '2026-02-28', '2026-03-02', :now, 1, 2, :now, '{}', 'after') RETURNING id"
)
_ITEM = (
    "INSERT INTO month_items (agency_month_id, authority_id, profile_id, revision_id, digest, state,"
    " changed_at) SELECT :m, :a, id, approved_revision_id, 'x', 'accepted', :now FROM profiles"
    " WHERE id = :p RETURNING 1"
)

_CONSENT = (
    "INSERT INTO access_consents (id, authority_id, profile_id, account_id, kind, state, purpose, level,"
    " starts_on, ends_on, asked_by, asked_at, answered_at, rule_id, citation) VALUES (:id, :a, :profile,"
    " :reader, 'electronic', :state, 'thử', 1, :on, :end, :by, :now, :answered, 'nd27.art20.4', 'Điều 20.4')"
    " RETURNING id"
)


async def answer_about(world: World, agency: UUID, month: UUID) -> UUID:
    """What the national database answered about the month's packet."""
    packet, made = uuid4(), uuid4()
    common = {"a": world.authority, "g": agency, "now": world.now}
    await world.rows(_PACKET, id=packet, month=month, code=packet.hex, **common)
    sealed = world.tools.cipher.seal(world.authority, "national_receipts", made, "sealed", b"{}")
    await world.rows(
        _ANSWER, id=made, packet=packet, sha=PAPER_SHA, sealed=sealed.data, key=sealed.key_id, **common
    )
    return made


async def round_of(world: World, month: UUID, account: UUID) -> UUID:
    """A round over the month's list, long done: its command."""
    found = await world.one(_ROUND, a=world.authority, month=month, who=account, now=world.now)
    made: UUID = found.command_id
    return made


async def load_of(world: World) -> UUID:
    """A load of law that moved nothing."""
    made = uuid4()
    await world.rows(_LOAD, id=made, a=world.authority, now=world.now)
    return made


async def backup_of(world: World) -> UUID:
    """A good backup with its note."""
    made = uuid4()
    await world.rows(_BACKUP, id=made, a=world.authority, now=world.now, sha=PAPER_SHA)
    return made


async def logged(world: World) -> int:
    """The history's log has its first head: of how many events."""
    await append(world.tools.engine, world.authority, world.now)
    size: int = (await world.one("SELECT max(size) AS n FROM log_heads")).n
    return size


async def upload_by(api: AsyncEngine, world: World, profile: UUID, account: UUID) -> UUID:
    """An upload that was begun and has no byte yet; only the API may write one."""
    made = uuid4()
    values = {"id": made, "a": world.authority, "profile": profile, "who": account, "now": world.now}
    async with transaction(api, replace(world.scope, account=account)) as connection:
        await connection.execute(text(_UPLOAD), values | {"end": world.now + timedelta(days=1)})
    return made


async def handed_over(world: World, source: UUID, target: UUID) -> UUID:
    """A dossier on its way from one agency to another, still to be accepted or refused."""
    there = replace(world, culture=source, accounts=dict(world.accounts))
    if source == world.health:
        there.accounts |= {
            "culture.hr": world.accounts["health.hr"],
            "culture.approver": world.accounts["health.approver"],
        }
    profile, day = await there.employ(), legal_date(world.now)
    asked = RequestTransfer(to_agency_id=target, mode="điều động", effective_on=day, document="1/QĐ")
    case = await there.ask("culture.hr", asked, profile)
    assert case.status == 201, case.answer
    made = UUID(case.answer["transfer_id"])
    for step in (ReportTransfer(document="2/BC"), HandOver(handed_over_on=day)):
        done = await there.ask("culture.hr", step, made, subject="transfer")
        assert done.status == 200, done.answer
    return made


async def waiting_at_the_gate(world: World, agency: UUID, month: str, *profiles: UUID) -> UUID:
    """A list whose items the national database has accepted, before the department."""
    made = uuid4()
    await world.rows(_AT_GATE, id=made, a=world.authority, g=agency, month=month, now=world.now)
    for profile in profiles:
        await world.rows(_ITEM, m=made, a=world.authority, p=profile, now=world.now)
    return made


async def consent_about(world: World, profile: UUID, state: str) -> UUID:
    """Of the official, that an account of another agency reads the file: asked for, or given."""
    made, day = uuid4(), legal_date(world.now)
    who = {"reader": world.accounts["health.approver"], "by": world.accounts["culture.hr"]}
    answered = world.now if state == "given" else None
    about = {"profile": profile, "state": state, "on": day, "end": day + timedelta(days=20), **who}
    await world.rows(_CONSENT, id=made, a=world.authority, now=world.now, answered=answered, **about)
    return made
