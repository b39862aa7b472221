"""Taking a dossier out: whose signatures each law asks for, what is taken, what is refused."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from models.access import roles
from models.command_exports import ExportDossier, PrintDossier
from models.lifecycle import exporting
from models.lifecycle.life import Exportable, Life
from models.regulations import in_force
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    DIGEST,
    changed,
    event,
    inserted,
    life,
    notice,
    own,
    refused,
    scene,
)

DAY = date(2026, 3, 4)
BODY = ExportDossier(purpose="Bổ nhiệm", recipient="Ban Tổ chức Thành ủy")
TAKEN = Exportable(UUID(int=52), 2, DIGEST)


def approved(**changes: Any) -> Life:
    return life(**{"exportable": TAKEN, **changes})


@pytest.mark.rule("hanoi.art8.4")
@pytest.mark.parametrize(
    ("role", "places"),
    [("approver", ["authority"]), ("head", ["authority"]), ("hr_officer", ["agency"])],
)
def test_either_the_person_competent_or_the_agency_signs(role: str, places: list[str]) -> None:
    row = inserted(exporting.export(approved(), BODY, scene(DAY, role=role)), "exports")
    assert row["places"] == places
    assert (row["legal"], row["revision_id"], row["digest"], row["as_of"]) == (
        True,
        UUID(int=52),
        DIGEST,
        DAY,
    )
    assert "Điều 8.4" in row["citation"]
    assert row["rule_ids"] == ["hanoi.art8.4"]


@pytest.mark.rule("moha.art9.4")
def test_both_sign_where_the_rule_says_and() -> None:
    law = in_force("moha", DAY)
    out = exporting.export(approved(), BODY, scene(DAY, role="head", law=law))
    assert inserted(out, "exports")["places"] == ["authority", "agency"]
    with refused("not-competent") as caught:
        exporting.export(approved(), BODY, scene(DAY, role="hr_officer", law=law))
    assert "Điều 9.4" in caught.value.refusal.citation


@pytest.mark.rule("phu_yen.art7.4")
def test_both_sign_under_the_draft_too() -> None:
    law = in_force("phu_yen", DAY, simulate=["phu_yen_2024"])
    out = exporting.export(approved(), BODY, scene(DAY, role="approver", law=law))
    assert inserted(out, "exports")["places"] == ["authority", "agency"]
    with refused("not-competent") as caught:
        exporting.export(approved(), BODY, scene(DAY, role="department_officer", law=law))
    assert "Điều 7.4" in caught.value.refusal.citation


def test_the_person_is_told_and_the_answer_waits_for_the_file() -> None:
    out = exporting.export(approved(), BODY, scene(DAY, role="approver"))
    assert not out.settles
    assert notice(out, "dossier_exported").account_id == ACCOUNT
    facts = event(out, "export.asked").facts
    assert facts["legal"]
    assert "purpose" not in facts, "words that may name people stay in the row"


def test_a_print_of_the_own_data_is_signed_by_nobody() -> None:
    row = inserted(exporting.print_own(approved(), PrintDossier(), own(DAY)), "exports")
    assert (row["legal"], row["places"], row["recipient"]) == (False, [], exporting.OWN)


def test_only_what_was_approved_leaves_and_not_as_of_tomorrow() -> None:
    with refused("nothing-approved"):
        exporting.export(life(exportable=None), BODY, scene(DAY, role="approver"))
    with refused("future-date"):
        late = BODY.model_copy(update={"as_of": date(2026, 3, 5)})
        exporting.export(approved(), late, scene(DAY, role="approver"))


def test_where_no_rule_gives_an_export_legal_value_there_is_none() -> None:
    law = in_force("binh_dinh", DAY)
    assert not law.every("export_signature")
    with refused("not-permitted"):
        exporting.export(approved(), BODY, scene(DAY, role="approver", law=law))
    holding = [r for r in roles().roles.values() if "export" in r.verbs]
    assert holding
    assert all(r.verbs["export"].by_law for r in holding)


def test_what_became_of_it_is_the_answer() -> None:
    export = UUID(int=9)
    done = exporting.complete(approved(), {"export": str(export), "document": "d" * 64}, scene(DAY))
    assert (done.status, done.answer["document"]) == (201, "d" * 64)
    assert changed(done, "exports")["state"] == "made"
    failed = exporting.fail(approved(), {"export": str(export), "reason": "signer-unknown"}, scene(DAY))
    assert (failed.answer["code"], failed.answer["extra"]["reason"]) == ("signature-failed", "signer-unknown")
    assert changed(failed, "exports") == {"state": "failed", "failure": "signer-unknown"}
