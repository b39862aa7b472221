"""More of fields against each other: identity number, Party, degrees, the last salary step, contracts.

The same rule as in ``consistency``: only the surely wrong is refused. The articles are known, not checked
against the texts; what is shown to people says so.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from .codes import code_list
from .dates import PartialDate, add_months
from .fields import Catalogue, Field
from .issues import Problem, problem
from .kinds import as_date
from .normal import is_decimal
from .salary import group_of_rank

Found = Iterator[tuple[str, Problem]]

_UNCHECKED = " (biết, chưa đối chiếu văn bản)"
_IDENTITY = "Luật Căn cước 2023, Điều 12; NĐ 70/2024/NĐ-CP" + _UNCHECKED
_CARD = "Luật Căn cước công dân 2014, Điều 19" + _UNCHECKED
_CARD_LAW_ENDS = PartialDate.parse("2024-07-01")
"""From then on cards are given to the young, too (Luật Căn cước 2023, Điều 19)."""
_PARTY_MEMBER = "Điều lệ Đảng Cộng sản Việt Nam, Điều 1" + _UNCHECKED
_PROBATION = "Điều lệ Đảng Cộng sản Việt Nam 2011, Điều 5 khoản 1" + _UNCHECKED
_PROBATION_SINCE = PartialDate.parse("2011-01-19")
"""Earlier charters knew other probations; only who was admitted since is judged."""
_YOUTH = "Điều lệ Đoàn TNCS Hồ Chí Minh, Điều 1" + _UNCHECKED
_MARRIAGE = "Luật Hôn nhân và gia đình 2014, Điều 8 khoản 2" + _UNCHECKED
_DISCIPLINE = "NĐ 112/2020/NĐ-CP, Điều 7, Điều 15; Quy định 69-QĐ/TW" + _UNCHECKED
_BEYOND = "NĐ 204/2004/NĐ-CP, Điều 6 khoản 1; TT 04/2005/TT-BNV" + _UNCHECKED
_TERM = "Bộ luật Lao động 2019, Điều 20 khoản 1 điểm b" + _UNCHECKED
LONGEST_TERM = 36
"""Months of a labour contract for a fixed term."""
PROBATION = 12
"""Months between admission to the Party and full membership."""
NOWHERE = "000"
"""No province has this code, and no such number was ever given: it tells nothing of its holder."""
_DEGREES = (
    ("untrained",),
    ("elementary",),
    ("intermediate",),
    ("college",),
    ("university",),
    ("master", "specialist_1", "resident"),
    ("doctor", "specialist_2"),
    ("doctor_science",),
)
_HEIGHT = {code: height for height, codes in enumerate(_DEGREES) for code in codes}
_ONLY = {
    "party_expulsion": "party",
    "salary_reduction": "administrative",
    "demotion": "administrative",
    "forced_resignation": "administrative",
}
"""Forms of discipline that only one side knows."""
_SPOUSE_OF: Mapping[str, str] = {"wife": "male", "husband": "female"}


def crossed(cat: Catalogue, content: Mapping[str, Any]) -> Found:
    """Every surely wrong combination, with the path of the field to look at."""
    known = _Known(cat, content)
    yield from _identity(known)
    yield from _party(known)
    yield from _youth(known)
    yield from _degrees(known)
    yield from _beyond_frame(known)
    yield from _long_term(known)
    for index, row in known.rows("disciplines"):
        yield from _discipline(f"disciplines[{index}].form", row)
    gender = known.text("gender")
    for index, row in known.rows("family_members"):
        fits = _SPOUSE_OF.get(str(row.get("relation"))) if row.get("side") == "own" else None
        if gender in ("male", "female") and fits is not None and fits != gender:
            yield f"family_members[{index}].relation", problem("relation-gender", source=_MARRIAGE)


class _Known:
    """A content with its catalogue; values of another type than the field's count as absent."""

    def __init__(self, cat: Catalogue, content: Mapping[str, Any]) -> None:
        self.cat, self.content = cat, content

    def field(self, name: str) -> Field:
        """A field there is: asked only after a value of it was found."""
        return self.cat.by_name[name]

    def text(self, name: str) -> str | None:
        """A text, where the form has the field and it is filled with one."""
        value = self.content.get(name)
        return value if name in self.cat.by_name and isinstance(value, str) else None

    def date(self, name: str) -> PartialDate | None:
        """A date, where there is a possible one."""
        field = self.cat.by_name.get(name)
        return as_date(field, self.content[name]) if field and name in self.content else None

    def rows(self, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """A table's rows with their place."""
        rows = self.content.get(name)
        for index, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(row, dict):
                yield index, row


def said_by_number(number: str) -> tuple[str, int] | None:
    """Gender and year of birth that a personal ID number states; None for what is no such number.

    The fourth digit holds century and gender (0, 1: men, women of the 20th; 2, 3 of the 21st …), the
    two after it the year.
    """
    if len(number) != 12 or not number.isdecimal() or not number.isascii():
        return None
    century, gender = divmod(int(number[3]), 2)
    return ("female" if gender else "male"), 1900 + 100 * century + int(number[4:6])


def _identity(known: _Known) -> Found:
    number, born, gender = known.text("citizen_id_number"), known.date("birth_date"), known.text("gender")
    said = said_by_number(number) if number and not number.startswith(NOWHERE) else None
    if said is not None:
        if gender in ("male", "female") and said[0] != gender:
            yield "citizen_id_number", _differs(known, "gender")
        elif born is not None and said[1] != born.year:
            yield "citizen_id_number", _differs(known, "birth_date")
    issued = known.date("citizen_id_issued_on")
    if issued is None or born is None or not issued.surely_before(_CARD_LAW_ENDS.earliest):
        return
    if not issued.surely_before(born) and issued.surely_before(add_months(born.earliest, 12 * 14)):
        yield "citizen_id_issued_on", problem("too-young", age="14", source=_CARD)


def _differs(known: _Known, name: str) -> Problem:
    other = known.field(name)
    return problem("id-mismatch", other=(other.label, other.label_en), source=_IDENTITY)


def _party(known: _Known) -> Found:
    for name in ("party_position", "concurrent_party_position", "party_official_on"):
        if (
            known.content.get(name)
            and "party_admission_on" not in known.content
            and name in known.cat.by_name
        ):
            other = known.field(name)
            labels = (other.label, other.label_en)
            yield "party_admission_on", problem("missing-with", other=labels, source=_PARTY_MEMBER)
            return
    admitted, official = known.date("party_admission_on"), known.date("party_official_on")
    if admitted is None or official is None or official.surely_before(admitted):
        return
    if admitted.earliest < _PROBATION_SINCE.earliest:
        return
    if official.surely_before(add_months(admitted.earliest, PROBATION)):
        field = known.field("party_admission_on")
        labels = (field.label, field.label_en)
        yield "party_official_on", problem("too-soon", months=str(PROBATION), other=labels, source=_PROBATION)


def _youth(known: _Known) -> Found:
    born, joined = known.date("birth_date"), known.date("first_mass_org_joined_on")
    if born is None or joined is None or known.text("first_mass_org") != "youth_union":
        return
    if not joined.surely_before(born) and joined.surely_before(add_months(born.earliest, 12 * 15)):
        yield "first_mass_org_joined_on", problem("too-young", age="15", source=_YOUTH)


def _degrees(known: _Known) -> Found:
    highest = known.text("highest_qualification")
    if highest not in _HEIGHT:
        return
    for index, row in known.rows("education"):
        level = row.get("degree_level")
        if isinstance(level, str) and _HEIGHT.get(level, -1) > _HEIGHT[highest]:
            label = code_list("qualification").codes[level]
            yield (
                "highest_qualification",
                problem("below-row", row=str(index + 1), name=(label.label, label.label_en)),
            )
            return


def _beyond_frame(known: _Known) -> Found:
    group, step = group_of_rank(known.content.get("rank_code")), known.content.get("salary_step")
    percent = known.text("beyond_frame_seniority_percent")
    if group is None or not isinstance(step, int) or percent is None or not is_decimal(percent, 2):
        return
    if float(percent) > 0 and step < group.steps:
        name = "beyond_frame_seniority_percent"
        yield name, problem("not-last-step", steps=str(group.steps), source=_BEYOND)


def _long_term(known: _Known) -> Found:
    start, stop = known.date("contract_valid_from"), known.date("contract_valid_to")
    if known.text("contract_type") != "fixed_term" or start is None or stop is None:
        return
    last: date = add_months(start.latest, LONGEST_TERM)
    if stop.earliest > last:
        yield "contract_valid_to", problem("term-too-long", months=str(LONGEST_TERM), source=_TERM)


def _discipline(path: str, row: Mapping[str, Any]) -> Found:
    form, side = row.get("form"), row.get("side")
    only = _ONLY.get(form) if isinstance(form, str) else None
    if only is not None and side in ("party", "administrative") and side != only:
        label = code_list("discipline_side").codes[only]
        yield path, problem("other-side", side=(label.label, label.label_en), source=_DISCIPLINE)
