"""The sheet ``Hồ sơ`` with its tables, batch by batch: looked up by blind index, judged, written."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.imports.judging import (
    Judged,
    Known,
    clashing,
    compare,
    created,
    first_logins,
    former,
    issues_of,
    legacy_of,
    number_of,
    refused,
)
from activities.imports.lines import Line
from activities.imports.run import BATCH, Batches, Run, recorded_email
from activities.imports.words import finding
from models.errors import Refusal
from models.form import Candidate, CellIssue, cell_at
from models.record.bulk import Legacy, adopt, renew

_KNOWN = (
    "SELECT p.id, p.id_number_index, p.agency_id, p.category, p.chapter, r.digest,"
    " p.case_id IS NOT NULL AS in_case, a.id AS account_id, a.login, a.email_sealed, a.email_key,"
    " p.pending_revision_id IS NOT NULL"
    " OR EXISTS (SELECT 1 FROM revisions d WHERE d.profile_id = p.id AND d.state = 'draft')"
    " OR EXISTS (SELECT 1 FROM approvals s WHERE s.profile_id = p.id AND s.state IN ('signing', 'signed'))"
    " AS declaring"
    " FROM profiles p LEFT JOIN revisions r ON r.id = p.approved_revision_id"
    " LEFT JOIN accounts a ON a.id = p.account_id"
    " WHERE p.id_number_index = ANY(:indexes) AND p.chapter <> 'archive' ORDER BY p.id"
)
_LOOK = text(_KNOWN)
_HOLD = text(_KNOWN + " FOR NO KEY UPDATE OF p")
_FORMER = text(
    "SELECT DISTINCT ON (id_number_index) id, id_number_index FROM profiles"
    " WHERE id_number_index = ANY(:indexes) AND chapter = 'archive' AND merged_into IS NULL"
    " ORDER BY id_number_index, created_at DESC"
)
"""Former officials: a second profile is never opened beside the archived one, as `POST /profiles` says."""
_LOGINS = text("SELECT login, profile_id FROM accounts WHERE login = ANY(:logins)")


class People(Batches[Candidate]):
    """Judges and writes people; the forms are judged in a thread, so that the heart goes on beating."""

    def __init__(self, run: Run, candidates: Sequence[Candidate]) -> None:
        self._run = run
        self._logins = first_logins(candidates)
        self._asked = cache(run.asked)
        self._indexes = lru_cache(maxsize=2 * BATCH)(run.indexes)

    async def write(self, connection: AsyncConnection, batch: Sequence[Candidate]) -> list[Line]:
        """Judge a batch and write what is new or changed."""
        run = self._run
        found = await asyncio.to_thread(lambda: [self._issues(one) for one in batch])
        clean = [one for one, issues in zip(batch, found, strict=True) if not issues]
        known = await self._known(connection, clean)
        taken = await self._taken(connection, clean)
        left = await self._left(connection, clean)
        judged = await asyncio.to_thread(
            lambda: [
                self._judge(one, issues, known, taken, left) for one, issues in zip(batch, found, strict=True)
            ]
        )
        judged = [
            replace(one, line=replace(one.line, issues=(*one.line.issues, *_meant(candidate))))
            for candidate, one in zip(batch, judged, strict=True)
        ]
        if run.dry_run:
            return [one.line for one in judged]
        return await self._write(connection, judged)

    async def _write(self, connection: AsyncConnection, judged: Sequence[Judged]) -> list[Line]:
        run = self._run
        new = [one.legacy for one in judged if one.line.verdict == "create" and one.legacy is not None]
        ids = iter(await adopt(connection, run.tools, run.scene, run.source, new))
        lines = []
        for one in judged:
            line = one.line
            if line.verdict == "create":
                line = replace(line, subject_id=next(ids))
            elif one.change is not None:
                await renew(connection, run.tools, run.scene, run.source, one.change)
            lines.append(line)
        return lines

    def clash(self, item: Candidate, refusal: Refusal) -> Line:
        """A login another authority uses, or a profile opened at the same moment."""
        name = "login" if refusal.code == "duplicate-login" else "citizen_id_number"
        return clashing(item.form, item.row, name, refusal.code).line

    def _issues(self, one: Candidate) -> tuple[CellIssue, ...]:
        run = self._run
        return issues_of(one, run.agencies, self._logins, self._asked, run.scene.today)

    def _judge(
        self,
        one: Candidate,
        issues: tuple[CellIssue, ...],
        known: Mapping[bytes, Known],
        taken: Mapping[str, UUID | None],
        left: Mapping[bytes, UUID],
    ) -> Judged:
        run = self._run
        if issues:
            return refused(one.form, one.row, issues)
        number = str(number_of(one))
        found = next((known[i] for i in self._indexes(number) if i in known), None)
        archived = next((left[i] for i in self._indexes(number) if i in left), None)
        if found is None and archived is not None:
            return former(one.form, one.row, archived)
        login = one.extras.get("login")
        if isinstance(login, str) and login in taken and (found is None or taken[login] != found.profile_id):
            return clashing(one.form, one.row, "login", "duplicate-login")
        if found is None and run.dry_run:
            return created(one.form, one.row, None)
        legacy = self._legacy(one, number)
        return compare(one.form, one.row, found, legacy) if found else created(one.form, one.row, legacy)

    def _legacy(self, one: Candidate, number: str) -> Legacy:
        run = self._run
        index = run.tools.blind.row(run.source.authority_id, number)
        agency_id = run.agencies[one.extras["agency_code"]]
        return legacy_of(one, agency_id, index, run.scene.today)

    async def _known(self, connection: AsyncConnection, batch: Sequence[Candidate]) -> dict[bytes, Known]:
        """People of the batch that are recorded, by index; rows that may be written are locked."""
        indexes = [index for one in batch for index in self._indexes(str(number_of(one)))]
        if not indexes:
            return {}
        rows = await connection.execute(_LOOK if self._run.dry_run else _HOLD, {"indexes": indexes})
        return {bytes(row.id_number_index): self._recorded(row) for row in rows}

    async def _left(self, connection: AsyncConnection, batch: Sequence[Candidate]) -> dict[bytes, UUID]:
        """Archived profiles of the people of the batch, by index."""
        indexes = [index for one in batch for index in self._indexes(str(number_of(one)))]
        if not indexes:
            return {}
        rows = await connection.execute(_FORMER, {"indexes": indexes})
        return {bytes(row.id_number_index): row.id for row in rows}

    def _recorded(self, row: Row[Any]) -> Known:
        email = recorded_email(self._run, row.account_id, row.email_sealed, row.email_key)
        return Known(
            profile_id=row.id,
            agency_id=row.agency_id,
            category=row.category,
            chapter=row.chapter,
            digest=row.digest,
            in_case=row.in_case,
            declaring=row.declaring,
            login=row.login,
            email=email,
        )

    async def _taken(self, connection: AsyncConnection, batch: Sequence[Candidate]) -> dict[str, UUID | None]:
        logins = [one.extras["login"] for one in batch if one.extras.get("login")]
        if not logins:
            return {}
        rows = await connection.execute(_LOGINS, {"logins": logins})
        return {row.login: row.profile_id for row in rows}


def _meant(candidate: Candidate) -> Iterator[CellIssue]:
    """What of the line was entered otherwise than it stands there, cell by cell."""
    for path in candidate.meant:
        sheet, row, name = cell_at(candidate, path)
        yield finding(sheet, row, name, "old-value")
