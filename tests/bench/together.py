"""Fifty at once on the same few hundred files: transferring, changing, approving, lending, taking back, and
reorganising the units that hold them.

Every client draws what it asks at random, most of it impossible by the time it is asked; two clients often
mean the same file at the same instant. Acts are asked as API and worker ask them (a command written down,
then ``act``) over PostgreSQL. Meanwhile and at the end `together_checked` reads the
rows with plain SQL and none of our code: exactly one custodian at every instant, nothing lost, nothing told
twice, no act without authority at its time.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from models.calendar import legal_date
from models.command_fields import ChangeFields
from models.commands import (
    AcceptTransfer,
    Approve,
    Body,
    Delegate,
    HandOver,
    RefuseTransfer,
    ReportTransfer,
    RequestTransfer,
    RevokeDelegation,
    WithdrawTransfer,
)
from models.database import engine_for, transaction
from models.messages import Ask, Moment, Subject
from models.record.act import act
from models.record.commands import accept, fate
from models.record.tools import Tools
from models.settings import DatabaseRole
from tests.bench.people import people, settle_in
from tests.bench.report import Figure, Say, percentile
from tests.bench.stage import Stage, stage
from tests.bench.together_checked import KINDS, Seen, check, plant, watch
from tests.bench.together_plans import PLANS, Plans, reorganise
from tests.world import World

CLIENTS, PEOPLE = 50, 500
DAYS = 40
"""Virtual days over which it happens: a file changes hands once a day."""
FORM = "e" * 64
RIGHTLY = 0.8
"""How often who asks is who may, as far as one can see before asking."""
ATTACHED = text(
    "INSERT INTO attachments (id, authority_id, profile_id, sha256, size, media_type, kind, uploaded_by,"
    " uploaded_at, certified_by, certified_on) SELECT gen_random_uuid(), authority_id, id, :sha, 1,"
    " 'application/pdf', 'evidence', account_id, :now, 'UBND', :day FROM profiles"
)
_CASE = text(
    "SELECT p.agency_id, c.id, c.state FROM profiles p LEFT JOIN cases c ON c.profile_id = p.id"
    " AND c.kind = 'transfer' AND c.closed_at IS NULL WHERE p.id = :p"
)
_TO = text("SELECT to_agency_id FROM cases WHERE id = :id")
_PENDING = text(
    "SELECT r.id, r.digest FROM profiles p JOIN revisions r ON r.id = p.pending_revision_id WHERE p.id = :p"
)


@dataclass
class Round:
    """What fifty clients share: the files, the virtual time, what was asked and answered."""

    world: World
    tools: Tools
    files: list[UUID]
    total: int
    begun: datetime
    asked: int = 0
    seen: list[Seen] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    lent: list[UUID] = field(default_factory=list)
    plans: Plans = field(default_factory=Plans)

    def now(self) -> datetime:
        """The virtual instant of the next thing asked: days pass evenly over the whole."""
        return self.plans.held or self.begun + timedelta(days=DAYS) * (self.asked / self.total)


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """20,000 things asked (1,000 where quick); the figure is what the checker found wrong: nothing."""
    total = 1_000 if quick else 20_000
    with stage() as built:
        world = await settle_in(built)
        engine = engine_for(built.settings.database_url(DatabaseRole.WORKER), pool_size=20)
        try:
            files = people(built, world, 100 if quick else PEOPLE)
            async with transaction(engine, world.scope) as connection:
                day = legal_date(world.now)
                await connection.execute(ATTACHED, {"sha": FORM, "now": world.now, "day": day})
            round_ = Round(world, Tools(engine, built.ring), files, total, world.now + timedelta(hours=1))
            return await _measured(say, built, round_)
        finally:
            await engine.dispose()


async def _measured(say: Say, built: Stage, round_: Round) -> list[Figure]:
    stop = asyncio.Event()
    watching = asyncio.create_task(watch(built.superuser, stop))
    begun = time.perf_counter()
    await asyncio.gather(*(_client(round_, n) for n in range(CLIENTS)))
    seconds = time.perf_counter() - begun
    stop.set()
    looked, torn = await watching
    found = await asyncio.to_thread(check, built.superuser, round_.seen)
    for line in found.wrong[:20]:
        say(f"together: {line}")
    planted = await asyncio.to_thread(plant, built.superuser, round_.seen)
    done = sum(one.status < 400 for one in round_.seen)
    said = Counter(one.code for one in round_.seen if one.status >= 400).most_common(6)
    size = f"{CLIENTS} clients, {len(round_.files)} files, {len(round_.seen)} things asked, {done} done"
    return [
        Figure(
            "history of many at once: violations found by the checker",
            float(len(found.wrong) + torn),
            "violations",
            budget=0,
            sizes=f"{size}; {found.events} events, {found.custody} custodies, looked {looked} times",
            note=f"refused: {dict(said)}; transfers accepted {found.moves}, delegations {found.lent},"
            f" plans {round_.plans.done} of {round_.plans.begun} ({round_.plans.undone} took one back)",
        ),
        Figure(
            "kinds of violation planted afterwards and found by the checker",
            float(planted),
            "kinds",
            budget=float(KINDS),
            better="higher",
        ),
        Figure(
            "things asked by many at once of the same files",
            len(round_.seen) / seconds,
            "per second",
            sizes=size,
            where={"p95 ms": percentile(round_.waits, 0.95) * 1000},
        ),
    ]


async def _client(round_: Round, number: int) -> None:
    chance = random.Random(number)
    while round_.asked < round_.total:
        round_.asked += 1
        if round_.asked % (round_.total // PLANS) == 0:
            world, tools = round_.world, round_.tools
            await reorganise(round_.plans, world, tools, round_.now, round_.seen)
        await chance.choices([do for do, _ in WEIGHTS], [weight for _, weight in WEIGHTS])[0](round_, chance)


async def _ask(round_: Round, who: str, body: Body, subject_id: UUID, subject: Subject = "profile") -> Moment:
    """One command, written down and decided, and what came of it as its client knows it."""
    world, command_id, now = round_.world, uuid4(), round_.now()
    sent = time.monotonic()
    async with transaction(round_.tools.engine, world.scope) as connection:
        await accept(
            connection,
            round_.tools,
            command_id=command_id,
            authority_id=world.authority,
            account_id=world.accounts[who],
            body=body,
            received=body.model_dump_json().encode(),
            workflow_id=f"{subject}/{subject_id}",
            subject_id=subject_id,
            expected_revision=None,
            now=now,
        )
    asked = Ask(
        authority_id=world.authority, subject=subject, subject_id=subject_id, command_id=command_id, now=now
    )
    moment = await act(round_.tools, asked)
    if moment.to_sign is not None and not moment.settled:
        moment = await _signed(round_, subject_id, moment.to_sign, command_id, now)
    async with transaction(round_.tools.engine, world.scope) as connection:
        found = await fate(connection, command_id)
    assert found is not None
    status = found.status or 202
    code = str((found.answer or {}).get("code", "")) if status >= 400 else ""
    answered = time.monotonic()
    round_.waits.append(answered - sent)
    lent = getattr(body, "verb", "") == "revoke_delegation"
    round_.seen.append(Seen(command_id, status, code, sent, answered, subject_id if lent else None))
    return moment


async def _signed(round_: Round, profile: UUID, approval: UUID, command: UUID, now: datetime) -> Moment:
    facts = {
        "approval": str(approval),
        "settles": str(command),
        "document": "d" * 64,
        "certificate": "c" * 64,
    }
    authority = round_.world.authority
    asked = Ask(
        authority_id=authority,
        subject="profile",
        subject_id=profile,
        internal="complete_approval",
        now=now,
        facts=dict(facts),
    )
    return await act(round_.tools, asked)


async def _rows(round_: Round, statement: Any, **values: Any) -> list[Any]:
    async with transaction(round_.tools.engine, round_.world.scope) as connection:
        return list(await connection.execute(statement, values))


HR = ("culture.hr", "health.hr")
SIGNERS = ("culture.approver", "culture.head", "health.approver", "culture.hr", "health.hr")


async def _where(round_: Round, profile: UUID) -> tuple[UUID, UUID | None, str]:
    """Who holds a file, and the transfer that is open with its state."""
    (row,) = await _rows(round_, _CASE, p=profile)
    return row.agency_id, row.id, row.state or ""


def _officer(round_: Round, chance: random.Random, agency: UUID) -> str:
    """Mostly the HR officer of that agency, now and then another's."""
    right = "health.hr" if agency == round_.world.health else "culture.hr"
    return right if chance.random() < RIGHTLY else chance.choice(HR)


