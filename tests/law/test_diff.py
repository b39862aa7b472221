"""`hoso law diff`: what differs between two texts or two days is said once, with both citations."""

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from api.cli.law import law_app
from models.regulations import Regulation, seed
from models.regulations.comparing import Side, compare

APP = typer.Typer()
APP.add_typer(law_app, name="law")


def diff(*words: str) -> Result:
    return CliRunner().invoke(APP, ["law", "diff", *words])


def told(*words: str) -> dict[str, list[dict[str, Any]]]:
    """The differences by slot."""
    found: dict[str, list[dict[str, Any]]] = {}
    for change in json.loads(diff(*words, "--json").stdout)["changes"]:
        found.setdefault(change["slot"], []).append(change)
    return found


def document(name: str) -> Regulation:
    return next(one for one in seed() if one.id == name)


def side(one: Regulation) -> Side:
    return Side(one.id, (one.header,), one.rules)


def test_two_texts_differ_where_the_comparison_of_them_says() -> None:
    found = told("hanoi_2024", "phu_yen_2024")
    (export,) = found["export_signature"]
    assert export["fields"]["signature"] == {"a": "authority_or_agency", "b": "authority_and_agency"}
    assert (export["a"]["id"], export["b"]["id"]) == ("hanoi.art8.4", "phu_yen.art7.4")
    (update,) = found["update_after_change"]
    assert update["fields"]["deadline"]["a"]["n"] == 5
    assert update["fields"]["deadline"]["b"]["unit"] == "immediate"
    assert [one["kind"] for one in found["department_gate"]] == ["removed"]
    assert [one["kind"] for one in found["transfer_within"]] == ["added"]
    assert [one["kind"] for one in found["compliance_refusal"]] == ["added"]
    assert "sync_window" not in found, "the same window, the same party"
    (window,) = found["approval_window"]
    assert window["fields"] == {"signature": {"a": "none_stated", "b": "authority_digital"}}


def test_a_text_does_not_differ_from_itself_nor_from_its_copy() -> None:
    same = diff("hanoi_2024", "hanoi_2024")
    assert same.exit_code == 0
    assert "no difference" in same.stdout
    copied = told("hanoi_2024", "hanoi_draft_2024")
    assert {one["a"]["id"] for changes in copied.values() for one in changes} == {"hanoi.qd.3"}
    assert diff("hanoi_2024", "hanoi_draft_2024", "--words").stdout.count("≈") > 50


def test_what_is_added_one_way_is_removed_the_other_way() -> None:
    forth = compare(side(document("hanoi_2024")), side(document("moha_2023")))
    back = compare(side(document("moha_2023")), side(document("hanoi_2024")))
    mirror = {"added": "removed", "removed": "added"}
    seen = {
        (c.slot, mirror.get(c.kind, c.kind), c.before and c.before.id, c.after and c.after.id) for c in forth
    }
    assert seen == {(c.slot, c.kind, c.after and c.after.id, c.before and c.before.id) for c in back}


def test_every_rule_with_a_purpose_stands_on_its_side_once() -> None:
    one, other = side(document("hanoi_2024")), side(document("binh_dinh_2022"))
    changes = compare(one, other)
    gone = {(c.slot, c.before.id) for c in changes if c.before is not None}
    assert len(gone) == sum(c.before is not None for c in changes)
    assert {c.slot for c in changes if c.kind == "removed"} <= {s for r in one.rules for s in r.slot}


def test_two_days_of_an_authority_and_a_reported_layer_read_as_if_in_force() -> None:
    quiet = diff("2026-03-02", "2026-03-03", "--authority", "hanoi")
    assert quiet.exit_code == 0
    reported = told("2026-03-02", "2026-08-03", "--authority", "hanoi", "--simulate", "nd27_2026")
    assert all(c["a"] is None for changes in reported.values() for c in changes if c["b"]["id"][:4] == "nd27")
    assert [c["b"]["id"] for c in reported["event_sync_agency"]] != []
    shown = diff("2026-03-02", "2026-08-03", "--authority", "hanoi", "--simulate", "nd27_2026")
    assert shown.exit_code == 1
    assert "(known_from_reports)" in shown.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("2026-03-02", "2026-03-03"), "--authority"),
        (("hanoi_2023", "hanoi_2024"), "neither a document nor a day (YYYY-MM-DD): hanoi_2023"),
        (
            ("hanoi_2024", "nonsense"),
            "không phải mã văn bản, cũng không phải ngày (NĂM-THÁNG-NGÀY): nonsense",
        ),
        (("2026-02-30", "hanoi_2024"), "neither a document nor a day (YYYY-MM-DD): 2026-02-30"),
        (("2026-03-02", "2026-03-03", "--authority", "phu_yen"), "no regulation of phu_yen is in force"),
    ],
)
def test_a_question_that_cannot_be_answered_exits_with_2(words: tuple[str, ...], message: str) -> None:
    answer = diff(*words)
    assert answer.exit_code == 2
    assert message in answer.stderr
