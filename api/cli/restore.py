"""``hoso restore``: a backup into an empty folder, which is a data folder afterwards."""

import shutil
import time
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

import psycopg
import typer
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.cli.backup import KeyFile, master_of
from api.cli.children import ChildError
from api.cli.embedded import ROLES, server_account
from api.cli.scratch import Database, bring_up, of_server, running
from models.backups.errors import BackupDamagedError, PlaceNotEmptyError
from models.backups.manifest import RING, Manifest
from models.backups.opening import Opened, damaged_files, open_backup
from models.backups.restoring import restore_archive
from models.documents import Blobs, FolderBlobs, blobs_of
from models.errors import HosoError
from models.key_files import read_private, write_private
from models.settings import Settings

DONE, REFUSED = 0, 2
STAGED = "restoring"
"""The name under which PostgreSQL's folder stands until all is in it."""


def restore(
    folder: Annotated[Path, typer.Argument(help="Bản sao lưu / the backup", show_default=False)],
    into: Annotated[Path, typer.Option("--into", help="Thư mục trống / an empty folder")],
    master_key_file: KeyFile = None,
    postgres: Annotated[
        str | None,
        typer.Option(
            envvar="HOSO_RESTORE_POSTGRES",
            help="Cơ sở dữ liệu trống, địa chỉ của superuser; không có: PostgreSQL nhúng"
            " / an empty database, a superuser's address; none: the embedded one",
        ),
    ] = None,
) -> None:
    """Khôi phục vào nơi trống; sau đó `hoso run --data NƠI ĐÓ` rồi `hoso engine rebuild`.

    Nơi đã có dữ liệu thì bị từ chối / a place that holds anything is refused. With --postgres the rows go
    into a database that is there, with its four roles and nothing else; keys, documents and certificates into
    the folder. Its address may hold a password: better in HOSO_RESTORE_POSTGRES than typed.
    """
    started = time.monotonic()
    try:
        opened = open_backup(folder, master_of(Settings(), master_key_file))
        given = given_database(postgres) if postgres is not None else None
        rows = restore_into(opened, into.absolute(), master_key_file, given)
    except (HosoError, ChildError, OSError, psycopg.Error) as error:
        reason = type(error).__name__ if isinstance(error, psycopg.Error) else str(error)
        typer.echo(f"Không khôi phục được / not restored: {reason}", err=True)
        raise typer.Exit(REFUSED) from None
    _said(opened.manifest, into, rows, master_key_file, time.monotonic() - started)


_ROLES = "SELECT count(*) FROM pg_roles WHERE rolname = ANY (%s)"
_TABLES = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"


def given_database(address: str) -> Database:
    """A database that is there: it has our roles, and no table.

    Raises:
        PlaceNotEmptyError: it holds tables, or its roles were not made.
    """
    with psycopg.connect(address) as connection:
        roles = connection.execute(_ROLES, [list(ROLES.values())]).fetchone()
        tables = connection.execute(_TABLES).fetchone()
    if tables is None or tables[0]:
        raise PlaceNotEmptyError("cơ sở dữ liệu không trống / the database is not empty")
    if roles is None or roles[0] != len(ROLES):
        wanted = ", ".join(ROLES.values())
        raise PlaceNotEmptyError(f"chưa tạo đủ vai trò / its roles were not made: {wanted}")
    # As its owner without its password: a superuser may act in any role.
    owner = make_conninfo(address, options=f"-c role={ROLES['migration']}")
    return Database(_url(owner), address)


def _url(conninfo: str) -> str:
    """The same as a URL, every word of it in the query: SQLAlchemy takes nothing else."""
    return "postgresql:///?" + urlencode(conninfo_to_dict(conninfo), quote_via=quote)


def restore_into(opened: Opened, into: Path, key_file: Path | None, database: Database | None = None) -> int:
    """Fill an empty folder; answers rows. Cut off in between it leaves no data folder that would start.

    Raises:
        PlaceNotEmptyError: the folder holds something.
        BackupDamagedError: a file of the backup is not what was written; nothing has been restored then.
    """
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(into.iterdir()):
        raise PlaceNotEmptyError(f"thư mục không trống / the folder is not empty: {into}")
    try:
        return _fill(opened, into, key_file, database)
    except BaseException:
        for left in into.iterdir():  # it was empty: what is in it now is ours
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        raise


def _fill(opened: Opened, into: Path, key_file: Path | None, database: Database | None) -> int:
    if problems := damaged_files(opened):
        raise BackupDamagedError(opened.folder.name, "; ".join(problems))
    into.chmod(0o711 if server_account() else 0o700)
    (into / "keys").mkdir(mode=0o700)
    write_private(into / "keys" / "keyring.json", (opened.folder / RING).read_bytes(), replace=False)
    if key_file is not None:
        write_private(into / "keys" / "master.key", read_private(key_file), replace=False)
    restore_archive(opened, "documents.sealed", _documents(into))
    if "pki.sealed" in opened.manifest.files:
        restore_archive(opened, "pki.sealed", FolderBlobs(into / "pki"))
    if database is not None:
        return bring_up(database, opened, lambda _text: None, compare=False)[0]
    with running(into / STAGED, throwaway=False) as server:
        rows, _ = bring_up(of_server(server), opened, lambda _text: None, compare=False)
    (into / STAGED).rename(into / "postgres")  # `hoso run` looks for this name
    (into / f"{STAGED}.log").unlink(missing_ok=True)
    return rows


def _documents(into: Path) -> Blobs:
    """The bucket that the settings name, which must be empty below its prefix; else a folder in the place."""
    settings = Settings()
    if settings.documents_bucket is not None:
        return blobs_of(settings)
    (into / "documents").mkdir(mode=0o700)
    return FolderBlobs(into / "documents")


def _said(manifest: Manifest, into: Path, rows: int, key_file: Path | None, seconds: float) -> None:
    typer.echo(
        f"Đã khôi phục / restored: {rows:,} hàng / rows, {manifest.documents:,} tài liệu / documents"
        f" ({seconds:.1f} s)"
    )
    typer.echo(f"  như lúc / as of {manifest.made_at:%d/%m/%Y %H:%M} UTC")
    if key_file is None:
        typer.echo("  đặt khoá chủ / bring the master key: HOSO_MASTER_KEY, hoặc/or --master-key-file")
    typer.echo(f"  tiếp theo / next: hoso run --data {into}; hoso engine rebuild")
    typer.echo(
        "  nơi lưu thứ hai: dùng nơi mới, trống / second place: take a new, empty one (HOSO_SECOND_PLACE)"
    )
