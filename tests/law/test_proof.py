"""The proof itself: tests that notice pass it, tests that notice nothing are named."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HONEST = """
from datetime import date
import pytest
from models.regulations import in_force

@pytest.mark.rule("hanoi.art10.3")
def test_honest():
    duty = in_force("hanoi", date(2026, 3, 2)).slot("personal_login")
    assert (duty.party, duty.signature) == ("person", "none_stated")
"""
DERIVED = """
LAW = in_force("hanoi", date(2026, 3, 2))

@pytest.mark.rule("hanoi.art10.3")
def test_of_a_rule_set_kept_by_the_module():
    assert LAW.rule("hanoi.art10.3").scope == "self"
"""
IDLE = """
@pytest.mark.rule("hanoi.art10.3")
def test_idle():
    assert True
"""
RED = """
@pytest.mark.rule("hanoi.art10.3")
def test_red():
    assert False
"""
DYING = """
import os
@pytest.mark.rule("hanoi.art10.3")
def test_dying():
    os._exit(0)
"""


def prove(folder: Path, text: str, *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_sample.py").write_text(text, encoding="utf-8")
    program = "from api.cli.law import law_app; law_app()"
    words = [
        "coverage",
        "--prove",
        "--rule",
        "hanoi.art10.3",
        "--on",
        "2026-03-02",
        "--tests",
        str(folder),
        *more,
    ]
    return subprocess.run(
        [sys.executable, "-c", program, *words, *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_tests_that_notice_every_alteration_prove_the_rule(tmp_path: Path) -> None:
    answer = prove(tmp_path, HONEST + DERIVED)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "3 sửa đổi / alterations, 0 lọt / unnoticed" in answer.stdout


def test_a_test_that_notices_nothing_fails_the_proof(tmp_path: Path) -> None:
    answer = prove(tmp_path, HONEST + IDLE)
    assert answer.returncode == 1
    assert "passes without the rule" in answer.stdout
    assert "test_idle" in answer.stdout
    assert "test_honest" not in answer.stdout


def test_asked_for_all_each_test_must_notice_more_than_that_the_rule_is_gone(tmp_path: Path) -> None:
    answer = prove(tmp_path, HONEST + DERIVED, "--all")
    assert answer.returncode == 1
    (told,) = [line for line in answer.stdout.splitlines() if "notices only that the rule is gone" in line]
    assert told.endswith("test_of_a_rule_set_kept_by_the_module")


def test_an_alteration_no_test_notices_fails_the_proof(tmp_path: Path) -> None:
    answer = prove(
        tmp_path, HONEST.replace('duty.signature) == ("person", "none_stated")', ') == ("person",)')
    )
    assert answer.returncode == 1
    assert answer.stdout.count("no marked test noticed") == 1


def test_a_suite_that_is_red_proves_nothing(tmp_path: Path) -> None:
    answer = prove(tmp_path, HONEST + RED)
    assert answer.returncode == 1
    assert "not green to begin with" in answer.stdout


def test_a_run_that_dies_is_not_taken_for_one_that_noticed(tmp_path: Path) -> None:
    answer = prove(tmp_path, HONEST + DYING)
    assert answer.returncode != 0
    assert "OK" not in answer.stdout
