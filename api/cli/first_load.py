"""The first load of ``hoso run``: a sample authority, brought in as a customer would bring theirs.

The authority is installed by its recorded act, a first administrator is made, and the sample workbook goes
through the HTTP API: dry run, then for good. Some accounts get a password the way a person does it: a
one-time password from whoever administers, changed at the first login. What was decided (passwords, keys) is
written down before it is used, so an interrupted load goes on, and a finished one answers at once.
"""

import asyncio
import hashlib
import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import insert, text

from api import passwords
from api.cli.importing import Importer, ImportFailedError, Report, address_of, connected, signed_in
from api.cli.installing import ADMINISTRATOR, first_administrator
from api.cli.sample import sample
from api.cli.sample_logins import AUTHORITY, FirstLoad, Login, read, write
from api.scope import token_hash
from models.database import Scope, engine_for, transaction
from models.key_opening import open_ring
from models.record.bulk import NO_PASSWORD
from models.record.install import install_authority
from models.record.tools import Tools
from models.settings import DatabaseRole, Settings
from models.tables import SessionRow

CODE, NATIONAL_CODE = "hanoi", "H26"
DOCUMENT = "6187/QĐ-UBND"
SHOWN_AGENCY = "H26.09"
"""The agency whose posts get passwords."""
OFFICIALS, SEED = 500, 1
PATIENCE = 270.0
"""Seconds for both imports; ``hoso run`` allows 300 for the whole."""

_ACCOUNT = text("SELECT id FROM accounts WHERE login = :login")
_WANTED = text(
    "SELECT DISTINCT ON (role) a.login, g.role, c.name AS agency FROM grants g"
    " JOIN accounts a ON a.id = g.account_id JOIN agencies c ON c.id = g.agency_id"
    " WHERE g.valid_to IS NULL AND a.password_hash = :none AND (c.code = :agency AND"
    " g.role IN ('hr_officer', 'approver', 'head') OR g.role IN ('department_officer', 'department_head'))"
    " ORDER BY role, a.login"
)
_OFFICIAL = text(
    "SELECT a.login, 'official' AS role, c.name AS agency"
    " FROM accounts a JOIN agencies c ON c.id = a.agency_id"
    " WHERE a.kind = 'personal' AND a.password_hash = :none AND NOT EXISTS (SELECT 1 FROM accounts p"
    " WHERE p.kind = 'agency' AND p.profile_id = a.profile_id) ORDER BY c.code <> :agency, a.login LIMIT 1"
)
_ISSUE = text(
    "UPDATE accounts SET password_hash = :hash WHERE login = :login AND password_hash = :none"
    " AND state = 'default_password'"
)


def first_load(settings: Settings) -> FirstLoad:
    """Install and load the sample authority, once. The API and the workers must be running.

    Raises:
        ImportFailedError: the API refused, or the load was not done in time (running again goes on).
    """
    state = read(settings.data)
    if state.done:
        return state
    if not state.logins:
        state.logins.append(Login(ADMINISTRATOR, "administrator", AUTHORITY, _password()))
        write(settings.data, state)
    authority_id, token = asyncio.run(_prepare(settings, state.logins[0]))
    until = time.monotonic() + PATIENCE
    workbook = _workbook(settings.data)
    with connected(address_of(settings), token) as client:
        report = _import(Importer(client), workbook, until)
        if len(state.logins) == 1:
            state.logins += asyncio.run(_choose(settings, authority_id))
            write(settings.data, state)
        asyncio.run(_issue(settings, authority_id, state.logins[1:]))
        for login in state.logins[1:]:
            _enter(address_of(settings), login)
        client.delete("/session")
    state.counts, state.done = report.counts, True
    write(settings.data, state)
    return state


