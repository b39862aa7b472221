"""The key pair by which the other side knows us."""

import base64
import json
from dataclasses import dataclass, field

__all__ = ["Credentials"]


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
