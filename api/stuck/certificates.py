"""Certificates that nobody registered and that end all the same: agencies' seals and other keys held by the
installation, as signatures left them, and the timestamp authority's, as the history's newest seal shows it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from asn1crypto import cms
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.stuck.kinds import Found
from api.stuck.rows import AHEAD

OVER = timedelta(days=7)
"""What ended longer ago than this has been given up, or stands still as a signature that waits."""
# A certificate of an account is told of by its registration.
_HELD = text(
    "SELECT m.content FROM signature_materials m WHERE m.kind = 'certificate' AND NOT EXISTS (SELECT 1 FROM"
    " certificates c WHERE c.authority_id = m.authority_id AND c.sha256 = m.sha256)"
)
_TOKEN = text("SELECT token FROM log_seals ORDER BY size DESC LIMIT 1")


async def held(connection: AsyncConnection) -> tuple[list[bytes], bytes | None]:
    """The certificates that signed and are no account's, DER, and the newest token of the history's seals."""
    signed = [bytes(one) for one in (await connection.execute(_HELD)).scalars()]
    token = await connection.scalar(_TOKEN)
    return signed, bytes(token) if token is not None else None


def ending(signed: Iterable[bytes], token: bytes | None, now: datetime) -> list[Found]:
    """Whose newest certificate ends soon: each signer once, then the timestamp authority."""
    found = [Found("seal-expiring", ends, whose, code) for whose, ends, code in _newest(signed)]
    if token is not None:
        found += [Found("tsa-expiring", ends, "", code) for ends, code in _authority(token)]
    return [one for one in found if now - OVER < one.since < now + AHEAD]


def _newest(signed: Iterable[bytes]) -> list[tuple[str, datetime, str]]:
    by_subject: dict[str, x509.Certificate] = {}
    for der in signed:
        one = x509.load_der_x509_certificate(der)
        name = one.subject.rfc4514_string()
        known = by_subject.get(name)
        if not _issues(one) and (known is None or known.not_valid_after_utc < one.not_valid_after_utc):
            by_subject[name] = one
    return [(_id(one), one.not_valid_after_utc, f"{one.serial_number:x}") for one in by_subject.values()]


def _issues(certificate: x509.Certificate) -> bool:
    """Whether it is an authority's: its end is the end of those below it, which are told of themselves."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _id(certificate: x509.Certificate) -> str:
    """Our id of the agency or account in the subject, where it is one: a finding names nobody."""
    named: Any = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    try:
        return str(UUID(named[0].value)) if named else ""
    except ValueError:
        return ""


def _authority(token: bytes) -> list[tuple[datetime, str]]:
    """The end and number of the certificates in a token that are for timestamping (RFC 3161, 2.3)."""
    signed = cms.ContentInfo.load(token)["content"]
    found = []
    for one in signed["certificates"] or ():
        certificate = x509.load_der_x509_certificate(one.chosen.dump())
        if _stamps(certificate):
            ends = certificate.not_valid_after_utc.astimezone(UTC)
            found.append((ends, f"{certificate.serial_number:x}"))
    return found


def _stamps(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage
