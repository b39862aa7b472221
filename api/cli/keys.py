"""``hoso keys``: the key ring looked at and changed while the system runs."""

import asyncio
import json as jsonlib
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

import typer
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client

from api.cli import keys_report
from api.cli.keys_anew import begin_anew, forget_closed
from api.cli.keys_documents import reseal_documents, seal_documents
from api.cli.keys_escrow import escrow_check
from api.cli.keys_report import KeyLine, key_lines
from models.database import engine_for
from models.documents import blobs_of, documents_of
from models.errors import HosoError
from models.key_changes import change_master
from models.key_files import write_private
from models.key_opening import master_place, open_ring, token_place
from models.key_ring import LEARNS_WITHIN, OWN, DataKey, MasterKey, Purpose, unwrap_by_any
from models.key_token import wrap_master
from models.keys import remove, rewrap, rotate
from models.record import resealing
from models.record.tools import Tools
from models.settings import DatabaseRole, Settings
from models.workbook_vault import WorkbookVault
from workflows.connection import connect

keys_app = typer.Typer(no_args_is_help=True, help="Chùm khoá / the key ring")

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Kết quả dạng JSON / machine-readable")]
Which = Annotated[Purpose, typer.Argument(help="Khoá dùng cho việc gì / what the key is for")]
Whose = Annotated[
    str | None, typer.Option("--authority", help="Mã cơ quan; không có: mọi cơ quan / its code; none: all")
]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Tools]:
    engine = engine_for(settings.database_url(DatabaseRole.WORKER), pool_size=2)
    try:
        yield Tools(engine, open_ring(settings))
    finally:
        await engine.dispose()


async def _client(settings: Settings, tools: Tools) -> Client | None:
    with suppress(RuntimeError, OSError):
        return await asyncio.wait_for(connect(settings, tools.ring), 10)
    return None


def _run(work: Coroutine[Any, Any, T]) -> T:
    """The work's answer; what is wrong in one line, exit 1."""
    try:
        return asyncio.run(work)
    except (HosoError, OSError, SQLAlchemyError) as error:
        _refused(" ".join(str(error).split()))


def _refused(text: str) -> NoReturn:
    typer.echo(f"LỖI / ERROR: {text}", err=True)
    raise typer.Exit(1)


async def _lines(settings: Settings) -> list[KeyLine]:
    async with _opened(settings) as tools:
        client = await _client(settings, tools)
        return await key_lines(tools, blobs_of(settings), settings.backups, client, datetime.now(UTC))


@keys_app.command("init")
def init() -> None:
    """Tạo chùm khoá, và khoá chủ nếu chưa có / make the ring, and a master key where there is none."""
    settings = Settings()
    if settings.key_ring.exists():
        _refused(f"đã có chùm khoá / there is a ring: {settings.key_ring}")
    try:
        ring = open_ring(settings)
    except (HosoError, OSError) as error:
        _refused(" ".join(str(error).split()))
    typer.echo(f"{settings.key_ring}: {len(ring.keys)} khoá / keys")


@keys_app.command("status")
def status(json: Json = False) -> None:
    """Mỗi khoá, nơi còn dùng, và có bỏ được không / every key, what needs it, and whether it may go."""
    found = _run(_lines(Settings()))
    if json:
        typer.echo(jsonlib.dumps([line.as_json() for line in found], ensure_ascii=False))
        return
    for line in found:
        uses = (
            ", ".join(f"{place} {'?' if n is None else n}" for place, n in sorted(line.uses.items())) or "-"
        )
        verdict = "bỏ được / may be retired" if line.retirable else line.why
        owner = line.authority or "*"
        typer.echo(f"{line.id:28} {line.purpose:11} {owner:10} {line.made_at[:10]}  {uses}  [{verdict}]")


async def _owners(tools: Tools, purpose: Purpose, authority: str | None) -> list[UUID | None]:
    """Whose keys are meant: one authority's, or every authority's own, or the installation's."""
    known = await resealing.authorities(tools.engine)
    if authority is not None:
        found = [authority_id for authority_id, code in known.items() if code == authority]
        if not found:
            raise HosoError(f"không có cơ quan này / there is no such authority: {authority[:40]}")
        if purpose not in OWN:
            raise HosoError(f"khoá {purpose} dùng chung / {purpose} keys serve all authorities")
        return list(found)
    return list(known) if purpose in OWN else [None]


