"""Asking the timestamp authority for a statement about the log."""

import asyncio
import hashlib
from datetime import UTC, datetime

import httpx

from activities.signing.errors import NotNowError
from activities.signing.timestamping import Stamper, TimestampDesk
from models.evidence import TrustList, TrustListError
from models.history.sealing import Stamp
from models.settings import Settings


class Stamps:
    """The way to the timestamp authority of the settings; looked for anew while there is none to be found."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is asked yet."""
        self._settings = settings
        self._http = httpx.Client(timeout=settings.status_timeout_seconds, trust_env=False)
        self._desk: TimestampDesk | None = None

    def at(self, now: datetime) -> Stamp:
        """What asks at an instant; it raises `NotNowError` where no token is to be had that holds."""

        async def stamp(content: bytes) -> tuple[bytes, datetime]:
            return await asyncio.to_thread(self._asked, content, now)

        return stamp

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    def _asked(self, content: bytes, now: datetime) -> tuple[bytes, datetime]:
        desk = self._desk = self._desk or self._found()
        token = asyncio.run(Stamper(desk, now).async_timestamp(hashlib.sha256(content).digest(), "sha256"))
        made: datetime = token["content"]["encap_content_info"]["content"].parsed["gen_time"].native
        return token.dump(), made.astimezone(UTC)

    def _found(self) -> TimestampDesk:
        settings = self._settings
        base = str(settings.pki_url).rstrip("/") if settings.pki_url else None
        url = str(settings.tsa_url) if settings.tsa_url else base and f"{base}/tsa"
        if not url:
            raise NotNowError("timestamp-unset", "HOSO_TSA_URL chưa được đặt / is not set")
        try:
            trust = TrustList.load(settings.trust_list or settings.pki / "trust.json")
        except (OSError, TrustListError) as error:
            raise NotNowError("timestamp-unset", f"no trust list: {type(error).__name__}") from error
        return TimestampDesk(url, trust, self._http)
