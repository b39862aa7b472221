"""YAML files of law and calendar, read with the line of every value so that an error can point at it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.reader import ReaderError

Location = tuple[str | int, ...]
_FAST: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where it is built in: every process reads the whole law when it starts, ten times faster so."""
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in a file: printed as `file:line: message`."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class SourceError(ValueError):
    """A file of law or calendar that cannot be used; holds every problem found in it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Document:
    """The value of a YAML file and where each part of it stands."""

    path: Path
    value: Any
    root: yaml.Node

    def line(self, location: Sequence[str | int] = ()) -> int:
        """Line (from 1) of the deepest part of the location that exists in the file."""
        node = self.root
        line = node.start_mark.line + 1
        for step in location:
            found = _step(node, step)
            if found is None:
                break
            key, node = found
            line = key.start_mark.line + 1
        return line

    def problem(self, location: Sequence[str | int], message: str) -> Problem:
        return Problem(self.path.name, self.line(location), message)


def _step(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _repeated_keys(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key
            seen.add(key.value)
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item)


def _unreadable(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of each plain value whose type YAML knows but cannot build."""
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.ScalarToken) and token.plain:
            try:
                yaml.safe_load(token.value)
            except yaml.YAMLError:
                continue
            except ValueError:
                yield token.start_mark.line + 1, token.value


def read(path: Path, content: str | None = None) -> Document:
    """Parse one file, or the content that came under its name.

    Raises SourceError for broken YAML, an empty file or a key given twice.
    """
    text = path.read_text(encoding="utf-8") if content is None else content
    try:
        return _read(path, text, _FAST)
    except SourceError:
        if _FAST is yaml.SafeLoader:
            raise
    return _read(path, text, yaml.SafeLoader)  # what is wrong is said in one way everywhere


def _read(path: Path, text: str, kind: type[yaml.SafeLoader]) -> Document:
    try:
        return _loaded(path, text, kind)
    except (ReaderError, UnicodeEncodeError) as error:
        place = error.position if isinstance(error, ReaderError) else error.start
        told = "ký tự không được phép / a character that is not allowed"
        line = text.count("\n", 0, place) + 1
        raise SourceError([Problem(path.name, line, f"{told}: U+{ord(text[place]):04X}")]) from error
    except RecursionError as error:
        raise SourceError([Problem(path.name, 1, "lồng quá sâu / nested too deeply")]) from error


def _loaded(path: Path, text: str, kind: type[yaml.SafeLoader]) -> Document:
    loader = kind(text)
    try:
        root = loader.get_single_node()
        if root is None:
            raise SourceError([Problem(path.name, 1, "tệp rỗng / the file is empty")])
        repeated = [
            Problem(path.name, key.start_mark.line + 1, f"khóa lặp lại / key given twice: {key.value}")
            for key in _repeated_keys(root)
        ]
        if repeated:
            raise SourceError(repeated)
        value = loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SourceError(
            [Problem(path.name, line, f"YAML không hợp lệ / invalid YAML: {error.problem}")]
        ) from error
    except ValueError as error:
        if isinstance(error, SourceError):
            raise
        # An impossible date such as 2026-02-30 is a ValueError of the constructor, without its mark.
        raise SourceError(
            Problem(path.name, line, f"giá trị không hợp lệ / invalid value: {value}")
            for line, value in _unreadable(text)
        ) from error
    finally:
        loader.dispose()
    return Document(path, value, root)


def parse(document: Document, model: type[Model]) -> Model:
    """The document as a model. Raises SourceError naming the line of every value refused."""
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        raise SourceError(_problem(document, item) for item in error.errors()) from error


def _problem(document: Document, item: Any) -> Problem:
    location = [step for step in item["loc"] if isinstance(step, int | str)]
    name = ".".join(str(step) for step in location)
    return document.problem(location, f"{name}: {item['msg']}")
