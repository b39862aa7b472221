"""Uploads that resume, by the protocol tus 1.0.0 (https://tus.io/protocols/resumable-upload): core, creation,
checksum, expiration, termination. What comes of one is an attachment like any other.
"""

import base64
import binascii
from collections.abc import Callable, Coroutine
from datetime import UTC, date
from email.utils import format_datetime
from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.routing import APIRoute

from api.intake import resumable
from api.intake.resumable import CHECKSUMS, Checksum, Upload
from api.intake.upload import Told
from api.problems import answer
from api.reading.attachments import Kind
from api.routers.attachments import Taking
from models.errors import RefusedError

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,expiration,termination"
BYTES = "application/offset+octet-stream"
_MOST_METADATA = 4096


class TusRoute(APIRoute):
    """Every answer, a refusal too, names the protocol's version; another version is 412 and told which."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with the protocol's headers around it."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
                    raise RefusedError.of("upload-protocol", extra={"version": VERSION})
                response = await inner(request)
            except RefusedError as refused:
                response = answer(refused.refusal, request.state.request_id)
                response.headers["Tus-Version"] = VERSION
            response.headers["Tus-Resumable"] = VERSION
            response.headers["Cache-Control"] = "no-store"
            return response

        return handle


router = APIRouter(
    prefix="/profiles/{profile_id}/uploads", tags=["Tải tệp có nối tiếp"], route_class=TusRoute
)


@router.options("", status_code=204, operation_id="uploadOptions", summary="Khả năng tải tệp nối tiếp (tus)")
async def options(request: Request, profile_id: UUID) -> Response:
    """Version, extensions, largest file in bytes, algorithms of checksums. Says nothing about the profile."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(request.app.state.settings.attachment_bytes),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }
    return Response(status_code=204, headers=headers)


@router.post("", status_code=201, operation_id="beginUpload", summary="Bắt đầu tải tệp nối tiếp")
async def begin(
    request: Request,
    taking: Taking,
    profile_id: UUID,
    upload_length: Annotated[int, Header(ge=0, title="Số byte của tệp")],
    upload_metadata: Annotated[
        str, Header(title="filetype, kind, certified_by, certified_on: giá trị base64")
    ] = "",
) -> Response:
    """Announce a file; the answer's Location takes its bytes. ``filename`` is read by nobody and not kept."""
    told = _told(upload_metadata)
    made = await resumable.begin(
        taking, profile_id, upload_length, told, request.app.state.settings.upload_hours
    )
    location = {"Location": f"{request.url.path.rstrip('/')}/{made.id}"}
    return Response(status_code=201, headers=location | _expiry(made))


@router.head("/{upload_id}", operation_id="askUpload", summary="Đã nhận được bao nhiêu byte")
async def ask(taking: Taking, profile_id: UUID, upload_id: UUID) -> Response:
    """How many bytes have come: where to go on. Once it is whole, which attachment it became."""
    found = await resumable.find(taking, profile_id, upload_id)
    headers = {"Upload-Offset": str(found.received), "Upload-Length": str(found.length)}
    return Response(status_code=200, headers=headers | _expiry(found) | _became(found.sha256))


@router.patch(
    "/{upload_id}",
    status_code=204,
    operation_id="continueUpload",
    summary="Gửi tiếp các byte của tệp",
    openapi_extra={
        "requestBody": {
            "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}},
            "required": True,
        }
    },
)
async def go_on(
    request: Request,
    taking: Taking,
    profile_id: UUID,
    upload_id: UUID,
    upload_offset: Annotated[int, Header(ge=0, title="Byte đầu tiên gửi lần này")],
    upload_checksum: Annotated[str | None, Header(title="Thuật toán và giá trị base64")] = None,
) -> Response:
    """Bytes from an offset on. With the last ones the file is judged as an upload in one piece is."""
    if request.headers.get("Content-Type") != BYTES:
        raise RefusedError.of("unsupported-media-type")
    checksum = _checksum(upload_checksum)
    found = await resumable.find(taking, profile_id, upload_id)
    offset, became = await resumable.go_on(taking, found, upload_offset, request.stream(), checksum)
    headers = {"Upload-Offset": str(offset)} | _expiry(found) | _became(became)
    return Response(status_code=204, headers=headers)


@router.delete("/{upload_id}", status_code=204, operation_id="dropUpload", summary="Bỏ tệp đang tải dở")
async def drop(taking: Taking, profile_id: UUID, upload_id: UUID) -> Response:
    """Forget an upload and its bytes."""
    await resumable.drop(taking, profile_id, upload_id)
    return Response(status_code=204)


def _expiry(upload: Upload) -> dict[str, str]:
    return {"Upload-Expires": format_datetime(upload.expires_at.astimezone(UTC), usegmt=True)}


def _became(sha256: str | None) -> dict[str, str]:
    return {} if sha256 is None else {"Hoso-Attachment": sha256}


def _told(metadata: str) -> Told:
    """What the sender says of the file: pairs of key and base64 value, separated by commas.

    Raises:
        RefusedError: ``malformed-request``.
    """
    said: dict[str, str] = {}
    wrong = RefusedError.of(
        "malformed-request", "Không đọc được Upload-Metadata.", "Upload-Metadata cannot be read."
    )
    if len(metadata) > _MOST_METADATA:
        raise wrong
    try:
        for pair in filter(None, (one.strip() for one in metadata.split(","))):
            key, _, value = pair.partition(" ")
            said[key] = base64.b64decode(value, validate=True).decode()
        day = date.fromisoformat(said["certified_on"]) if said.get("certified_on") else None
    except ValueError:  # binascii's and Unicode's errors are ValueErrors
        raise wrong from None
    kind = said.get("kind", "other")
    if kind not in get_args(Kind) or len(said.get("certified_by", "")) > 300:
        raise wrong
    return Told(said.get("filetype", ""), kind, said.get("certified_by"), day)


def _checksum(header: str | None) -> Checksum | None:
    """The header's algorithm and digest.

    Raises:
        RefusedError: ``malformed-request`` for an unknown algorithm or what is no base64.
    """
    if header is None:
        return None
    algorithm, _, value = header.partition(" ")
    try:
        if algorithm in CHECKSUMS:
            return Checksum(algorithm, base64.b64decode(value, validate=True))
    except binascii.Error:
        pass
    raise RefusedError.of(
        "malformed-request", "Không đọc được Upload-Checksum.", "Upload-Checksum cannot be read."
    )
