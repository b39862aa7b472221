"""The electronic identifier of agencies (Quyết định 20/2020/QĐ-TTg). Pure."""

import re

LONGEST = 35
"""Characters at the most."""

_SHAPE = re.compile(r"[A-Z][0-9]{2}(\.[0-9A-Z]+)*")
_LEGACY = re.compile(r"[0-9A-Z]+(\.[0-9A-Z]+)+")


def well_formed(code: str) -> bool:
    """Whether it is an identifier: groups of digits and capitals, from left to right, the first a letter and
    two digits (``H26``, ``G09.20``), 35 characters at the most."""
    return len(code) <= LONGEST and _SHAPE.fullmatch(code) is not None


def legacy_formed(code: str) -> bool:
    """Whether it may be a code of before, whose groups run from right to left (QCVN 102:2016)."""
    return len(code) <= LONGEST and _LEGACY.fullmatch(code) is not None


def groups(code: str) -> tuple[str, ...]:
    """The groups of an identifier; the first is the first level."""
    return tuple(code.split("."))
