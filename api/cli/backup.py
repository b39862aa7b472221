"""``hoso backup``: taken, restored into a throw-away place and checked, all without the engine.

Exit status: 0 a good backup, 1 one that is damaged, 2 none could be taken or looked at.
"""

import json as jsonlib
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn
from uuid import UUID

import psycopg
import typer

from api.cli.scratch import Report, check
from models.backups.manifest import Manifest
from models.backups.taking import Source, take
from models.documents import blobs_of
from models.errors import HosoError
from models.evidence import TrustList, TrustListError
from models.identifiers import new_id
from models.key_opening import master_in, master_place, open_ring
from models.keys import MasterKey
from models.settings import DATA_FOLDER, PREFIX, DatabaseRole, Settings

GOOD, DAMAGED, NONE = 0, 1, 2
ROOT = Path(__file__).resolve().parents[2]
_NOTE = "from activities.backups.noting import main; main()"
"""A process of its own: it has the signers, and the command line imports no activity."""
SHOWN = 20

backup_app = typer.Typer(invoke_without_command=True, help="Sao lưu / backups")

Data = Annotated[Path, typer.Option(envvar=PREFIX + "DATA", help="Thư mục dữ liệu / data folder")]
Json = Annotated[bool, typer.Option("--json", help="Kết quả cho máy đọc / the answer for machines")]
KeyFile = Annotated[
    Path | None,
    typer.Option("--master-key-file", help="Khoá chủ; mặc định theo cài đặt / default: the setting's"),
]


def source_of(settings: Settings) -> Source:
    """What a backup of this installation holds.

    Raises:
        HosoError: a key or a password is missing.
    """
    return Source(
        url=settings.libpq_url(DatabaseRole.WORKER),
        ring_file=settings.key_ring,
        ring=open_ring(settings),
        master=master_place(settings).find(),
        documents=blobs_of(settings),
        folders={"pki": settings.pki},
        engine_file=settings.data / "temporal" / "engine.sqlite",
    )


def master_of(settings: Settings, file: Path | None) -> MasterKey:
    """The master key: from the file named, else as the settings say."""
    if file is not None:
        return master_in(settings, file)
    return master_place(settings).find()


@backup_app.callback()
def backup(
    context: typer.Context,
    data: Data = DATA_FOLDER,
    to: Annotated[
        Path | None, typer.Option("--to", help="Nơi giữ bản sao lưu / where backups are kept")
    ] = None,
    json: Json = False,
) -> None:
    """Sao lưu cơ sở dữ liệu và tài liệu, rồi khôi phục thử để kiểm tra / take a backup and check it."""
    if context.invoked_subcommand is not None:
        return
    settings = Settings(data=data)
    try:
        source, own, now = source_of(settings), new_id(), datetime.now(UTC).replace(microsecond=0)
        folder = take(source, to or settings.backups, str(own), now)
        report = check(folder, source.master, _trust(settings))
        unsealed = _noted(data, _judged(settings, own, folder, report, now))
    except (HosoError, TrustListError, OSError, psycopg.Error) as error:
        _give_up(error, json)
    _show(folder, report, json, unsealed)


def _judged(settings: Settings, own: UUID, folder: Path, report: Report, now: datetime) -> dict[str, Any]:
    """The verdict, as the process that seals it reads it."""
    elsewhere = folder.parent.absolute() != settings.backups
    return {
        "backup_id": str(own),
        "folder": str(folder.absolute()) if elsewhere else folder.name,
        "made_at": now.isoformat(),
        "good": report.good,
        "rows": report.rows,
        "documents": report.documents,
        "bytes": sum(path.stat().st_size for path in folder.iterdir()),
        "problems": list(report.problems),
    }


def _noted(data: Path, judged: dict[str, Any]) -> dict[str, str]:
    """The row of every authority under its sealed note, as the workflow leaves them; why a note is missing.

    Raises:
        HosoError: nothing could be recorded.
    """
    done = subprocess.run(  # noqa: S603 — this interpreter, words of ours
        [sys.executable, "-c", _NOTE],
        input=jsonlib.dumps(judged),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, PREFIX + "DATA": str(data)},
        check=False,
    )
    if done.returncode:
        raise HosoError(done.stderr.strip()[-300:] or "the note could not be made")
    unsealed: dict[str, str] = jsonlib.loads(done.stdout)["unsealed"]
    return unsealed


@backup_app.command("check")
def check_one(
    folder: Annotated[Path, typer.Argument(help="Bản sao lưu / the backup", show_default=False)],
    data: Data = DATA_FOLDER,
    master_key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """Khôi phục vào nơi tạm và kiểm tra từng phần / restore into a throw-away place and check all of it."""
    settings = Settings(data=data)
    try:
        report = check(folder, master_of(settings, master_key_file), _trust(settings))
    except (HosoError, TrustListError, OSError, psycopg.Error) as error:
        _give_up(error, json)
    _show(folder, report, json)


def _trust(settings: Settings) -> TrustList:
    return TrustList.load(settings.trust_list or settings.pki / "trust.json")


def _show(folder: Path, report: Report, as_json: bool, unsealed: Mapping[str, str] | None = None) -> NoReturn:
    if as_json:
        told = {"folder": str(folder), **report.as_json(), **({"unsealed": unsealed} if unsealed else {})}
        typer.echo(jsonlib.dumps(told, ensure_ascii=False, indent=2))
    else:
        verdict = "KHÔI PHỤC ĐƯỢC / GOOD" if report.good else "HỎNG / DAMAGED"
        typer.echo(f"{folder}: {verdict} ({report.seconds:.1f} s)")
        if report.good:
            kept = sum(file.size for file in Manifest.read(folder)[0].files.values())
            typer.echo(
                f"  {report.rows:,} hàng / rows, {report.tables} bảng / tables, {report.events:,} sự kiện /"
                f" events, {report.documents:,} tài liệu / documents, {kept >> 10:,} KiB"
            )
            typer.echo(f"  khoá cần có / keys needed: {folder / 'KEYS.txt'}")
        for code, why in (unsealed or {}).items():
            typer.echo(f"  ! {code}: biên bản chưa niêm phong / the note is not sealed: {why}")
        for problem in report.problems[:SHOWN]:
            typer.echo(f"  ✗ {problem}")
        if len(report.problems) > SHOWN:
            typer.echo(f"  … {len(report.problems) - SHOWN}")
    raise typer.Exit(GOOD if report.good else DAMAGED)


def _give_up(error: Exception, as_json: bool) -> NoReturn:
    # A driver's message may quote a row; the others are ours.
    reason = type(error).__name__ if isinstance(error, psycopg.Error) else str(error)
    if as_json:
        typer.echo(jsonlib.dumps({"good": None, "problem": reason}, ensure_ascii=False))
    else:
        typer.echo(f"Không sao lưu, kiểm tra được / no backup, no check: {reason}", err=True)
    raise typer.Exit(NONE)
