"""What the criteria of data quality mean, measured on one profile. Pure; the same profile measures the same.

The texts name the criteria and define none (hanoi.art21.6: Đúng – Đủ – Sạch – Sống; two more are known from
reports of 2025). So each measure here is this installation's policy, told as such wherever it is shown:

A profile of which nothing was approved yet meets none of the criteria about data (``nothing-approved``).

* ``correct`` (đúng): every value fits its type and code list, and no two fields contradict each other.
* ``complete`` (đủ): there is approved data, every required field is filled, and an update that the law wants
  proven carries its evidence.
* ``clean`` (sạch): each text is spelt as the form spells it (NFC, single spaces, capitals), nothing is listed
  twice, and no other open profile has the same name, birth date and gender, or the same staff number.
* ``live`` (sống): nothing about the person's data is overdue, and what was approved before the last month's
  window ended has reached the national database.
* ``unified`` (thống nhất): name, staff number and personal ID number are the same on the form and in the
  register; where the law makes that number the dossier's code (nd27.art16.3), the form's code is it.
* ``shared`` (dùng chung): the national database holds the profile.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from models.form import catalogue, normalise, tidy, validate
from models.form.fields import Catalogue


class Criterion(StrEnum):
    """A criterion of data quality, by the word the rules use for it."""

    CORRECT = "correct"
    COMPLETE = "complete"
    CLEAN = "clean"
    LIVE = "live"
    UNIFIED = "unified"
    SHARED = "shared"


CRITERION_VI = {
    Criterion.CORRECT: "Đúng",
    Criterion.COMPLETE: "Đủ",
    Criterion.CLEAN: "Sạch",
    Criterion.LIVE: "Sống",
    Criterion.UNIFIED: "Thống nhất",
    Criterion.SHARED: "Dùng chung",
}
CRITERION_EN = {
    Criterion.CORRECT: "Correct",
    Criterion.COMPLETE: "Complete",
    Criterion.CLEAN: "Clean",
    Criterion.LIVE: "Live",
    Criterion.UNIFIED: "Unified",
    Criterion.SHARED: "Shared",
}
MEASURE_VI = {
    Criterion.CORRECT: "Giá trị đúng kiểu, đúng danh mục; các mục không mâu thuẫn nhau.",
    Criterion.COMPLETE: "Có dữ liệu đã phê duyệt; đủ mục bắt buộc; bản cập nhật có tài liệu minh chứng.",
    Criterion.CLEAN: "Viết đúng chuẩn (Unicode NFC, khoảng trắng, chữ hoa); không trùng dòng, trùng người.",
    Criterion.LIVE: "Không quá hạn cập nhật; dữ liệu đã phê duyệt được đồng bộ đúng kỳ.",
    Criterion.UNIFIED: "Họ tên, số hiệu, số định danh trên bản khai khớp với sổ đăng ký.",
    Criterion.SHARED: "Cơ sở dữ liệu quốc gia đã có hồ sơ.",
}
REPORTED = (Criterion.UNIFIED, Criterion.SHARED)
"""Named in no regulation here; known from reports about letter 5034/BNV-CCVC of 11 July 2025."""
MOST = 20
"""Places told of one criterion in one profile; how many there are beyond that helps nobody."""

_MISSING = ("missing", "missing-with")
_TWICE = ("repeated-value",)

Fault = tuple[str, str]
"""A code and the place in the form; the place is empty where the fault is about the whole profile."""
Issues = tuple[Fault, ...]
NOTHING: Fault = ("nothing-approved", "")


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one profile when it is measured."""

    full_name: str
    staff_number: str | None = None
    content: Mapping[str, Any] | None = None
    """The approved form, sealed fields opened; none where nothing was approved."""
    form_version: str = ""
    revision: int = 0
    evidence: int = 0
    """Files that prove the approved revision."""
    imported: bool = False
    """Taken over from a workbook with its document, not declared here."""
    same_id_number: bool = True
    """Whether the form's personal ID number is the one the register knows the person by."""
    namesakes: int = 0
    """Other open profiles with the same name, birth date and gender."""
    same_staff_number: int = 0
    overdue: int = 0
    """Open duties about the person's data whose date has passed."""
    synced: bool = False
    """Whether the national database holds just the approved revision."""
    ever_synced: bool = False
    approved_on: date | None = None
    valid_on: date | None = None
    """A day on which the form's own judgement of this content found nothing; none where it was not asked."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What measuring depends on beside the profile: the day, the law's demand, the last month's end."""

    on: date
    evidence_required: bool = False
    """Whether the law wants a document with an update."""
    code_is_number: bool = False
    """Whether the law makes the personal ID number the dossier's code."""
    synced_until: date | None = None
    """The end of the last month's window that is over; none where no month has been closed."""


