"""``hoso keys escrow-check``: the master key's copy that is kept elsewhere, tried and recorded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from api.cli.service import INSTALLATION, WRONG, By, leave, run_as
from models.backups.manifest import RING
from models.command_admin import CheckEscrow
from models.errors import HosoError, KeyRingDamagedError
from models.key_opening import master_in
from models.key_ring import MasterKey, unwrap
from models.settings import Settings

Copy = Annotated[
    Path,
    typer.Argument(help="Bản ký gửi vừa được mang tới / the copy, as it was brought", show_default=False),
]
Minutes = Annotated[
    str, typer.Option("--document", help="Biên bản: ai giữ, mở ở đâu / the minutes: who keeps it, where")
]


def escrow_check(file: Copy, by: By, document: Minutes) -> None:
    """Thử bản ký gửi của khoá chủ, ghi vào nhật ký / try the escrowed copy of the master key, and record it.

    It must open the key ring in use. A copy of a former master key opens backups of its time only; that is
    said, and nothing is recorded. Take the file away again afterwards.
    """
    settings = Settings()
    try:
        if settings.master_key is None and file.samefile(settings.master_key_file):
            leave("đây là khoá đang dùng, không phải bản ký gửi / this is the key in use, no copy", WRONG)
        master = master_in(settings, file)
        if not opens(settings.key_ring, master):
            leave(_former(settings, master), WRONG)
    except (HosoError, OSError) as error:
        leave(" ".join(str(error).split()), WRONG)
    body = {"check_value": master.check_value, "document": document}
    run_as(by, None, INSTALLATION, lambda: CheckEscrow.model_validate(body), tells="check_value")


def opens(ring: Path, master: MasterKey) -> bool:
    """Whether the key unwraps that ring.

    Raises:
        OSError: the ring cannot be read.
    """
    try:
        unwrap(ring.read_bytes(), master)
    except KeyRingDamagedError:
        return False
    return True


def _former(settings: Settings, master: MasterKey) -> str:
    found = list(_backups(settings, master))
    if not found:
        return "không mở được chùm khoá, không mở được bản sao lưu nào / opens neither the ring nor a backup"
    said = f"{len(found)}: {found[0]} … {found[-1]}" if len(found) > 1 else found[0]
    return f"khoá chủ cũ, chỉ mở được bản sao lưu / a former master key, it opens only backups {said}"


def _backups(settings: Settings, master: MasterKey) -> Iterator[str]:
    for ring in sorted(settings.backups.glob(f"*/{RING}")):
        if opens(ring, master):
            yield ring.parent.name
