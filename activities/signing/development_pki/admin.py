"""The hands behind the curtain: revocation, faults, another timestamp key. For this machine only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal

from cryptography.x509.oid import NameOID
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from activities.signing.development_pki.authorities import Authorities
from activities.signing.development_pki.switches import SwitchBoard, Switches

__all__ = ["Admin", "listed"]


class Revoking(BaseModel):
    """Which certificate, and why (RFC 5280, 5.3.1)."""

    model_config = ConfigDict(extra="forbid")
    serial: str
    reason: Literal["key_compromise", "affiliation_changed", "superseded", "cessation_of_operation"] = (
        "key_compromise"
    )


class Period(BaseModel):
    """From when to when the next timestamp certificate is valid."""

    model_config = ConfigDict(extra="forbid")
    valid_from: AwareDatetime
    valid_to: AwareDatetime


class Admin:
    """`/admin/…`; JSON bodies only, so that no web page elsewhere can press these buttons."""

    def __init__(
        self, board: SwitchBoard, authorities: Authorities, now: Callable[[], Awaitable[datetime]]
    ) -> None:
        self._board, self._authorities, self._now = board, authorities, now
        self.router = APIRouter(prefix="/admin")
        for path, work, method in (
            ("/faults", self.faults, "GET"),
            ("/faults", self.set_faults, "POST"),
            ("/faults", self.reset_faults, "DELETE"),
            ("/certificates", self.certificates, "GET"),
            ("/revocations", self.revoke, "POST"),
            ("/timestamper", self.new_timestamper, "POST"),
            ("/asked", self.asked, "GET"),
        ):
            self.router.add_api_route(path, work, methods=[method], response_model=None)

    async def faults(self) -> Switches:
        """The switches as they stand."""
        return self._board.now

    async def set_faults(self, changes: dict[str, Any]) -> Switches | JSONResponse:
        """Set some switches; 422 with the names of those not understood."""
        try:
            return self._board.change(changes)
        except ValidationError as refused:
            wrong = sorted({str(one["loc"][0]) for one in refused.errors()})
            return JSONResponse({"not_understood": wrong}, 422)

    async def reset_faults(self) -> Switches:
        """All switches off; what was revoked stays revoked."""
        return self._board.change(Switches().model_dump())

    async def certificates(self) -> list[dict[str, str]]:
        """What was issued, by serial number and opaque account id."""
        return listed(self._authorities)

    async def revoke(self, revoking: Revoking) -> JSONResponse:
        """Revoke a certificate from this instant on; 404 when it was never issued here."""
        serial = revoking.serial.lower()
        if not serial.isalnum() or not self._authorities.keystore.has_issued(serial):
            return JSONResponse({"not_issued": serial}, 404)
        at = (await self._now()).isoformat()
        return JSONResponse(
            {"serial": serial, **self._authorities.revocations.add(serial, at, revoking.reason)}
        )

    async def new_timestamper(self, period: Period) -> dict[str, str]:
        """Another key and certificate for the timestamp authority."""
        made = self._authorities.renew_timestamper(period.valid_from, period.valid_to)
        return {"serial": f"{made.certificate.serial_number:x}"}

    async def asked(self) -> dict[str, int]:
        """How often each service was asked since the process began."""
        return self._board.asked


def listed(authorities: Authorities) -> list[dict[str, str]]:
    """One line for each certificate: serial number, opaque account id, post, end, whether revoked."""
    revoked = authorities.revocations.all()
    lines = []
    for one in authorities.keystore.issued():
        serial = f"{one.serial_number:x}"
        subject = {part.oid: str(part.value) for part in one.subject}
        fate = revoked.get(serial)
        lines.append(
            {
                "serial": serial,
                "account": subject.get(NameOID.SERIAL_NUMBER, ""),
                "post": subject.get(NameOID.TITLE, ""),
                "valid_to": one.not_valid_after_utc.date().isoformat(),
                "revoked_at": fate["at"] if fate else "",
                "reason": fate["reason"] if fate else "",
            }
        )
    return lines
