"""``hoso demo``: one working life in virtual time, told as it happens, proven at the end."""

import asyncio
import json as json_format
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import httpx
import typer
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from api.cli.children import ChildError
from api.cli.demo.keeping import keep, summary
from api.cli.demo.play import Performance, elapsed, play
from api.cli.demo.problems import StoryError
from api.cli.demo.servers import Servers, no_settings_of_the_desk
from api.cli.demo.telling import Language, Teller
from api.cli.demo.world import worlds
from models.errors import HosoError
from models.logs import configure

CLEARING = 5.0
"""Seconds the removal of the folder may take."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells count it."""

AUTHORITIES = tuple(worlds())


def _known(name: str) -> str:
    if name not in AUTHORITIES:
        raise typer.BadParameter(f"có / known: {', '.join(AUTHORITIES)}")
    return name


_Out = Annotated[
    Path | None,
    typer.Option(file_okay=False, help="Giữ lại các tệp ở đây / keep the files here", metavar="DIR"),
]
_Leave = Annotated[
    Path | None,
    typer.Option(
        file_okay=False, help="Ghi lại những gì máy chủ biết / what the servers know", metavar="DIR"
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Kết quả cho máy đọc / the answer for machines")]
_Language = Annotated[Language, typer.Option("--lang", help="Ngôn ngữ / language")]
_Authority = Annotated[
    str,
    typer.Option(callback=_known, help="Cơ quan quản lý / the authority", metavar="|".join(AUTHORITIES)),
]
_GOES_WRONG = (StoryError, ChildError, HosoError, RPCError, httpx.HTTPError, SQLAlchemyError, OSError)


def command(
    authority: _Authority = "hanoi",
    out: _Out = None,
    json: _Json = False,
    lang: _Language = Language.BOTH,
    leave: _Leave = None,
) -> None:
    """Diễn một đời công tác trong thời gian ảo / Play one working life in virtual time.

    Exit status: 0 every step came out as told and the signed files hold, 1 one did not, 130 interrupted.
    """
    configure("console", "ERROR", "demo")
    teller = Teller(Console(highlight=False), lang, quiet=json)
    world = worlds()[authority]
    if world.drafts:
        teller.note(
            f"THỬ NGHIỆM DỰ THẢO {', '.join(world.drafts)}: dự thảo không ràng buộc ai",
            "A DRAFT ON TRIAL: it binds nobody",
        )
    kept, interrupted = _performed(Performance(authority=authority, drafts=world.drafts), teller, out, leave)
    if json:
        typer.echo(json_format.dumps(summary(kept), ensure_ascii=False, indent=2))
    else:
        _close(kept, teller, out)
    raise typer.Exit(INTERRUPTED if interrupted else 0 if kept.succeeded else 1)


def _performed(
    kept: Performance, teller: Teller, out: Path | None, left: Path | None
) -> tuple[Performance, bool]:
    """Play on servers that are always stopped; answers what there is, and whether it was interrupted."""
    began, interrupted = time.monotonic(), False
    with no_settings_of_the_desk(), _folder() as folder, _asked_to_stop():
        servers = Servers(folder, worlds()[kept.authority].national_code)
        try:
            asyncio.run(play(servers, servers.start(teller.note), teller, kept, left))
        except KeyboardInterrupt:
            interrupted, kept.failure = True, "đã dừng theo yêu cầu / interrupted"
        except _GOES_WRONG as error:
            kept.failure = " ".join(str(error).split()) or type(error).__name__
        finally:
            servers.stop()
        kept.seconds = elapsed(began)
        if out is not None:
            try:
                keep(kept, out, servers.data / "outbox")
            except OSError as error:
                kept.failure = f"{out}: {error.strerror}"
    return kept, interrupted


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that is gone afterwards; what was interrupted may write in it for a moment longer."""
    folder = Path(tempfile.mkdtemp(prefix="hoso-demo-"))
    try:
        yield folder
    finally:
        end = time.monotonic() + CLEARING
        while folder.exists() and time.monotonic() < end:
            shutil.rmtree(folder, ignore_errors=True)
            time.sleep(0 if not folder.exists() else 0.1)


@contextmanager
def _asked_to_stop() -> Iterator[None]:
    """SIGTERM and SIGHUP end the story as Ctrl-C does."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = (signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, stop) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _close(kept: Performance, teller: Teller, out: Path | None) -> None:
    """The last lines: was it proven, how long did it take, what went wrong."""
    if kept.failure is not None:
        typer.echo(f"\nLỖI / ERROR: {kept.failure}", err=True)
        return
    for number, verdict in enumerate(kept.verdicts, start=1):
        signer = verdict.signatures[-1]
        teller.note(
            f"✓ tệp đã ký {number}: hợp lệ, {signer.signer} ({signer.organisation})",
            f"signed file {number} holds",
        )
    teller.note(
        f"{len(kept.steps)} bước trong {kept.seconds:.0f} giây",
        f"{len(kept.steps)} steps, {kept.seconds:.0f} s",
    )
    if out is not None:
        teller.note(f"Tệp đã giữ: {out}", "files kept there; check one yourself:")
        assert kept.read_on is not None
        read_on = kept.read_on.strftime("%Y-%m-%dT%H:%M:%SZ")
        teller.note(f"  hoso verify {out}/signed-1.pdf --trust {out}/trust.json --at {read_on}")
