"""Signatures whose key is elsewhere: certificates registered, sessions opened, what comes back taken.

A person opens a session logged in and gets its token once; a local signing agent or a remote service then
needs nothing but that token, in the ``Authorization`` header.
"""

import asyncio
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, File, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.commands import send
from api.reading import attachments
from api.reading import signing as reading
from api.reading.signing import BySigningToken, RegisteredCertificate, Signing, SigningSession
from api.reading.signing_rights import record_source
from api.routers.acting import RESPONSES, Act, ActOnRevision, Key
from api.routers.cases import on_month
from api.routers.read_forms import PRIVATE
from api.routers.reviews import on_report
from api.scope import Read, reading_of, token_hash, tools_of
from models.command_sessions import (
    CancelExportSigning,
    CancelListSigning,
    CancelReportSigning,
    CompleteExportSigning,
    CompleteListSigning,
    CompleteReportSigning,
    OpenExportSigning,
    OpenListSigning,
    OpenReportSigning,
)
from models.command_shapes import Digest, Reason
from models.command_signing import (
    Base64,
    CancelSigning,
    CompleteSigning,
    RegisterCertificate,
    SigningTerms,
    WithdrawCertificate,
)
from models.commands import OpenOwnSigning, OpenSigning
from models.database import transaction
from models.documents import DocumentStore, StoreError
from models.errors import RefusedError

COMPLETES: dict[str, type[CompleteSigning]] = {
    "approval": CompleteSigning,
    "list": CompleteListSigning,
    "report": CompleteReportSigning,
    "export": CompleteExportSigning,
}
CANCELS: dict[str, type[CancelSigning]] = {
    "approval": CancelSigning,
    "list": CancelListSigning,
    "report": CancelReportSigning,
    "export": CancelExportSigning,
}
"""The command of each kind of session."""

months = APIRouter(prefix="/agency-months/{month_id}", tags=["Phiên ký"], responses=RESPONSES)
reports = APIRouter(prefix="/review-reports/{report_id}", tags=["Phiên ký"], responses=RESPONSES)
profiles = APIRouter(prefix="/profiles/{profile_id}", tags=["Phiên ký"], responses=RESPONSES)
sessions = APIRouter(prefix="/signing-sessions", tags=["Phiên ký"])
agents = APIRouter(prefix="/signing-agent", tags=["Phiên ký: phần mềm ký"])
certificates = APIRouter(prefix="/accounts/{account_id}/certificates", tags=["Chứng thư"])


@profiles.post("/signing-sessions", operation_id="openSigning", summary="Mở phiên ký để phê duyệt")
async def open_signing(act: ActOnRevision, profile_id: UUID, body: OpenSigning) -> JSONResponse:
    """Chuẩn bị văn bản cho khóa ở nơi khác; mã của phiên chỉ hiện trong câu trả lời đầu tiên / shown once."""
    return await _opened(act, profile_id, body)


@profiles.post("/own-signing-sessions", operation_id="openOwnSigning", summary="Mở phiên ký bản khai")
async def open_own_signing(act: ActOnRevision, profile_id: UUID, body: OpenOwnSigning) -> JSONResponse:
    """Người khai ký bản khai của mình bằng khóa ở nơi khác / the official signs the own declaration."""
    return await _opened(act, profile_id, body)


@profiles.post("/export-signing-sessions", operation_id="openExportSigning", summary="Mở phiên ký bản xuất")
async def open_export_signing(act: Act, profile_id: UUID, body: OpenExportSigning) -> JSONResponse:
    """Xuất hồ sơ có giá trị pháp lý bằng khóa ở nơi khác; dấu của cơ quan, nếu phải có, đóng sau chữ ký /
    a signed export by a key that is elsewhere; the agency's seal, where the rule asks for it, comes after."""
    tokened = _with_token(body)
    return await act.on_profile(profile_id, tokened.body, sent=tokened.sent, token=tokened.token)


@months.post("/signing-sessions", operation_id="openListSigning", summary="Mở phiên ký cả danh sách")
async def open_list_signing(act: Act, month_id: UUID, body: OpenListSigning) -> JSONResponse:
    """Một chữ ký ở nơi khác cho cả danh sách đã xem / one signature from outside for the list shown."""
    tokened = _with_token(body)
    return await on_month(act, month_id, tokened.body, sent=tokened.sent, token=tokened.token)


@reports.post("/signing-sessions", operation_id="openReportSigning", summary="Mở phiên ký báo cáo rà soát")
async def open_report_signing(act: Act, report_id: UUID, body: OpenReportSigning) -> JSONResponse:
    """Đo lại, lập báo cáo rồi chờ chữ ký ở nơi khác / measured once more, then given out to be signed."""
    tokened = _with_token(body)
    return await on_report(act, report_id, tokened.body, sent=tokened.sent, token=tokened.token)


@dataclass(frozen=True, slots=True)
class _Tokened:
    """A session's opening with the token its signer is told once; ``sent`` is what repetitions go by."""

    body: SigningTerms
    sent: SigningTerms
    token: str


def _with_token(body: SigningTerms) -> _Tokened:
    token = token_urlsafe(32)
    complete = body.model_copy(update={"token_hash": token_hash(token)})
    return _Tokened(complete, body.model_copy(update={"token_hash": ""}), token)


async def _opened(act: ActOnRevision, profile_id: UUID, body: OpenSigning | OpenOwnSigning) -> JSONResponse:
    tokened = _with_token(body)
    return await act.on_profile(profile_id, tokened.body, sent=tokened.sent, token=tokened.token)


