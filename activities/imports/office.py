"""``import_workbook``: a stored workbook read, judged line by line, and unless it is a dry run written.

Order: agencies, people with their tables, posts (whose holders are people of the same workbook). Each line
is written whole or not at all; repeating an import changes nothing.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.imports.agencies import FATAL, Agencies, orphans, peopled_moves, whole
from activities.imports.book import Book, unreadable
from activities.imports.lines import issues_json, total
from activities.imports.people import People
from activities.imports.posts import Posts
from activities.imports.run import Run
from activities.organisation.agencies import load_agencies
from models.access import Allowed, Target, Verb, may, reach
from models.activity_interfaces import ImportActivities
from models.calendar import legal_date
from models.database import Scope, transaction
from models.documents import blobs_of
from models.errors import RefusedError
from models.form import Candidate, Gathered, decided_by, gather, people_of, put_meanings
from models.lifecycle.forms import form_for
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.messages import ImportDone, ImportStart
from models.record.actors import load_actor
from models.record.authority_stream import record_on_authority
from models.record.bulk import Source
from models.record.tools import Tools
from models.settings import Settings
from models.workbook_guard import check_workbook
from models.workbook_vault import WorkbookMissingError, WorkbookVault

BEAT_SECONDS = 5.0
T = TypeVar("T")

_IMPORT = text("SELECT * FROM imports WHERE id = :id FOR NO KEY UPDATE")
_BEGIN = text(
    "UPDATE imports SET state = 'running', counts = counts || CAST(:start AS jsonb)"
    " WHERE id = :id AND state = 'waiting'"
).bindparams(bindparam("start", type_=JSONB))
_END = text(
    "UPDATE imports SET state = :state, counts = :counts, issues = :issues, finished_at = :now"
    " WHERE id = :id AND state IN ('waiting', 'running')"
).bindparams(bindparam("counts", type_=JSONB), bindparam("issues", type_=JSONB))
_PLACE = text("SELECT agency_id FROM accounts WHERE id = :id")
_DEPARTMENT = text(
    "UPDATE authorities SET department_id = (SELECT agency_id FROM grants"
    " WHERE role = 'department_officer' AND valid_to IS NULL LIMIT 1)"
    " WHERE authority_id = :authority AND department_id IS NULL AND 1 ="
    " (SELECT count(DISTINCT agency_id) FROM grants WHERE role = 'department_officer' AND valid_to IS NULL)"
    " RETURNING department_id"
)
_ACCEPTED = text(
    "SELECT sheet, row FROM import_lines WHERE import_id = :id AND sheet = ANY(:sheets)"
    " AND verdict IN ('create', 'update', 'same')"
)


# The last word about each value; a decision that was taken back is none.
_DECIDED = text(
    "SELECT code_list, old, code FROM (SELECT DISTINCT ON (code_list, old) code_list, old, code"
    " FROM code_mappings ORDER BY code_list, old, decided_at DESC, id) d WHERE code IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class ImportOffice(ImportActivities):
    """Imports workbooks; one per worker process."""

    settings: Settings
    tools: Tools

    @activity.defn(name="import_workbook")
    async def import_workbook(self, start: ImportStart) -> ImportDone:
        """Import, or go on where an earlier attempt stopped.

        A workbook that cannot be read is an answer (state ``failed`` with its code), not a failure; a lost
        file or no database is raised, to be tried again.
        """
        row = await self._row(start)
        if row.state in ("done", "failed"):
            return _done(row.counts)
        try:
            run = await self._begin(start, row)
            gathered = await self._read(start, row, run)
            fatal = [issue for issue in gathered.issues if issue.code in FATAL]
            if fatal:
                found = issues_json(fatal, run.letters)
                return await self._end(start, "failed", {"problem": "import-unreadable"}, found)
        except RefusedError as refused:
            refusal = refused.refusal
            found = [{"code": refusal.code, "message": refusal.detail_vi, "message_en": refusal.detail_en}]
            return await self._end(start, "failed", {"problem": refusal.code}, found)
        await self._phases(run, gathered)
        return await self._finish(start, run, issues_json(whole(gathered), run.letters))

    async def _row(self, start: ImportStart) -> Row[Any]:
        async with transaction(self.tools.engine, Scope(start.authority_id, everything=True)) as connection:
            row = (await connection.execute(_IMPORT, {"id": start.import_id})).one_or_none()
            if row is None:
                raise ApplicationError("there is no such import", type="import-unknown", non_retryable=True)
            begin = {"phase": "agencies", "next": 0}
            await connection.execute(_BEGIN, {"id": start.import_id, "start": begin})
        if row.state == "waiting":
            row = await self._row(start)
        return row

    async def _begin(self, start: ImportStart, row: Row[Any]) -> Run:
        """Who asked and what they may do, looked up again here (design.md, principle 5).

        Raises:
            RefusedError: ``not-permitted``.
        """
        assert start.now is not None, "the workflow says what time it is"
        scope = Scope(start.authority_id, everything=True, on=legal_date(start.now))
        async with transaction(self.tools.engine, scope) as connection:
            loaded = await load_actor(connection, row.account_id)
            agency_id: UUID = await connection.scalar(_PLACE, {"id": row.account_id})
            laws = await self.tools.laws(connection, start.authority_id, legal_date(start.now))
            law, calendar = laws.own, laws.calendar  # who may import answers for the whole authority
            decided = (await connection.execute(_DECIDED)).all()
        assert loaded is not None, "an import without an account cannot have been accepted"
        actor, state = loaded
        today = legal_date(start.now)
        allowed = may(actor, Verb.IMPORT_WORKBOOK, Target(agency_id), today, law)
        everywhere = reach(actor, Verb.IMPORT_WORKBOOK, today, law).everywhere
        if state != "active" or not everywhere or not isinstance(allowed, Allowed):
            raise RefusedError.of("not-permitted")
        scene = Scene(
            now=start.now,
            law=law,
            calendar=calendar,
            policy=self.tools.policy,
            act_id=start.import_id,
            actor_id=row.account_id,
            actor_role=allowed.role,
            actor_profile_id=actor.person_profile_id,
            department_id=None,
            managing_agency_id=agency_id,
        )
        source = Source(start.authority_id, start.import_id, row.account_id, row.sha256)
        return Run(
            tools=self.tools,
            scene=scene,
            source=source,
            form=form_for(law, None, today),
            agency_id=agency_id,
            laws=laws,
            dry_run=row.dry_run,
            administers=reach(actor, Verb.ADMINISTER, today, law).everywhere,
            counts=dict(row.counts),
            meanings=decided_by({(one.code_list, one.old): one.code for one in decided}),
        )

    async def _read(self, start: ImportStart, row: Row[Any], run: Run) -> Gathered:
        """Open, check and put together the workbook, telling that it goes on; its bytes are let go.

        Raises:
            RefusedError: ``import-too-large`` or ``import-unreadable``.
        """
        vault = WorkbookVault(blobs_of(self.settings), self.tools.cipher)
        try:
            data = await asyncio.to_thread(vault.fetch, start.authority_id, row.sha256)
        except WorkbookMissingError as missing:
            raise ApplicationError(str(missing), type="workbook-missing") from missing
        limit = self.settings.import_bytes
        errors = await _beating(lambda: check_workbook(data, limit), lambda: ("check", 0))
        book = Book(data, errors)

        def together() -> Gathered:
            try:
                found = gather(run.form, book, on=run.scene.today, also=run.forms)
            except BaseException as error:
                raise unreadable(error) from error
            for one in found.candidates if run.meanings else ():
                one.meant = put_meanings(one.form, one.content, run.meanings, run.scene.today)
            return found

        gathered = await _beating(together, lambda: ("read", book.rows_read))
        run.letters = book.letters
        return gathered

    async def _phases(self, run: Run, gathered: Gathered) -> None:
        async with transaction(self.tools.engine, run.scope) as connection:
            known = await load_agencies(connection)
            agencies = Agencies(gathered, known, await peopled_moves(connection, gathered, known))
        run.agencies = agencies.ids
        if run.phase == "agencies":
            nobody = orphans(run, gathered)
            await run.step(lambda c: agencies.write(run, c, nobody), phase="profiles", next_line=0)
        people = People(run, gathered.candidates)
        await run.batches(gathered.candidates, "profiles", "posts", people)
        if run.phase == "posts":
            posts = Posts(run, await self._accepted(run, gathered.candidates))
            await run.batches(gathered.posts, "posts", "end", posts)

    async def _accepted(self, run: Run, candidates: list[Candidate]) -> dict[str, str | None]:
        """Number and login of the people nothing is wrong with: a dry run writes them nowhere else."""
        if not run.dry_run:
            return {}
        titles = [people_of(form).title for form in (run.form, *run.forms)]
        values = {"id": run.source.import_id, "sheets": titles}
        async with transaction(self.tools.engine, run.scope) as connection:
            rows = {(row.sheet, row.row) for row in await connection.execute(_ACCEPTED, values)}
        return {
            one.content["citizen_id_number"]: one.extras.get("login")
            for one in candidates
            if (people_of(one.form).title, one.row) in rows
        }

    async def _finish(self, start: ImportStart, run: Run, issues: list[dict[str, Any]]) -> ImportDone:
        """The end, once: which agency keeps the database, and that the import was done."""
        async with transaction(self.tools.engine, run.scope) as connection:
            row = (await connection.execute(_IMPORT, {"id": start.import_id})).one()
            if row.state == "running" and not run.dry_run:
                out = Outcome()
                named = await connection.scalar(_DEPARTMENT, {"authority": start.authority_id})
                if named is not None:
                    out.happened("department.named", run.scene.rule("department_gate"), agency=str(named))
                facts = {"import": str(start.import_id), "document": row.sha256}
                counts = _done(run.counts).model_dump()
                out.happened("import.finished", run.scene.rule("data_entry"), **facts, **counts)
                await record_on_authority(connection, run.scene, start.authority_id, run.agency_id, out)
            values = {"id": start.import_id, "state": "done", "counts": run.counts, "issues": issues}
            await connection.execute(_END, {**values, "now": start.now})
        return _done(run.counts)

    async def _end(
        self, start: ImportStart, state: str, counts: dict[str, Any], issues: list[dict[str, Any]]
    ) -> ImportDone:
        values = {"id": start.import_id, "state": state, "counts": counts, "issues": issues, "now": start.now}
        async with transaction(self.tools.engine, Scope(start.authority_id, everything=True)) as connection:
            await connection.execute(_END, values)
        return _done(counts)


async def _beating(work: Callable[[], T], progress: Callable[[], tuple[str, int]]) -> T:
    """Run in a thread and tell how far it is, as long as it gets further."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    told = None
    while not task.done():
        await asyncio.wait({task}, timeout=BEAT_SECONDS)
        if (now := progress()) != told:
            told = now
            activity.heartbeat(*now)
    return task.result()


def _done(counts: dict[str, Any]) -> ImportDone:
    return ImportDone(
        created=total(counts, "create"),
        updated=total(counts, "update"),
        unchanged=total(counts, "same"),
        refused=total(counts, "refused", "conflict"),
    )
