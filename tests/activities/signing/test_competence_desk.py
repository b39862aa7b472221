"""What goes into a signature about its competence; and that none waits for the seal of an agency."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest

from activities.signing.competence import LASTS, CompetenceDesk, Entitlement, lent_by
from activities.signing.errors import CannotSignError, SignerAwayError
from activities.signing.issuing import SignerName
from activities.signing.keystore import Keystore
from activities.signing.signer import DevelopmentSigners, Signer
from models.evidence import TrustList
from models.evidence.attestation import opened
from models.evidence.competence import CompetenceRecord
from tests.models.evidence import samples

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
SIGNER = SignerName("Trần Văn Đức", "Sở Nội vụ", "Người được uỷ quyền phê duyệt", "acc-1")


WHY = Entitlement(UUID(int=7), "Ủy ban nhân dân thành phố Hà Nội", "approver", "a" * 64, ("hanoi.art6.4",))


@pytest.fixture
def signers(tmp_path: Path) -> DevelopmentSigners:
    Keystore(tmp_path / "pki").create()
    return DevelopmentSigners(tmp_path / "pki")


def trust(signers: DevelopmentSigners) -> TrustList:
    return signers._keystore.trust()


def stated(desk: CompetenceDesk, why: Entitlement = WHY) -> str:
    return desk.statement(why, SIGNER, samples.unsigned(), "authority", NOW, NOW + LASTS)


def test_a_record_of_one_who_signs_by_delegation(signers: DevelopmentSigners) -> None:
    lent = SimpleNamespace(
        on_behalf="Nguyễn Văn Trưởng",
        delegated_by="Quyết định 12/QĐ-SNV",
        lent_from=date(2026, 3, 1),
        lent_to=date(2026, 3, 31),
    )
    why = replace(WHY, lent=lent_by(lent))
    attested = opened(stated(CompetenceDesk(signers, trust(signers)), why))
    record = CompetenceRecord.of(attested.payload)
    assert (record.account, record.post, record.field) == ("acc-1", SIGNER.post, "authority")
    assert (record.document, record.digest) == (
        samples.HEADER.code,
        CompetenceRecord.of(record.canonical()).digest,
    )
    assert (record.starts_at, record.ends_at) == (NOW, NOW + timedelta(hours=1))
    assert record.delegation is not None
    assert (record.delegation.document, record.delegation.ends_on) == (
        "Quyết định 12/QĐ-SNV",
        date(2026, 3, 31),
    )
    assert attested.chain[0].subject.native["serial_number"] == str(UUID(int=7))


@pytest.mark.parametrize(
    "error", [CannotSignError("external-signature-needed", "none"), SignerAwayError("token-away", "away")]
)
def test_without_a_seal_there_is_no_record(signers: DevelopmentSigners, error: Exception) -> None:
    class Sealless(DevelopmentSigners):
        def seal_for(self, agency_id: str, agency: str) -> Signer:
            raise error

    sealless = Sealless(signers._keystore._folder)
    assert stated(CompetenceDesk(sealless, trust(signers))) == ""


def test_a_seal_that_no_reader_trusts_attests_nothing(signers: DevelopmentSigners) -> None:
    assert stated(CompetenceDesk(signers, samples.trust())) == ""