async def _made(
    settings: Settings, tools: Tools, purpose: Purpose, owners: list[UUID | None]
) -> list[DataKey]:
    if purpose is Purpose.BLIND_INDEX:
        for owner in owners:
            assert owner is not None
            if len(tools.ring.serving(purpose, owner)) > 1:
                raise HosoError(
                    "khoá chỉ mục trước chưa bỏ, hãy `hoso keys retire` / a former index key is still there:"
                    " finish that change and retire it first"
                )
            async for _ in resealing.clear_guards(tools, owner):
                pass
    place = master_place(settings)
    master, _ = unwrap_by_any(settings.key_ring.read_bytes(), place.candidates())
    return [rotate(settings.key_ring, master, purpose, owner) for owner in owners]


@keys_app.command("new")
def new(purpose: Which, authority: Whose = None) -> None:
    """Khoá mới cho dữ liệu từ nay; dữ liệu cũ giữ khoá cũ / a new key for what is written from now on."""

    async def work() -> list[DataKey]:
        settings = Settings()
        async with _opened(settings) as tools:
            return await _made(settings, tools, purpose, await _owners(tools, purpose, authority))

    for key in _run(work()):
        typer.echo(key.id)


@keys_app.command("rotate")
def rotate_command(
    purpose: Which,
    authority: Whose = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Làm tiếp, không tạo khoá mới / go on, without a new key")
    ] = False,
) -> None:
    """Khoá mới, và mã hoá lại dữ liệu cũ trong khi hệ thống chạy / a new key; old data is sealed anew online.

    Interrupted, it goes on with --resume. Payloads in the engine and backups are never written anew: they age
    out, and `hoso keys status` shows when.
    """

    async def work() -> tuple[list[DataKey], Counter[str]]:
        settings = Settings()
        async with _opened(settings) as tools:
            owners = await _owners(tools, purpose, authority)
            made = [] if resume else await _made(settings, tools, purpose, owners)
            await asyncio.sleep(2 * LEARNS_WITHIN)  # every process on this ring has the new key
            done: Counter[str] = Counter()
            for owner in owners:
                if owner is not None:
                    await _anew(tools, settings, purpose, owner, done)
            return made, done

    made, done = _run(work())
    for key in made:
        typer.echo(key.id)
    for table, rows in sorted(done.items()):
        typer.echo(f"{rows:8d}  {table}")


async def _anew(tools: Tools, settings: Settings, purpose: Purpose, owner: UUID, done: Counter[str]) -> None:
    if purpose is Purpose.FIELDS:
        await _seal_open(tools, owner, done)
    work = resealing.reseal if purpose is Purpose.FIELDS else resealing.reindex
    async for batch in work(tools, owner):
        done[batch.table] += batch.written
    if purpose is Purpose.FIELDS:
        vault = WorkbookVault(blobs_of(settings), tools.cipher)
        current = tools.ring.current(Purpose.FIELDS, owner).id
        for digest in [digest for digest, key_id in vault.kept(owner) if key_id != current]:
            await asyncio.to_thread(vault.reseal, owner, digest)
            done["workbooks"] += 1
        await reseal_documents(tools, documents_of(settings, tools.cipher), owner, done)


async def _seal_open(tools: Tools, owner: UUID, done: Counter[str]) -> None:
    async for batch in resealing.seal_open(tools, owner):
        done[batch.table] += batch.written


@keys_app.command("seal")
def seal(
    rest: Annotated[
        str | None,
        typer.Option(
            help="Mã cơ quan nhận tệp không hàng nào nhắc tới / whose the files are that no row names"
        ),
    ] = None,
) -> None:
    """Mã hoá dữ liệu cũ còn để ngỏ khi hệ thống chạy / seal online what older versions kept in the open.

    Fields of forms written before these were sealed, and documents kept before documents were. Every process
    must be of a version that reads sealed documents. Interrupted, it goes on when called again.
    """

    async def work() -> Counter[str]:
        settings = Settings()
        async with _opened(settings) as tools:
            forms: Counter[str] = Counter()
            for owner in await resealing.authorities(tools.engine):
                await _seal_open(tools, owner, forms)
            return forms + await seal_documents(tools, documents_of(settings, tools.cipher), rest)

    done = _run(work())
    typer.echo(f"{done['revisions']:8d}  tờ khai đã mã hoá trường hạn chế / forms, restricted fields sealed")
    typer.echo(f"{done['sealed']:8d}  tài liệu đã mã hoá / documents sealed")
    if done["nobodys"]:
        typer.echo(
            f"{done['nobodys']:8d}  không hàng nào nhắc tới, để nguyên / named by no row, left: --rest CODE"
        )


