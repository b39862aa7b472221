"""Certificates of accounts and signing sessions, as those they belong to see them."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import BaseModel, Field
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.reading.signing_rights import refuse_former_signer
from api.scope import Asker, Reading, asker_of, bearer, clock_of, token_hash, tools_of
from models.database import transaction
from models.errors import RefusedError


class RegisteredCertificate(BaseModel):
    """One certificate registered to an account."""

    id: UUID = Field(title="Đăng ký")
    sha256: str = Field(title="Dấu vân tay SHA-256")
    subject: str = Field(title="Chủ thể")
    issuer: str = Field(title="Tổ chức cấp")
    serial_number: str = Field(title="Số hiệu")
    key: str = Field(title="Khóa", description="ec 256, rsa 2048…")
    valid_from: datetime = Field(title="Hiệu lực từ")
    valid_to: datetime = Field(title="Hiệu lực đến")
    document: str = Field(title="Văn bản cấp")
    registered_by: UUID = Field(title="Người đăng ký")
    registered_at: datetime = Field(title="Đăng ký lúc")
    withdrawn_at: datetime | None = Field(title="Rút lúc")
    reason: str | None = Field(title="Lý do rút")


class ToBeSigned(BaseModel):
    """What an outside signer signs: the bytes, or their SHA-256."""

    attributes: str = Field(title="Thuộc tính phải ký, base64", description="DER, RFC 5652 mục 5.4")
    digest: str = Field(title="SHA-256 của thuộc tính")
    mechanism: str = Field(title="Cách ký", description="rsassa_pss (salt 32), rsassa_pkcs1v15, ecdsa")


class SigningSession(BaseModel):
    """One signing session of the asker."""

    id: UUID = Field(title="Phiên ký")
    kind: str = Field(title="Ký cho", description="approval, list, report, export")
    subject_id: UUID = Field(
        title="Thuộc về", description="Hồ sơ, danh sách tháng hoặc báo cáo / profile, agency month or report"
    )
    document_id: UUID = Field(
        title="Văn bản", description="Phê duyệt, danh sách, báo cáo hoặc bản xuất / by `kind`"
    )
    profile_id: UUID | None = Field(title="Hồ sơ", description="Của một phê duyệt / of an approval")
    approval_id: UUID | None = Field(title="Phê duyệt")
    revision: int | None = Field(title="Phiên bản")
    how: str = Field(title="Dạng", description="digest, file")
    state: str = Field(
        title="Trạng thái", description="preparing, open, completing, done, cancelled, expired, failed"
    )
    reason: str | None = Field(title="Lý do kết thúc")
    certificate_id: UUID = Field(title="Chứng thư")
    field: str | None = Field(title="Ô chữ ký")
    prepared: str | None = Field(title="SHA-256 của bản đã chuẩn bị")
    to_sign: ToBeSigned | None = Field(title="Điều phải ký")
    opened_at: datetime = Field(title="Mở lúc")
    expires_at: datetime = Field(title="Hết hạn lúc")
    closed_at: datetime | None = Field(title="Kết thúc lúc")


_CERTIFICATES = text(
    "SELECT id, sha256, subject, issuer, serial_number, key_kind || ' ' || key_bits AS key, valid_from,"
    " valid_to, document, registered_by, registered_at, withdrawn_at, reason FROM certificates"
    " WHERE account_id = :account ORDER BY registered_at DESC, id"
)
_SESSION = text("SELECT * FROM signing_sessions WHERE id = :id")
_SIGNING = text("SELECT hoso_signing(:hash) AS who, hoso_maintenance(:now) AS maintenance")
OPEN = ("preparing", "open", "completing")


async def certificates_of(read: Reading, account_id: UUID) -> list[RegisteredCertificate]:
    """The certificates of an account the asker may see: the own, and those of accounts they manage."""
    rows = await read.connection.execute(_CERTIFICATES, {"account": account_id})
    return [RegisteredCertificate.model_validate(dict(row._mapping)) for row in rows]


async def session_of(read: Reading, session_id: UUID) -> SigningSession:
    """One's own signing session.

    Raises:
        RefusedError: ``not-found``, also for somebody else's.
    """
    row = (await read.connection.execute(_SESSION, {"id": session_id})).one_or_none()
    if row is None or row.account_id != read.who.account_id:
        raise RefusedError.of("not-found", "Không có phiên ký này.", "There is no such signing session.")
    return _shown(row)


def _shown(row: Row[Any]) -> SigningSession:
    to_sign = None
    if row.attributes is not None and row.state in OPEN:
        attributes = bytes(row.attributes)
        to_sign = ToBeSigned(
            attributes=b64encode(attributes).decode(),
            digest=sha256(attributes).hexdigest(),
            mechanism=row.mechanism,
        )
    known = {k: v for k, v in row._mapping.items() if k in SigningSession.model_fields}
    known["subject_id"] = row.subject_id or row.profile_id
    return SigningSession(to_sign=to_sign, **known)


async def workflow_of(connection: AsyncConnection, session_id: UUID) -> str:
    """The workflow that decides about a session: the one that decided its opening."""
    found: str = (await connection.execute(_WORKFLOW, {"id": session_id})).scalar_one()
    return found


_WORKFLOW = text(
    "SELECT c.workflow_id FROM signing_sessions s JOIN commands c ON c.id = s.opened_by WHERE s.id = :id"
)


@dataclass(frozen=True, slots=True)
class Signing:
    """Whoever holds a session's token: the account it belongs to, the session, and who decides about it."""

    who: Asker
    row: Row[Any]
    subject_id: UUID
    workflow_id: str


async def signing(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Signing:
    """The session whose token came with the request.

    Raises:
        RefusedError: ``signing-token-unknown``; ``not-permitted`` for whoever lost the right to sign since.
    """
    if credentials is None or not 1 <= len(credentials.credentials) <= 200:
        raise RefusedError.of("signing-token-unknown")
    now, engine = await clock_of(request).now(), tools_of(request).engine
    digest = token_hash(credentials.credentials)
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        row = (await alone.execute(_SIGNING, {"hash": digest, "now": now})).one()
    found = row.who
    if found is None:
        raise RefusedError.of("signing-token-unknown")
    who = asker_of({**found, "maintenance": row.maintenance}, digest, now)
    async with transaction(engine, who.scope) as opened:
        row = (await opened.execute(_SESSION, {"id": UUID(found["session_id"])})).one()
        subject = row.subject_id or row.profile_id
        await refuse_former_signer(opened, tools_of(request), who, row.kind, subject)
        return Signing(who, row, subject, await workflow_of(opened, row.id))


def still_open(known: Signing) -> Row[Any]:
    """The session's row, while its token is worth something.

    Raises:
        RefusedError: ``signing-session-ended``, with how it ended.
    """
    row = known.row
    if row.state not in OPEN or row.expires_at <= known.who.now:
        state = row.state if row.state not in OPEN else "expired"
        raise RefusedError.of(
            "signing-session-ended",
            "Mã của phiên ký chỉ dùng được một lần, trong thời hạn của phiên.",
            "A session's token works once, while the session lasts.",
            extra={"state": state},
        )
    return row


BySigningToken = Annotated[Signing, Depends(signing)]
