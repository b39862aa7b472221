"""Mappings in their time: a packet is made by the one in force on the day on which it was fixed."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from activities.national.mappings.lines import MappingError
from activities.national.mappings.loader import load_mapping
from activities.national.mappings.mapping import Mapping

__all__ = ["Mappings", "load_mappings"]


@dataclass(frozen=True, slots=True)
class Mappings:
    """All versions an installation sends by, the oldest first; at least one."""

    versions: tuple[Mapping, ...]

    @property
    def service(self) -> str:
        """The path they all go to."""
        return self.versions[0].service

    def on(self, day: date) -> Mapping:
        """The one in force on a legal day; before the first, that one: there was no other."""
        return next((one for one in reversed(self.versions) if one.valid_from <= day), self.versions[0])


def load_mappings(path: Path | str) -> Mappings:
    """A mapping by path or shipped name, or every one of a folder, each valid from its own day.

    Raises:
        MappingError: one of them cannot be used; two begin on one day; they go to different services.
    """
    if not (isinstance(path, Path) and path.is_dir()):
        return Mappings((load_mapping(path),))
    found = sorted(
        ((load_mapping(file), file) for file in path.glob("*.yaml")),
        key=lambda one: (one[0].valid_from, one[1]),
    )
    if not found:
        raise MappingError(path, 1, "no mapping in this folder")
    for (former, other), (later, file) in pairwise(found):
        if former.valid_from == later.valid_from:
            raise MappingError(file, 1, f"begins on the same day as {other.name}")
        if former.service != later.service:
            raise MappingError(file, 1, f"goes to another service than {other.name}")
    return Mappings(tuple(mapping for mapping, _ in found))
