"""``hoso verify FILE``: is this signed document what it claims to be? Offline; nothing of it is kept or
sent.
"""

from __future__ import annotations

import json as json_format
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from models.evidence import SignatureVerdict, TrustList, TrustListError, Verdict
from models.evidence.verdict import VIETNAM
from models.evidence.verification import MAXIMUM_BYTES
from models.evidence.verification import verify as judge
from models.settings import Settings

VALID, INVALID, UNREADABLE = 0, 1, 2

_File = Annotated[Path, typer.Argument(metavar="FILE", help="Tệp PDF đã ký / the signed PDF")]
_Trust = Annotated[
    Path | None,
    typer.Option(
        help="Danh sách tin cậy (JSON hoặc PEM); mặc định: của bản cài này / trust list (JSON or PEM)"
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Kết quả cho máy đọc / the answer for machines")]
_At = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"],
        help="Thời điểm đọc, cho tệp của bản trình diễn / the reader's present, for a demo's files",
        metavar="UTC",
    ),
]


def verify(file: _File, trust: _Trust = None, json: _Json = False, at: _At = None) -> None:
    """Kiểm tra tài liệu đã ký, không cần mạng / Check a signed document offline.

    Exit status: 0 valid, 1 not valid, 2 file or trust list unreadable.
    """
    try:
        anchors = TrustList.load(trust or Settings().pki / "trust.json")
    except (OSError, TrustListError) as error:
        _give_up(
            "trust-list-unreadable",
            "Không đọc được danh sách tin cậy",
            "The trust list cannot be read",
            error,
            json,
        )
    try:
        with file.open("rb") as stream:  # one byte beyond the limit is enough to refuse
            data = stream.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        _give_up("file-unreadable", "Không mở được tệp", "The file cannot be opened", error, json)
    verdict = judge(data, anchors, at=at.replace(tzinfo=UTC) if at else datetime.now(UTC))
    if json:
        typer.echo(json_format.dumps(verdict.to_json(), ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_lines(verdict)))
    raise typer.Exit(VALID if verdict.valid else INVALID if verdict.readable else UNREADABLE)


def _give_up(code: str, vi: str, en: str, error: Exception, as_json: bool) -> NoReturn:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if as_json:
        problem = {"code": code, "vi": f"{vi}: {reason}", "en": f"{en}: {reason}"}
        typer.echo(
            json_format.dumps({"valid": False, "readable": False, "problems": [problem]}, ensure_ascii=False)
        )
    else:
        typer.echo(f"{vi}: {reason}\n{en}: {reason}", err=True)
    raise typer.Exit(UNREADABLE)


def _lines(verdict: Verdict) -> Iterator[str]:
    if verdict.valid:
        yield "HỢP LỆ: chữ ký đúng, nội dung không thay đổi."
        yield "VALID: the signatures hold and the content is unchanged."
    else:
        yield "KHÔNG HỢP LỆ"
        yield "NOT VALID"
    for found in verdict.problems:
        yield f"  ✗ {found.vi}"
        yield f"    {found.en} [{found.code}]"
    yield f"Mã tài liệu / document code: {verdict.document_code or '—'}"
    yield f"SHA-256 nội dung / of the content: {verdict.content_digest or '—'}"
    for number, signature in enumerate(verdict.signatures, start=1):
        yield from _signature_lines(number, signature)


def _signature_lines(number: int, signature: SignatureVerdict) -> Iterator[str]:
    yield f"Chữ ký / signature {number}: {'✓' if signature.valid else '✗'} {signature.field}"
    local = signature.signed_at.astimezone(VIETNAM) if signature.signed_at else None
    signed_at = f"{local:%d/%m/%Y %H:%M:%S} +07:00" if local else "—"
    known = (
        ("Người ký / signer", signature.signer),
        ("Chức vụ / post", signature.post),
        ("Cơ quan / organisation", signature.organisation),
        ("Thời điểm ký (người ký khai) / signing time (stated by the signer)", signed_at),
        ("Nội dung / reason", signature.reason),
        ("Tin cậy theo / trusted through", signature.anchor or "—"),
        ("Thu hồi / revocation", "chưa kiểm tra (ngoại tuyến) / not checked (offline)"),
    )
    for label, value in known:
        if value:
            yield f"    {label}: {value}"
