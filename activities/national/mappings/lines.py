"""YAML with its line numbers kept, and mistakes that say where they stand."""

from pathlib import Path
from typing import Any

import yaml

from activities.national.adapter.errors import NationalError

__all__ = ["Lines", "MappingError", "read_lines"]

Place = tuple[str, ...]


class MappingError(NationalError):
    """A mapping file cannot be used; reads "file:line: reason". Mappings hold no personal data."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path.name}:{line}: {reason}")
        self.path, self.line, self.reason = path, line, reason


class Lines:
    """A parsed file: `data`, and `refuse(place, reason)` for whoever finds a mistake in it."""

    def __init__(self, path: Path, data: dict[str, Any], lines: dict[Place, int]) -> None:
        self.path, self.data, self._lines = path, data, lines

    def refuse(self, place: Place, reason: str) -> MappingError:
        """The error for a place in the file, at the nearest line known."""
        while place and place not in self._lines:
            place = place[:-1]
        return MappingError(self.path, self._lines.get(place, 1), reason)


def read_lines(path: Path) -> Lines:
    """Read a YAML file of mappings with text keys, lists and scalars; every key once per mapping."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MappingError(path, line, f"not YAML: {error.problem}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(path, 1, f"unreadable: {type(error).__name__}") from None
    lines: dict[Place, int] = {}
    data = _plain(path, root, (), lines)
    if not isinstance(data, dict):
        raise MappingError(path, 1, "a mapping was expected")
    return Lines(path, data, lines)


def _plain(path: Path, node: yaml.Node | None, place: Place, lines: dict[Place, int]) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _pairs(path, node, place, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(path, one, (*place, str(n)), lines) for n, one in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        # Codes such as 01 must stay text; only what is meant as a switch is read as one.
        return node.value == "true" if node.tag == "tag:yaml.org,2002:bool" else node.value
    return None


def _pairs(path: Path, node: yaml.MappingNode, place: Place, lines: dict[Place, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise MappingError(path, line, "a key must be text")
        if key.value in found:
            raise MappingError(path, line, f"{key.value!r} stands twice")
        lines[(*place, key.value)] = line
        found[key.value] = _plain(path, value, (*place, key.value), lines)
    return found
