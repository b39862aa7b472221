"""What goes into a signature about its competence; and that none waits for the seal of an agency."""

import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
import typer
from typer.testing import CliRunner

from activities.signing.assurance import Assurance, Level
from activities.signing.competence import LASTS, CompetenceDesk, Entitlement, lent_by
from activities.signing.errors import CannotSignError, SignerAwayError
from activities.signing.issuing import SignerName, issue_signer
from activities.signing.keystore import Keystore
from activities.signing.signer import DevelopmentSigners, Pkcs12Signer, Signer
from api.cli.verify import verify as verify_command
from models.evidence import TrustList
from models.evidence.attestation import opened
from models.evidence.competence import CompetenceRecord
from tests.models.evidence import competence, samples, weak

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


@pytest.mark.parametrize(("kind", "name"), [("P-384", "ES384"), ("P-521", "ES512"), ("rsa", "RS256")])
def test_a_seal_of_a_stronger_curve_or_an_older_padding_attests(
    signers: DevelopmentSigners, tmp_path: Path, kind: str, name: str
) -> None:
    """The signed file holds for a reader with nothing but the trust list (``hoso verify``)."""
    of = SignerName(WHY.authority, WHY.authority, "", str(WHY.authority_id))
    issued = issue_signer(signers._keystore.authority("issuing"), of, key=competence.KEYS[kind]())
    seal = weak.padded_as_before(issued) if kind == "rsa" else Pkcs12Signer(issued)

    class Sealed(DevelopmentSigners):
        def seal_for(self, agency_id: str, agency: str) -> Signer:
            return seal

    desk = CompetenceDesk(Sealed(signers._keystore._folder), trust(signers))
    attested = stated(desk)
    header = attested.split(".")[0]
    assert json.loads(urlsafe_b64decode(header + "=" * (-len(header) % 4)))["alg"] == name
    own = signers.signer_for(SIGNER)
    assurance = Assurance(Level.B_B, competence=attested)
    pdf = own.sign_pdf(
        samples.unsigned(), field="authority", reason="x", location="x", signed_at=NOW, assurance=assurance
    )
    file = tmp_path / "signed.pdf"
    file.write_bytes(pdf)
    app = typer.Typer()
    app.command()(verify_command)
    listed = ["--trust", str(signers._keystore.trust_file)]
    done = CliRunner().invoke(app, [str(file), *listed, "--at", "2026-03-03"])
    assert done.exit_code == 0, done.output
    assert "✓ Thẩm quyền" in done.output
    assert "hanoi.art6.4" in done.output


def test_a_seal_that_no_reader_trusts_attests_nothing(signers: DevelopmentSigners) -> None:
    assert stated(CompetenceDesk(signers, samples.trust())) == ""
