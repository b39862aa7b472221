"""``hoso verify FILE…``: are these signed files what they claim to be? Offline; nothing of them is kept or
sent.
"""

from __future__ import annotations

import json as json_format
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from asn1crypto import pem

from models.evidence import SignatureVerdict, TrustList, TrustListError, Verdict, verify_file
from models.evidence.verdict import LEVELS, VIETNAM
from models.evidence.verification import MAXIMUM_BYTES
from models.settings import Settings

VALID, INVALID, UNREADABLE = 0, 1, 2
MARKS = {"passed": "✓", "failed": "✗", "unknown": "?", "absent": "–"}

_Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE…", help="Tệp PDF đã ký, tệp chứng cứ / signed PDF, evidence file"),
]
_Trust = Annotated[
    Path | None,
    typer.Option(
        help="Danh sách tin cậy (JSON hoặc PEM); mặc định: của bản cài này / trust list (JSON or PEM)"
    ),
]
_Lists = Annotated[
    list[Path] | None,
    typer.Option(
        "--crl", help="Danh sách thu hồi của người đọc (DER hoặc PEM) / a revocation list the reader brings"
    ),
]
_Level = Annotated[
    str | None,
    typer.Option(
        help="Mức PAdES tối thiểu / the least level of PAdES: B-B, B-T, B-LT, B-LTA", metavar="LEVEL"
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


def verify(
    files: _Files,
    trust: _Trust = None,
    crl: _Lists = None,
    level: _Level = None,
    json: _Json = False,
    at: _At = None,
) -> None:
    """Kiểm tra tài liệu đã ký, không cần mạng / Check signed documents offline.

    Exit status: 0 all valid, 1 one is not valid, 2 a file, the trust list or a revocation list is unreadable.
    """
    if level is not None and level not in LEVELS:
        raise typer.BadParameter(f"{', '.join(LEVELS)}", param_hint="--level")
    try:
        anchors = TrustList.load(trust or _own_list())
    except (OSError, TrustListError) as error:
        words = ("Không đọc được danh sách tin cậy", "The trust list cannot be read")
        _give_up("trust-list-unreadable", *words, error, json)
    try:
        lists = [_der(path.read_bytes()) for path in crl or ()]
    except (OSError, ValueError) as error:
        words = ("Không đọc được danh sách thu hồi", "The revocation list cannot be read")
        _give_up("crl-unreadable", *words, error, json)
    now = at.replace(tzinfo=UTC) if at else datetime.now(UTC)
    judged = [
        (file, verify_file(_bytes(file, json), anchors, at=now, minimum=level, crls=lists)) for file in files
    ]
    if json:
        typer.echo(json_format.dumps(_for_machines(judged), ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(line for file, verdict in judged for line in _told(file, verdict, len(files))))
    raise typer.Exit(max(_status(verdict) for _, verdict in judged))


def _own_list() -> Path:
    settings = Settings()
    return settings.trust_list or settings.pki / "trust.json"


def _status(verdict: Verdict) -> int:
    return VALID if verdict.valid else INVALID if verdict.readable else UNREADABLE


def _bytes(file: Path, as_json: bool) -> bytes:
    try:
        with file.open("rb") as stream:  # one byte beyond the limit is enough to refuse
            return stream.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        _give_up("file-unreadable", "Không mở được tệp", "The file cannot be opened", error, as_json)


def _der(data: bytes) -> bytes:
    return bytes(pem.unarmor(data)[2]) if pem.detect(data) else data


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


def _for_machines(judged: Sequence[tuple[Path, Verdict]]) -> Any:
    """One file: its verdict, as ever. Several: a list of them, each with its name."""
    if len(judged) == 1:
        return judged[0][1].to_json()
    return [{"file": str(file)} | verdict.to_json() for file, verdict in judged]


def _told(file: Path, verdict: Verdict, of: int) -> Iterator[str]:
    if of > 1:
        yield f"== {file}"
    yield from _lines(verdict)


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
    yield "Đã kiểm tra / checked:"
    for check in verdict.checks:
        yield f"  {MARKS[check.result]} {check.vi}"
        yield f"    {check.en}"
    yield f"Mã tài liệu / document code: {verdict.document_code or '—'}"
    yield f"SHA-256 nội dung / of the content: {verdict.content_digest or '—'}"
    if verdict.row:
        yield f"Dòng trong danh sách / row of the list: {verdict.row['position']} ({verdict.row['profile']})"
    for number, signature in enumerate(verdict.signatures, start=1):
        yield from _signature_lines(number, signature)
    for stamp in verdict.timestamps:
        mark = "✓" if stamp.valid else "✗"
        yield f"Dấu thời gian tài liệu / document timestamp: {mark} {_local(stamp.at)} {stamp.authority}"


REVOCATION = {
    "good": "không bị thu hồi / not revoked",
    "revoked": "đã bị thu hồi / revoked",
    "unknown": "không rõ, tệp không kèm đủ dữ liệu / not checked: unknown offline without data in the file",
}


def _local(instant: datetime | None) -> str:
    return f"{instant.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S} +07:00" if instant else "—"


def _competence(signature: SignatureVerdict) -> str:
    said = signature.competence
    if not said:
        return ""
    lent = said["delegation"]
    on_behalf = f"; uỷ quyền / delegated: {lent['on_behalf_of']}, {lent['document']}" if lent else ""
    return f"{said['citation']} ({', '.join(said['rules'])}){on_behalf} — {said['authority_name']}"


def _signature_lines(number: int, signature: SignatureVerdict) -> Iterator[str]:
    yield f"Chữ ký / signature {number}: {'✓' if signature.valid else '✗'} {signature.field}"
    proven = f"{_local(signature.proven_at)} ({signature.timestamp_authority})" if signature.proven_at else ""
    known = (
        ("Người ký / signer", signature.signer),
        ("Chức vụ / post", signature.post),
        ("Cơ quan / organisation", signature.organisation),
        ("Thời điểm ký (người ký khai) / signing time (stated by the signer)", _local(signature.signed_at)),
        ("Thời điểm bên thứ ba xác nhận / time a third party vouches for", proven),
        ("Mức / level", f"PAdES {signature.level}" if signature.level else ""),
        ("Nội dung / reason", signature.reason),
        ("Tin cậy theo / trusted through", signature.anchor or "—"),
        ("Thu hồi / revocation", REVOCATION[signature.revocation]),
        ("Thẩm quyền / competence", _competence(signature)),
    )
    for label, value in known:
        if value:
            yield f"    {label}: {value}"
