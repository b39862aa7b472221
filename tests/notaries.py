"""Notaries for tests that are about something else: signatures alone, nobody asked, every file judged."""

from pathlib import Path

from activities.signing.assurance import Level
from activities.signing.notary import Notary
from models.evidence import TrustList


def quiet(pki: Path) -> Notary:
    """B-B with the development keys of a folder, no service beside it."""
    return Notary(TrustList.load(pki / "trust.json"), Level.B_B, None, None)
