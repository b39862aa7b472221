"""``hoso documents``: what the folder holds brought into the bucket."""

from typing import Annotated

import typer

from models.documents import FolderBlobs, blobs_of
from models.documents.blobs import BlobMissingError, Blobs
from models.documents.names import plain_digest
from models.errors import HosoError
from models.settings import Settings

documents_app = typer.Typer(no_args_is_help=True, help="Kho tài liệu / the store of documents")


class NotSealedError(HosoError):
    """A document in the folder is not sealed: as it is, it goes nowhere."""


@documents_app.callback()
def _group() -> None:
    """A group, also while it has one command."""


@documents_app.command("copy")
def copy(
    bucket: Annotated[
        str | None, typer.Option(help="Kho đích s3://…; không có: theo cài đặt / default: the setting's")
    ] = None,
) -> None:
    """Chép tài liệu từ thư mục sang kho S3 / bring the folder's into the bucket; nothing is removed.

    Run it while everything still works on the folder, set HOSO_DOCUMENTS_BUCKET and restart, then run it once
    more for what came meanwhile. Interrupted, it goes on when called again.
    """
    settings = Settings()
    if bucket is not None:
        settings = settings.model_copy(update={"documents_bucket": bucket})
    try:
        if settings.documents_bucket is None:
            raise HosoError("chưa đặt / is not set: HOSO_DOCUMENTS_BUCKET")
        done = copied(FolderBlobs(settings.documents), blobs_of(settings))
    except (HosoError, OSError) as error:
        typer.echo(f"LỖI / ERROR: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{done:8d}  đã chép / copied")


def copied(source: Blobs, target: Blobs) -> int:
    """Keep in the target what the source has and it lacks; answers how many. Names go with their bytes.

    Raises:
        NotSealedError: something in the source is not sealed; nothing was copied.
        StoreAwayError: the target cannot be reached; what was copied stays.
    """
    names = list(source.names())
    bare = sum(1 for name in names if plain_digest(name) is not None)
    if bare:
        raise NotSealedError(f"{bare} tài liệu chưa mã hoá, hãy / not sealed: `hoso keys seal`")
    there, done = set(target.names()), 0
    for name in names:
        if name in there:
            continue
        try:
            target.keep(name, source.read(name))
        except BlobMissingError:
            continue  # sealed anew meanwhile: the next run finds it
        done += 1
    return done
