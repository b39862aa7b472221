"""What lies with the profiles and months of the stage: files, pulled records, lists, imports; as rows."""

from base64 import b64decode
from hashlib import sha256
from uuid import UUID, uuid4

from models.database import transaction
from models.record.pulling import keep
from tests.world import World

PAPER = b"%PDF-1.4\n%%EOF\n"
PAPER_SHA = sha256(PAPER).hexdigest()
PICTURE = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
PICTURE_SHA = sha256(PICTURE).hexdigest()
PDF, PNG = "application/pdf", "image/png"
_ATTACHED = (
    "INSERT INTO attachments (id, authority_id, profile_id, sha256, size, media_type, kind, uploaded_by,"
    " uploaded_at) SELECT gen_random_uuid(), authority_id, id, :sha, :size, :media, 'evidence',"
    " account_id, :now FROM profiles WHERE id = :profile RETURNING id"
)
_SIGNED = "UPDATE approvals SET document_sha256 = :sha WHERE profile_id = :profile RETURNING id"
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


async def with_profile(world: World, profile: UUID) -> None:
    """Two scans, a signed file, and a record pulled from the national database."""
    await world.rows(_SIGNED, sha=PAPER_SHA, profile=profile)
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
