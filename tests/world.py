"""A small authority for tests: a city with two agencies, a unit without account, and people in their posts.

Rows are written as the worker would, without the import, so that tests of the core depend on nothing else.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.calendar import Calendar, legal_date
from models.commands import (
    ActivateAccount,
    Approve,
    Body,
    CreateAccount,
    HandOver,
    OpenProfile,
    ReportTransfer,
    RequestAccount,
    RequestTransfer,
    SubmitDeclaration,
)
from models.database import Scope, transaction
from models.form import canonical, catalogue, digest, split
from models.messages import Ask, Internal, Moment, Subject
from models.record.accounting import manage_account
from models.record.act import act
from models.record.administering import administer
from models.record.breaching import manage_breach
from models.record.certifying import give_certificate
from models.record.commands import Fate, accept, fate
from models.record.lawgiving import give_law
from models.record.reorganising import manage_reorganisation
from models.record.tools import Tools
from models.regulations import RuleSet, in_force
from tests.attached import CERTIFIED
from tests.forms import COMPLETE

Stage = Literal["account", "declaration", "review", "service"]

INSTALLED = date(2025, 1, 1)
DOORS = {
    "breach": manage_breach,
    "reorganisation": manage_reorganisation,
    "administration": administer,
    "law": give_law,
    "certificate": give_certificate,
    "account": manage_account,
}
"""Acts on what is no row of its own; all else goes through ``act``."""
HASH = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$8XtvSsSAnyI"


@dataclass
class World:
    """One authority and how to act in it."""

    tools: Tools
    now: datetime
    authority: UUID = field(default_factory=uuid4)
    department: UUID = field(default_factory=uuid4)
    culture: UUID = field(default_factory=uuid4)
    health: UUID = field(default_factory=uuid4)
    museum: UUID = field(default_factory=uuid4)
    """A unit of ``culture`` without an agency account."""
    accounts: dict[str, UUID] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """The authority as a whole."""
        return Scope(self.authority, everything=True)

    async def ask(
        self,
        who: str,
        body: Body,
        subject_id: UUID,
        *,
        subject: Subject = "profile",
        key: UUID | None = None,
        expected: int | None = None,
    ) -> Fate:
        """Accept and decide one command, as API and workflow do together."""
        command_id = key or uuid4()
        async with transaction(self.tools.engine, self.scope) as connection:
            await accept(
                connection,
                self.tools,
                command_id=command_id,
                authority_id=self.authority,
                account_id=self.accounts[who],
                body=body,
                received=body.model_dump_json().encode(),
                workflow_id=f"{subject}/{subject_id}",
                subject_id=subject_id,
                expected_revision=expected,
                now=self.now,
            )
        asked = Ask(
            authority_id=self.authority,
            subject=subject,
            subject_id=subject_id,
            command_id=command_id,
            now=self.now,
        )
        self.moment = await DOORS.get(subject, act)(self.tools, asked)
        async with transaction(self.tools.engine, self.scope) as connection:
            found = await fate(connection, command_id)
        assert found is not None
        return found

    async def step(
        self, internal: Internal, subject_id: UUID, *, subject: Subject = "profile", **facts: Any
    ) -> Moment:
        """One internal act; the moment it left."""
        asked = Ask(
            authority_id=self.authority,
            subject=subject,
            subject_id=subject_id,
            internal=internal,
            now=self.now,
            facts=facts,
        )
        self.moment = await DOORS.get(subject, act)(self.tools, asked)
        return self.moment

    async def employ(self, *, agency: UUID | None = None, until: Stage = "service") -> UUID:
        """A person of ``culture`` (or ``agency``), as far as asked; its account is ``person``."""
        profile = uuid4()
        where = agency or self.culture
        number = f"000{profile.int % 10**9:09d}"
        opened = await self.ask(
            "culture.hr",
            OpenProfile(
                agency_id=where,
                full_name="Nguyễn Thị Thử",
                personal_id_number=number,
                event_on=legal_date(self.now),
                document="12/QĐ",
            ),
            profile,
        )
        assert opened.status == 201, opened.answer
        if until == "account":
            return profile
        login = f"thu.{profile.hex[:12]}"
        creator = await self._requested(profile)
        made = await self.ask(creator, CreateAccount(login=login, password_hash="x"), profile)
        self.accounts["person"] = UUID(made.answer["account_id"])
        await self.ask("person", ActivateAccount(password_hash="y"), profile)
        if until == "declaration":
            return profile
        await self.submit(profile)
        if until == "review":
            return profile
        await self.sign(profile)
        return profile

    async def _requested(self, profile: UUID) -> str:
        """Who creates the account: where the law says so the operator, on the unit's request."""
        owed = "SELECT 1 FROM duties WHERE slot = 'account_request' AND profile_id = :p"
        if not await self.rows(owed, p=profile):
            return "culture.hr"
        asked = await self.ask("culture.hr", RequestAccount(document="3/YC"), profile)
        assert asked.status == 201, asked.answer
        return "admin"

    async def submit(self, profile: UUID, **changes: Any) -> UUID:
        """The person submits a complete form; answers the revision."""
        revision, digest = await self.draft(profile, COMPLETE, evidence=("e" * 64,))
        body = SubmitDeclaration(revision_id=revision, digest=digest, **changes)
        done = await self.ask("person", body, profile)
        assert done.status == 200, done.answer
        return revision

    async def pending(self, profile: UUID) -> Approve:
        """What an approver would sign now."""
        row = await self.one(
            "SELECT r.id, r.digest FROM revisions r JOIN profiles p ON p.pending_revision_id = r.id"
            " WHERE p.id = :p",
            p=profile,
        )
        return Approve(revision_id=row.id, digest=row.digest)

    async def sign(self, profile: UUID, who: str = "culture.approver") -> Moment:
        """Approve what waits, with a signature that succeeds."""
        prepared = await self.ask(who, await self.pending(profile), profile)
        assert self.moment.to_sign is not None, prepared.answer
        return await self.signed(profile, self.moment.to_sign, prepared.id)

    async def signed(self, profile: UUID, approval: UUID, command: UUID) -> Moment:
        """The signature of a prepared approval succeeds."""
        facts = {"approval": str(approval), "settles": str(command)}
        return await self.step("complete_approval", profile, **facts, document="d" * 64, certificate="c" * 64)

    async def transfer(self, profile: UUID, until: str = "handed_over") -> UUID:
        """A transfer from ``culture`` to ``health``, brought as far as asked."""
        day = legal_date(self.now)
        body = RequestTransfer(to_agency_id=self.health, mode="điều động", effective_on=day, document="1/QĐ")
        asked = await self.ask("culture.hr", body, profile)
        assert asked.status == 201, asked.answer
        case = UUID(asked.answer["transfer_id"])
        steps: list[Body] = [ReportTransfer(document="2/BC"), HandOver(handed_over_on=day)]
        for step in steps[: ["requested", "reported", "handed_over"].index(until)]:
            await self.ask("culture.hr", step, case, subject="transfer")
        return case

    async def rows(self, sql: str, **parameters: Any) -> list[Any]:
        """Rows as the whole authority sees them."""
        async with transaction(self.tools.engine, self.scope) as connection:
            return list(await connection.execute(text(sql), parameters))

    async def one(self, sql: str, **parameters: Any) -> Any:
        """The only row."""
        (row,) = await self.rows(sql, **parameters)
        return row

    async def draft(
        self, profile_id: UUID, content: dict[str, Any], *, evidence: tuple[str, ...] = ()
    ) -> tuple[UUID, str]:
        """Save a draft, as a further revision in the place of the one there is; answers its id and digest."""
        rows = await self.rows(
            "SELECT id, number, state FROM revisions WHERE profile_id = :p ORDER BY number DESC", p=profile_id
        )
        former = next((row.id for row in rows if row.state == "draft"), None)
        revision_id = uuid4()
        open_part, secret = split(catalogue("tt06_2023"), content)
        sealed = self.tools.cipher.seal(
            self.authority, "revisions", revision_id, "sealed", json.dumps(secret).encode()
        )
        account = await self.one("SELECT account_id FROM profiles WHERE id = :p", p=profile_id)
        assert canonical(content)
        async with transaction(self.tools.engine, self.scope) as connection:
            for one in evidence:
                paper = {"id": uuid4(), "a": self.authority, "p": profile_id, "sha": one, "now": self.now}
                await connection.execute(CERTIFIED, paper | {"by": account.account_id})
            values = {
                "id": revision_id,
                "former": former,
                "a": self.authority,
                "p": profile_id,
                "n": rows[0].number + 1 if rows else 1,
                "content": json.dumps(open_part),
                "sealed": sealed.data,
                "key": sealed.key_id,
                "digest": digest(content),
                "author": account.account_id,
                "evidence": json.dumps(list(evidence)),
                "now": self.now,
            }
            await connection.execute(_DRAFTED if former is None else _DRAFTED_AGAIN, values)
        return revision_id, digest(content)


