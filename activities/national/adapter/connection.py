"""Where the national database is reached, and with which key pair."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from activities.national.adapter.credentials import Credentials
from activities.national.adapter.errors import KeyRevokedError
from activities.national.adapter.key_file import read_key_file
from activities.national.adapter.seal import PacketSeal

__all__ = ["Connection", "Credentials"]


@dataclass(frozen=True, slots=True)
class Connection:
    """One way to the other side. Times are seconds; `service` is the path the mapping belongs to.

    ValueError for a base URL that would send the key pair in the clear off this machine.
    """

    base_url: str
    service: str
    credentials: Credentials | None
    token_path: str = "/token"  # noqa: S105 — a path
    connect_timeout: float = 5.0
    answer_timeout: float = 60.0
    ca_file: str | None = None
    max_items: int = 500
    key_file: Path | None = None
    """The pair in force, read again for every token: a new one is registered by replacing the file."""
    seal: PacketSeal | None = field(default=None, repr=False)
    calls_per_second: float | None = None
    """Most calls of the client, whoever makes them; none: no limit of ours."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if not self.encrypted and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
            raise ValueError("the national database is reached over https, or over http on this machine only")

    def pair(self) -> Credentials:
        """The key pair in force now. KeyRevokedError where its file holds none."""
        if self.key_file is not None:
            return read_key_file(self.key_file)
        if self.credentials is None:
            raise KeyRevokedError
        return self.credentials

    @property
    def encrypted(self) -> bool:
        """Whether TLS protects the way."""
        return urlsplit(self.base_url).scheme == "https"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