def criteria_of(items: Sequence[str]) -> tuple[Criterion, ...]:
    """The criteria a rule names, in the order of this module; words that mean no measure here fall away."""
    return tuple(one for one in Criterion if one.value in items)


def measure(profile: Measured, by: Yardstick) -> dict[Criterion, tuple[Fault, ...]]:
    """Every criterion the profile fails, with the places; a criterion that is met does not appear."""
    issues = _issues(profile, by)
    found = ((criterion, tuple(_told(fails(profile, by, issues)))) for criterion, fails in _MEASURES.items())
    return {criterion: faults for criterion, faults in found if faults}


def _told(faults: Iterator[Fault]) -> Iterator[Fault]:
    seen: set[Fault] = set()
    for fault in faults:
        if fault not in seen and len(seen) < MOST:
            seen.add(fault)
            yield fault


def _issues(profile: Measured, by: Yardstick) -> Issues:
    """Everything the form's own judgement finds, asked once for all criteria."""
    if profile.content is None or profile.valid_on == by.on:
        return ()
    found = validate(catalogue(profile.form_version), profile.content, on=by.on, by="agency")
    return tuple((issue.code, issue.path) for issue in found)


def _correct(profile: Measured, _by: Yardstick, issues: Issues) -> Iterator[Fault]:
    if profile.content is None:
        yield NOTHING
    for code, path in issues:
        if code not in _MISSING and code not in _TWICE:
            yield code, path


def _complete(profile: Measured, by: Yardstick, issues: Issues) -> Iterator[Fault]:
    if profile.content is None:
        yield NOTHING
        return
    for code, path in issues:
        if code in _MISSING:
            yield code, path
    update = profile.revision > 1 and not profile.imported
    if by.evidence_required and update and not profile.evidence:
        yield "evidence-missing", ""


def _clean(profile: Measured, _by: Yardstick, issues: Issues) -> Iterator[Fault]:
    if profile.namesakes:
        yield "duplicate-person", ""
    if profile.same_staff_number:
        yield "duplicate-staff-number", "staff_number"
    if profile.content is None:
        yield NOTHING
        return
    for code, path in issues:
        if code in _TWICE:
            yield code, path
    cat = catalogue(profile.form_version)
    yield from _noise(cat, profile.content)
    for table in cat.tables:
        yield from _repeated(table.name, profile.content.get(table.name))


def _noise(cat: Catalogue, content: Mapping[str, Any]) -> Iterator[Fault]:
    """Fields that are not spelt the way the form spells them."""
    right = tidy(cat, content)
    for name, value in content.items():
        if name not in right or right[name] != value:
            yield "not-normal", name


def _repeated(name: str, rows: Any) -> Iterator[Fault]:
    seen: list[Any] = []
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        same = normalise(row) if isinstance(row, Mapping) else row
        if same and same in seen:
            yield "repeated-row", f"{name}[{index}]"
        seen.append(same)


def _live(profile: Measured, by: Yardstick, _known: Issues) -> Iterator[Fault]:
    if profile.overdue:
        yield "overdue", ""
    approved, until = profile.approved_on, by.synced_until
    if approved is not None and not profile.synced and until is not None and approved <= until:
        yield "not-synchronised", ""


def _unified(profile: Measured, by: Yardstick, _known: Issues) -> Iterator[Fault]:
    if profile.content is None:
        yield NOTHING
        return
    named = catalogue(profile.form_version).by_meaning["birth_full_name"].name
    name = str(profile.content.get(named, ""))
    if name and normal_name(name) != normal_name(profile.full_name):
        yield "name-differs", named
    number = profile.content.get("staff_number")
    if number and profile.staff_number and str(number).strip() != profile.staff_number.strip():
        yield "staff-number-differs", "staff_number"
    if not profile.same_id_number:
        yield "id-number-differs", "citizen_id_number"
    code, own = (str(profile.content.get(one) or "").strip() for one in ("record_code", "citizen_id_number"))
    if by.code_is_number and code and code != own:
        yield "dossier-code-differs", "record_code"


def normal_name(name: str) -> str:
    """A name as it is compared: normal form, one space, without regard to capitals."""
    return str(normalise({"name": name}).get("name", "")).casefold()


def _shared(profile: Measured, _by: Yardstick, _known: Issues) -> Iterator[Fault]:
    if not profile.ever_synced:
        yield "never-synchronised", ""


_MEASURES: dict[Criterion, Callable[[Measured, Yardstick, Issues], Iterator[Fault]]] = {
    Criterion.CORRECT: _correct,
    Criterion.COMPLETE: _complete,
    Criterion.CLEAN: _clean,
    Criterion.LIVE: _live,
    Criterion.UNIFIED: _unified,
    Criterion.SHARED: _shared,
}
