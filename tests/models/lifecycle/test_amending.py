"""The approver amends a submission before approving it, where the law says so and nowhere else."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from models.commands import AmendSubmission
from models.form import digest
from models.lifecycle.amending import amend
from models.lifecycle.life import Chapter, Life
from models.lifecycle.outcome import Outcome, Update
from models.lifecycle.scene import Scene
from models.regulations import in_force
from tests.chains import rolling
from tests.forms import COMPLETE
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    DIGEST,
    OFFICER,
    PROFILE,
    agency_month,
    event,
    inserted,
    life,
    notice,
    refusal_in,
    refused,
    revision,
    scene,
)

DAY = date(2026, 3, 2)
BETTER = "Nguyễn Thị Thử Hai"
WHERE = [
    ("department", "constituent", "civil_servant", "binh_dinh.II.2.a.3", "II.2.a gạch 3"),
    ("public_service_unit", "subordinate", "public_employee", "binh_dinh.II.2.b.3", "II.2.b gạch 3"),
    ("commune_committee", "subordinate", "civil_servant", "binh_dinh.II.3.c", "II.3.c"),
]


def at(kind: str = "department", standing: str = "constituent", category: str = "civil_servant") -> Scene:
    facts = {"kind": kind, "agency": standing, "category": category}
    return scene(DAY, role="approver", law=in_force("binh_dinh", DAY), facts=facts)


def waiting(**more: Any) -> Life:
    return life(Chapter.REVIEW, **{"pending": revision(2, "submitted"), "revision_number": 2, **more})


def body(**changes: Any) -> AmendSubmission:
    given = {
        "revision_id": revision(2).id,
        "digest": DIGEST,
        "content": {"birth_full_name": BETTER.upper()},
        "reason": "sai họ tên",
    }
    return AmendSubmission(**{**given, **changes})


def amended(where: Scene | None = None, state: Life | None = None, **changes: Any) -> Outcome:
    return amend(state or waiting(), body(**changes), where or at(), None)


@pytest.mark.parametrize(
    ("kind", "standing", "category", "rule", "article"),
    [pytest.param(*case, marks=pytest.mark.rule(case[3])) for case in WHERE],
)
def test_the_law_says_for_which_agencies(
    kind: str, standing: str, category: str, rule: str, article: str
) -> None:
    out = amended(at(kind, standing, category))
    told = event(out, "declaration.amended")
    assert (told.rule_id, told.facts["fields"]) == (rule, ["birth_full_name"])
    heard = notice(out, "submission_amended")
    assert article in (heard.citation or "")
    assert (heard.account_id, heard.facts["before"], heard.facts["revision"]) == (ACCOUNT, 2, 3)


def test_the_first_revision_stays_and_the_next_waits_in_its_place() -> None:
    out = amended()
    content = {**COMPLETE, "birth_full_name": BETTER.upper()}
    made = inserted(out, "amended")
    assert (made["number"], made["source"], made["digest"]) == (3, revision(2).id, digest(content))
    assert out.subject == {"pending_revision_id": made["id"], "revision_number": 3}
    states = [(w.key["id"], w.values) for w in out.writes if isinstance(w, Update) and w.table == "revisions"]
    assert states == [(revision(2).id, {"state": "superseded"})]
    assert [one["path"] for one in out.answer["changed"]] == ["birth_full_name"]


def test_the_months_list_names_the_amended_revision() -> None:
    out = amend(waiting(), body(), at(), agency_month())
    (moved,) = (w for w in out.writes if isinstance(w, Update) and w.table == "month_items")
    assert moved.key["profile_id"] == PROFILE
    assert moved.values["digest"] == out.answer["digest"]


def test_elsewhere_a_wrong_submission_goes_back() -> None:
    with refused("not-competent"):
        amended(scene(DAY, role="approver"))
    with refused("not-competent"):
        amended(scene(DAY, role="approver", law=rolling(own_signature=True)))


def test_only_who_approves_amends() -> None:
    with refused("not-competent"):
        amended(replace(at(), actor_role="hr_officer"))
    for own in (replace(at(), actor_profile_id=PROFILE), replace(at(), actor_id=ACCOUNT)):
        with refused("own-approval"):
            amended(own)
    entered = waiting(pending=revision(2, "submitted", author_id=OFFICER))
    with refused("own-approval"):
        amended(state=entered)


def test_what_was_not_seen_or_is_signed_is_not_amended() -> None:
    with refused("wrong-state"):
        amended(state=waiting(pending=None))
    with refused("wrong-state"):
        amended(state=life(Chapter.ACCOUNT))
    with refused("stale-revision"):
        amended(digest="b" * 64)
    with refused("in-flight"):
        amended(state=waiting(pending=revision(2, "signing")))
    with refused("wrong-state"):
        amended(state=waiting(signed_steps=1))


def test_the_amended_form_is_as_right_as_any_other() -> None:
    with refused("invalid-form") as caught:
        amended(content={"gender": "khác thường", "no_such_field": "x"})
    assert {one.path for one in refusal_in(caught).fields} == {"gender", "no_such_field"}
    with refused("invalid-form"):
        amended(content={"birth_full_name": None})
    with refused("nothing-to-submit"):
        amended(content={"gender": COMPLETE["gender"]})
