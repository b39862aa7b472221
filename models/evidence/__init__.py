"""Evidence: what signed bytes prove, judged offline against a trust list."""

from typing import TYPE_CHECKING, Any

from models.evidence.trust import Anchor, TrustList, TrustListError
from models.evidence.verdict import Check, Problem, SignatureVerdict, Verdict

if TYPE_CHECKING:
    from models.evidence.files import verify_file
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


def __getattr__(name: str) -> Any:
    # The reader of PDFs takes half a second to import: who only hashes lists, as the API does, goes without.
    if name == "verify_file":
        from models.evidence.files import verify_file

        return verify_file
    if name == "verify":
        from models.evidence.verification import verify

        return verify
    raise AttributeError(name)
