"""What lies with the profiles and months of the stage: files, pulled records, lists, imports; as rows."""

from base64 import b64decode
from hashlib import sha256
from uuid import UUID, uuid4

from models.calendar import legal_date
from models.database import transaction
from models.documents import DocumentStore
from models.record.pulling import keep
from tests.world import World

PAPER = b"%PDF-1.4\n%%EOF\n"
PAPER_SHA = sha256(PAPER).hexdigest()
PICTURE = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
PICTURE_SHA = sha256(PICTURE).hexdigest()
PDF, PNG = "application/pdf", "image/png"
KINDS = ("file", "export", "slip", "list", "report")
"""What is got as a document: an approval's signed file, an export, a slip, an approval list, a report."""
_ATTACHED = (
    "INSERT INTO attachments (id, authority_id, profile_id, sha256, size, media_type, kind, uploaded_by,"
    " uploaded_at) SELECT gen_random_uuid(), authority_id, id, :sha, :size, :media, 'evidence',"
    " account_id, :now FROM profiles WHERE id = :profile RETURNING id"
)
_SIGNED = "UPDATE approvals SET document_sha256 = :sha WHERE profile_id = :profile RETURNING id"
_EXPORTED = (
    "INSERT INTO exports (id, authority_id, profile_id, revision_id, command_id, legal, purpose, recipient,"
    " as_of, digest, asked_by, asked_role, places, rule_ids, rule_set_hash, state, asked_at, made_at,"
    " document_sha256) SELECT gen_random_uuid(), authority_id, id, approved_revision_id, gen_random_uuid(),"
    " true, 'thử', 'thử', :on, '0', account_id, 'head', '[]', '[]', 'h', 'made', :now, :now, :sha"
    " FROM profiles WHERE id = :profile RETURNING id"
)
_LEFT = (
    "INSERT INTO cases (id, authority_id, kind, profile_id, from_agency_id, mode, effective_on, document,"
    " state, version, facts, opened_at, closed_at) SELECT :id, authority_id, 'separation', id, agency_id,"
    " 'nghỉ hưu', :on, '1/QĐ', 'cancelled', 1, '{}', :now, :now FROM profiles WHERE id = :profile"
    " RETURNING id"
)
_SLIP = (
    "INSERT INTO slips (id, authority_id, case_id, profile_id, kind, agency_id, asked_role, signature,"
    " rule_ids, rule_set_hash, state, asked_at, made_at, document_sha256) SELECT gen_random_uuid(),"
    " authority_id, id, profile_id, 'end_of_management', from_agency_id, 'system', 'none_stated', '[]', 'h',"
    " 'made', :now, :now, :sha FROM cases WHERE id = :case RETURNING id"
)
_SHOWN = "UPDATE approval_lists SET prepared_sha256 = :sha WHERE id = :id RETURNING id"
_SENT = "UPDATE review_reports SET document_sha256 = :sha WHERE id = :id RETURNING id"
_COMMAND = "SELECT id FROM commands WHERE subject_id = :profile ORDER BY accepted_at LIMIT 1"
_LIST = (
    "INSERT INTO approval_lists (id, authority_id, agency_month_id, command_id, account_id, account_role,"
    " state, reason, requested_at) SELECT :id, :a, :month, c.id, :who, 'approver', 'failed', 'thử', :now"
    " FROM commands c WHERE c.account_id = :who AND NOT EXISTS (SELECT 1 FROM approval_lists l"
    " WHERE l.command_id = c.id) LIMIT 1 RETURNING id"
)
_IMPORT = (
    "INSERT INTO imports (id, authority_id, account_id, sha256, dry_run, state, counts, issues, created_at)"
    " VALUES (:id, :a, :who, :sha, true, 'done', '{}', '[]', :now) RETURNING id"
)


def scans(store: DocumentStore, authority: UUID) -> None:
    """The two scans that everybody has."""
    store.put(authority, PAPER, PDF)
    store.put(authority, PICTURE, PNG)


def document_of(kind: str, position: str) -> bytes:
    """A file of its own for each place."""
    return PAPER + f"% {kind} {position}\n".encode()


def sha256_of(kind: str, position: str) -> str:
    """By which it is got."""
    return sha256(document_of(kind, position)).hexdigest()


async def documents_about(world: World, profile: UUID, position: str) -> None:
    """What was signed, given out and written about a person, each a file of its own."""
    case, day = uuid4(), legal_date(world.now)
    about = {"profile": profile, "now": world.now}
    await world.rows(_SIGNED, sha=sha256_of("file", position), profile=profile)
    await world.rows(_EXPORTED, sha=sha256_of("export", position), on=day, **about)
    await world.rows(_LEFT, id=case, on=day, **about)
    await world.rows(_SLIP, sha=sha256_of("slip", position), case=case, now=world.now)


async def documents_at(world: World, approval_list: UUID, report: UUID, position: str) -> None:
    """What an agency's list was shown as, and what its report was sent as."""
    await world.rows(_SHOWN, id=approval_list, sha=sha256_of("list", position))
    await world.rows(_SENT, id=report, sha=sha256_of("report", position))


async def with_profile(world: World, profile: UUID) -> None:
    """Two scans, and a record pulled from the national database."""
    for data, sha, media in ((PAPER, PAPER_SHA, PDF), (PICTURE, PICTURE_SHA, PNG)):
        await world.rows(_ATTACHED, sha=sha, size=len(data), media=media, now=world.now, profile=profile)
    command = (await world.one(_COMMAND, profile=profile)).id
    async with transaction(world.tools.engine, world.scope) as connection:
        await keep(
            connection, world.tools, world.authority, profile_id=profile, command_id=command, now=world.now,
            content={}, form="tt06_2023", mapping="thử", national_id=uuid4(), held_by="H26", status="1",
            digest="0" * 64,
        )  # fmt: skip


async def list_of(world: World, month: UUID, account: UUID) -> UUID:
    """A list that was cut and came to nothing."""
    made = uuid4()
    (_,) = await world.rows(_LIST, id=made, a=world.authority, month=month, who=account, now=world.now)
    return made


async def imported(world: World) -> UUID:
    """A dry run by the administrator."""
    made, who = uuid4(), world.accounts["admin"]
    await world.rows(_IMPORT, id=made, a=world.authority, who=who, sha=PAPER_SHA, now=world.now)
    return made
