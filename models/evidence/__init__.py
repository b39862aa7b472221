"""Evidence: what signed bytes prove, judged offline against a trust list. No network, no clock, no
database.
"""

from models.evidence.trust import Anchor, TrustList, TrustListError
from models.evidence.verdict import Problem, SignatureVerdict, Verdict
from models.evidence.verify import verify

__all__ = ["Anchor", "Problem", "SignatureVerdict", "TrustList", "TrustListError", "Verdict", "verify"]
