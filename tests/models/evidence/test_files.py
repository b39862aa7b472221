"""A profile's evidence from an approval list: accepted as handed out, refused with any part of another."""

from dataclasses import replace
from hashlib import sha256

import pytest

from models.evidence import Verdict, verify_file
from models.evidence.listing import prove
from models.evidence.profile_evidence import ProfileEvidence
from tests.models.evidence import lists, samples


def judged(evidence: ProfileEvidence) -> Verdict:
    return verify_file(evidence.pack(), samples.trust(), at=samples.READ_AT)


def codes(verdict: Verdict) -> set[str]:
    assert verdict.valid is (not verdict.problems)
    return {found.code for found in verdict.problems}


@pytest.mark.parametrize("position", [1, 3, lists.SIZE])
def test_every_row_has_its_evidence(position: int) -> None:
    verdict = judged(lists.evidence(position))
    assert codes(verdict) == set()
    assert verdict.kind == "profile-evidence"
    assert verdict.content_digest == sha256(lists.revision(position)).hexdigest()
    assert verdict.row is not None
    assert verdict.row["position"] == position
    assert {check.name: check.result for check in verdict.checks}["list"] == "passed"


def test_the_list_itself() -> None:
    verdict = verify_file(lists.signed_list(), samples.trust())
    assert (codes(verdict), verdict.kind) == (set(), "approval-list")
    assert codes(verify_file(lists.malformed_list(), samples.trust())) == {"list-malformed"}


GOOD = lists.evidence
CASES = {
    "another revision": (lambda: replace(GOOD(), revision=lists.revision(4)), "revision-not-on-list"),
    "a revision in another spelling": (
        lambda: replace(GOOD(), revision=lists.revision(3) + b" "),
        "revision-not-on-list",
    ),
    "another row": (lambda: replace(GOOD(), row=lists.rows()[3]), "row-not-on-list"),
    "another proof": (lambda: replace(GOOD(), proof=prove(lists.rows())[3]), "row-not-on-list"),
    "a row altered": (lambda: replace(GOOD(), row=replace(lists.rows()[2], changes=())), "row-not-on-list"),
    "a row altered with its revision": (
        lambda: replace(
            GOOD(),
            row=replace(lists.rows()[2], digest=sha256(b"{}").hexdigest()),
            revision=b"{}",
        ),
        "row-not-on-list",
    ),
    "a root of one's own": (
        lambda: replace(GOOD(), proof=replace(GOOD().proof, root="0" * 64)),
        "row-not-on-list",
    ),
    "a tree of one's own": (
        lambda: replace(
            GOOD(), row=lists.rows()[0], proof=prove(lists.rows()[:1])[0], revision=lists.revision(1)
        ),
        "row-not-on-list",
    ),
    "another list": (lambda: replace(GOOD(), list_pdf=lists.other_list()), "row-not-on-list"),
    "no list": (lambda: replace(GOOD(), list_pdf=samples.small_once()), "not-an-approval-list"),
    "a list not signed": (lambda: replace(GOOD(), list_pdf=samples.unsigned()), "no-signature"),
    "a list altered": (
        lambda: replace(GOOD(), list_pdf=lists.signed_list().replace(b"/Title", b"/Tytle", 1)),
        "signature-broken",
    ),
    "a list malformed": (lambda: replace(GOOD(), list_pdf=lists.malformed_list()), "list-malformed"),
    "no PDF": (lambda: replace(GOOD(), list_pdf=b"nothing"), "unreadable"),
}


@pytest.mark.parametrize("case", CASES)
def test_parts_of_something_else(case: str) -> None:
    make, expected = CASES[case]
    assert expected in codes(judged(make()))


def test_not_an_evidence_file() -> None:
    for data in (b"PK\3\4", lists.evidence().pack() + b"x", lists.evidence().pack()[:-1]):
        verdict = verify_file(data, samples.trust())
        assert codes(verdict) == {"evidence-file-malformed"}
        assert not verdict.readable
