"""``hoso audit verify``: has anybody changed the past? It reads the database and the second place.

Offline but for these two. Exit status: 0 the history is whole, 1 something was found, 2 it could not be
checked.
"""

import json as jsonlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import psycopg
import typer

from models.errors import HosoError
from models.evidence import TrustList, TrustListError
from models.evidence.verdict import VIETNAM
from models.history.audit import Audit
from models.history.findings import WORDS, Report
from models.history.place import SecondPlace
from models.history.witness import witness_by
from models.settings import DatabaseRole, Settings

WHOLE, FOUND, UNREADABLE = 0, 1, 2
SHOWN = 50
"""Findings shown to people one by one; `--json` lists up to a thousand."""

audit_app = typer.Typer(no_args_is_help=True, help="Lịch sử không thể sửa lén / the tamper-evident history")

_Authority = Annotated[
    str | None,
    typer.Option("--authority", help="Mã cơ quan quản lý; mặc định: tất cả / code; all by default"),
]
_Place = Annotated[
    str | None,
    typer.Option("--second-place", help="Nơi lưu thứ hai; mặc định theo cài đặt / by default the setting's"),
]
_Alone = Annotated[
    bool, typer.Option("--without-second-place", help="Chỉ cơ sở dữ liệu / the database alone")
]
_Trust = Annotated[
    Path | None,
    typer.Option(help="Danh sách tin cậy (JSON hoặc PEM) / trust list; default: this installation's"),
]
_Json = Annotated[bool, typer.Option("--json", help="Kết quả cho máy đọc / the answer for machines")]


@dataclass(frozen=True)
class Audited:
    """One authority's report, and how long it took."""

    code: str
    report: Report
    seconds: float


@audit_app.callback()
def _group() -> None:
    """Keeps ``verify`` a word of its own."""


@audit_app.command("verify")
def verify(
    authority: _Authority = None,
    second_place: _Place = None,
    without_second_place: _Alone = False,
    trust: _Trust = None,
    json: _Json = False,
) -> None:
    """Kiểm tra toàn bộ lịch sử từng dòng / check the whole history row by row.

    Exit status: 0 whole, 1 something was found, 2 it could not be checked.
    """
    settings = Settings()
    try:
        anchors = TrustList.load(trust or settings.pki / "trust.json")
        place = None if without_second_place else SecondPlace(second_place or settings.second_place_address)
        done = list(audits(settings.libpq_url(DatabaseRole.REPORT), authority, place, anchors))
    except (HosoError, TrustListError, OSError, psycopg.Error) as error:
        _give_up(error, json)
    if authority is not None and not done:
        _give_up(LookupError(f"không có cơ quan quản lý này / no such authority: {authority}"), json)
    whole = all(one.report.whole for one in done)
    if json:
        answer = {
            "whole": whole,
            "second_place": place is not None,
            "authorities": [_json(one) for one in done],
        }
        typer.echo(jsonlib.dumps(answer, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(line for one in done for line in _lines(one, place)))
    raise typer.Exit(WHOLE if whole else FOUND)


def audits(url: str, code: str | None, place: SecondPlace | None, trust: TrustList) -> Iterator[Audited]:
    """Every authority (or the one of this code), each in one snapshot of the database.

    Raises:
        psycopg.Error: the database cannot be read.
        PlaceError: the second place cannot be reached.
    """
    witness = witness_by(trust)
    with psycopg.connect(url) as connection:
        connection.execute(
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        )
        connection.commit()
        found = connection.execute("SELECT authority_id, code FROM authorities ORDER BY code").fetchall()
        connection.commit()
        for authority_id, named in found:
            if code is not None and named != code:
                continue
            started = time.monotonic()
            connection.execute(
                "SELECT set_config('hoso.authority', %s, true), set_config('hoso.scope', 'authority', true)",
                [str(authority_id)],
            )
            report = Audit(connection, authority_id, place, witness).run()
            connection.commit()
            yield Audited(named, report, time.monotonic() - started)


def _give_up(error: Exception, as_json: bool) -> NoReturn:
    # A driver's message may quote a row; the others are ours.
    reason = type(error).__name__ if isinstance(error, psycopg.Error) else str(error)
    if as_json:
        typer.echo(jsonlib.dumps({"whole": None, "problem": reason}, ensure_ascii=False))
    else:
        typer.echo(f"Không kiểm tra được / could not be checked: {reason}", err=True)
    raise typer.Exit(UNREADABLE)


def _json(one: Audited) -> dict[str, Any]:
    report = one.report
    return {
        "authority": one.code,
        "whole": report.whole,
        "events": report.events,
        "logged": report.logged,
        "waiting": report.waiting,
        "streams": report.streams,
        "heads": report.heads,
        "seals": report.seals,
        "exported": report.exported,
        "proven": report.proven,
        "proven_at": report.proven_at.isoformat() if report.proven_at else None,
        "seconds": round(one.seconds, 3),
        "counts": report.counts,
        "findings": [finding.as_json() for finding in report.findings],
    }


def _lines(one: Audited, place: SecondPlace | None) -> Iterator[str]:
    report = one.report
    yield f"{one.code}: " + ("NGUYÊN VẸN / WHOLE" if report.whole else "CÓ THAY ĐỔI / ALTERED")
    yield (
        f"  {report.events:,} sự kiện / events, {report.streams:,} dòng / streams, {report.waiting:,} chờ ghi"
        f" nhật ký / waiting for the log, {report.heads:,} đầu / heads, {report.seals:,} niêm phong / seals"
        f" ({one.seconds:.1f} s)"
    )
    for finding in report.findings[:SHOWN]:
        vi, en = WORDS[finding.code]
        yield f"  ✗ {finding.where}\n      {vi}\n      {en} [{finding.code}]"
    for code, count in sorted(report.counts.items()):
        yield f"  {count:8,}  {code}"
    yield from _limit(report, place)


def _limit(report: Report, place: SecondPlace | None) -> Iterator[str]:
    """What the answer is worth: said each time, because it is never the whole past."""
    if report.proven_at is not None:
        local = report.proven_at.astimezone(VIETNAM)
        yield (
            f"  {report.proven:,} sự kiện đầu được chứng thực ngoài tầm cơ sở dữ liệu,"
            f" lúc {local:%d/%m/%Y %H:%M:%S} / the first {report.proven:,} events are vouched for"
            " out of the database's reach"
        )
    elif place is None:
        yield "  ! Không có nơi lưu thứ hai: chủ cơ sở dữ liệu có thể đã cắt cuối lịch sử mà không lộ."
        yield "    Without the second place the database's owner could have cut the tail unseen."
    else:
        yield "  ! Chưa có đầu niêm phong nào chứng thực được / no sealed head vouches for anything yet"
    if report.events > report.proven:
        yield (
            f"  {report.events - report.proven:,} sự kiện sau đó: chủ cơ sở dữ liệu còn có thể thay đổi mà"
            " không lộ / later ones its owner could still change unseen, until the next seal"
        )
