"""A hardware security module made of software (SoftHSM2), with keys to sign and a plug to pull."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from pkcs11.util.x509 import decode_x509_certificate

from activities.signing.issuing import Issued
from activities.signing.pkcs11_token import Token, TokenPlace

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
LABEL, PIN = "hoso-seal", "493721"


@dataclass(frozen=True)
class Hardware:
    """One token in a folder of its own."""

    folder: Path
    module: Path

    @property
    def place(self) -> TokenPlace:
        return TokenPlace(self.module, LABEL, lambda: PIN)

    def token(self) -> Token:
        return Token(self.place)

    def add(self, issued: Issued, label: str, key_id: str) -> None:
        """Bring a key, its certificate and those above it into the token."""
        packed = issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file = self.folder / "key.pem"
        file.write_bytes(packed)
        self.util("--import", str(file), "--token", LABEL, "--label", label, "--id", key_id, "--pin", PIN)
        file.unlink()
        library = pkcs11.lib(str(self.module))
        library.reinitialize()
        with library.get_token(token_label=LABEL).open(user_pin=PIN, rw=True) as session:
            for one, its_id in [(issued.certificate, bytes.fromhex(key_id))] + [
                (above, b"") for above in issued.chain
            ]:
                described = decode_x509_certificate(one.public_bytes(Encoding.DER))
                described |= {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.ID: its_id}
                session.create_object(described)

    def util(self, *arguments: str) -> None:
        subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True)

    def pull_out(self) -> None:
        """Take the token away while sessions are open."""
        (self.folder / "tokens").rename(self.folder / "drawer")
        (self.folder / "tokens").mkdir()

    def put_back(self) -> None:
        """The same token again."""
        shutil.rmtree(self.folder / "tokens")
        (self.folder / "drawer").rename(self.folder / "tokens")


def plugged_in(folder: Path, environment: pytest.MonkeyPatch) -> Hardware:
    """A new token, or one line why there is none here."""
    module = next((Path(one) for one in MODULES if Path(one).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        missing = "SoftHSM2 is missing: install softhsm2"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    (folder / "tokens").mkdir(parents=True)
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    environment.setenv("SOFTHSM2_CONF", str(settings))
    made = Hardware(folder, module)
    made.util("--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "84629173")
    return made
