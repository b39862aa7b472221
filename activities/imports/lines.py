"""What became of each line of a workbook: kept with what the line wrote, shown cell by cell."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from models.database import together
from models.form import CellIssue
from models.record.sets import in_sets
from models.record.sql import inserting

Verdict = Literal["create", "update", "same", "conflict", "refused"]
Letters = Mapping[str, Mapping[str, str]]
"""Sheet title → name of a column → its letter in this workbook."""

MOST_ISSUES = 100
"""Issues kept of one line; how many more there were is said."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line's verdict. ``section`` is what it counts under: agencies, profiles, posts or tables."""

    section: str
    sheet: str
    row: int
    verdict: Verdict
    subject_id: UUID | None = None
    issues: tuple[CellIssue, ...] = ()


def issue_json(issue: CellIssue, letters: Letters) -> dict[str, Any]:
    """An issue as it is stored and shown; ``column`` is the letter, empty where the column is missing."""
    return {
        "sheet": issue.sheet,
        "row": issue.row,
        "column": letters.get(issue.sheet, {}).get(issue.field, ""),
        "field": issue.field,
        "label": issue.column,
        "code": issue.code,
        "message": issue.message_vi,
        "message_en": issue.message_en,
        "source": issue.source,
    }


def issues_json(issues: Sequence[CellIssue], letters: Letters) -> list[dict[str, Any]]:
    """Issues as they are stored; beyond the limit only their number."""
    kept = [issue_json(issue, letters) for issue in issues[:MOST_ISSUES]]
    more = len(issues) - MOST_ISSUES
    if more > 0:
        words = {"message": f"Còn {more} lỗi khác.", "message_en": f"{more} more issues."}
        kept.append({**dict.fromkeys(kept[0], ""), "row": kept[-1]["row"], "code": "more-issues", **words})
    return kept


async def write_lines(
    connection: AsyncConnection, authority_id: UUID, import_id: UUID, lines: Sequence[Line], letters: Letters
) -> None:
    """Keep the verdicts; a line is judged once in an import, so a second writing is an error."""
    rows = [
        {
            "import_id": import_id,
            "authority_id": authority_id,
            "sheet": line.sheet,
            "row": line.row,
            "verdict": line.verdict,
            "subject_id": line.subject_id,
            "issues": issues_json(line.issues, letters),
        }
        for line in lines
    ]
    await together(connection, in_sets([[inserting("import_lines", row)] for row in rows]))


def counted(counts: Mapping[str, Any], lines: Iterable[Line]) -> dict[str, Any]:
    """The counts with these lines added, by section and verdict."""
    added: dict[str, Counter[str]] = {}
    for line in lines:
        added.setdefault(line.section, Counter())[line.verdict] += 1
    summed = {section: dict(Counter(counts.get(section, {})) + one) for section, one in added.items()}
    return {**counts, **summed}


def total(counts: Mapping[str, Any], *verdicts: str) -> int:
    """How many lines of any section had one of these verdicts."""
    sections = (counts.get(name, {}) for name in ("agencies", "profiles", "posts", "tables"))
    return sum(section.get(verdict, 0) for section in sections for verdict in verdicts)
