"""Evidence: what signed bytes prove, judged offline against a trust list."""

from models.evidence.trust import Anchor, TrustList, TrustListError
from models.evidence.verdict import Problem, SignatureVerdict, Verdict
from models.evidence.verification import verify

__all__ = ["Anchor", "Problem", "SignatureVerdict", "TrustList", "TrustListError", "Verdict", "verify"]
