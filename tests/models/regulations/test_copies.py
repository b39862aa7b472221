"""A document that has the text of another: written out from it, and refused where the two do not match."""

from datetime import date
from pathlib import Path

import pytest

from models.calendar.source import SourceError
from models.regulations import Regulation, Slot, in_force, load_file, seed

DAY = date(2026, 3, 2)
LOCAL = next(one for one in seed() if one.id == "hanoi_2024")
BENEATH = next(one for one in seed() if one.id == "tt06_2023")
HEAD = """id: {id}
title: Quy chế mẫu
title_en: Sample
number:
issued:
authority: sample
layer: local
status: draft
valid_from:
valid_to:
roll: true
immediate: {{working_days: 1, policy: true}}
source: {{status: text}}
"""
RULE = """  - id: sample.art{n}
    citation: Quy chế mẫu, Điều {n}
    citation_en: Sample regulation, art. {n}
    kind: deadline
    actor: Ai đó
    actor_en: Somebody
    party: person
    text_vi: Việc
    text_en: Matter
    quote: Trong thời hạn 05 ngày
    carried_by: code
    slot: {slot}
"""
FIVE = "    deadline: {unit: working_days, n: 5, counted_from: change_date}\n"
COPY = """same_text_as: sample
leaves_out: [sample.art1]
renamed:
  id: {from: sample., to: draft.}
  citation: {from: Quy chế mẫu, to: Dự thảo}
  citation_en: {from: Sample regulation, to: Draft}
scanned:
  sample.art2: Trong thoi han O5 ngay
  sample.art3: Trong th0i han 05 ngay
"""


def write(folder: Path, copy: str = COPY) -> Path:
    rules = [
        RULE.format(n=1, slot="data_entry"),
        RULE.format(n=2, slot="review_step") + FIVE,
        RULE.format(n=3, slot="approval_window")
        + FIVE.replace("change_date", "change_date, derived_from: sample.art2")
        + "    after: sample.art2\n",
    ]
    (folder / "sample.yaml").write_text(
        HEAD.format(id="sample") + "rules:\n" + "".join(rules), encoding="utf-8"
    )
    path = folder / "draft.yaml"
    path.write_text(HEAD.format(id="draft") + copy, encoding="utf-8")
    return path


def test_its_rules_are_those_of_the_other_under_its_own_names_and_words(tmp_path: Path) -> None:
    found = load_file(write(tmp_path))
    assert found.same_text_as == "sample"
    step, approval = found.rules
    assert (step.id, step.citation, step.citation_en) == ("draft.art2", "Dự thảo, Điều 2", "Draft, art. 2")
    assert step.quote == "Trong thoi han O5 ngay"
    assert approval.after == "draft.art2"
    assert approval.deadline is not None
    assert (approval.deadline.n, approval.deadline.derived_from) == (5, "draft.art2")
    assert {rule.regulation for rule in found.rules} == {"draft"}


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("same_text_as: sample", "same_text_as: nothing", 14, "there is no document nothing"),
        ("[sample.art1]", "[sample.art1, sample.art9]", 15, r"dangling reference: sample\.art9"),
        ("  sample.art3: Trong th0i han 05 ngay\n", "", 20, r"its words are missing: sample\.art3"),
        ("  sample.art3", "  sample.art8: x\n  sample.art3", 22, r"dangling reference: sample\.art8"),
        ("  sample.art3", "  sample.art1: x\n  sample.art3", 22, r"left out and quoted: sample\.art1"),
        ("{from: Quy chế mẫu, to: Dự thảo}", "{from: Quy chế mẫu}", 18, "citation"),
        ("leaves_out: [sample.art1]\n", "", 1, "leaves_out"),
    ],
)
def test_what_does_not_match_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in COPY
    with pytest.raises(SourceError, match=message) as refused:
        load_file(write(tmp_path, COPY.replace(old, new)))
    assert refused.value.problems[0].file == "draft.yaml"
    assert refused.value.problems[0].line == line


def test_another_document_without_rules_is_named(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "sample.yaml").write_text("id: sample\n", encoding="utf-8")
    with pytest.raises(SourceError, match="it has no rules") as refused:
        load_file(path)
    assert refused.value.problems[0].file == "sample.yaml"


def draft(**changes: object) -> Regulation:
    return LOCAL.model_copy(update={"id": "hanoi_2027", "status": "draft", **changes})


def test_a_simulated_draft_stands_in_the_place_of_the_regulation_in_force() -> None:
    found = in_force("hanoi", DAY, [LOCAL, draft(), BENEATH], simulate=["hanoi_2027"])
    assert [header.id for header in found.regulations] == ["hanoi_2027", "tt06_2023"]


def test_a_simulated_draft_that_amends_stands_above_it() -> None:
    rules = tuple(rule for rule in LOCAL.rules if Slot.UPDATE_AFTER_CHANGE in rule.slot)
    amending = draft(rules=rules, prevails_over=(LOCAL.id,))
    found = in_force("hanoi", DAY, [LOCAL, amending, BENEATH], simulate=["hanoi_2027"])
    assert [header.id for header in found.regulations] == ["hanoi_2027", "hanoi_2024", "tt06_2023"]


def test_a_simulated_national_layer_displaces_nothing() -> None:
    found = in_force("hanoi", DAY, simulate=["nd27_2026"])
    assert [header.id for header in found.regulations] == [
        "hanoi_2024",
        "pdpl_2025",
        "nd27_2026",
        "tt06_2023",
    ]
