"""A signature whose key is elsewhere, signed by value: prepared here, signed there, put together here.

The server prepares the document with the field's ByteRange and the CMS attributes to be signed (RFC 5652,
5.4; the signing certificate is named in them, RFC 5035); a token, card or remote service signs those bytes or
their SHA-256; the value that comes back is checked against the certificate before it goes into the document.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

from asn1crypto import cms
from asn1crypto.algos import DSASignature
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.stamp import BaseStampStyle

from activities.signing.assurance import Assurance
from activities.signing.errors import CannotSignError
from activities.signing.pades import DIGEST, CmsKey, field_to_sign, laid_out, refusing

SALT = 32
"""Bytes of salt of RSASSA-PSS: as many as the hash has (RFC 4055, 3.1)."""


class OutsideKey(CmsKey):
    """A certificate whose key is elsewhere: all but the value of the signature."""

    def __init__(
        self,
        certificate: x509.Certificate,
        chain: Iterable[x509.Certificate] = (),
        *,
        pss: bool = True,
        value: bytes = b"",
    ) -> None:
        super().__init__(certificate, chain, pss=pss)
        self._value = value

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The value that was brought; nothing of it for a dry run."""
        return self._value or bytes(512)


@dataclass(frozen=True, slots=True)
class ToSign:
    """A document waiting for the value of its signature.

    ``pdf`` has room for the CMS between the offsets ``start`` and ``end``; ``attributes`` is what is to be
    signed, in DER.
    """

    pdf: bytes
    start: int
    end: int
    attributes: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of what is to be signed, in hex: for services that sign a digest."""
        return sha256(self.attributes).hexdigest()


def prepare(
    pdf: bytes,
    key: OutsideKey,
    *,
    field: str,
    reason: str,
    location: str,
    signed_at: datetime,
    appearance: BaseStampStyle | None,
    assurance: Assurance | None = None,
) -> ToSign:
    """Lay the signature out in its field, everything but the value.

    Args:
        assurance: revocation data that go into the signature's revision, and room for its timestamp.

    Raises:
        CannotSignError: as ``sign_field``.
    """
    with refusing():
        signer, writer = field_to_sign(
            pdf,
            key,
            field=field,
            reason=reason,
            location=location,
            appearance=appearance,
            assurance=assurance,
        )
        document = laid_out(signer, writer, signed_at.astimezone(UTC), assurance)
        output = BytesIO()
        room, _ = document.digest_tbs_document(output=output)
        attributes: Any = asyncio.run(
            key.signed_attrs(
                room.document_digest,
                DIGEST,
                attr_settings=PdfCMSSignedAttributes(signing_time=signed_at),
                use_pades=True,
            )
        )
        return ToSign(
            output.getvalue(),
            room.reserved_region_start,
            room.reserved_region_end,
            attributes.dump(),
        )


def value_of(certificate: x509.Certificate, given: bytes, attributes: bytes, *, pss: bool) -> bytes:
    """The value as a CMS holds it, once it is a signature of this certificate's key over ``attributes``.

    ECDSA is taken in DER and as r and s side by side, which is how tokens give it.

    Raises:
        CannotSignError: ``signature-value-wrong``.
    """
    key = certificate.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            value = _in_der(given, (key.key_size + 7) // 8)
            key.verify(value, attributes, ec.ECDSA(hashes.SHA256()))
            return value
        assert isinstance(key, rsa.RSAPublicKey), "checked before: the policy knows two kinds of key"
        scheme: Any = padding.PSS(padding.MGF1(hashes.SHA256()), SALT) if pss else padding.PKCS1v15()
        key.verify(given, attributes, scheme, hashes.SHA256())
    except (InvalidSignature, ValueError) as error:
        raise CannotSignError(
            "signature-value-wrong", "the value is no signature of the prepared certificate"
        ) from error
    return given


def complete(waiting: ToSign, key: OutsideKey, assurance: Assurance | None = None) -> bytes:
    """The signed document, with the value that ``key`` brings and the timestamp that ``assurance`` asks for.

    Raises:
        NotNowError: the timestamp authority gives none.
        CannotSignError: ``signature-failed``, where the CMS does not fit.
    """
    with refusing():
        attributes = cms.CMSAttributes.load(waiting.attributes)
        stamper = assurance.stamper if assurance else None
        message: Any = asyncio.run(
            key.async_sign_prescribed_attributes(DIGEST, attributes, timestamper=stamper)
        )
        output = BytesIO(waiting.pdf)
        # The digest itself stands in the attributes already.
        PreparedByteRangeDigest(b"", waiting.start, waiting.end).fill_with_cms(output, message)
        return output.getvalue()


def _in_der(given: bytes, size: int) -> bytes:
    """An ECDSA value in DER (RFC 3279, 2.2.3), whichever of the two forms it came in."""
    if len(given) != 2 * size:
        return given
    r, s = int.from_bytes(given[:size]), int.from_bytes(given[size:])
    return bytes(DSASignature({"r": r, "s": s}).dump())
