"""Administrative units: two levels since 1 July 2025 (QĐ 19/2025/QĐ-TTg), three before.

Province codes have two digits, commune codes five; codes are never used twice. A place of birth or a home
town may be named as it then was: with a district, a province of the 63 and a commune that no longer exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from .codes import code_list, fold
from .loading import divisions


@dataclass(frozen=True)
class Commune:
    """A commune, ward or special zone of today."""

    code: str
    name: str
    province: str


@cache
def provinces() -> Mapping[str, str]:
    """The 34 provinces and cities of today: code → name."""
    return {f"{entry['code']:02}": entry["name"] for entry in divisions()}


@cache
def communes() -> Mapping[str, Commune]:
    """The 3,321 communes, wards and special zones of today: code → unit."""
    return {
        f"{ward['code']:05}": Commune(f"{ward['code']:05}", ward["name"], f"{entry['code']:02}")
        for entry in divisions()
        for ward in entry["wards"]
    }


def former_provinces() -> Mapping[str, str]:
    """The 63 provinces and cities before 1 July 2025: code → name."""
    return {code: entry.label for code, entry in code_list("province_2024").codes.items()}


@cache
def _province_names() -> Mapping[str, str]:
    named = {fold(name): code for code, name in {**former_provinces(), **provinces()}.items()}
    return named | {name.removeprefix("thành phố "): code for name, code in named.items()}


@cache
def _commune_names() -> Mapping[tuple[str, str], str]:
    return {(unit.province, fold(unit.name)): unit.code for unit in communes().values()}


def resolve_province(text: str) -> str | None:
    """The province code meant by a cell: two digits, a name, or ``code – name``."""
    head = text.partition(" – ")[0].strip()
    padded = head.zfill(2) if head.isdigit() else head
    return (
        padded if padded in provinces() or padded in former_provinces() else _province_names().get(fold(text))
    )


def resolve_commune(text: str, province: str | None) -> str | None:
    """The commune code meant by a cell; names are looked up inside the province."""
    head = text.partition(" – ")[0].strip()
    if head.isdigit():
        return head.zfill(5)
    return _commune_names().get((province or "", fold(text)))


def address_in_words(address: Mapping[str, str]) -> str:
    """An address as one line, from the smallest unit to the largest."""
    if "abroad" in address:
        return ", ".join(part for part in (address.get("detail"), address["abroad"]) if part)
    province = address.get("province", "")
    commune = communes().get(address.get("commune", ""))
    names = (
        address.get("detail"),
        commune.name if commune else address.get("commune"),
        address.get("district"),
        former_provinces().get(province) if address.get("district") else provinces().get(province, province),
    )
    return ", ".join(name for name in names if name)