@keys_app.command("retire")
def retire(key: Annotated[str, typer.Argument(help="Mã khoá / the key's id")]) -> None:
    """Huỷ một khoá không còn ai dùng / destroy a key that nothing needs. Refused while anything does."""

    async def work() -> None:
        settings = Settings()
        async with _opened(settings) as tools:
            client = await _client(settings, tools)
            lines = await key_lines(tools, blobs_of(settings), settings.backups, client, datetime.now(UTC))
            line = next((one for one in lines if one.id == key), None)
            if line is None:
                raise HosoError(f"không có khoá này / there is no such key: {key[:40]}")
            if not line.retirable:
                raise HosoError(line.why)
            master, _ = unwrap_by_any(settings.key_ring.read_bytes(), master_place(settings).candidates())
            gone = remove(settings.key_ring, master, key)
            await asyncio.sleep(2 * LEARNS_WITHIN)
            if gone.purpose is Purpose.BLIND_INDEX:
                for owner in await resealing.authorities(tools.engine):
                    if len(tools.ring.serving(Purpose.BLIND_INDEX, owner)) == 1:
                        async for _ in resealing.clear_guards(tools, owner):
                            pass

    _run(work())
    typer.echo(f"{key}: đã huỷ / retired")


@keys_app.command("begin-anew")
def begin(
    forget: Annotated[
        bool,
        typer.Option(
            "--forget", help="Xoá lịch sử các lượt đã xong / delete the histories of runs that are over"
        ),
    ] = False,
) -> None:
    """Sau khi đổi khoá codec: các quy trình đang ngủ bắt đầu lại bằng khoá mới / sleeping runs begin anew.

    Those at work are left alone; ask again later. Histories of runs that are over age out with the engine's
    retention, or go at once with --forget: our own events tell the story without them.
    """

    async def work() -> Counter[str]:
        settings = Settings()
        async with _opened(settings) as tools:
            client = await _client(settings, tools)
            if client is None:
                raise HosoError("không kết nối được Temporal / the engine does not answer")
            made = tools.ring.current(Purpose.CODEC).made_at
            before = made + keys_report.MARGIN
            if datetime.now(UTC) < before:
                raise HosoError(
                    f"đợi đến / wait until {before:%H:%M} UTC: khoá mới chưa tới mọi tiến trình"
                    " / not every process may have the new key yet"
                )
            known = list(await resealing.authorities(tools.engine))
            done = await begin_anew(client, settings.task_queue, tools.engine, known, before)
            if forget:
                done += await forget_closed(client, settings.task_queue, before)
            return done

    done = _run(work())
    for name, said in ANEW_SAID.items():
        typer.echo(f"{done[name]:8d}  {said}")


ANEW_SAID = {
    "anew": "bắt đầu lại bằng khoá mới / begun anew",
    "busy": "đang làm việc, để sau / at work, left alone",
    "foreign": "không có hồ sơ, xem hoso reconcile / without rows, see hoso reconcile",
    "forgotten": "lịch sử đã xoá / histories deleted",
}


keys_app.command("escrow-check")(escrow_check)


@keys_app.command("master")
def master(
    out: Annotated[
        Path | None, typer.Option(help="Nơi ghi khoá mới, khi khoá ở biến môi trường / where it is written")
    ] = None,
    token_key: Annotated[
        str | None,
        typer.Option(help="Bọc bằng khoá này của token / wrapped by this key of the PKCS#11 token"),
    ] = None,
) -> None:
    """Đổi khoá chủ: bọc lại mọi khoá, dữ liệu giữ nguyên / a new master key; data stays as it is.

    The former one is kept beside it: the ring inside every backup made so far is wrapped with it. Put it
    where the escrow is, and destroy it when the last of those backups is gone.
    """
    settings = Settings()
    try:
        kept = _change(settings, out, token_key)
    except (HosoError, OSError) as error:
        _refused(" ".join(str(error).split()))
    typer.echo(f"khoá chủ mới / the new one: {out or settings.master_key_file}")
    if kept is not None:
        typer.echo(f"khoá chủ cũ, cho các bản sao lưu cũ / the former one, for older backups: {kept}")


def _change(settings: Settings, out: Path | None, token_key: str | None) -> Path | None:
    place, token = master_place(settings), token_place(settings)

    def text(made: MasterKey) -> str:
        if token_key is None:
            return made.text
        if token is None:
            raise HosoError("hãy đặt token_module, token_label / no token is set")
        return wrap_master(made, token, token_key)

    if place.text is None:
        former = place.file.with_name(f"{place.file.name}.former-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        change_master(settings.key_ring, place, text, former)
        return former
    if out is None:
        raise HosoError("khoá chủ ở biến môi trường: cần --out / it is in the environment: --out is needed")
    made = MasterKey.make()
    write_private(out, text(made).encode() + b"\n", replace=False)
    rewrap(settings.key_ring, place.find(), made)
    return None