def _import(importer: Importer, workbook: Path, until: float) -> Report:
    """Dry run, then for good; the keys come from the content, so a repetition finds the same imports."""
    key = f"first-load-{hashlib.sha256(workbook.read_bytes()).hexdigest()[:32]}"
    dry = importer.bring(workbook, dry_run=True, key=f"{key}-dry", until=until)
    if not dry.total("create", "update", "same"):
        raise ImportFailedError("sổ mẫu không có dòng nào nhập được / no line of the sample can be taken")
    return importer.bring(workbook, dry_run=False, key=key, until=until)


def _workbook(folder: Path) -> Path:
    """The sample workbook, generated once and complete before it has its name."""
    path = folder / "sample.xlsx"
    if not path.exists():
        draft = path.with_name("sample.new.xlsx")
        sample(draft, OFFICIALS, SEED)
        draft.replace(path)
    return path


def _password() -> str:
    return "-".join(secrets.token_hex(3) for _ in range(3))


async def _prepare(settings: Settings, administrator: Login) -> tuple[UUID, str]:
    """The authority, its first administrator, and a session for the upload."""
    tools = Tools(
        engine_for(settings.database_url(DatabaseRole.WORKER)),
        open_ring(settings),
    )
    now = datetime.now(UTC)
    try:
        made = await install_authority(
            tools, code=CODE, name=AUTHORITY, national_code=NATIONAL_CODE, document=DOCUMENT, now=now
        )
        scope = Scope(made.authority_id, everything=True)
        digest = await passwords.hashed(administrator.password)
        token = secrets.token_urlsafe(32)
        async with transaction(tools.engine, scope) as connection:
            account_id: UUID | None = await connection.scalar(_ACCOUNT, {"login": administrator.login})
            if account_id is None:
                account_id = await first_administrator(connection, made, digest, DOCUMENT, now)
            await connection.execute(
                insert(SessionRow).values(
                    token_hash=token_hash(token),
                    authority_id=scope.authority,
                    account_id=account_id,
                    created_at=now,
                    expires_at=now + timedelta(minutes=15),
                )
            )
    finally:
        await tools.engine.dispose()
    return made.authority_id, token


async def _choose(settings: Settings, authority_id: UUID) -> list[Login]:
    """One login per role of the shown agency, the department's head and an officer of it, and an official."""
    engine = engine_for(settings.database_url(DatabaseRole.WORKER))
    values = {"none": NO_PASSWORD, "agency": SHOWN_AGENCY}
    try:
        async with transaction(engine, Scope(authority_id, everything=True)) as connection:
            rows = [*await connection.execute(_WANTED, values), *await connection.execute(_OFFICIAL, values)]
    finally:
        await engine.dispose()
    return [Login(row.login, row.role, row.agency, _password(), _password()) for row in rows]


async def _issue(settings: Settings, authority_id: UUID, logins: list[Login]) -> None:
    """One-time passwords, for accounts that never had one."""
    engine = engine_for(settings.database_url(DatabaseRole.WORKER))
    try:
        for one in logins:
            digest = await passwords.hashed(one.one_time)
            async with transaction(engine, Scope(authority_id, everything=True)) as connection:
                await connection.execute(_ISSUE, {"login": one.login, "hash": digest, "none": NO_PASSWORD})
    finally:
        await engine.dispose()


def _enter(url: str, login: Login) -> None:
    """The first login: change the one-time password, as hanoi.art6.2 asks of everybody."""
    try:
        token = signed_in(url, login.login, login.one_time)
    except ImportFailedError:
        signed_in(url, login.login, login.password)  # an earlier, interrupted load came this far
        return
    with connected(url, token) as client:
        client.put(
            "/session/password",
            json={"old_password": login.one_time, "new_password": login.password},
            headers={"Idempotency-Key": f"first-load-{login.login}"},
        ).raise_for_status()
        until = time.monotonic() + 30
        while _must_change(client):
            if time.monotonic() > until:
                raise ImportFailedError(f"mật khẩu của {login.login} chưa đổi được / not changed yet")
            time.sleep(0.2)


def _must_change(client: httpx.Client) -> bool:
    answer = client.get("/session")
    return answer.status_code != 200 or bool(answer.json()["must_change_password"])
