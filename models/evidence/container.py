"""The bytes of a signature that no signature covers: nothing may hide or change in them.

A signature's own container cannot be signed, and validation alone ignores much of it (zero padding, further
certificates, lists of algorithms). ETSI EN 319 142-1, 6.2.1 wants one DER-encoded CMS object there;
anything else is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asn1crypto import cms
from pyhanko.sign.validation import EmbeddedPdfSignature

_UNSIGNED_ALLOWED = {"signature_time_stamp_token"}


def is_strict(pdf: bytes, signature: EmbeddedPdfSignature, known_certificates: Iterable[bytes]) -> bool:
    """Whether the container holds exactly one DER object, in hex of one case, padded with zeros, and
    nothing foreign.

    ``known_certificates`` are the chain that was validated: no other certificate may travel along.
    """
    first, second = signature.byte_range[1], signature.byte_range[2]
    written = pdf[first:second]
    digits = written[1:-1]
    if written[:1] != b"<" or written[-1:] != b">" or digits not in (digits.lower(), digits.upper()):
        return False
    contained = bytes.fromhex(digits.decode("ascii"))
    content = cms.ContentInfo.load(contained)
    encoded = content.dump()
    if contained[len(encoded) :].strip(b"\0") or content.copy().dump(force=True) != encoded:
        return False
    return _nothing_foreign(content["content"], set(known_certificates))


def _nothing_foreign(data: Any, known: set[bytes]) -> bool:
    carried = [choice.chosen.dump() for choice in data["certificates"]]
    (signer,) = data["signer_infos"]
    stated = [algorithm["algorithm"].native for algorithm in data["digest_algorithms"]]
    unsigned = {attribute["type"].native for attribute in signer["unsigned_attrs"] or ()}
    return (
        set(carried) <= known
        and len(carried) == len(set(carried))
        and stated == [signer["digest_algorithm"]["algorithm"].native]
        and not data["crls"]
        and unsigned <= _UNSIGNED_ALLOWED
    )
