"""Records of competence: the right person, the right document, the right time, said by the right seal."""

import json
from datetime import date, timedelta

import pytest
import rfc8785
from pyhanko.pdf_utils import generic

from activities.documents.fields import state_beside
from activities.signing.issuing import issue_authority, issue_root, issue_signer
from models.evidence import Verdict, verify
from models.evidence.attestation import AttestationError, opened
from models.evidence.competence import CompetenceError, CompetenceRecord, Delegation
from tests.models.evidence import competence, longterm, samples
from tests.models.evidence.competence import LENT, RECORD, attested, record, signed

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def judged(pdf: bytes) -> Verdict:
    return verify(pdf, samples.trust(), at=longterm.NOW)


def codes(verdict: Verdict) -> set[str]:
    assert verdict.valid is (not verdict.problems)
    return {found.code for found in verdict.problems}


def check(verdict: Verdict) -> str:
    return {one.name: one.result for one in verdict.checks}["competence"]


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("lent", [None, LENT])
def test_a_record_that_fits(kind: str, lent: Delegation | None) -> None:
    verdict = judged(signed(attested(record(delegation=lent), competence.seal(kind=kind))))
    assert codes(verdict) == set()
    assert check(verdict) == "passed"
    said = verdict.signatures[0].competence
    assert said is not None
    assert (said["role"], said["rules"], said["rule_set"]) == ("agency_head", ["hanoi.art6.4"], "a" * 64)
    assert (said["delegation"] or {}).get("document") == (lent and lent.document)
    json.dumps(verdict.to_json())


def test_promised_and_missing() -> None:
    verdict = judged(signed(None))
    assert (codes(verdict), check(verdict)) == ({"competence-missing"}, "failed")


def test_not_promised_and_missing_is_unknown() -> None:
    verdict = judged(signed(None, promised=False))
    assert (codes(verdict), check(verdict)) == (set(), "unknown")


def test_a_record_must_hold_even_where_none_was_promised() -> None:
    assert codes(judged(signed("nonsense", promised=False))) == {"competence-broken"}
    assert check(judged(signed(attested(RECORD), promised=False))) == "passed"


OTHERS = {
    "another document": {"document": "HS-2025-000124"},
    "another content": {"digest": "0" * 64},
    "another field": {"field": "authority"},
    "another account": {"account": "acc-official"},
    "another name": {"name": "Trần Văn Đức B"},
    "another post": {"post": "Phó Giám đốc"},
    "another agency": {"agency": "Sở Tài chính"},
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_record_of_something_else(case: str) -> None:
    assert codes(judged(signed(attested(record(**OTHERS[case]))))) == {"competence-of-another"}


OUTSIDE = {
    "before its time": record(starts_at=samples.FIRST_AT + HOUR),
    "after its time": record(ends_at=samples.FIRST_AT - HOUR),
    "delegation ended": record(delegation=Delegation("A", "QĐ 1", date(2025, 1, 1), date(2025, 3, 27))),
    "delegation not begun": record(delegation=Delegation("A", "QĐ 1", date(2025, 3, 29), date(2025, 12, 31))),
}


@pytest.mark.parametrize("beside", [False, True], ids=["dictionary", "agent"])
@pytest.mark.parametrize("case", OUTSIDE)
def test_the_right_signer_without_authority_on_that_date(case: str, beside: bool) -> None:
    verdict = judged(signed(attested(OUTSIDE[case]), beside=beside))
    assert codes(verdict) == {"competence-outside-its-time"}


def test_a_record_beside_the_signature_is_read_as_one_within_it() -> None:
    within, beside = (judged(signed(attested(RECORD), beside=one)) for one in (False, True))
    assert (codes(beside), check(beside)) == (set(), "passed")
    assert beside.signatures[0].competence == within.signatures[0].competence


def test_a_later_signer_may_not_exchange_the_record_of_an_earlier_one() -> None:
    """Filling a field is a change that a certified file permits; this one is not."""
    first = signed(attested(RECORD), beside=True, promised=False)
    exchanged = state_beside(first, "official", attested(record(citation="Điều 7")))
    for pdf, found in ((first, set()), (exchanged, {"changed-after-signing"})):
        second = longterm.sign(pdf, longterm.signer(), field="authority", at=samples.SECOND_AT, certify=False)
        assert codes(judged(second)) == found


def test_two_records_that_differ_are_none() -> None:
    pdf = state_beside(competence.paper(), "official", attested(RECORD))
    other = {competence.KEY: generic.pdf_string(attested(record(citation="Điều 7")))}
    assert codes(judged(longterm.sign(pdf, competence.head(), entries=other))) == {"competence-broken"}


def test_a_document_laid_out_without_the_field_takes_no_record() -> None:
    """None can be added to what others have signed: such files of before stay as they are."""
    assert state_beside(competence.paper(), "another", attested(RECORD)) == competence.paper()


def test_the_proven_time_counts_beside_the_stated_one() -> None:
    """Whoever lost the right states an earlier time; the timestamp does not."""
    late = samples.FIRST_AT + DAY
    stamper = longterm.Stamper(longterm.timestamper(), late)
    assert codes(judged(signed(attested(RECORD), stamper=stamper))) == {"competence-outside-its-time"}


def test_a_seal_nobody_trusts() -> None:
    stranger = issue_authority(issue_root("CA lạ"), "CA lạ")
    name = competence.SignerName("Sở Nội vụ", "Sở Nội vụ", "", competence.AUTHORITY)
    assert codes(judged(signed(attested(RECORD, issue_signer(stranger, name))))) == {"competence-untrusted"}


def test_the_seal_of_another_authority() -> None:
    other = competence.seal("auth-phu-yen")
    assert codes(judged(signed(attested(RECORD, other)))) == {"competence-untrusted"}
    told = record(authority="auth-phu-yen")
    assert codes(judged(signed(attested(told, other)))) == {"competence-untrusted"}
    assert codes(judged(signed(attested(told, other), promised=False))) == set()


def test_attested_by_oneself() -> None:
    told = record(authority=samples.HEAD.serial)
    assert codes(judged(signed(attested(told, competence.head())))) == {"competence-untrusted"}


def test_every_character_of_the_statement_counts() -> None:
    good = attested(RECORD)
    for at in range(0, len(good), 41):
        other = "A" if good[at] != "A" else "B"
        with pytest.raises(AttestationError):
            opened(good[:at] + other + good[at + 1 :])


def test_not_an_attestation() -> None:
    for wrong in ("", "a.b", "a.b.c", "ế.b.c", attested(RECORD) + "=", "x" * 40_000, "e30.e30.AA"):
        with pytest.raises(AttestationError):
            opened(wrong)


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said | {"more": 1},
        lambda said: {name: value for name, value in said.items() if name != "role"},
        lambda said: said | {"kind": "other"},
        lambda said: said | {"starts_at": "yesterday"},
        lambda said: said | {"delegation": {"document": "x"}},
        lambda said: said | {"rules": 7},
        lambda said: [],
    ],
)
def test_not_a_record(change: object) -> None:
    assert callable(change)
    data = rfc8785.dumps(change(json.loads(RECORD.canonical())))
    with pytest.raises(CompetenceError):
        CompetenceRecord.of(data)
    assert codes(judged(signed(attested(data)))) == {"competence-broken"}


def test_a_record_is_read_back() -> None:
    for one in (RECORD, record(delegation=LENT)):
        assert CompetenceRecord.of(one.canonical()) == one
