"""The only file of the form that reads: catalogues, code lists and timetables packaged beside it.

Everything is read once, at first use, and kept; what is read is part of the program, not of the running data.
"""

import csv
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

_HERE = files("models.form")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def document(folder: str, name: str) -> Mapping[str, Any]:
    """A packaged YAML document, e.g. ``document("catalogues", "tt06_2023")``. KeyError when there is none."""
    path = _HERE.joinpath(folder, f"{name}.yaml")
    if not name.isidentifier() or not path.is_file():
        raise KeyError(f"{folder}/{name}")
    loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe one
    if not isinstance(loaded, dict):
        raise TypeError(f"{folder}/{name}.yaml: a mapping was expected")
    return loaded


@cache
def documents(folder: str) -> tuple[str, ...]:
    """The names of the packaged YAML documents of a folder, in alphabetical order."""
    names = (entry.name for entry in _HERE.joinpath(folder).iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


@cache
def code_rows(name: str) -> tuple[Mapping[str, str], ...]:
    """The rows of a packaged code list (columns code, label, label_en and what the list adds)."""
    text = _HERE.joinpath("code_lists", f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def divisions() -> tuple[Mapping[str, Any], ...]:
    """Provinces with their communes since 1 July 2025 (QĐ 19/2025/QĐ-TTg), from vietnam-provinces.

    Its JSON is read without importing the package: two enums of 3,355 members would cost 70 ms.
    """
    spec = find_spec("vietnam_provinces")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("vietnam-provinces is not installed: the administrative units are unknown")
    path = Path(spec.origin).parent / "data" / "nested-divisions.json"
    return tuple(json.loads(path.read_text(encoding="utf-8")))
