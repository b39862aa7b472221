"""Evidence: what signed bytes prove, judged offline against a trust list."""

from models.evidence.files import verify_file
from models.evidence.trust import Anchor, TrustList, TrustListError
from models.evidence.verdict import Check, Problem, SignatureVerdict, Verdict
from models.evidence.verification import verify

__all__ = [
    "Anchor",
    "Check",
    "Problem",
    "SignatureVerdict",
    "TrustList",
    "TrustListError",
    "Verdict",
    "verify",
    "verify_file",
]
