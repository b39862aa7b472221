"""What may and may not stand in a log line, by a real process's output."""

import json
import subprocess
import sys
from typing import Any

import pytest

PREAMBLE = """
import logging
from models import logs
logs.configure({form!r}, "INFO", "api")
log = logs.logger("hoso.test")
foreign = logging.getLogger("psycopg.pool")
"""


def written(code: str, form: str = "json") -> str:
    done = subprocess.run(
        [sys.executable, "-c", PREAMBLE.format(form=form) + code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def only_line(code: str) -> dict[str, Any]:
    (line,) = written(code).splitlines()
    return json.loads(line)


def test_identifiers_pass() -> None:
    line = only_line("log.info('approved', profile_id='p-1', count=3)")
    assert line["event"] == "approved"
    assert (line["profile_id"], line["count"], line["level"], line["process"]) == ("p-1", 3, "info", "api")


def test_a_key_outside_the_list_is_dropped_and_named() -> None:
    code = "log.info('approved', full_name='Nguyễn Văn Bí', personal_id='000123456789')"
    assert only_line(code)["dropped"] == ["full_name", "personal_id"]
    assert "Bí" not in written(code)
    assert "000123" not in written(code)


@pytest.mark.parametrize("form", ["json", "console"])
def test_an_exception_keeps_its_kind_and_loses_its_text(form: str) -> None:
    code = """
try:
    try:
        raise ValueError("Key (personal_id)=(000123456789) already exists")
    except ValueError as inner:
        raise RuntimeError("Nguyễn Văn Bí") from inner
except RuntimeError:
    log.exception("failed")
    foreign.exception("failed too")
"""
    text = written(code, form)
    assert "RuntimeError" in text
    assert "ValueError" in text
    assert "000123" not in text
    assert "Bí" not in text
    assert len(text.splitlines()) == 2


def test_a_library_does_not_insert_values() -> None:
    line = only_line("foreign.warning('bad row %s', 'Nguyễn Văn Bí')")
    assert line["event"] == "bad row %s"


def test_a_trusted_library_does() -> None:
    line = only_line("logging.getLogger('uvicorn.error').warning('started %d', 7)")
    assert line["event"] == "started 7"


def test_the_engine_s_context_becomes_keys() -> None:
    extra = "{'temporal_workflow': {'workflow_id': 'profile/1', 'attempt': 2, 'secret': 'Bí'}}"
    line = only_line(f"foreign.warning('woke', extra={extra})")
    assert (line["workflow_id"], line["attempt"]) == ("profile/1", 2)
    assert "secret" not in line


def test_the_threshold_holds() -> None:
    assert written("log.debug('quiet')") == ""
