"""Algorithms end: what bears a timestamp from before stands, everything else proves nothing any more."""

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from activities.signing.checking import check_certificate
from activities.signing.errors import CannotSignError
from activities.signing.issuing import Issued, issue_signer, issue_timestamper
from api.starting_renewal import looked_until
from models.evidence import verify
from models.evidence.algorithms import current_policy
from tests.models.evidence import longterm, samples

END = datetime(2031, 1, 1, tzinfo=UTC)
"""The first instant without RSA below 3072 bits (NIST SP 800-57 Part 1, Table 4)."""
LATER = datetime(2040, 1, 1, tzinfo=UTC)


@cache
def signer() -> Issued:
    return issue_signer(samples.authority(), samples.OFFICIAL, kind="rsa", valid_to=LATER)


@cache
def signed(*, stamped: bool) -> bytes:
    authority = issue_timestamper(samples.authority(), "TSA của phép thử", valid_to=LATER)
    stamper = longterm.Stamper(authority, longterm.STAMPED_AT) if stamped else None
    return longterm.sign(longterm.slip(), signer(), stamper=stamper)


@pytest.mark.parametrize(
    ("stamped", "at", "expected"),
    [
        (False, END - timedelta(seconds=1), set()),
        (False, END, {"algorithm-ended"}),
        (False, None, set()),  # nobody says what day it is: the time stated is all there is
        (True, END, set()),
        (True, END + timedelta(days=365 * 5), set()),
    ],
)
def test_what_an_ended_algorithm_still_proves(stamped: bool, at: datetime | None, expected: set[str]) -> None:
    verdict = verify(signed(stamped=stamped), samples.trust(), at=at)
    assert {one.code for one in verdict.problems} == expected
    if expected:
        (found,) = verdict.problems
        assert "rsa 2048 bit" in found.en
        assert "01/01/2031" in found.vi
        assert "NIST SP 800-57" in found.en


def test_signed_after_the_end_by_a_stated_time() -> None:
    late = longterm.sign(longterm.slip(), signer(), at=END)
    assert {one.code for one in verify(late, samples.trust()).problems} == {"algorithm-ended"}


def test_nothing_is_signed_with_it_from_that_day_on() -> None:
    certificate = signer().certificate
    check_certificate(certificate, "rsassa_pss", END - timedelta(seconds=1))
    with pytest.raises(CannotSignError, match="NIST SP 800-57") as refused:
        check_certificate(certificate, "rsassa_pss", END)
    assert refused.value.code == "algorithm-not-allowed"


def test_longer_keys_and_drafts_end_nothing() -> None:
    policy = current_policy()
    assert isinstance(signer().key, rsa.RSAPrivateKey)
    assert policy.end_of("rsa", 2048) is not None
    assert policy.end_of("rsa", 3072) is policy.end_of("ec", 256) is None, "a draft moves nothing"


def test_a_timestamp_proves_until_its_algorithm_ends() -> None:
    own = longterm.asn1(signer())
    assert isinstance(signer().certificate, x509.Certificate)
    assert current_policy().lasts([own]) == END
    other = longterm.asn1(issue_signer(samples.authority(), samples.HEAD, valid_to=LATER))
    assert current_policy().lasts([other]) == LATER
    assert current_policy().lasts([other, own]) == END


def test_every_archived_file_is_looked_at_before_an_end() -> None:
    month = timedelta(days=30)
    assert looked_until(END - month / 2, month) > LATER, "its end may be newer than the file's row"
    assert looked_until(END, month) == END + month
