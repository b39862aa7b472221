"""One person of a workbook, judged: what keeps the line out, and what it would change. No database."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from activities.imports.lines import Line, Verdict
from activities.imports.words import finding
from models.form import Candidate, Catalogue, CellIssue, PartialDate, digest_of_tidy, judge, people_of, tidy
from models.record.bulk import Change, Legacy

SECTION = "profiles"
NUMBER = "citizen_id_number"
NAME, UNIT = "birth_full_name", "employing_unit_id"
"""What every form holds, by its general name."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is recorded about somebody with the same personal ID number, outside the archive."""

    profile_id: UUID
    agency_id: UUID
    category: str
    chapter: str
    digest: str | None
    """Of the approved revision."""
    in_case: bool
    declaring: bool
    """A draft, a submission or a signature is under way, or the approved data were signed."""
    login: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A line with its verdict and what would be written for it."""

    line: Line
    legacy: Legacy | None = None
    change: Change | None = None


def first_logins(candidates: Iterable[Candidate]) -> dict[str, int]:
    """The row each login stands in first: later rows with the same login are refused."""
    first: dict[str, int] = {}
    for one in candidates:
        login = one.extras.get("login")
        if isinstance(login, str):
            first.setdefault(login, one.row)
    return first


def issues_of(
    candidate: Candidate,
    agencies: Mapping[str, UUID],
    logins: Mapping[str, int],
    asked: Callable[[str, UUID | None], Catalogue],
    today: date,
) -> tuple[CellIssue, ...]:
    """All that keeps the line out. Agencies count by what stands, not only by the workbook's own sheet.

    ``asked``: the form that the law of an agency asks of a category; who stands in another form's sheet is
    refused.
    """
    form = candidate.form
    profiles, cells = people_of(form), ("agency_code", form.by_meaning[UNIT].name)
    found = [
        issue
        for issue in judge(candidate, on=today)
        if not (issue.code == "unknown-agency" and issue.field in cells)
    ]
    category = candidate.extras.get("staff_category")
    code = candidate.extras.get("agency_code") or candidate.content.get(cells[1])
    agency_id = agencies.get(code) if isinstance(code, str) else None
    if isinstance(category, str) and asked(category, agency_id).version != form.version:
        found.append(finding(profiles, candidate.row, "staff_category", "other-form"))
    for name in cells:
        code = candidate.extras.get(name) or candidate.content.get(name)
        if isinstance(code, str) and code not in agencies:
            found.append(finding(profiles, candidate.row, name, "unknown-agency"))
    login = candidate.extras.get("login")
    if isinstance(login, str) and logins.get(login, candidate.row) != candidate.row:
        found.append(finding(profiles, candidate.row, "login", "duplicate-login", logins[login]))
    return tuple(found)


def legacy_of(
    candidate: Candidate, agency_id: UUID, number: Mapping[str, str | bytes | None], today: date
) -> Legacy:
    """The person as the record takes them over; call only where nothing is wrong with the line."""
    form = candidate.form
    content = tidy(form, candidate.content)
    joined = PartialDate.parse(content[form.since]).earliest
    return Legacy(
        form=form,
        agency_id=agency_id,
        category=candidate.extras["staff_category"],
        full_name=content[form.by_meaning[NAME].name].title(),
        staff_number=content.get("staff_number"),
        number=number,
        content=content,
        digest=digest_of_tidy(content),
        held_since=min(joined, today),
        login=candidate.extras.get("login"),
        email=candidate.extras.get("email"),
    )


def compare(form: Catalogue, row: int, known: Known, legacy: Legacy) -> Judged:
    """A person who is recorded: the same, an update, or a conflict the import may not decide."""
    same_form = known.digest == legacy.digest and known.category == legacy.category
    change = Change(
        profile_id=known.profile_id,
        legacy=legacy,
        form=not same_form,
        account=known.login is None and legacy.login is not None,
        email=known.login is not None and legacy.email is not None and known.email != legacy.email,
    )
    problem = _problem(known, legacy, change)
    if problem is not None:
        issue = finding(people_of(form), row, problem[0], problem[1])
        return Judged(_line(form, row, "conflict", known.profile_id, issue))
    if change.form or change.account or change.email:
        return Judged(_line(form, row, "update", known.profile_id), legacy, change)
    return Judged(_line(form, row, "same", known.profile_id))


def _problem(known: Known, legacy: Legacy, change: Change) -> tuple[str, str] | None:
    if known.agency_id != legacy.agency_id:
        return "agency_code", "held-elsewhere"
    if known.login is not None and legacy.login is not None and known.login != legacy.login:
        return "login", "other-login"
    if not (change.form or change.account or change.email):
        return None
    if known.chapter != "service" or known.in_case:
        return NUMBER, "not-in-service"
    if change.form and known.declaring:
        return NUMBER, "declared-since"
    return None


def _line(
    form: Catalogue, row: int, verdict: Verdict, subject: UUID | None = None, *issues: CellIssue
) -> Line:
    return Line(SECTION, people_of(form).title, row, verdict, subject, issues)


def refused(form: Catalogue, row: int, issues: tuple[CellIssue, ...]) -> Judged:
    """A line that is wrong in itself: nothing of it is written."""
    return Judged(_line(form, row, "refused", None, *issues))


def created(form: Catalogue, row: int, legacy: Legacy | None) -> Judged:
    """A line about somebody new; ``legacy`` is left out where nothing will be written."""
    return Judged(_line(form, row, "create"), legacy)


def clashing(form: Catalogue, row: int, name: str, code: str) -> Judged:
    """A line that is right in itself and clashes with what is recorded."""
    return Judged(_line(form, row, "conflict", None, finding(people_of(form), row, name, code)))


def former(form: Catalogue, row: int, archived: UUID) -> Judged:
    """A line about a former official: coming back is a case of its own, on the archived profile it names."""
    issue = finding(people_of(form), row, NUMBER, "former-official")
    return Judged(_line(form, row, "conflict", archived, issue))


def number_of(candidate: Candidate) -> Any:
    """The personal ID number as written."""
    return candidate.content.get(NUMBER)
