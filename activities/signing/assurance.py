"""What stands in the file beside a signature, by PAdES level (ETSI EN 319 142-1, 6.1).

B-B nothing; B-T a timestamp over the signature; B-LT also the answers that prove every certificate good
(DSS); B-LTA also a timestamp over the whole file, which can be renewed for ever.

The answers are known before the signature, so they go into its own revision: the signature covers them, no
byte stands unprotected behind it, and a chain of ten costs ten revisions, not twenty.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from asn1crypto import crl, ocsp
from pyhanko.sign.signers.pdf_signer import (
    DSSContentSettings,
    PreSignValidationStatus,
    SigDSSPlacementPreference,
)

from activities.signing.status import StatusAnswer
from activities.signing.timestamping import Stamper

WITH_THE_SIGNATURE = DSSContentSettings(
    include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
)
MARGIN = 1024
"""Bytes a token may be longer than the sample: another serial number, another fraction of a second."""


class Level(StrEnum):
    """PAdES levels, weakest first."""

    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_LTA = "B-LTA"

    @property
    def stamped(self) -> bool:
        """Whether a timestamp stands in the signature."""
        return self is not Level.B_B

    @property
    def proven(self) -> bool:
        """Whether revocation data stand in the file."""
        return self in (Level.B_LT, Level.B_LTA)


@dataclass(frozen=True, slots=True)
class Assurance:
    """What one signature is given: made before it, by whoever asked the responders."""

    level: Level
    signer: StatusAnswer | None = None
    """That the signer's certificate is good; None where the installation does not ask."""
    authority: StatusAnswer | None = None
    """That the timestamp authority's certificate is good."""
    stamper: Stamper | None = None
    room: int = 0
    """Bytes a timestamp needs in the signature's container."""
    competence: str = ""
    """The attested record of competence that stands in the signature's dictionary; empty for none."""

    @property
    def answers(self) -> tuple[StatusAnswer, ...]:
        """The signer's and the timestamp authority's."""
        return tuple(one for one in (self.signer, self.authority) if one is not None)

    @property
    def known(self) -> PreSignValidationStatus | None:
        """The answers as pyHanko embeds them; None below B-LT."""
        if not self.level.proven or self.signer is None:
            return None
        return PreSignValidationStatus(
            signer_path=self.signer.path,
            validation_paths=[one.path for one in self.answers],
            ocsps_to_embed=[ocsp.OCSPResponse.load(o) for one in self.answers for o in one.ocsps],
            crls_to_embed=[crl.CertificateList.load(c) for one in self.answers for c in one.crls],
        )
