"""What is asked of certificates and of signing sessions, where the key is outside."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from models.command_shapes import Body, Digest, Reason, Text

Certificate = Annotated[str, StringConstraints(min_length=100, max_length=20_000)]
"""A certificate as text: PEM, or the base64 of its DER."""
Base64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{1,1400}={0,2}$")]
How = Literal["digest", "file"]
Mechanism = Literal["rsassa_pss", "rsassa_pkcs1v15", "ecdsa"]


class RegisterCertificate(Body):
    """Register whose certificate this is: signatures by it are the account's (NĐ 68/2024/NĐ-CP)."""

    verb: ClassVar[str] = "register_certificate"
    subject: ClassVar[str] = "certificate"
    certificate: Certificate = Field(description="PEM hoặc base64 của DER / PEM, or base64 of the DER")
    chain: tuple[Certificate, ...] = Field(
        default=(),
        max_length=5,
        description="Các chứng thư cấp trên / those above, nearest first",
    )
    document: Text = Field(description="Văn bản cấp chứng thư / the document it was issued with")


class WithdrawCertificate(Body):
    """A certificate is no longer the account's: lost, replaced, revoked."""

    verb: ClassVar[str] = "withdraw_certificate"
    subject: ClassVar[str] = "certificate"
    certificate_id: UUID
    reason: Reason


class SigningTerms(Body):
    """How and with which certificate a session's signature will be made."""

    verb: ClassVar[str] = ""
    certificate_id: UUID = Field(description="Chứng thư đã đăng ký / a registered certificate of the asker")
    how: How = Field(
        default="digest",
        description="digest: ký giá trị băm; file: gửi lại cả tệp / a value, or the whole file comes back",
    )
    mechanism: Mechanism | None = Field(
        default=None, description="Bỏ trống: RSASSA-PSS hoặc ECDSA theo khóa / by the key's kind"
    )
    minutes: int = Field(default=30, ge=1, le=120, description="Thời hạn của phiên / how long it may take")
    token_hash: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = Field(
        default="", description="Máy chủ tự đặt / set by the server"
    )


class CompleteSigning(Body):
    """The signature of a session, for the very version that was prepared."""

    verb: ClassVar[str] = "complete_signing"
    session_id: UUID
    prepared: Digest = Field(description="SHA-256 của bản đã chuẩn bị / the version that was signed")
    value: Base64 | None = Field(default=None, description="Giá trị chữ ký, base64 / the signature's value")
    returned: Digest | None = Field(default=None, description="SHA-256 của tệp đã ký / the signed file")


class CancelSigning(Body):
    """Give a signing session up."""

    verb: ClassVar[str] = "cancel_signing"
    session_id: UUID
