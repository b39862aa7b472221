"""An authority with people who owe something, and a mail server that receives."""

import dataclasses
import email
import email.policy
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import field
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import text
from temporalio.testing import ActivityEnvironment

from activities.notifications.office import DigestOffice
from models.commands import CreateAccount, OpenProfile
from models.database import engine_for, transaction
from models.messages import DigestRun
from models.settings import Settings
from tests.world import World, build, tools_for

MORNING = datetime(2026, 1, 20, 1, 0, tzinfo=UTC)
"""08:00 of Tuesday, 20 January 2026, in Viet Nam."""


@dataclasses.dataclass
class Mailbox:
    """An aiosmtpd server and what it received; ``refuse`` maps an address to the answer it gets."""

    port: int
    letters: list[EmailMessage] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    controller: Controller | None = None

    async def handle_RCPT(self, _s: Any, _session: Any, envelope: Any, address: str, _o: Any) -> str:  # noqa: N802
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        found = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        self.letters.append(found)
        return "250 OK"

    def start(self) -> None:
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    def to(self, address: str) -> list[str]:
        """Bodies of what one address received."""
        return [str(one.get_content()) for one in self.letters if one["To"] == address]


@pytest.fixture
def mailbox(free_port: Callable[[], int]) -> Iterator[Mailbox]:
    one = Mailbox(free_port())
    one.start()
    try:
        yield one
    finally:
        one.stop()


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), datetime(2026, 1, 12, 3, 0, tzinfo=UTC))
    await engine.dispose()


@pytest.fixture
def settings(database: Any, tmp_path: Path, mailbox: Mailbox) -> Settings:
    return database.settings(
        tmp_path / "data",
        smtp_host="127.0.0.1",
        smtp_port=mailbox.port,
        smtp_security="none",
        smtp_from="hoso <hoso@example.invalid>",
        public_url="https://hoso.example.invalid/x",
    )


@pytest.fixture
def office(world: World, settings: Settings) -> DigestOffice:
    return DigestOffice(settings, world.tools)


@pytest.fixture
def send(world: World) -> Callable[..., Awaitable[Any]]:
    """One round, as the engine would ask for it."""

    async def round_(office: DigestOffice, now: datetime = MORNING) -> Any:
        return await ActivityEnvironment().run(
            office.send_digests, DigestRun(authority_id=world.authority, now=now)
        )

    return round_


async def give_address(world: World, who: str, address: str) -> str:
    """Give an account an e-mail address, sealed as the record seals it."""
    account = world.accounts[who]
    sealed = world.tools.cipher.seal(world.authority, "accounts", account, "email", address.encode())
    await write(
        world,
        "UPDATE accounts SET email_sealed = :data, email_key = :key WHERE id = :id",
        data=sealed.data,
        key=sealed.key_id,
        id=account,
    )
    return address


async def person(world: World, n: int, *, agency_id: UUID | None = None) -> UUID:
    """An invented official who owes the first declaration and the change of the default password."""
    profile = uuid4()
    opened = OpenProfile(
        agency_id=agency_id or world.museum,
        full_name=f"Nguyễn Thị Thử {n}",
        personal_id_number=f"000190{n:06}",
        event_on=world.now.date(),
        document="12/QĐ-SVH",
    )
    assert (await world.ask("culture.hr", opened, profile)).status == 201
    account = CreateAccount(login=profile.hex[:12], password_hash="x", email=f"p{n}@example.invalid")
    assert (await world.ask("culture.hr", account, profile)).status == 201
    row = await world.one("SELECT account_id FROM profiles WHERE id = :p", p=profile)
    world.accounts[f"p{n}"] = row.account_id
    return profile


async def write(world: World, sql: str, **values: Any) -> None:
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(text(sql), values)


async def mails(world: World, day: date = MORNING.date()) -> dict[UUID, Any]:
    """The rows of one day by account."""
    rows = await world.rows("SELECT * FROM mails WHERE day = :day", day=day)
    return {row.account_id: row for row in rows}
