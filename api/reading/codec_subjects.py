"""Whose payloads may this reader have opened? Each names the workflow it was made for; that one's subject is
looked for in the reader's scope, and judged as the right to inspect workflows is judged anywhere."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import TextClause, text

from api.reading import permits
from api.scope import Reading
from models.access import Verb
from models.errors import IdentifierError, RefusedError
from models.identifiers import WorkflowKind, WorkflowName, parse_workflow_id

MOST = 100
"""Workflows of one request: a page of one workflow's history names a few, its own and those it spoke to."""

IMPORT = "import/"

_CASE = text("SELECT profile_id FROM cases WHERE id = :id")
_THERE = {
    WorkflowKind.MONTH_END: text("SELECT 1 FROM agencies WHERE id = :id"),
    WorkflowKind.DELEGATION: text("SELECT 1 FROM delegations WHERE id = :id"),
    WorkflowKind.CERTIFICATE: text("SELECT 1 FROM accounts WHERE id = :id"),
    WorkflowKind.BREACH: text("SELECT 1 FROM breaches WHERE id = :id"),
    WorkflowKind.BULK: text("SELECT 1 FROM bulk_orders WHERE id = :id"),
    WorkflowKind.REORGANISATION: text("SELECT 1 FROM reorganisations WHERE id = :id"),
}
_IMPORT = text("SELECT 1 FROM imports WHERE id = :id")
_CASES = (WorkflowKind.TRANSFER,)


async def must_be_readable(read: Reading, subjects: Iterable[str]) -> None:
    """Refuse unless every subject is one the reader may inspect.

    Raises:
        RefusedError: ``not-permitted`` and the like, the same for a subject that is not there, out of scope,
            or that no workflow of ours would have; ``request-too-large`` for too many at once.
    """
    wanted = set(subjects)
    if len(wanted) > MOST:
        raise RefusedError.of("request-too-large")
    for subject in sorted(wanted):
        try:
            await _one(read, subject)
        except RefusedError as error:
            if error.refusal.code == "not-found":
                raise _never() from error
            raise


async def _one(read: Reading, subject: str) -> None:
    if subject.startswith(IMPORT):
        return await _there(read, _IMPORT, _uuid(subject.removeprefix(IMPORT)))
    try:
        name = parse_workflow_id(subject)
    except IdentifierError:
        raise _never() from None
    if name.kind is WorkflowKind.PROFILE:
        return await _profile(read, _subject(name))
    if name.kind in _CASES:
        row = (await read.connection.execute(_CASE, {"id": name.subject})).one_or_none()
        if row is None:
            raise _never()
        if row.profile_id is not None:
            await _profile(read, row.profile_id)
        return None
    if name.subject in (None, read.who.authority_id):
        return None  # of the installation or of the reader's own authority as a whole
    if name.kind not in _THERE:
        raise _never()
    return await _there(read, _THERE[name.kind], _subject(name))


async def _profile(read: Reading, profile_id: UUID) -> None:
    row = await permits.row_of(read, profile_id)
    await permits.judged(read, row, (Verb.INSPECT_WORKFLOW,))


async def _there(read: Reading, statement: TextClause, subject: UUID) -> None:
    if await read.connection.scalar(statement, {"id": subject}) is None:
        raise _never()


def _subject(name: WorkflowName) -> UUID:
    assert name.subject is not None
    return name.subject


def _uuid(text_: str) -> UUID:
    try:
        return UUID(text_)
    except ValueError:
        raise _never() from None


def _never() -> RefusedError:
    return RefusedError.of(
        "not-permitted",
        "Nội dung này thuộc về hồ sơ, vụ việc ngoài phạm vi được xem.",
        "These payloads belong to a profile or case outside what you may inspect.",
    )
