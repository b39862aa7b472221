"""The security store (DSS) where nothing covers it: every object in it must have a purpose and hold by
itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha1
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from models.evidence.timestamps import token_of

LISTS = ("/Certs", "/OCSPs", "/CRLs")
_OF_ONE = {"/Cert": "/Certs", "/OCSP": "/OCSPs", "/CRL": "/CRLs"}


def is_accounted_for(file: PdfFileReader, anchors: Iterable[bytes]) -> bool:
    """Whether the last revision holds the catalogue, the store and what the store lists, and nothing else;
    each listed once; each certificate, response and list signed by an authority that is there too.

    ``anchors`` are the reader's, in DER. Malformed objects raise errors of any parser.
    """
    reader: Any = file
    store = reader.root["/DSS"]
    listed = {name: list(store.get(name, ())) for name in LISTS}
    references = [(one.idnum, one.generation) for entries in listed.values() for one in entries]
    if len(references) != len(set(references)) or not set(store) <= {"/Type", "/VRI", *LISTS}:
        return False
    used = {*references, *_containers(reader), *_per_signature(reader, store, listed)}
    newest = reader.xrefs.explicit_refs_in_revision(reader.xrefs.total_revisions - 1)
    if not {(one.idnum, one.generation) for one in newest} <= used:
        return False
    certificates, responses, lists = ([one.get_object().data for one in listed[name]] for name in LISTS)
    chains = [one.dump() for signature in reader.embedded_signatures for one in _carried(signature)]
    return _all_signed(certificates, responses, lists, [*chains, *anchors], set(anchors))


def _containers(reader: Any) -> Iterator[tuple[int, int]]:
    """Catalogue, store, its lists, and the table of references where that is an object."""
    root = reader.trailer.raw_get("/Root")
    yield root.idnum, root.generation
    for holder, key in ((reader.root, "/DSS"), *((reader.root["/DSS"], name) for name in (*LISTS, "/VRI"))):
        raw = holder.raw_get(key) if key in holder else None
        if isinstance(raw, generic.IndirectObject):
            yield raw.idnum, raw.generation
    if reader.has_xref_stream:
        yield reader.trailer["/Size"] - 1, 0


def _per_signature(reader: Any, store: Any, listed: dict[str, list[Any]]) -> Iterator[tuple[int, int]]:
    """The references by signature (VRI): each for a signature of this file, each to what the lists hold too.

    Raises:
        ValueError: one is for no signature, or refers to something else.
    """
    contents = [one.pkcs7_content for one in reader.embedded_signatures]
    known = {f"/{sha1(one, usedforsecurity=False).hexdigest().upper()}" for one in contents}
    vri = store.get("/VRI", {})
    for name in vri:
        raw, entry = vri.raw_get(name), vri[name]
        if name not in known or not set(entry) <= {"/Type", *_OF_ONE}:
            raise ValueError("validation data for no signature of this file")
        if isinstance(raw, generic.IndirectObject):
            yield raw.idnum, raw.generation
        for kind, plural in _OF_ONE.items():
            if kind in entry and isinstance(entry.raw_get(kind), generic.IndirectObject):
                yield entry.raw_get(kind).idnum, entry.raw_get(kind).generation
            if not {one.idnum for one in entry.get(kind, ())} <= {one.idnum for one in listed[plural]}:
                raise ValueError("validation data that the store does not list")


def _all_signed(
    certificates: list[bytes],
    responses: list[bytes],
    lists: list[bytes],
    beside: list[bytes],
    anchors: set[bytes],
) -> bool:
    answers = [ocsp.load_der_ocsp_response(one) for one in responses]
    parsed = [x509.load_der_x509_certificate(one) for one in certificates]
    carried = [one for answer in answers for one in answer.certificates]
    trusted = [x509.load_der_x509_certificate(one) for one in anchors]
    authorities = [*parsed, *carried, *(x509.load_der_x509_certificate(one) for one in beside)]
    return (
        all(
            one in trusted or any(_issued(one, above) for above in authorities) for one in (*parsed, *carried)
        )
        and all(any(_answered(one, by) for by in authorities) for one in answers)
        and all(any(_listed(one, by) for by in authorities) for one in lists)
    )


def _carried(signature: Any) -> list[Any]:
    """The certificates in a signature, and in its timestamp: authorities that the store need not repeat."""
    token = token_of(signature)
    inside = [choice.chosen for choice in token["certificates"]] if token is not None else []
    return [signature.signer_cert, *signature.other_embedded_certs, *inside]


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return certificate != by


def _listed(data: bytes, by: x509.Certificate) -> bool:
    revoked = x509.load_der_x509_crl(data)
    try:
        return revoked.issuer == by.subject and revoked.is_signature_valid(by.public_key())  # type: ignore[arg-type]  # another key is refused with TypeError
    except TypeError:
        return False


def _answered(answer: ocsp.OCSPResponse, by: x509.Certificate) -> bool:
    key, digest = by.public_key(), answer.signature_hash_algorithm
    if digest is None or answer.response_status != ocsp.OCSPResponseStatus.SUCCESSFUL:
        return False
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), digest)
        else:
            return False
    except InvalidSignature:
        return False
    return True
