"""Timestamps, revocation data and levels: what is there is judged, what is not is said to be unknown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.signing.issuing import issue_authority, issue_root, issue_signer, issue_timestamper
from models.evidence import Anchor, TrustList, Verdict, verify
from tests.models.evidence import longterm, samples

BEFORE = samples.FIRST_AT - timedelta(days=1)
AFTER = samples.FIRST_AT + timedelta(days=20)


def judged(pdf: bytes, **options: object) -> Verdict:
    return verify(pdf, samples.trust(), at=longterm.NOW, **options)  # type: ignore[arg-type]  # few and named


def codes(verdict: Verdict) -> set[str]:
    assert verdict.valid is (not verdict.problems)
    return {found.code for found in verdict.problems}


def results(verdict: Verdict) -> dict[str, str]:
    return {check.name: check.result for check in verdict.checks}


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("level", ["B-T", "B-LT", "B-LTA"])
def test_every_level_is_recognised(level: str, kind: str) -> None:
    made = {"B-T": longterm.b_t, "B-LT": longterm.b_lt, "B-LTA": longterm.b_lta}[level](kind)
    verdict = judged(made, minimum=level)
    assert codes(verdict) == set()
    (one,) = verdict.signatures
    assert (one.level, verdict.level) == (level, level)
    assert (one.proven_at, one.timestamp_authority) == (longterm.STAMPED_AT, "TSA của phép thử")
    assert one.revocation == ("unknown" if level == "B-T" else "good")
    assert len(verdict.timestamps) == (level == "B-LTA")
    assert results(verdict)["timestamp"] == "passed"
    assert results(verdict)["revocation"] == ("unknown" if level == "B-T" else "passed")


def test_a_signature_after_the_archive_timestamp() -> None:
    verdict = judged(longterm.two_signatures_lta(), minimum="B-LTA")
    assert codes(verdict) == set()
    assert [one.level for one in verdict.signatures] == ["B-LTA", "B-LTA"]


def test_without_a_timestamp_the_time_is_only_stated() -> None:
    verdict = judged(samples.small_once())
    assert (verdict.level, verdict.signatures[0].proven_at) == ("B-B", None)
    assert results(verdict)["timestamp"] == results(verdict)["revocation"] == "unknown"
    assert codes(judged(samples.small_once(), minimum="B-T")) == {"level-too-low"}


def test_a_level_that_demands_revocation_data_does_not_take_silence() -> None:
    assert codes(judged(longterm.b_t(), minimum="B-LT")) == {"revocation-unknown"}
    assert codes(judged(longterm.b_lt(), minimum="B-LTA")) == {"level-too-low"}
    demanding = TrustList.of(samples.trust().anchors, "B-LT")
    assert codes(verify(longterm.b_t(), demanding)) == {"revocation-unknown"}
    assert codes(verify(longterm.b_t(), TrustList.parse(demanding.to_json().encode()))) == {
        "revocation-unknown"
    }
    assert codes(verify(longterm.b_t(), demanding, minimum="B-B")) == {"revocation-unknown"}


def stored(**changes: object) -> bytes:
    return longterm.with_store(longterm.b_t(), **(longterm.answers(longterm.STAMPED_AT) | changes))  # type: ignore[arg-type]  # few and named


def test_revoked_before_signing() -> None:
    answers = [
        longterm.response(longterm.signer(), AFTER, BEFORE),
        longterm.response(longterm.timestamper(), AFTER),
    ]
    assert codes(judged(stored(ocsps=answers))) == {"certificate-revoked"}


def test_revoked_after_a_proven_signature_leaves_it_good() -> None:
    answers = [
        longterm.response(longterm.signer(), AFTER, AFTER - timedelta(days=1)),
        longterm.response(longterm.timestamper(), AFTER),
    ]
    verdict = judged(stored(ocsps=answers), minimum="B-LT")
    assert codes(verdict) == set()


def test_revoked_after_a_merely_stated_time_is_refused() -> None:
    """Whoever holds a revoked key can state any time."""
    plain = longterm.sign(longterm.slip(), longterm.signer())
    answers = [longterm.response(longterm.signer(), AFTER, AFTER - timedelta(days=1))]
    assert codes(judged(longterm.with_store(plain, answers, [], []))) == {"certificate-revoked"}


def test_an_authority_that_was_revoked() -> None:
    lists = [longterm.revocation_list(samples.root(), AFTER, [(samples.authority(), BEFORE)])]
    assert codes(judged(stored(crls=lists))) == {"timestamp-untrusted"}  # its own chain is revoked too
    plain = longterm.sign(longterm.slip(), longterm.signer())
    assert codes(judged(longterm.with_store(plain, [], lists, []))) == {"certificate-revoked"}


def test_the_reader_s_own_list() -> None:
    mine = longterm.revocation_list(samples.authority(), AFTER, [(longterm.signer(), BEFORE)]).dump()
    assert codes(judged(longterm.b_t(), crls=[mine])) == {"certificate-revoked"}
    clean = [
        longterm.revocation_list(one, longterm.STAMPED_AT).dump()
        for one in (samples.authority(), samples.root())
    ]
    assert judged(longterm.b_t(), crls=clean).signatures[0].revocation == "good"
    assert codes(judged(longterm.b_t(), crls=[b"nonsense"])) == {"revocation-data-malformed"}


@pytest.mark.parametrize("missing", ["ocsps", "crls"])
def test_answers_for_a_part_of_the_chain_are_not_enough(missing: str) -> None:
    verdict = judged(stored(**{missing: []}))
    assert codes(verdict) == set()
    assert (verdict.level, verdict.signatures[0].revocation) == ("B-T", "unknown")


def test_answers_for_the_signer_but_not_for_the_timestamp_are_b_t() -> None:
    verdict = judged(stored(ocsps=[longterm.response(longterm.signer(), longterm.STAMPED_AT)]))
    assert (verdict.valid, verdict.level, verdict.signatures[0].revocation) == (True, "B-T", "good")


def test_answers_of_a_stranger_say_nothing() -> None:
    stranger = issue_authority(issue_root("CA lạ"), "CA lạ")
    answers = [
        longterm.response(longterm.signer(), longterm.STAMPED_AT, by=stranger),
        longterm.response(longterm.timestamper(), longterm.STAMPED_AT, by=stranger),
    ]
    assert judged(stored(ocsps=answers)).signatures[0].revocation == "unknown"


def test_an_old_answer_says_nothing_about_later() -> None:
    old = longterm.STAMPED_AT - timedelta(days=90)
    assert judged(stored(**longterm.answers(old))).signatures[0].revocation == "unknown"


def stamped(issued: object, at: datetime = longterm.STAMPED_AT, imprint: bytes | None = None) -> bytes:
    return longterm.sign(
        longterm.slip(),
        longterm.signer(),
        stamper=longterm.Stamper(issued, at, imprint),  # type: ignore[arg-type]  # an Issued
    )


def test_a_timestamp_of_something_else() -> None:
    assert codes(judged(stamped(longterm.timestamper(), imprint=b"\1" * 32))) == {"timestamp-broken"}


def test_a_timestamp_of_a_stranger() -> None:
    stranger = issue_timestamper(issue_authority(issue_root("CA lạ"), "CA lạ"), "TSA lạ")
    assert codes(judged(stamped(stranger))) == {"timestamp-untrusted"}


def test_a_timestamp_by_somebody_who_may_not_give_any() -> None:
    assert codes(judged(stamped(longterm.signer("head")))) == {"timestamp-untrusted"}


def test_a_timestamp_authority_out_of_time() -> None:
    expired = issue_timestamper(
        samples.authority(),
        "TSA cũ",
        valid_from=datetime(2020, 1, 1, tzinfo=UTC),
        valid_to=datetime(2024, 1, 1, tzinfo=UTC),
    )
    assert codes(judged(stamped(expired))) == {"timestamp-untrusted"}


def test_a_timestamp_before_the_stated_time() -> None:
    assert codes(judged(stamped(longterm.timestamper(), BEFORE))) == {"signed-after-timestamp"}


def test_a_timestamp_from_the_future() -> None:
    assert codes(judged(stamped(longterm.timestamper(), longterm.NOW + timedelta(days=1)))) == {
        "signed-in-future"
    }


@pytest.fixture(scope="module")
def short_lived() -> bytes:
    """B-LT whose timestamp authority's certificate ends in June 2025."""
    tsa = issue_timestamper(samples.authority(), "TSA ngắn hạn", valid_to=datetime(2025, 6, 30, tzinfo=UTC))
    at = longterm.STAMPED_AT
    return longterm.with_store(
        stamped(tsa),
        [longterm.response(longterm.signer(), at), longterm.response(tsa, at)],
        [longterm.revocation_list(samples.root(), at)],
        [],
    )