_DRAFTED = text(
    "INSERT INTO revisions (id, authority_id, profile_id, number, form_version, content, sealed, key_id,"
    " digest, state, author_id, evidence, saved_at) VALUES (:id, :a, :p, :n, 'tt06_2023',"
    " CAST(:content AS jsonb), :sealed, :key, :digest, 'draft', :author, CAST(:evidence AS jsonb), :now)"
)
_DRAFTED_AGAIN = text(
    "UPDATE revisions SET id = :id, number = :n, based_on = NULL, returned_fields = NULL,"
    " form_version = 'tt06_2023', content = CAST(:content AS jsonb), sealed = :sealed,"
    " key_id = :key, digest = :digest, author_id = :author, evidence = CAST(:evidence AS jsonb),"
    " saved_at = :now WHERE id = :former AND state = 'draft'"
)


async def build(tools: Tools, now: datetime, *, second: bool = False, law: RuleSet | None = None) -> World:
    """Install the authority; ``second`` beside others in the same database, ``law`` in place of its own."""
    world = World(tools, now)
    law, calendar = law or in_force("hanoi", now.date()), Calendar.seed()
    async with transaction(tools.engine, world.scope) as connection:
        await _execute(
            connection,
            "INSERT INTO authorities VALUES (:a, :code, 'UBND thành phố Hà Nội', 'hanoi', 'H26', :d, :on)",
            a=world.authority,
            code=f"hanoi-{world.authority.hex[:8]}" if second else "hanoi",
            d=world.department,
            on=INSTALLED,
        )
        await _execute(
            connection,
            "INSERT INTO rule_sets VALUES (:a, :h, :on, CAST(:c AS jsonb), 'QĐ 6187/QĐ-UBND', :now)",
            a=world.authority,
            h=law.hash,
            on=INSTALLED,
            c=law.to_json(),
            now=now,
        )
        await _execute(
            connection,
            "INSERT INTO calendars VALUES (:a, :h, CAST(:c AS jsonb), 'seed', :now)",
            a=world.authority,
            h=calendar.hash,
            c=calendar.to_json(),
            now=now,
        )
        await _agencies(connection, world)
        await _people(connection, world)
    return world


