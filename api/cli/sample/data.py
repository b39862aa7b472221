"""The invented names, units and phrases packaged beside the generator."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def data(name: str) -> dict[str, Any]:
    """One of ``names``, ``phrases``, ``organisation`` (with the trades all share) and ``organisation_…``."""
    loaded = yaml.safe_load(files("api.cli.sample").joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    return dict(loaded)


AUTHORITIES = ("hanoi", "moha", "binh_dinh", "phu_yen")


def organisation(authority: str) -> dict[str, Any]:
    """The tree of an authority's sample."""
    return data("organisation" if authority == AUTHORITIES[0] else f"organisation_{authority}")
