"""TLS in front of the real servers: certificates of a throw-away CA, and a terminator that demands the
client's certificate. The embedded PostgreSQL and the development server speak no TLS themselves.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
"""PostgreSQL's SSLRequest (protocol 3.0, 54.7)."""


@dataclass(frozen=True)
class Issued:
    """PEM files of a certificate and its key."""

    cert: Path
    key: Path


class Authority:
    """A CA in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("CA")
        self.file = folder / "ca.pem"
        self.file.write_bytes(_pem(self._made("CA", self._key, ca=True)))

    def issue(self, name: str) -> Issued:
        """A certificate for a host, or a client."""
        key = ec.generate_private_key(ec.SECP256R1())
        issued = Issued(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        issued.cert.write_bytes(_pem(self._made(name, key, ca=False)))
        pkcs8 = serialization.PrivateFormat.PKCS8
        issued.key.touch(mode=0o600)
        issued.key.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption())
        )
        return issued

    def _made(self, name: str, key: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        )
        return made.sign(self._key, hashes.SHA256())


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@asynccontextmanager
async def terminator(
    authority: Authority, served: Issued, port: int, *, postgres: bool
) -> AsyncIterator[int]:
    """TLS with a client's certificate, in front of a plain port of this machine; answers the port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.file))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(served.cert, served.key)
    if not postgres:
        context.set_alpn_protocols(["h2"])

    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        opened = [writer.transport]
        try:
            if postgres:
                assert await reader.readexactly(8) == SSL_REQUEST
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(context)
                opened.append(writer.transport)
            inner, outer = await asyncio.open_connection("127.0.0.1", port)
            opened.append(outer.transport)
            await asyncio.gather(_pump(reader, outer), _pump(inner, writer))
        except (OSError, asyncio.IncompleteReadError):  # a handshake that failed, or the end
            pass
        finally:
            for transport in reversed(opened):
                transport.abort()
            running.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=None if postgres else context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0.05)  # what was aborted is closed in the next turns of the loop


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