async def _request(round_: Round, chance: random.Random) -> None:
    world, profile = round_.world, chance.choice(round_.files)
    holder, _, _ = await _where(round_, profile)
    body = RequestTransfer(
        to_agency_id=chance.choice([world.culture, world.health, world.museum]),
        mode="điều động",
        effective_on=legal_date(round_.now()),
        document="1/QĐ",
    )
    await _ask(round_, _officer(round_, chance, holder), body, profile)


NEXT: dict[str, tuple[type[Body], dict[str, Any]]] = {
    "requested": (ReportTransfer, {"document": "2/BC"}),
    "reported": (HandOver, {}),
    "handed_over": (AcceptTransfer, {}),
}


async def _step(round_: Round, chance: random.Random) -> None:
    """The next step of a transfer that is open, or another; whoever comes second is refused."""
    profile = chance.choice(round_.files)
    holder, case, state = await _where(round_, profile)
    if case is None:
        return await _request(round_, chance)
    day = legal_date(round_.now())
    body: Body
    if chance.random() < RIGHTLY and state in NEXT:
        kind, given = NEXT[state]
        body = kind(**given, **({"handed_over_on": day} if kind is HandOver else {}))
    else:
        others: list[Body] = [
            ReportTransfer(document="2/BC"),
            HandOver(handed_over_on=day),
            AcceptTransfer(),
            RefuseTransfer(reason="không đúng"),
            WithdrawTransfer(reason="thôi chuyển"),
        ]
        body = chance.choice(others)
    there = (await _rows(round_, _TO, id=case))[0].to_agency_id
    side = there if body.verb in ("accept_transfer", "refuse_transfer") else holder
    await _ask(round_, _officer(round_, chance, side), body, case, "transfer")
    return None


