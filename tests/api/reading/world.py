"""A small authority, written as the worker writes it, and a client of the reading API."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from models import tables as t
from models.calendar import Calendar, start_of_day
from models.calendar.loader import seed_years
from models.database import Scope, transaction
from models.documents import DocumentStore
from models.form import catalogue, digest, split
from models.keys import BlindIndex, FieldCipher, KeyRing
from models.regulations import in_force
from tests.api.conftest import CHEAP

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
"""Tuesday, 09:00 in Hà Nội."""
TODAY = date(2026, 3, 10)
PASSWORD = "mùa-thu-Hà-Nội-1954"
CONTENT = {"birth_full_name": "NGUYỄN VĂN AN", "gender": "male", "contact_phone": "0900000000"}


class StandingClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = NOW

    async def now(self) -> datetime:
        return self.at


@dataclass
class World:
    """Ids of what was written. A: agency with child A1; B: another; D: the department."""

    database: Any
    ring: KeyRing
    documents: DocumentStore
    authority: UUID = field(default_factory=uuid4)
    department: UUID = field(default_factory=uuid4)
    a: UUID = field(default_factory=uuid4)
    a1: UUID = field(default_factory=uuid4)
    b: UUID = field(default_factory=uuid4)
    accounts: dict[str, UUID] = field(default_factory=dict)
    profiles: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    async def written(self, write: Callable[[AsyncConnection], Any]) -> Any:
        """Run a write in one transaction of the worker."""
        engine = create_async_engine(self.database.url("worker"), poolclass=NullPool)
        async with transaction(engine, Scope(self.authority, everything=True)) as connection:
            made = await write(connection)
        await engine.dispose()
        return made

    async def account(self, connection: AsyncConnection, login: str, **values: Any) -> UUID:
        role, agency = values.pop("role", None), values.pop("agency_id", self.a)
        until = values.pop("until", None)
        account_id = self.accounts[login] = uuid4()
        given = {"kind": "agency", "state": "active", "password_hash": _HASH, **values}
        await connection.execute(
            insert(t.AccountRow).values(
                id=account_id, authority_id=self.authority, login=login, display_name=login,
                agency_id=agency, created_at=NOW, **given,
            )
        )  # fmt: skip
        if role:
            await connection.execute(
                insert(t.GrantRow).values(
                    id=uuid4(), authority_id=self.authority, account_id=account_id, agency_id=agency,
                    role=role, valid_from=date(2025, 1, 1), valid_to=until,
                )
            )  # fmt: skip
        return account_id

    async def profile(self, connection: AsyncConnection, name: str, agency: UUID, **values: Any) -> UUID:
        profile_id = self.profiles[name] = values.pop("id", None) or uuid4()
        number = values.pop("id_number", f"000{len(self.profiles):09d}")
        await connection.execute(
            insert(t.ProfileRow).values(
                id=profile_id, authority_id=self.authority, agency_id=agency, full_name=name,
                id_number_index=BlindIndex(self.ring).of(self.authority, number), version=1, foretold=[],
                last_event=0, last_hash="0" * 64, created_at=NOW,
                **{"category": "civil_servant", "chapter": "service", "status": "working",
                   "revision_number": 0, **values},
            )
        )  # fmt: skip
        await connection.execute(
            insert(t.CustodyRow).values(
                id=uuid4(), authority_id=self.authority, profile_id=profile_id, agency_id=agency,
                starts_on=date(2025, 1, 1),
            )
        )  # fmt: skip
        return profile_id

    async def revision(
        self, connection: AsyncConnection, profile: UUID, number: int, state: str, content: dict[str, Any],
        author: UUID, **values: Any,
    ) -> UUID:  # fmt: skip
        revision_id = uuid4()
        form = catalogue("tt06_2023")
        in_the_open, secret = split(form, content)
        sealed = FieldCipher(self.ring).seal(
            self.authority, "revisions", revision_id, "sealed", json.dumps(secret).encode()
        )
        await connection.execute(
            insert(t.RevisionRow).values(
                id=revision_id, authority_id=self.authority, profile_id=profile, number=number,
                form_version=form.version, content=in_the_open, sealed=sealed.data, key_id=sealed.key_id,
                digest=digest(content), state=state, author_id=author,
                **{"evidence": [], "saved_at": NOW, **values},
            )
        )  # fmt: skip
        return revision_id

    async def duty(self, connection: AsyncConnection, agency: UUID, due: date | None, **values: Any) -> UUID:
        duty_id = values.pop("id", None) or uuid4()
        given = {
            "slot": "update_after_change", "party": "person", "rule_id": "hanoi.art6.3",
            "citation": "Điều 6 khoản 3", "state": "open", "facts": {}, "rule_set_hash": "0",
            "calendar_hash": "0", "event_on": date(2026, 3, 1), "late_days": 0, **values,
        }  # fmt: skip
        await connection.execute(
            insert(t.DutyRow).values(
                id=duty_id, authority_id=self.authority, agency_id=agency, nominal_due_on=due, due_on=due,
                due_at=start_of_day(due + timedelta(days=1)) if due else None, opened_at=NOW, ladder_step=0,
                **given,
            )
        )  # fmt: skip
        return duty_id

    async def event(self, connection: AsyncConnection, stream: UUID, number: int, **values: Any) -> None:
        given = {"kind": "profile.opened", "profile_id": stream, "agency_id": self.a, "facts": {}, **values}
        await connection.execute(
            insert(t.EventRow).values(
                authority_id=self.authority, stream_id=stream, number=number, at=NOW, actor_role="system",
                rule_set_hash="0", previous_hash="0" * 64, hash=f"{number:064d}", **given,
            )
        )  # fmt: skip


_HASH = CHEAP.hash(PASSWORD)


async def ground(world: World, connection: AsyncConnection) -> None:
    """The authority, its tree, its law, and one account per role."""
    await connection.execute(
        insert(t.AuthorityRow).values(
            authority_id=world.authority, code="HN", name="Hà Nội", regulation="hanoi", national_code="H26",
            department_id=world.department, installed_on=date(2025, 1, 1),
        )
    )  # fmt: skip
    parents = {world.department: None, world.a: None, world.a1: world.a, world.b: None}
    for number, (agency, parent) in enumerate(parents.items()):
        await connection.execute(
            insert(t.AgencyRow).values(
                id=agency, authority_id=world.authority, code=f"H26.{number}", name=f"Cơ quan {number}",
                kind="department", parent_id=parent, has_account=True, valid_from=date(2025, 1, 1),
            )
        )  # fmt: skip
        for depth, ancestor in enumerate([agency, parent] if parent else [agency]):
            await connection.execute(
                insert(t.AgencyClosureRow).values(
                    authority_id=world.authority, ancestor_id=ancestor, descendant_id=agency, depth=depth,
                    valid_from=date(2025, 1, 1),
                )
            )  # fmt: skip
    law, years = in_force("hanoi", TODAY), Calendar(years=seed_years())
    common = {"authority_id": world.authority, "document": "seed", "loaded_at": NOW}
    await connection.execute(
        insert(t.RuleSetRow).values(
            hash=law.hash, valid_from=date(2024, 1, 1), content=json.loads(law.to_json()), **common
        )
    )
    await connection.execute(
        insert(t.CalendarRow).values(hash=years.hash, content=json.loads(years.to_json()), **common)
    )
    for login, role, agency in (
        ("hr.a", "hr_officer", world.a),
        ("hr.b", "hr_officer", world.b),
        ("approver.a", "approver", world.a),
        ("sonoivu", "department_officer", world.department),
        ("admin", "administrator", world.department),
    ):
        await world.account(connection, login, role=role, agency_id=agency)
    await world.account(connection, "former.hr", role="hr_officer", until=date(2026, 3, 10))


class Caller(httpx.AsyncClient):
    """A client that logs in; once per account where its ``tokens`` are shared."""

    tokens: dict[str, str]

    async def login(self, name: str, password: str = PASSWORD) -> "Caller":
        """Log in; later requests are that account's."""
        if name not in self.tokens:
            answer = await self.post("/session", json={"login": name, "password": password})
            assert answer.status_code == 201, answer.text
            self.tokens[name] = answer.json()["token"]
        self.headers["Authorization"] = f"Bearer {self.tokens[name]}"
        return self

    async def ok(self, path: str, **params: Any) -> Any:
        """A GET that succeeds."""
        answer = await self.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and problem code of a refusal."""
    return answer.status_code, answer.json()["code"]
