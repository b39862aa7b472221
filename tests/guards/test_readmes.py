"""The READMEs say what is so: told parts are up to date, links lead somewhere, both languages agree."""

import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from api.cli.law import accounted
from models.calendar import Calendar, reckon
from models.regulations import seed
from tests.guards.readmes import ENGLISH, LAW, VIETNAMESE, renewed

LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")
HEADING = re.compile(r"^(#{1,4}) ", re.MULTILINE)
PICTURE = {"12.2": "hanoi.art12.2.2.a", "6.3": "hanoi.art6.3", "12.1.b": "hanoi.art12.1.b", "7": "hanoi.art7"}
TASK = re.compile(
    r"\(.*?Điều ([\d.]+[a-z]?)[^)]*\)\s*: (?:\w+, )?(\d{4}-\d\d-\d\d), (\d{4}-\d\d-\d\d)$", re.MULTILINE
)


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("readme", [ENGLISH, VIETNAMESE, LAW], ids=["english", "vietnamese", "law"])
def test_what_the_code_tells_is_up_to_date(readme: Path) -> None:
    assert readme.read_text(encoding="utf-8") == renewed(readme), "run: python -m tests.guards.readmes"


def test_links_lead_somewhere(files: list[Path], root: Path) -> None:
    pages = [path for path in files if path.suffix == ".md"]
    assert len(pages) > 5
    broken = [
        f"{page.relative_to(root)}: {target}"
        for page in pages
        for target in LINK.findall(without_code(page.read_text(encoding="utf-8")))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_record_is_accounted_for_once() -> None:
    """296 records of the four local texts and 30 national ones; the scanned draft has Hà Nội's text."""
    own = [one for one in seed() if not one.same_text_as]
    ids = [rule.id for one in own for rule in one.rules]
    assert len(ids) == len(set(ids))
    layers = Counter(one.layer for one in own for _ in one.rules)
    assert layers == {"local": 296, "national": 30}
    assert [rule.id for one in seed() for rule in one.rules if not accounted(rule)] == []


def test_both_languages_have_the_same_parts() -> None:
    levels = [
        HEADING.findall(without_code(path.read_text(encoding="utf-8"))) for path in (ENGLISH, VIETNAMESE)
    ]
    assert len(levels[0]) > 10
    assert levels[0] == levels[1]


@pytest.mark.parametrize("readme", [ENGLISH, VIETNAMESE], ids=lambda path: path.name)
def test_the_picture_s_dates_are_the_law_s(readme: Path) -> None:
    """Each bar of the picture ends where the rule it cites ends; the end of a bar is exclusive."""
    rules = {rule.id: rule for one in seed() for rule in one.rules}
    checked = 0
    for article, start, end in TASK.findall(readme.read_text(encoding="utf-8")):
        if article not in PICTURE:
            continue
        deadline = rules[PICTURE[article]].deadline
        assert deadline is not None
        found = reckon(deadline, date.fromisoformat(start), Calendar.seed())
        assert found.opens in (None, date.fromisoformat(start)), article
        assert found.due + timedelta(days=1) == date.fromisoformat(end), article
        checked += 1
    assert checked == 5
