"""The bytes of a signature that no signature covers: nothing may hide or change in them.

A signature's own container cannot be signed, and validation alone ignores much of it (zero padding, further
certificates, lists of algorithms). ETSI EN 319 142-1, 6.2.1 wants one DER-encoded CMS object there;
anything else is refused. The same holds for a timestamp token, inside a signature or by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asn1crypto import cms
from pyhanko.sign.validation import EmbeddedPdfSignature

TOKEN = "signature_time_stamp_token"  # noqa: S105 - the name of an attribute (RFC 3161, appendix A)


def is_strict(
    pdf: bytes,
    signature: EmbeddedPdfSignature,
    known_certificates: Iterable[bytes],
    token_certificates: Iterable[bytes] = (),
) -> bool:
    """Whether the container holds exactly one DER object, in hex of one case, padded with zeros, and
    nothing foreign.

    ``known_certificates`` are the chain that was validated, ``token_certificates`` that of the timestamp:
    no other certificate may travel along.
    """
    content = _only_object(pdf, signature)
    return (
        content is not None
        and _nothing_foreign(content, set(known_certificates), "v1")
        and _tokens_strict(content["content"], set(token_certificates))
    )


def is_strict_timestamp(pdf: bytes, timestamp: EmbeddedPdfSignature, chain: Iterable[bytes]) -> bool:
    """The same for a document timestamp (RFC 3161, 2.4.2): a token that carries its own chain only."""
    content = _only_object(pdf, timestamp)
    return content is not None and _token_strict(content, set(chain))


def _only_object(pdf: bytes, signature: EmbeddedPdfSignature) -> cms.ContentInfo | None:
    first, second = signature.byte_range[1], signature.byte_range[2]
    written = pdf[first:second]
    digits = written[1:-1]
    if written[:1] != b"<" or written[-1:] != b">" or digits not in (digits.lower(), digits.upper()):
        return None
    contained = bytes.fromhex(digits.decode("ascii"))
    end = _checked_der(contained, 0)
    return None if contained[end:].strip(b"\0") else cms.ContentInfo.load(contained[:end])


def _checked_der(data: bytes, start: int) -> int:
    """Where the element at ``start`` ends; ValueError unless all lengths in it are definite and shortest
    (X.690, 10.1).

    Written out because asn1crypto's own re-encoding of a whole signature takes 90 ms.
    """
    length = data[start + 1]
    body = start + 2
    if length >= 0x80:
        size = length & 0x7F
        length = int.from_bytes(data[body : body + size], "big")
        if not 1 <= size <= 4 or length < 0x80 or length >> (8 * (size - 1)) == 0:
            raise ValueError("length not in its shortest form")
        body += size
    end = body + length
    if end > len(data):
        raise ValueError("element longer than its container")
    while data[start] & 0x20 and body < end:
        body = _checked_der(data[:end], body)
    return end


def _nothing_foreign(content: Any, known: set[bytes], version: str) -> bool:
    data = content["content"]
    carried = [choice.chosen.dump() for choice in data["certificates"]]
    (signer,) = data["signer_infos"]
    return (
        (content["content_type"].native, data["version"].native, signer["version"].native)
        == ("signed_data", version, "v1")
        and set(carried) <= known
        and len(carried) == len(set(carried))
        and [one.dump() for one in data["digest_algorithms"]] == [signer["digest_algorithm"].dump()]
        and not data["crls"]
    )


def _tokens_strict(data: Any, known: set[bytes]) -> bool:
    """The unsigned attributes: nothing, or one timestamp token over the signature's value."""
    (signer,) = data["signer_infos"]
    attributes = list(signer["unsigned_attrs"] or ())
    if not attributes:
        return True
    (only,) = attributes
    (token,) = only["values"]
    return only["type"].native == TOKEN and _token_strict(token, known)


def _token_strict(token: Any, known: set[bytes]) -> bool:
    (signer,) = token["content"]["signer_infos"]
    return _nothing_foreign(token, known, "v3") and not signer["unsigned_attrs"]
