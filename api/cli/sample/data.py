"""The invented names, units and phrases packaged beside the generator."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def data(name: str) -> dict[str, Any]:
    """One of ``names``, ``organisation``, ``phrases``."""
    loaded = yaml.safe_load(files("api.cli.sample").joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    return dict(loaded)
