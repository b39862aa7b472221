"""Two authorities with somebody in every role, and something of every kind in every position of the tree."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from api.scope import token_hash
from models.access import OFFICIAL, roles
from models.calendar import legal_date
from models.command_registers import RecordBreach
from models.commands import Delegate, RequestTransfer, WithdrawTransfer
from models.documents import DocumentStore
from models.key_changes import create_keyring
from models.key_ring import MasterKey
from models.record.tools import Tools
from tests.api.matrix import objects, papers
from tests.models.record import plans
from tests.stores import store_in
from tests.world import Stage as Until
from tests.world import World, build

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
POSITIONS = {
    "o": "the own profile",
    "s": "the same agency",
    "u": "a unit below",
    "f": "a foreign agency",
    "z": "a foreign authority",
}
NAMES = {"s": "Đinh Thị Cùng", "u": "Đinh Thị Dưới", "f": "Đinh Thị Ngoài", "z": "Đinh Thị Lạ"}
"""Whoever stands in a position is called so, and nobody else."""
NOBODY, NO_ROLE, ENDED = "nobody", "no_role", "ended"
"""Without a session; with an account that holds no role; with a role (`head`) that ended yesterday."""
AT_DEPARTMENT = ("department_officer", "department_head", "administrator", "auditor")


@dataclass
class Stage:
    """Ids of what stands where: ``targets[parameter][position]``; ``tokens[role]`` opens the session."""

    world: World
    abroad: World
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    askers: dict[str, UUID] = field(default_factory=dict)
    """Whose session each token opens."""
    kept: dict[tuple[str, ...], Any] = field(default_factory=dict)
    """What was made for a cell and not used up yet."""
    head: int = 0
    """Size of the history's log at its first head."""
    documents: DocumentStore | None = None
    """What the files of its people are kept in, where they have any."""

    def names(self, position: str) -> tuple[str, ...]:
        """Ids that no answer to somebody who may not see this position contains."""
        kinds = ("profile_id", "transfer_id", "month_id", "duty_id", "report_id", "breach_id")
        held = (self.targets.get(kind, {}) for kind in kinds)
        return tuple(str(places[position]) for places in held if position in places)


def build_stage(database: Any, folder: Path, *, again: bool = False) -> Stage:
    """Written by the worker's acts where there are any, by rows where only a workflow writes them.

    ``again`` makes a further two authorities in the same database.
    """
    ring = create_keyring(folder / "ring.json", MasterKey.create(folder / "master.key"))

    async def made() -> Stage:
        engine = create_async_engine(database.url("worker"), poolclass=NullPool)
        tools = Tools(engine, ring)
        stage = Stage(await build(tools, NOW, second=again), await build(tools, NOW, second=True))
        await people(stage)
        stage.targets["profile_id"]["z"] = await stage.abroad.employ()
        await _things(stage)
        await _named(stage)
        await _documents(stage, folder)
        await _uploads(stage, create_async_engine(database.url("api"), poolclass=NullPool))
        await engine.dispose()
        return stage

    return asyncio.run(made())


async def people(stage: Stage, until: Until = "service") -> None:
    """The profiles of every position, and one account per role, all of whom are the person of position o.

    ``until``: how far the files of the others have come.
    """
    world = stage.world
    health = {"culture.hr": "health.hr", "culture.approver": "health.approver"}
    other = replace(
        world,
        culture=world.health,
        accounts=world.accounts | {one: world.accounts[their] for one, their in health.items()},
    )
    profiles = {
        "s": await world.employ(until=until),
        "u": await world.employ(agency=world.museum, until=until),
        "f": await other.employ(until=until),
        "o": await world.employ(until="declaration" if until == "account" else until),
    }
    stage.targets["profile_id"] = profiles
    await _post(world, "health.head", "head", world.health)
    await _post(world, "museum.hr", "hr_officer", world.museum)
    await _session(stage, OFFICIAL, world.accounts["person"])
    for role in (*sorted(set(roles().roles) - {OFFICIAL}), NO_ROLE, ENDED):
        agency = world.department if role in AT_DEPARTMENT else world.culture
        held = {NO_ROLE: None, ENDED: "head"}.get(role, role)
        person = None if role in (NO_ROLE, ENDED) else profiles["o"]
        account = await _post(world, role, held, agency, person, legal_date(NOW) if role == ENDED else None)
        await _session(stage, role, account)