def test_a_timestamp_proves_as_long_as_its_authority_lives(short_lived: bytes) -> None:
    assert verify(short_lived, samples.trust(), at=datetime(2025, 6, 1, tzinfo=UTC)).level == "B-LT"
    assert verify(short_lived, samples.trust(), at=datetime(2025, 7, 1, tzinfo=UTC)).level == "B-B"


def test_a_renewal_in_time_carries_it_on(short_lived: bytes) -> None:
    in_time = longterm.archived(
        short_lived, longterm.Stamper(longterm.timestamper(), datetime(2025, 6, 1, tzinfo=UTC))
    )
    assert judged(in_time, minimum="B-LTA").valid
    late = longterm.archived(
        short_lived, longterm.Stamper(longterm.timestamper(), datetime(2025, 8, 1, tzinfo=UTC))
    )
    verdict = judged(late)
    assert verdict.valid
    assert verdict.signatures[0].proven_at == datetime(2025, 8, 1, tzinfo=UTC)


def test_a_document_timestamp_by_a_stranger() -> None:
    stranger = issue_timestamper(issue_authority(issue_root("CA lạ"), "CA lạ"), "TSA lạ")
    made = longterm.archived(longterm.b_lt(), longterm.Stamper(stranger, longterm.ARCHIVED_AT))
    assert codes(judged(made)) == {"timestamp-untrusted"}


