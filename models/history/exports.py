"""The second place checked by itself: each file whole, each head witnessed, each grown from the last."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from models.calendar import legal_date
from models.evidence.merkle import Growing
from models.history.findings import Finding
from models.history.place import Exported, SecondPlace
from models.history.statement import Statement, StatementError, statement_of

Witness = Callable[[bytes, bytes], datetime | None]
"""(content, token) → the time at which the timestamp authority vouches for the content; None: it does not."""
LATEST = timedelta(days=1)
"""A statement names the day on which it was witnessed: whoever dates one back gets another timestamp."""


@dataclass(slots=True)
class Exports:
    """What the second place says of one authority."""

    authority_id: UUID
    place: SecondPlace
    heads: list[Exported] = field(init=False)
    witnessed: dict[int, tuple[Statement, datetime]] = field(default_factory=dict)
    """Heads whose timestamp holds, by size, with its time."""
    known: int = 0
    """Leaves that lead to witnessed heads without a break: these are told one by one."""
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        """List the files.

        Raises:
            PlaceError: the place cannot be reached.
        """
        self.heads = self.place.heads(self.authority_id)

    def examine(self, witness: Witness) -> None:
        """Check every file, in the order of the heads' sizes; what is wrong is in ``findings``.

        Raises:
            PlaceError: the place cannot be reached.
        """
        growing, unbroken = Growing(), True
        before: tuple[int, bytes | None] = (0, None)
        for head in self.heads:
            statement = self._statement(head, witness)
            if statement is not None and (statement.previous_size, statement.previous_root) != before:
                self._altered(head, "does not follow the one before")
            if unbroken:
                for leaf in self.place.leaves(self.authority_id, head.size):
                    growing.append(leaf)
                unbroken = growing.size == head.size
                if not unbroken:
                    self._altered(head, f"leaves up to {growing.size}")
                elif statement is not None and growing.root != statement.root:
                    unbroken = False
                    self._altered(head, "its leaves lead to another root")
                elif statement is not None:
                    self.known = head.size
            before = (head.size, statement.root if statement is not None else None)

    def leaves(self) -> Iterator[bytes]:
        """The log's leaves that are beyond doubt, in order: ``known`` of them.

        Raises:
            PlaceError: the place cannot be reached.
        """
        for head in self.heads:
            if head.size <= self.known:
                yield from self.place.leaves(self.authority_id, head.size)

    def _statement(self, head: Exported, witness: Witness) -> Statement | None:
        try:
            statement = statement_of(head.statement)
        except StatementError:
            self._altered(head, "no statement")
            return None
        if (statement.authority_id, statement.size) != (self.authority_id, head.size):
            self._altered(head, "another authority's, or of another size")
            return None
        at = vouched(head.statement, head.token, statement, witness)
        if at is None:
            self._altered(head, "its timestamp does not hold")
            return None
        self.witnessed[head.size] = statement, at
        return statement

    def _altered(self, head: Exported, what: str) -> None:
        self.findings.append(Finding("place-altered", detail=f"{head.name}: {what}"))


def vouched(content: bytes, token: bytes, statement: Statement, witness: Witness) -> datetime | None:
    """When a timestamp authority witnessed this statement, on the day that it names; None: it did not."""
    at = witness(content, token)
    return at if at is not None and abs(legal_date(at) - statement.day) <= LATEST else None