async def _change(round_: Round, chance: random.Random) -> None:
    body = ChangeFields(
        content={"staff_number": f"S{chance.randrange(10**6)}"},
        changed_on=legal_date(round_.now()),
        document="3/QĐ",
        confirmed_form=FORM,
    )
    profile = chance.choice(round_.files)
    holder, _, _ = await _where(round_, profile)
    await _ask(round_, _officer(round_, chance, holder), body, profile)


async def _approve(round_: Round, chance: random.Random) -> None:
    profile = chance.choice(round_.files)
    waiting = await _rows(round_, _PENDING, p=profile)
    if not waiting:
        return await _change(round_, chance)
    body = Approve(revision_id=waiting[0].id, digest=waiting[0].digest)
    await _ask(round_, chance.choice(SIGNERS), body, profile)
    return None


async def _lend(round_: Round, chance: random.Random) -> None:
    world, day = round_.world, legal_date(round_.now())
    body = Delegate(
        delegate_id=world.accounts[chance.choice(HR)],
        what="approval",
        agency_id=chance.choice([world.culture, world.museum]),
        valid_from=day,
        valid_to=day + timedelta(days=chance.randrange(2, 20)),
        document="4/QĐ",
    )
    lent = uuid4()
    moment = await _ask(round_, chance.choice(["culture.head", "culture.approver"]), body, lent, "delegation")
    if moment.version:
        round_.lent.append(lent)


async def _take_back(round_: Round, chance: random.Random) -> None:
    if not round_.lent:
        return await _lend(round_, chance)
    one = round_.lent.pop(chance.randrange(len(round_.lent)))
    who = chance.choice(["culture.head", "culture.approver"])
    await _ask(round_, who, RevokeDelegation(reason="hết việc"), one, "delegation")
    return None


Do = Callable[[Round, random.Random], Awaitable[None]]
WEIGHTS: tuple[tuple[Do, int], ...] = (
    (_request, 15),
    (_step, 45),
    (_change, 15),
    (_approve, 20),
    (_lend, 3),
    (_take_back, 2),
)
