"""The seal over a packet: whose it is and that nothing of it was changed on the way (CV 5034/BNV-CCVC)."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

__all__ = ["PacketSeal"]

ALGORITHM = "ES256"
"""ECDSA on P-256 with SHA-256, one of the two signature schemes of TT 15/2025/TT-BKHCN."""
_REGISTRY = jws.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)


class PacketSeal:
    """A detached JWS over the body as it goes out (RFC 7515 appendix F, RFC 7797).

    The protected header repeats the packet's route, so that a sealed body cannot be sent again by somebody
    else, to somebody else or as another packet. ``kid`` is the SHA-256 of the public key.
    """

    def __init__(self, key: ECKey) -> None:
        self._key = key
        self._kid = sha256(key.as_der(private=False)).hexdigest()

    @classmethod
    def read(cls, path: Path) -> "PacketSeal":
        """The seal whose private key (P-256, PEM, mode 0600) is in a file.

        Raises:
            ValueError: the file holds no such key; nothing of it is quoted.
        """
        try:
            key = ECKey.import_key(path.read_bytes())
        except (OSError, ValueError, TypeError, JoseError):
            key = None
        if key is None or key.curve_name != "P-256" or not key.is_private:
            raise ValueError(f"no private key on P-256 in {path}")
        return cls(key)

    def over(self, body: bytes, route: Mapping[str, str]) -> str:
        """The value of `X-Packet-Seal` for a body on its route."""
        header = {"alg": ALGORITHM, "b64": False, "crit": ["b64"], "kid": self._kid}
        header |= {name.lower(): value for name, value in route.items()}
        # "{" in the body makes it detached: RFC 7797, 5.2.
        return jws.serialize_compact(header, body, self._key, registry=_REGISTRY)
