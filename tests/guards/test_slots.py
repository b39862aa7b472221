"""What the law says and code is to carry, some code reads: no record is carried by its own file alone."""

import re
from pathlib import Path

from models.regulations import Slot, seed

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("models", "workflows", "activities", "api")
LAW = ROOT / "models" / "regulations"
BY_DATE = {Slot.ENTRY_INTO_FORCE}
"""Carried by the dates of the document itself, from which `in_force` chooses."""


def carried() -> dict[Slot, list[str]]:
    """The purposes of records that code carries, with the records."""
    found: dict[Slot, list[str]] = {}
    for one in seed():
        for rule in one.rules:
            for slot in rule.slot if rule.carried_by == "code" else ():
                found.setdefault(slot, []).append(rule.id)
    return found


def readers() -> tuple[str, str]:
    """Code, and the tables code decides by, without the law itself and the list of purposes."""
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file()]
    code = [one for one in files if one.suffix == ".py" and one != LAW / "slots.py"]
    tables = [one for one in files if one.suffix == ".yaml" and LAW not in one.parents]
    told = ["\n".join(path.read_text(encoding="utf-8") for path in paths) for paths in (code, tables)]
    return told[0], told[1]


def unread(slots: dict[Slot, list[str]], code: str, tables: str) -> dict[str, list[str]]:
    """Purposes that no reader names: code by its name or in quotes, tables as a word."""
    named = set(re.findall(r"\bSlot\.(\w+)", code))
    quoted = set(re.findall(r"(?<=['\"])\w+(?=['\"])", code))
    words = set(re.findall(r"\w+", tables))
    return {
        slot.value: rules
        for slot, rules in slots.items()
        if slot.name not in named and slot.value not in quoted | words
    }


def test_every_purpose_code_carries_is_read_by_code() -> None:
    slots = {slot: rules for slot, rules in carried().items() if slot not in BY_DATE}
    assert len(slots) > 90, "the guard does not see the law"
    assert unread(slots, *readers()) == {}


def test_one_that_nobody_reads_is_found() -> None:
    code, tables = readers()
    assert "software_address" in unread(carried(), code.replace("Slot.SOFTWARE_ADDRESS", ""), tables)
