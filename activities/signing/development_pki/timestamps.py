"""RFC 3161 tokens, and the wrong ones that a switch asks for.

Beside certomancer: its tokens bind the certificate by SHA-1 (ESSCertID); RFC 5816 and our own algorithm
policy want ESSCertIDv2 with SHA-256.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from asn1crypto import algos, cms, core, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from activities.signing.development_pki.authorities import asn1
from activities.signing.issuing import Issued

POLICY = "1.3.6.1.4.1.32473.1.1"
"""An OID of the range for examples (RFC 5612): this authority promises nothing."""
DIGESTS = ("sha256", "sha384", "sha512")


class _Refusal(core.Sequence):  # type: ignore[misc] # asn1crypto has no types
    """A TimeStampResp without a token, which asn1crypto does not foresee (RFC 3161, 2.4.2)."""

    _fields = [("status", tsp.PKIStatusInfo)]  # noqa: RUF012 — how asn1crypto is told a structure


def answer(request: tsp.TimeStampReq, authority: Issued, now: datetime, fault: str) -> bytes:
    """The answer to a request as the switch wants it; refuses weak digests (``bad_alg``)."""
    imprint = request["message_imprint"]
    if fault == "rejects" or imprint["hash_algorithm"]["algorithm"].native not in DIGESTS:
        info = {"status": "rejection", "fail_info": {"bad_alg" if fault != "rejects" else "bad_request"}}
        return bytes(_Refusal({"status": tsp.PKIStatusInfo(info)}).dump())
    fields = {
        "version": "v1",
        "policy": POLICY,
        "message_imprint": imprint,
        "serial_number": secrets.randbits(63),
        "gen_time": now + timedelta(days=400) if fault == "wrong_time" else now,
        "ordering": False,
    }
    nonce = request["nonce"].native
    if nonce is not None:
        fields["nonce"] = nonce + 1 if fault == "other_nonce" else nonce
    if fault == "other_hash":
        fields["message_imprint"] = tsp.MessageImprint(
            {"hash_algorithm": imprint["hash_algorithm"], "hashed_message": secrets.token_bytes(32)}
        )
    token = _token(tsp.TSTInfo(fields).dump(), authority, now)
    granted = tsp.PKIStatusInfo({"status": "granted"})
    return bytes(tsp.TimeStampResp({"status": granted, "time_stamp_token": token}).dump())


def _token(info: bytes, authority: Issued, now: datetime) -> cms.ContentInfo:
    certificate = asn1(authority)
    attributes = _attributes(info, certificate, now)
    assert isinstance(authority.key, ec.EllipticCurvePrivateKey)
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number",
                cms.IssuerAndSerialNumber(
                    {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
                ),
            ),
            "digest_algorithm": sha256,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            "signed_attrs": attributes,
            "signature": authority.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
        }
    )
    issuing = x509.Certificate.load(authority.chain[0].public_bytes(Encoding.DER))
    content = {
        "version": "v3",
        "digest_algorithms": [sha256],
        "encap_content_info": {
            "content_type": "tst_info",
            "content": cms.ParsableOctetString(info),
        },
        "certificates": [certificate, issuing],
        "signer_infos": [signer],
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(content)})


def _attributes(info: bytes, certificate: x509.Certificate, now: datetime) -> cms.CMSAttributes:
    bound = tsp.ESSCertIDv2(
        {
            "hash_algorithm": {"algorithm": "sha256"},
            "cert_hash": hashlib.sha256(certificate.dump()).digest(),
        }
    )
    values = {
        "content_type": "tst_info",
        "signing_time": cms.Time({"utc_time": core.UTCTime(now)}),
        "signing_certificate_v2": tsp.SigningCertificateV2({"certs": [bound]}),
        "message_digest": hashlib.sha256(info).digest(),
    }
    return cms.CMSAttributes([cms.CMSAttribute({"type": name, "values": [v]}) for name, v in values.items()])