async def _post(
    world: World,
    name: str,
    role: str | None,
    agency: UUID,
    person: UUID | None = None,
    to: date | None = None,
) -> UUID:
    """An agency's account, named after what it is for."""
    account = world.accounts[name] = uuid4()
    ids = {"id": account, "a": world.authority, "g": agency, "now": NOW}
    await world.rows(
        "INSERT INTO accounts (id, authority_id, kind, login, display_name, password_hash, state, agency_id,"
        " created_at, profile_id) VALUES (:id, :a, 'agency', :login, :login, 'x', 'active', :g, :now, :p)"
        " RETURNING id",
        **ids, login=f"{name}.{account.hex[:8]}", p=person,
    )  # fmt: skip
    if role is not None:
        await world.rows(
            "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from, valid_to)"
            " VALUES (gen_random_uuid(), :a, :id, :g, :role, '2025-01-01', :to) RETURNING id",
            **{one: ids[one] for one in ("id", "a", "g")}, role=role, to=to,
        )  # fmt: skip
    return account


async def _session(stage: Stage, role: str, account: UUID) -> None:
    token, stage.askers[role] = uuid4().hex, account
    stage.tokens[role] = token
    await stage.world.rows(
        "INSERT INTO sessions (token_hash, authority_id, account_id, created_at, expires_at)"
        " VALUES (:h, :a, :who, :now, :end) RETURNING id",
        h=token_hash(token), a=stage.world.authority, who=account, now=NOW, end=NOW + timedelta(hours=8),
    )  # fmt: skip


async def _things(stage: Stage) -> None:
    world, abroad = stage.world, stage.abroad
    places = {
        "s": (world, world.culture, "culture.hr", "culture.head"),
        "u": (world, world.museum, "culture.hr", "culture.head"),
        "f": (world, world.health, "health.hr", "health.head"),
        "z": (abroad, abroad.culture, "culture.hr", "culture.head"),
    }
    reviews = {one.authority: await _review(one) for one in (world, abroad)}
    for position, (there, agency, officer, head) in places.items():
        found = {
            "agency_id": agency,
            "account_id": there.accounts["museum.hr" if position == "u" else officer],
            "month_id": await _month(there, agency),
            "review_id": reviews[there.authority],
            "report_id": await _report(there, agency, reviews[there.authority]),
            "transfer_id": await _transfer(there, agency, officer),
            "delegation_id": await delegation(there, agency, officer, head),
            "breach_id": await _breach(there, agency, head),
            "reorganisation_id": await plans.drafted(
                there, {"op": "rename", "unit": str(agency), "name": "Tên mới"}, days=400
            ),
        }
        found["receipt_id"] = await objects.answer_about(there, agency, found["month_id"])
        found["round_id"] = await objects.round_of(there, found["month_id"], there.accounts[officer])
        source = there.health if agency != there.health else there.culture
        found["incoming_id"] = await objects.handed_over(there, source, agency)
        found["list_id"] = await papers.list_of(there, found["month_id"], there.accounts[officer])
        found["grant_id"] = (await there.one(_GRANT, who=found["account_id"])).id
        for name, value in found.items():
            stage.targets.setdefault(name, {})[position] = value
    stage.targets["import_id"] = {
        "s": await papers.imported(world),
        "z": await papers.imported(abroad),
    }
    for name, made in (("load_id", objects.load_of), ("backup_id", objects.backup_of)):
        stage.targets[name] = {"s": await made(world), "z": await made(abroad)}
    stage.head = await objects.logged(world)
    for position, profile in stage.targets["profile_id"].items():
        there = abroad if position == "z" else world
        await papers.with_profile(there, profile)
        duty = await there.rows("SELECT id FROM duties WHERE profile_id = :p LIMIT 1", p=profile)
        stage.targets.setdefault("duty_id", {})[position] = duty[0].id


async def _named(stage: Stage) -> None:
    """Everybody's own name: those of the profiles and of the withdrawn moves."""
    for position, name in NAMES.items():
        there = stage.abroad if position == "z" else stage.world
        at = {kind: stage.targets[kind][position] for kind in ("profile_id", "transfer_id")}
        await there.rows(_NAME, name=name, profile=at["profile_id"], case=at["transfer_id"])


_NAME = (
    "UPDATE profiles SET full_name = :name WHERE id = :profile OR id ="
    " (SELECT profile_id FROM cases WHERE id = :case) RETURNING id"
)