def test_every_byte_after_the_last_signature_counts() -> None:
    good = longterm.b_lt()
    for position in range(len(longterm.b_t()), len(good), 97):
        broken = bytearray(good)
        broken[position] ^= 1
        verdict = judged(bytes(broken), minimum="B-LT")
        assert not verdict.valid, position


def test_certificates_for_other_purposes() -> None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    from activities.signing import issuing

    kept = issuing._signed

    def signed_for(purpose: x509.ObjectIdentifier) -> Any:
        usage = x509.ExtendedKeyUsage([purpose])
        return lambda builder, parent, key: kept(builder.add_extension(usage, critical=False), parent, key)

    for purpose, expected in (
        (ExtendedKeyUsageOID.SERVER_AUTH, {"certificate-purpose"}),
        (ExtendedKeyUsageOID.EMAIL_PROTECTION, set()),
        (x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"), set()),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(issuing, "_signed", signed_for(purpose))
            issued = issue_signer(samples.authority(), samples.OFFICIAL)
        assert codes(judged(longterm.sign(longterm.slip(), issued))) == expected


def test_a_trust_list_demands_a_level_that_exists() -> None:
    from models.evidence import TrustListError

    with pytest.raises(TrustListError, match="B-X"):
        TrustList.of([Anchor("a", samples.root().der())], "B-X")


def test_answers_about_others_do_not_speak_against_a_signature_without_any() -> None:
    """A chain whose first signature is of level B-LT and whose second is B-B, with certificates that name
    services.
    """
    services = "http://127.0.0.1:9"
    first, second = (
        issue_signer(samples.authority(), who, services=services) for who in (samples.OFFICIAL, samples.HEAD)
    )
    at = longterm.STAMPED_AT
    signed = longterm.sign(
        longterm.slip(), first, stamper=longterm.Stamper(longterm.timestamper(), longterm.STAMPED_AT)
    )
    stored = longterm.with_store(
        signed,
        [longterm.response(first, at), longterm.response(longterm.timestamper(), at)],
        [longterm.revocation_list(samples.root(), at)],
        [],
    )
    both = longterm.sign(stored, second, field="authority", at=samples.SECOND_AT, certify=False)
    verdict = judged(both)
    assert codes(verdict) == set()
    assert [one.level for one in verdict.signatures] == ["B-LT", "B-B"]
    assert [one.revocation for one in verdict.signatures] == ["good", "unknown"]