async def _agencies(connection: AsyncConnection, world: World) -> None:
    root = uuid4()
    tree = [
        (root, "H26", "UBND thành phố", None, True),
        (world.department, "H26.01", "Sở Nội vụ", root, True),
        (world.culture, "H26.02", "Sở Văn hóa", root, True),
        (world.health, "H26.03", "Sở Y tế", root, True),
        (world.museum, "H26.02.01", "Bảo tàng", world.culture, False),
    ]
    parents = {agency: parent for agency, _, _, parent, _ in tree}
    await connection.execute(
        text("INSERT INTO agencies VALUES (:id, :a, :code, :name, 'agency', :parent, :has, :on, NULL)"),
        [
            {"id": one, "a": world.authority, "code": code, "name": name, "parent": parent, "has": has}
            | {"on": INSTALLED}
            for one, code, name, parent, has in tree
        ],
    )
    await connection.execute(
        text(
            "INSERT INTO agency_lines (authority_id, ancestor_id, descendant_id, valid_from, depth)"
            " VALUES (:a, :up, :down, :on, :depth)"
        ),
        [
            {"a": world.authority, "up": above, "down": agency, "on": INSTALLED, "depth": depth}
            for agency in parents
            for depth, above in enumerate(_above(agency, parents))
        ],
    )


def _above(agency: UUID, parents: dict[UUID, UUID | None]) -> Iterator[UUID]:
    """The agency and every one above it."""
    above: UUID | None = agency
    while above is not None:
        yield above
        above = parents[above]


async def _people(connection: AsyncConnection, world: World) -> None:
    posts = [
        ("culture.hr", world.culture, "hr_officer"),
        ("culture.hr_head", world.culture, "hr_head"),
        ("culture.approver", world.culture, "approver"),
        ("culture.head", world.culture, "head"),
        ("health.hr", world.health, "hr_officer"),
        ("health.approver", world.health, "approver"),
        ("department", world.department, "department_officer"),
        ("department.head", world.department, "department_head"),
        ("admin", world.department, "administrator"),
    ]
    world.accounts |= {who: uuid4() for who, _, _ in posts}
    common = {"a": world.authority, "hash": HASH, "on": INSTALLED, "now": datetime.now(UTC)}
    rows = [
        {
            **common,
            "id": world.accounts[who],
            "grant": uuid4(),
            "login": f"{who}-{world.authority.hex[:6]}",
            "name": who,
            "agency": agency,
            "role": role,
        }
        for who, agency, role in posts
    ]
    await connection.execute(
        text(
            "INSERT INTO accounts (id, authority_id, kind, login, display_name, password_hash, state,"
            " agency_id, created_at) VALUES (:id, :a, 'agency', :login, :name, :hash, 'active', :agency,"
            " :now)"
        ),
        rows,
    )
    await connection.execute(
        text(
            "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from) VALUES"
            " (:grant, :a, :id, :agency, :role, :on)"
        ),
        rows,
    )


async def _execute(connection: AsyncConnection, sql: str, **parameters: Any) -> None:
    await connection.execute(text(sql), parameters)


def tools_for(engine: AsyncEngine, folder: Any) -> Tools:
    """Tools with a fresh key ring in ``folder``."""
    from models.keys import ensure_keyring

    return Tools(engine, ensure_keyring(folder / "keyring.json", None, folder / "master.key"))
