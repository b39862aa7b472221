"""One import under way: for whom it runs, what it may do, how far it is.

How far it is stands in the import's own row and moves in the transaction that writes a batch, so a restart
goes on at exactly the next line, whatever the heartbeat managed to say.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, get_args
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.imports.lines import Letters, Line, counted, write_lines
from models.database import Scope, transaction
from models.errors import HosoError, Refusal
from models.form import Catalogue
from models.form.meaning import Decided
from models.keys import Sealed
from models.lifecycle.forms import form_for
from models.lifecycle.scene import Scene
from models.record.bulk import Source
from models.record.conflicts import refusal_of
from models.record.law_of import Laws
from models.record.tools import Tools
from models.regulations import RuleSet
from models.regulations.schema import Category

BATCH = 200
"""Lines per transaction."""

T = TypeVar("T")


class OvertakenError(HosoError):
    """Another attempt of the same import has gone on; this one must write nothing more."""


@dataclass(slots=True)
class Run:
    """The import. ``counts`` mirrors its row: verdicts by section, ``phase`` and ``next`` line."""

    tools: Tools
    scene: Scene
    source: Source
    form: Catalogue
    """The general form; the sheets of agencies and posts stand beside it."""
    agency_id: UUID
    """Of the account that asked for it; where its events stand."""
    dry_run: bool
    laws: Laws
    """Of every unit, today: a part of the tree may be under another regulation."""
    administers: bool
    """Whether whoever asked may give roles over the whole authority."""
    counts: dict[str, Any]
    meanings: Decided = field(default_factory=dict)
    """What the mapping desk has decided about old values."""
    letters: Letters = field(default_factory=dict)
    agencies: dict[str, UUID] = field(default_factory=dict)
    """Standing agencies by code; in a dry run those the workbook would create, too."""

    def asked(self, category: str, agency_id: UUID | None = None) -> Catalogue:
        """The form that the law of an agency asks of a category of staff, today; without one our own law."""
        return self._asked(self.scene.law if agency_id is None else self.laws.of(agency_id), category)

    def _asked(self, law: RuleSet, category: str) -> Catalogue:
        return form_for(law, category, self.scene.today)

    @property
    def forms(self) -> tuple[Catalogue, ...]:
        """The other forms the law knows, of any part of the tree, each with its own sheet of people."""
        every = [self._asked(law, one) for law in self.laws.every for one in get_args(Category)]
        known = {form.version: form for form in every}
        return tuple(form for version, form in sorted(known.items()) if version != self.form.version)

    def indexes(self, number: str) -> tuple[bytes, ...]:
        """What a personal ID number may be found by."""
        return self.tools.blind.candidates(self.source.authority_id, number)

    @property
    def scope(self) -> Scope:
        """The whole authority."""
        return Scope(self.source.authority_id, everything=True, on=self.scene.today)

    @property
    def phase(self) -> str:
        """Which part is being done."""
        return str(self.counts["phase"])

    @property
    def next(self) -> int:
        """The first line of the phase that is not done."""
        return int(self.counts["next"])

    async def step(
        self,
        write: Callable[[AsyncConnection], Awaitable[list[Line]]],
        *,
        phase: str,
        next_line: int,
    ) -> None:
        """One transaction: what ``write`` writes, its verdicts, and how far the import is after it.

        Raises:
            OvertakenError: the row says that somebody else has gone on.
        """
        async with transaction(self.tools.engine, self.scope) as connection:
            held = await connection.scalar(_HOLD, {"id": self.source.import_id})
            if held is None or (held["phase"], held["next"]) != (self.phase, self.next):
                raise OvertakenError("another attempt of this import has gone on")
            lines = await write(connection)
            await write_lines(
                connection, self.source.authority_id, self.source.import_id, lines, self.letters
            )
            counts = counted(self.counts, lines) | {"phase": phase, "next": next_line}
            await connection.execute(_MOVE, {"id": self.source.import_id, "counts": counts})
        self.counts = counts
        activity.heartbeat(phase, next_line)

    async def batches(self, items: Sequence[T], phase: str, then: str, batches: "Batches[T]") -> None:
        """Do a phase batch by batch from where it stands."""
        while self.phase == phase:
            first = self.next
            batch = items[first : first + BATCH]
            last = first + len(batch)
            done = last >= len(items)
            await self._batch(batch, batches, phase=then if done else phase, next_line=0 if done else last)

    async def _batch(self, batch: Sequence[T], how: "Batches[T]", *, phase: str, next_line: int) -> None:
        try:
            await self.step(lambda c: how.write(c, batch), phase=phase, next_line=next_line)
        except IntegrityError as conflict:
            if len(batch) < 2 and refusal_of(conflict) is None:
                raise
            # One line clashes with what nobody could see: each by itself, so that it alone is refused.
            first = self.next
            for place, item in enumerate(batch, start=1):
                at_end = place == len(batch)
                await self._single(
                    item,
                    how,
                    phase=phase if at_end else self.phase,
                    next_line=next_line if at_end else first + place,
                )

    async def _single(self, item: T, how: "Batches[T]", *, phase: str, next_line: int) -> None:
        try:
            await self.step(lambda c: how.write(c, [item]), phase=phase, next_line=next_line)
        except IntegrityError as conflict:
            refusal = refusal_of(conflict)
            if refusal is None:
                raise
            line = how.clash(item, refusal)
            await self.step(lambda _c: _given(line), phase=phase, next_line=next_line)


class Batches(Generic[T]):
    """How the lines of a phase are written, and what is said of one the database itself refuses."""

    async def write(self, connection: AsyncConnection, batch: Sequence[T]) -> list[Line]:
        """Judge and, unless it is a dry run, write some lines in one transaction."""
        raise NotImplementedError

    def clash(self, item: T, refusal: Refusal) -> Line:
        """The verdict on a line that a constraint refused."""
        raise NotImplementedError


def recorded_email(run: Run, account_id: UUID, sealed: bytes | None, key: str | None) -> str | None:
    """The e-mail address of an account's row, opened; none where none is kept."""
    if sealed is None or key is None:
        return None
    kept = Sealed(key, bytes(sealed))
    return run.tools.cipher.open(run.source.authority_id, "accounts", account_id, "email", kept).decode()


async def _given(line: Line) -> list[Line]:
    return [line]


_HOLD = text("SELECT counts FROM imports WHERE id = :id FOR NO KEY UPDATE")
_MOVE = text("UPDATE imports SET counts = :counts WHERE id = :id").bindparams(
    bindparam("counts", type_=JSONB)
)