async def _documents(stage: Stage, folder: Path) -> None:
    """Everywhere something to get as a document: the bytes, and the row that says what they are."""
    store = stage.documents = store_in(folder / "documents", stage.world.tools)
    for position, profile in stage.targets["profile_id"].items():
        await papers.documents_about(stage.abroad if position == "z" else stage.world, profile, position)
    for position, found in stage.targets["list_id"].items():
        there = stage.abroad if position == "z" else stage.world
        await papers.documents_at(there, found, stage.targets["report_id"][position], position)
    for kind in papers.KINDS:
        named = stage.targets["list_id" if kind in ("list", "report") else "profile_id"]
        for position in named:
            there = stage.abroad if position == "z" else stage.world
            store.put(there.authority, papers.document_of(kind, position), papers.PDF)
        stage.targets[f"{kind}_sha256"] = {one: papers.sha256_of(kind, one) for one in named}
    papers.scans(store, stage.world.authority)


async def _uploads(stage: Stage, api: AsyncEngine) -> None:
    """One that goes on and one that may be dropped, about each profile, by the HR officer."""
    for position, profile in stage.targets["profile_id"].items():
        there = stage.abroad if position == "z" else stage.world
        sender = there.accounts["culture.hr" if position == "z" else "hr_officer"]
        for name in ("upload_id", "dropped_id"):
            made = await objects.upload_by(api, there, profile, sender)
            stage.targets.setdefault(name, {})[position] = made
    await api.dispose()


async def _breach(world: World, agency: UUID, head: str) -> UUID:
    made = uuid4()
    body = RecordBreach(
        agency_id=agency, kind="loss", known_at=NOW, story="Mất một thẻ nhớ.", people=0, data=("basic",)
    )
    told = await world.ask(head, body, made, subject="breach")
    assert told.status == 201, told.answer
    return made


_GRANT = "SELECT id FROM grants WHERE account_id = :who"


async def _month(world: World, agency: UUID) -> UUID:
    made = uuid4()
    await world.rows(
        "INSERT INTO agency_months (id, authority_id, agency_id, month, state, opens_on, nominal_end,"
        " rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:id, :a, :g, '2026-02',"
        " 'closed', '2026-02-24', '2026-02-28', '2026-03-02', :now, 1, 0, :now, '{}') RETURNING id",
        id=made, a=world.authority, g=agency, now=NOW,
    )  # fmt: skip
    return made


async def _review(world: World) -> UUID:
    made = uuid4()
    await world.rows(
        "INSERT INTO reviews VALUES (:id, :a, '2025-q4', 'report_quarter', 'r', 'Điều', 'h', 'open',"
        " '2025-12-11', '2025-12-25', '2025-12-25', :now, :now, false, :now, NULL, NULL, '{}') RETURNING id",
        id=made, a=world.authority, now=NOW,
    )  # fmt: skip
    return made


async def _report(world: World, agency: UUID, review: UUID) -> UUID:
    made = uuid4()
    await world.rows(
        "INSERT INTO review_reports (id, authority_id, review_id, agency_id, whole, state, version, figures,"
        " late_days) VALUES (:id, :a, :review, :g, false, 'sent', 1, '{}', 0) RETURNING id",
        id=made, a=world.authority, review=review, g=agency,
    )  # fmt: skip
    return made


async def _transfer(world: World, agency: UUID, officer: str) -> UUID:
    """Asked for and withdrawn, so that nothing asked of it moves anybody; who asks is judged all the same."""
    there = replace(world, culture=agency, accounts=world.accounts | {"culture.hr": world.accounts[officer]})
    if officer == "health.hr":
        there.accounts["culture.approver"] = world.accounts["health.approver"]
    profile = await there.employ(agency=agency)
    asked = RequestTransfer(
        to_agency_id=world.department, mode="điều động", effective_on=legal_date(NOW), document="1/QĐ"
    )
    case = await there.ask("culture.hr", asked, profile)
    assert case.status == 201, case.answer
    made = UUID(case.answer["transfer_id"])
    ended = await there.ask("culture.hr", WithdrawTransfer(reason="thôi"), made, subject="transfer")
    assert ended.status == 200, ended.answer
    return made


async def delegation(world: World, agency: UUID, officer: str, head: str) -> UUID:
    """That head's right to approve, to that officer."""
    made, day = uuid4(), legal_date(NOW)
    body = Delegate(
        delegate_id=world.accounts[officer], what="approval", agency_id=agency, valid_from=day,
        valid_to=day + timedelta(days=30), document="7/QĐ",
    )  # fmt: skip
    given = await world.ask(head, body, made, subject="delegation")
    assert given.status == 201, given.answer
    return made
