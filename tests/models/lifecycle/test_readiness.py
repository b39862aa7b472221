"""Bits from faults and back: what is met, and what to tell of what is not."""

import pytest

from models.lifecycle.quality import Criterion
from models.lifecycle.readiness import (
    BITS,
    MEASURES_EN,
    MEASURES_VI,
    READY,
    Mark,
    Measure,
    about,
    marks_of,
)

CONTENT = Mark.MEASURED | Mark.COMPLETE | Mark.CODED | Mark.CORRECT | Mark.EVIDENCED | Mark.CLEAN
CONTENT |= Mark.LIVE | Mark.UNIFIED


@pytest.mark.parametrize(
    ("found", "unmet"),
    [
        ({}, Mark(0)),
        ({Criterion.COMPLETE: (("missing", "ethnicity"),)}, Mark.COMPLETE),
        ({Criterion.COMPLETE: (("evidence-missing", ""),)}, Mark.EVIDENCED),
        (
            {Criterion.COMPLETE: (("missing", "gender"), ("evidence-missing", ""))},
            Mark.COMPLETE | Mark.EVIDENCED,
        ),
        ({Criterion.CORRECT: (("unknown-code", "religion"),)}, Mark.CODED | Mark.CORRECT),
        ({Criterion.CORRECT: (("before-birth", "party_admission_on"),)}, Mark.CORRECT),
        ({Criterion.CORRECT: (("unreadable", ""),)}, Mark.CORRECT),
        ({Criterion.CLEAN: (("not-normal", "hometown"),)}, Mark.CLEAN),
        ({Criterion.LIVE: (("overdue", ""),)}, Mark.LIVE),
        ({Criterion.UNIFIED: (("name-differs", "birth_full_name"),)}, Mark.UNIFIED),
        # Whether the national database holds it is said by the profile's row, not measured.
        ({Criterion.SHARED: (("never-synchronised", ""),)}, Mark(0)),
    ],
)
def test_each_fault_takes_its_bits(found: dict, unmet: Mark) -> None:
    assert marks_of(found) == CONTENT & ~unmet


def test_nothing_approved_is_neither_complete_nor_right() -> None:
    nothing = (("nothing-approved", ""),)
    met = marks_of({Criterion.COMPLETE: nothing, Criterion.CORRECT: nothing})
    assert not met & (Mark.COMPLETE | Mark.CODED | Mark.CORRECT)
    assert met & READY != READY


def test_only_the_lower_eight_bits_are_measured() -> None:
    assert int(marks_of({})) == 255


def test_a_number_opens_what_keeps_it_from_being_met() -> None:
    faults = {
        "complete": [["missing", "ethnicity"], ["evidence-missing", ""]],
        "correct": [["unknown-code", "religion"], ["overlap", "education[1].from_month"]],
        "clean": [["not-normal", "hometown"]],
    }
    assert about(Measure.COMPLETE, faults) == [("missing", "ethnicity")]
    assert about(Measure.EVIDENCED, faults) == [("evidence-missing", "")]
    assert about(Measure.FULL, faults) == [("missing", "ethnicity"), ("evidence-missing", "")]
    assert about(Measure.CODED, faults) == [("unknown-code", "religion")]
    assert about(Measure.CLEAN, faults) == [("not-normal", "hometown")]
    assert len(about(Measure.READY, faults)) == 4
    assert about(Measure.SIGNED, faults) == []


def test_every_measure_has_its_words_and_its_bit() -> None:
    assert set(BITS) == set(MEASURES_VI) == set(MEASURES_EN) == set(Measure)
    assert BITS[Measure.READY] == READY