@sessions.get("/{session_id}", operation_id="getSigningSession", summary="Một phiên ký của mình")
async def get_session(read: Read, response: Response, session_id: UUID) -> SigningSession:
    """Trạng thái và điều phải ký / where it stands, and what is to be signed."""
    response.headers.update(PRIVATE)
    return await reading.session_of(read, session_id)


@sessions.post(
    "/{session_id}/cancellations",
    operation_id="cancelSigning",
    summary="Huỷ phiên ký",
    responses=RESPONSES,
)
async def cancel_signing(act: Act, read: Read, session_id: UUID) -> JSONResponse:
    """Văn bản lại chờ ký như trước / the document waits again as before."""
    found = await reading.session_of(read, session_id)
    where = await reading.workflow_of(read.connection, session_id)
    return await act.on_session(where, found.subject_id, CANCELS[found.kind](session_id=session_id))


class CertificateWithdrawal(BaseModel):
    """Why a certificate that stands in the address no longer serves."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    reason: Reason


class SignatureValue(BaseModel):
    """What an outside signer made of the bytes to be signed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    prepared: Digest = Field(title="SHA-256 của bản đã chuẩn bị")
    value: Base64 = Field(title="Giá trị chữ ký, base64")


@agents.get("/source", operation_id="getSigningSource", summary="Bản đã chuẩn bị", response_class=Response)
async def get_source(request: Request, known: BySigningToken) -> Response:
    """Tệp PDF phải ký / the prepared file."""
    row = reading.still_open(known)
    if row.prepared is None:
        raise RefusedError.of("wrong-state", "Văn bản chưa chuẩn bị xong.", "It is not prepared yet.")
    async with transaction(tools_of(request).engine, known.who.scope) as connection:
        await record_source(reading_of(request, known.who, connection), row)
    data = await attachments.bytes_of(request.app.state.documents, known.who.authority_id, row.prepared)
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff", **PRIVATE}
    return Response(data, media_type="application/pdf", headers=headers)


@agents.post("/signature", operation_id="giveSignature", summary="Gửi giá trị chữ ký", responses=RESPONSES)
async def give_signature(
    request: Request, known: BySigningToken, body: SignatureValue, key: Key = None
) -> JSONResponse:
    """Giá trị chữ ký trên điều phải ký / the value over what was to be signed."""
    row = reading.still_open(known)
    complete = COMPLETES[row.kind](session_id=row.id, prepared=body.prepared, value=body.value)
    return await _completed(request, known, complete, key)


@agents.post("/file", operation_id="giveSignedFile", summary="Gửi lại tệp đã ký", responses=RESPONSES)
async def give_file(
    request: Request,
    known: BySigningToken,
    uploadfile: Annotated[UploadFile, File(description="Tệp PDF đã ký / the signed PDF")],
    key: Key = None,
) -> JSONResponse:
    """Cả tệp đã ký, từ phần mềm ký trên máy người ký / the whole signed file from a local agent."""
    row = reading.still_open(known)
    if row.prepared is None:
        raise RefusedError.of("wrong-state", "Văn bản chưa chuẩn bị xong.", "It is not prepared yet.")
    state = request.app.state
    data = await uploadfile.read(state.settings.attachment_bytes + 1)
    if len(data) > state.settings.attachment_bytes:
        raise RefusedError.of("attachment-too-large", extra={"largest": state.settings.attachment_bytes})
    returned = await asyncio.to_thread(_kept, state.documents, known.who.authority_id, data)
    complete = COMPLETES[row.kind](session_id=row.id, prepared=row.prepared, returned=returned)
    return await _completed(request, known, complete, key)


def _kept(store: DocumentStore, authority_id: UUID, data: bytes) -> str:
    try:
        return store.put(authority_id, data, "application/pdf").sha256
    except StoreError as error:
        raise RefusedError.of(
            "signature-not-accepted",
            "Tệp gửi lại không phải là tệp PDF.",
            "What came back is no PDF.",
            extra={"reason": error.code},
        ) from error


async def _completed(
    request: Request, known: Signing, body: CompleteSigning, key: str | None
) -> JSONResponse:
    """The command of one signature; without a key each request is one of its own, for a refused value may be
    right a minute later (a responder that was away)."""
    key = key or f"signing/{body.session_id}/{uuid4()}"
    return await send(
        request, known.who, body, subject_id=known.subject_id, key=key, workflow_id=known.workflow_id
    )


@certificates.get("", operation_id="listCertificates", summary="Chứng thư của tài khoản")
async def list_certificates(read: Read, account_id: UUID) -> list[RegisteredCertificate]:
    """Chứng thư đã đăng ký và đã rút / registered and withdrawn."""
    return await reading.certificates_of(read, account_id)


@certificates.post("", operation_id="registerCertificate", summary="Đăng ký chứng thư", responses=RESPONSES)
async def register_certificate(act: Act, account_id: UUID, body: RegisterCertificate) -> JSONResponse:
    """Người quản lý tài khoản đăng ký chứng thư của người giữ / not by the holder."""
    return await act.on_certificates(account_id, body)


@certificates.post(
    "/{certificate_id}/withdrawals",
    operation_id="withdrawCertificate",
    summary="Rút chứng thư",
    responses=RESPONSES,
)
async def withdraw_certificate(
    act: Act, account_id: UUID, certificate_id: UUID, body: CertificateWithdrawal
) -> JSONResponse:
    """Mất, đổi hoặc bị thu hồi; phiên ký đang mở không hoàn tất được nữa / no session completes with it."""
    return await act.on_certificates(
        account_id, WithdrawCertificate(certificate_id=certificate_id, reason=body.reason)
    )
