"""What code logs arrives: a key outside the allow-list would be dropped without anybody noticing."""

import ast
from dataclasses import fields
from pathlib import Path

from api.reconcile import Findings
from models.logs import ALLOWED

LEVELS = {"debug", "info", "warning", "error", "exception"}


def named(source: str) -> set[str]:
    """Keys given by name to a logger called ``log``."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    ours = (
        call
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in LEVELS
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "log"
    )
    return {keyword.arg for call in ours for keyword in call.keywords if keyword.arg is not None}


def test_every_key_that_is_logged_is_allowed(sources: list[Path]) -> None:
    found = {key for path in sources if "tests" not in path.parts for key in named(path.read_text("utf-8"))}
    assert len(found) > 5, "the guard no longer sees how code logs"
    assert found - ALLOWED - {"exc_info"} == set()


def test_every_count_of_a_reconciliation_is_logged() -> None:
    assert {field.name for field in fields(Findings)} <= ALLOWED
