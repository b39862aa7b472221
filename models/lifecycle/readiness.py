"""Whether a profile is ready for the next window, as bits: measured on its content, or said by its row.

The measures are those of ``quality``, taken of the revision that would be signed next (the one that waits,
else the approved one). A bit is set where something is met; a profile that nobody measured meets nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import IntFlag, StrEnum

from models.lifecycle.quality import Criterion, Fault

VERSION = 1
"""Of the measures: another one has every profile measured again."""
EVIDENCE = "evidence-missing"
OF_LISTS = frozenset({"unknown-code", "code-not-then", "place-unknown", "place-former", "commune-elsewhere"})
"""Faults of values that stand in no list, or not in the list of their day."""


class Mark(IntFlag):
    """What is met. The lower eight are measured on the content, the others kept by the database (0061)."""

    MEASURED = 1
    COMPLETE = 2
    """Every required field is filled."""
    CODED = 4
    """Every value for which there is a list stands in it."""
    CORRECT = 8
    EVIDENCED = 16
    """What the law wants proven has its document."""
    CLEAN = 32
    LIVE = 64
    UNIFIED = 128
    SIGNED = 256
    """Nothing of it waits for a signature."""
    SHARED = 512
    """The national database holds the profile."""
    ACCEPTED = 1024
    """The national database holds just what was approved last."""


READY = Mark.MEASURED | Mark.COMPLETE | Mark.CODED | Mark.CORRECT | Mark.EVIDENCED
"""What may be signed without a second look at the data."""


class Measure(StrEnum):
    """A number of the board that opens a list: who does not meet it."""

    READY = "ready"
    FULL = "full"
    MEASURED = "measured"
    COMPLETE = "complete"
    CODED = "coded"
    CORRECT = "correct"
    EVIDENCED = "evidenced"
    CLEAN = "clean"
    LIVE = "live"
    UNIFIED = "unified"
    SIGNED = "signed"
    SHARED = "shared"
    ACCEPTED = "accepted"


FULL = Mark.COMPLETE | Mark.EVIDENCED
"""What the criterion "đủ" asks for."""
_TOGETHER = {Measure.READY: READY, Measure.FULL: FULL}
BITS: Mapping[Measure, Mark] = {one: _TOGETHER.get(one) or Mark[one.name] for one in Measure}
MEASURES_VI: Mapping[Measure, str] = {
    Measure.READY: "Sẵn sàng ký",
    Measure.FULL: "Đủ mục và đủ minh chứng",
    Measure.MEASURED: "Đã đo",
    Measure.COMPLETE: "Đủ mục bắt buộc",
    Measure.CODED: "Đúng danh mục",
    Measure.CORRECT: "Đúng kiểu, đúng danh mục, không mâu thuẫn",
    Measure.EVIDENCED: "Có tài liệu minh chứng",
    Measure.CLEAN: "Viết chuẩn, không trùng",
    Measure.LIVE: "Không quá hạn",
    Measure.UNIFIED: "Khớp sổ đăng ký",
    Measure.SIGNED: "Không còn bản chờ ký",
    Measure.SHARED: "Cơ sở dữ liệu quốc gia đã có",
    Measure.ACCEPTED: "Cơ sở dữ liệu quốc gia có đúng bản đã duyệt",
}
MEASURES_EN: Mapping[Measure, str] = {
    Measure.READY: "Ready to be signed",
    Measure.FULL: "Fields filled and proven",
    Measure.MEASURED: "Measured",
    Measure.COMPLETE: "Required fields filled",
    Measure.CODED: "Valid against code lists",
    Measure.CORRECT: "Right type, right code, no contradiction",
    Measure.EVIDENCED: "Evidence attached",
    Measure.CLEAN: "Spelt as the form spells, not twice",
    Measure.LIVE: "Nothing overdue",
    Measure.UNIFIED: "Agrees with the register",
    Measure.SIGNED: "Nothing waits for a signature",
    Measure.SHARED: "Held by the national database",
    Measure.ACCEPTED: "The national database holds what was approved",
}


def marks_of(found: Mapping[Criterion, Sequence[Fault]]) -> Mark:
    """The measured bits of one profile from the faults that ``quality.measure`` found."""
    missing = {code for code, _ in found.get(Criterion.COMPLETE, ())}
    wrong = {code for code, _ in found.get(Criterion.CORRECT, ())}
    met = Mark.MEASURED
    for mark, holds in (
        (Mark.COMPLETE, not missing - {EVIDENCE}),
        (Mark.EVIDENCED, EVIDENCE not in missing),
        (Mark.CODED, not wrong & OF_LISTS and "nothing-approved" not in wrong),
        (Mark.CORRECT, not wrong),
        (Mark.CLEAN, Criterion.CLEAN not in found),
        (Mark.LIVE, Criterion.LIVE not in found),
        (Mark.UNIFIED, Criterion.UNIFIED not in found),
    ):
        if holds:
            met |= mark
    return met


_ABOUT: Mapping[Measure, Criterion] = {
    Measure.FULL: Criterion.COMPLETE,
    Measure.COMPLETE: Criterion.COMPLETE,
    Measure.EVIDENCED: Criterion.COMPLETE,
    Measure.CODED: Criterion.CORRECT,
    Measure.CORRECT: Criterion.CORRECT,
    Measure.CLEAN: Criterion.CLEAN,
    Measure.LIVE: Criterion.LIVE,
    Measure.UNIFIED: Criterion.UNIFIED,
}


def about(measure: Measure, faults: Mapping[str, Iterable[Fault]]) -> list[Fault]:
    """The faults of a profile that keep it from meeting one measure; none where its row says it."""
    if measure is Measure.READY:
        parts = (Measure.FULL, Measure.CORRECT)
        return list(dict.fromkeys(fault for part in parts for fault in about(part, faults)))
    criterion = _ABOUT.get(measure)
    found = [(code, path) for code, path in faults.get(criterion, ())] if criterion else []
    if measure is Measure.EVIDENCED:
        return [fault for fault in found if fault[0] == EVIDENCE]
    if measure is Measure.COMPLETE:
        return [fault for fault in found if fault[0] != EVIDENCE]
    if measure is Measure.CODED:
        return [fault for fault in found if fault[0] in OF_LISTS or fault[0] == "nothing-approved"]
    return found
