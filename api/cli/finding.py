"""What one check of ``hoso doctor`` found."""

from dataclasses import dataclass
from typing import Literal

START = "chạy / run: make run"
"""The remedy of whatever does not run."""


@dataclass(frozen=True)
class Finding:
    """What one check found; `remedy` is empty when all is well."""

    name: str
    status: Literal["ok", "warning", "failed"]
    found: str
    remedy: str = ""
