"""``hoso install``: an authority, its law and its first administrator, by one recorded act."""

import asyncio
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from api import passwords
from models.calendar import legal_date
from models.calendar.source import SourceError
from models.database import Scope, engine_for, transaction
from models.errors import HosoError
from models.identifiers import new_id
from models.key_opening import open_ring
from models.record.install import Installed, install_authority
from models.record.tools import Tools
from models.regulations import (
    MissingSlots,
    NoLawInForce,
    OverlappingRegulations,
    Regulation,
    Trial,
    TrialRefused,
    load_all,
    seed_files,
)
from models.settings import DatabaseRole, Settings
from models.tables import AccountRow, GrantRow

ADMINISTRATOR = "administrator"
_ACCOUNT = text("SELECT id FROM accounts WHERE login = :login")
_REFUSED = (SourceError, NoLawInForce, MissingSlots, OverlappingRegulations, TrialRefused, HosoError)


async def first_administrator(
    connection: AsyncConnection,
    made: Installed,
    digest: str,
    document: str,
    now: datetime,
    *,
    login: str = ADMINISTRATOR,
    state: str = "active",
) -> UUID:
    """The account that everything else begins with; no API can make the first one.

    ``digest`` is its password's; ``state`` is ``default_password`` where one is to be chosen first.
    """
    account_id = new_id()
    await connection.execute(
        insert(AccountRow).values(
            id=account_id,
            authority_id=made.authority_id,
            kind="agency",
            login=login,
            display_name="Quản trị hệ thống",
            password_hash=digest,
            state=state,
            agency_id=made.root_agency_id,
            created_at=now,
        )
    )
    await connection.execute(
        insert(GrantRow).values(
            id=new_id(),
            authority_id=made.authority_id,
            account_id=account_id,
            agency_id=made.root_agency_id,
            role="administrator",
            valid_from=legal_date(now),
            document=document,
        )
    )
    return account_id


def packaged_and(files: list[Path]) -> tuple[Regulation, ...]:
    """The packaged regulations and those of the files, read together.

    Raises:
        SourceError: a file contradicts itself or the others; every problem with file and line.
    """
    return load_all([*seed_files(), *files])


def command(
    authority: Annotated[str, typer.Argument(help="Mã trong văn bản (`authority:`) / its code in the law")],
    name: Annotated[str, typer.Option(help="Tên cơ quan quản lý / its name")],
    national_code: Annotated[str, typer.Option(help="Mã định danh / code at the integration platform")],
    document: Annotated[str, typer.Option(help="Văn bản cho phép cài đặt / what the installation stands on")],
    law: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="Quy chế của cơ quan / its regulation, a YAML file"),
    ] = None,
    trial: Annotated[
        list[str] | None, typer.Option(help="Chạy thử dự thảo / run on this draft, a regulation's id")
    ] = None,
    login: Annotated[str, typer.Option(help="Quản trị đầu tiên / the first administrator")] = ADMINISTRATOR,
) -> None:
    """Cài đặt một cơ quan quản lý / Install an authority. Exit: 0 done or done before, 1 refused.

    A one-time password of the first administrator is printed once. Repeating it loads what is new.
    """
    try:
        regulations = packaged_and(law or [])
        now = datetime.now(UTC)
        on = Trial(drafts=tuple(trial), document=document, starts=legal_date(now)) if trial else None
        made, password = asyncio.run(
            installed(
                Settings(),
                regulations,
                code=authority,
                name=name,
                national_code=national_code,
                document=document,
                trial=on,
                login=login,
                now=now,
            )
        )
    except SourceError as error:
        for problem in error.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(1) from error
    except IntegrityError as error:
        typer.echo(f"LỖI / ERROR: tên đăng nhập đã có người dùng / the login is taken: {login}", err=True)
        raise typer.Exit(1) from error
    except (*_REFUSED, SQLAlchemyError) as error:
        typer.echo(f"LỖI / ERROR: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{authority}: {made.authority_id} ({made.events} sự kiện / events)")
    if password is not None:
        typer.echo(f"{login}  {password}  (dùng một lần / one-time)")


async def installed(
    settings: Settings,
    regulations: tuple[Regulation, ...],
    *,
    code: str,
    name: str,
    national_code: str,
    document: str,
    trial: Trial | None,
    login: str,
    now: datetime,
) -> tuple[Installed, str | None]:
    """Install, and make the first administrator where the login is new; answers the one-time password then.

    Raises:
        NoLawInForce, MissingSlots, OverlappingRegulations: the regulations do not bind this authority today.
        TrialRefused: the trial names no draft of this authority, or law in force stands against it.
    """
    engine = engine_for(settings.database_url(DatabaseRole.WORKER), pool_size=2)
    tools = Tools(engine, open_ring(settings))
    password = "-".join(secrets.token_hex(3) for _ in range(3))
    try:
        made = await install_authority(
            tools,
            code=code,
            name=name,
            national_code=national_code,
            document=document,
            now=now,
            trial=trial,
            regulations=regulations,
        )
        digest = await passwords.hashed(password)
        async with transaction(engine, Scope(made.authority_id, everything=True)) as connection:
            if await connection.scalar(_ACCOUNT, {"login": login}) is not None:
                return made, None
            await first_administrator(
                connection, made, digest, document, now, login=login, state="default_password"
            )
    finally:
        await engine.dispose()
    return made, password
