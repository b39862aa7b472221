"""Every stream's chain, followed while events pass: a later one may have been committed first."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from models.history.findings import Finding
from models.history.leaf import link_hash
from models.record.write import GENESIS


@dataclass(slots=True)
class _Stream:
    number: int = 0
    hash: str = GENESIS
    early: dict[int, tuple[str, str, int]] = field(default_factory=dict)
    """Events whose predecessor has not passed yet: previous hash, hash, position."""


class Streams:
    """What is remembered of each stream: its last event, and what came early."""

    def __init__(self) -> None:
        self._known: dict[UUID, _Stream] = {}

    def __len__(self) -> int:
        """How many streams there are."""
        return len(self._known)

    def follow(self, row: Any, index: int | None) -> Iterator[Finding]:
        """Take an event; answers what is wrong with it, and with those that waited for it."""
        if link_hash(row) != row.hash:
            yield Finding("event-edited", index, row.position, row.stream_id, row.number)
        stream = self._known.setdefault(row.stream_id, _Stream())
        if row.number <= stream.number or row.number in stream.early:
            yield Finding("chain-broken", index, row.position, row.stream_id, row.number, "twice")
            return
        stream.early[row.number] = (row.previous_hash, row.hash, row.position)
        while (following := stream.early.pop(stream.number + 1, None)) is not None:
            previous, found, position = following
            number = stream.number + 1
            if previous != stream.hash:
                yield Finding("chain-broken", None, position, row.stream_id, number)
            stream.number, stream.hash = number, found

    def gaps(self) -> Iterator[Finding]:
        """When all have passed: where events are missing between others."""
        for stream_id, stream in self._known.items():
            for number in sorted(stream.early):
                if number - 1 not in stream.early:
                    position = stream.early[number][2]
                    yield Finding("chain-broken", None, position, stream_id, number, f"no {number - 1}")

    def cut(self, profile_id: UUID, number: int, last: str) -> Iterator[Finding]:
        """Whether a profile's chain ends as its row says; gaps are told by `gaps`."""
        stream = self._known.get(profile_id, _Stream())
        newest = max(stream.early, default=stream.number)
        ends = stream.early[newest][1] if stream.early else stream.hash
        if (newest, ends) != (number, last):
            yield Finding("chain-cut", None, None, profile_id, number, f"ends at {newest}")
