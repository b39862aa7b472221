"""Where the national database is reached, and with which key pair."""

import base64
import json
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

__all__ = ["Connection", "Credentials"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """The key pair issued for the connection, with the partner codes observed on provincial platforms."""

    access_key: str
    secret_key: str = field(repr=False)
    app_name: str
    partner_code: str
    partner_code_cus: str = ""

    @property
    def header(self) -> str:
        """The value of the `lgspaccesstoken` header: base64 of a JSON object, padding kept."""
        pair = {
            "AccessKey": self.access_key,
            "SecretKey": self.secret_key,
            "AppName": self.app_name,
            "PartnerCode": self.partner_code,
            "PartnerCodeCus": self.partner_code_cus,
        }
        return base64.b64encode(json.dumps(pair, ensure_ascii=False).encode()).decode("ascii")


@dataclass(frozen=True, slots=True)
class Connection:
    """One way to the other side. Times are seconds; `service` is the path the mapping belongs to.

    ValueError for a base URL that would send the key pair in the clear off this machine.
    """

    base_url: str
    service: str
    credentials: Credentials
    token_path: str = "/token"  # noqa: S105 — a path
    connect_timeout: float = 5.0
    answer_timeout: float = 60.0
    ca_file: str | None = None
    max_items: int = 500

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if not self.encrypted and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
            raise ValueError("the national database is reached over https, or over http on this machine only")

    @property
    def encrypted(self) -> bool:
        """Whether TLS protects the way."""
        return urlsplit(self.base_url).scheme == "https"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
