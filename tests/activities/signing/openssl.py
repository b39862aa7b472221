"""An outside signer that shares no code with the product: the OpenSSL command."""

import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from activities.signing.issuing import Issued

OPTIONS = {
    "ecdsa": (),
    "rsassa_pkcs1v15": ("-sigopt", "rsa_padding_mode:pkcs1"),
    "rsassa_pss": ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"),
}


def signature(folder: Path, issued: Issued, mechanism: str, data: bytes) -> bytes:
    """The value of a signature over ``data`` with SHA-256."""
    key, given = folder / "outside.pem", folder / "outside.bin"
    key.write_bytes(issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    given.write_bytes(data)
    command = ["openssl", "dgst", "-sha256", "-sign", str(key), *OPTIONS[mechanism], str(given)]
    return subprocess.run(command, check=True, capture_output=True).stdout
