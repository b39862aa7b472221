"""Acts on a breach of personal data, and its clock: the sibling of ``act`` for a subject that is no profile.

What people wrote of it lies sealed in one column, entry after entry; nothing is ever taken out of it.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Allowed, Target, Verb, may, reach
from models.calendar import legal_date
from models.command_registers import AddToBreach, CloseBreach, IssueBreachNotice, NotifyBreach, RecordBreach
from models.command_shapes import Body
from models.database import Scope, transaction
from models.errors import RefusedError
from models.keys import Sealed
from models.lifecycle.breach import DECISIONS, STATE_VI, Breach, record, wake
from models.lifecycle.breach_issuing import MAKING, made, notice_id
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.messages import Ask, Moment
from models.record.commands import Command
from models.record.law_of import LawOf
from models.record.load import DUTY, duty_of
from models.record.once import in_use, once
from models.record.tools import Tools
from models.record.write import save
from models.record.writing import Writing

Entry = dict[str, Any]
TABLE, FIELD = "breaches", "story"
_LOCK = text("SELECT 1 FROM breaches WHERE id = :id FOR NO KEY UPDATE")
_BREACH = text(
    f"SELECT b.*, (SELECT {DUTY} FROM duties d WHERE d.id = b.duty_id AND d.state = 'open') AS duty,"  # noqa: S608 — a fragment of our own
    " (SELECT coalesce(json_agg(f.profile_id), '[]') FROM breach_files f WHERE f.breach_id = b.id) AS files,"
    " (SELECT n.id FROM breach_notices n WHERE n.breach_id = b.id AND n.state = 'making') AS making"
    " FROM breaches b WHERE b.id = :id"
)
_NOTICE = text("SELECT state FROM breach_notices WHERE id = :id AND breach_id = :breach")
_PLACE = text(
    "SELECT array(SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = :agency"
    " AND c.valid_to IS NULL ORDER BY c.depth) AS line, u.department_id, u.ict_department_id"
    " FROM authorities u WHERE u.authority_id = :authority"
)
_THERE = text(
    "SELECT p.id, array(SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = p.agency_id"
    " AND c.valid_to IS NULL) AS line FROM profiles p WHERE p.id = ANY (:ids)"
)


async def manage_breach(tools: Tools, ask: Ask) -> Moment:
    """Do one act on a breach, exactly once however often it is asked; or look at its clock."""
    async with transaction(tools.engine, Scope(ask.authority_id, everything=True)) as connection:
        if ask.command_id is None:
            await connection.execute(_LOCK, {"id": ask.subject_id})
            row = await _row(connection, ask)
            step = STEPS.get(ask.internal or "look")
            return _moment(row) if row is None or step is None else await step(connection, tools, ask, row)
        decide = partial(_decided, connection, tools, ask)
        answered = await once(connection, tools, ask, decide, lock=(_LOCK, {"id": ask.subject_id}))
        return _moment(await _row(connection, ask), *answered)


async def _row(connection: AsyncConnection, ask: Ask) -> Row[Any] | None:
    return (await connection.execute(_BREACH, {"id": ask.subject_id})).one_or_none()


async def _decided(
    connection: AsyncConnection, tools: Tools, ask: Ask, command: Command
) -> tuple[int, dict[str, Any]]:
    body = command.body
    in_use(command)
    row = await _row(connection, ask)
    if isinstance(body, RecordBreach):
        if row is not None:
            raise RefusedError.of("wrong-state", "Sự cố đã được ghi nhận.", "It is written down already.")
        agency_id = body.agency_id
    elif row is None:
        raise RefusedError.of("not-found", "Không tìm thấy.", "There is no such thing.")
    else:
        agency_id = row.agency_id
    scene, line = await _scene(connection, tools, ask, command, agency_id)
    scene = replace(scene, actor_role=_role(command, agency_id, line, scene))
    await _in_reach(connection, command, body, scene)
    if isinstance(body, RecordBreach):
        outcome = record(ask.subject_id, body, scene)
    else:
        assert row is not None
        outcome = DECISIONS[type(body)](_breach(row), body, scene)
    await _write(connection, tools, ask, outcome, scene, agency_id, row, _said(body, scene, row))
    return outcome.status, outcome.answer


async def _woken(connection: AsyncConnection, tools: Tools, ask: Ask, row: Any) -> Moment:
    scene, _ = await _scene(connection, tools, ask, None, row.agency_id)
    outcome = wake(_breach(row), scene)
    if not outcome.empty:
        await _write(connection, tools, ask, outcome, scene, row.agency_id, row, None)
        row = (await connection.execute(_BREACH, {"id": ask.subject_id})).one()
    return _moment(row)


async def _issued(connection: AsyncConnection, tools: Tools, ask: Ask, row: Any) -> Moment:
    """What became of the notification that was to be made; said again, it changes nothing."""
    notice = {"id": UUID(str(ask.facts["notice"])), "breach": ask.subject_id}
    if await connection.scalar(_NOTICE, notice) != MAKING:
        return _moment(row)
    scene, _ = await _scene(connection, tools, ask, None, row.agency_id)
    await _write(
        connection, tools, ask, made(ask.subject_id, ask.facts, scene), scene, row.agency_id, row, None
    )
    return _moment(await _row(connection, ask))


STEPS: Mapping[str, Callable[[AsyncConnection, Tools, Ask, Any], Awaitable[Moment]]] = {
    "wake": _woken,
    "notice_made": _issued,
    "notice_failed": _issued,
}


async def _scene(
    connection: AsyncConnection, tools: Tools, ask: Ask, command: Command | None, agency_id: UUID
) -> tuple[Scene, tuple[UUID, ...]]:
    law, calendar = await tools.law(connection, LawOf.unit(ask.authority_id, agency_id), legal_date(ask.now))
    place = (await connection.execute(_PLACE, {"agency": agency_id, "authority": ask.authority_id})).one()
    line = tuple(place.line)
    if not line:
        raise RefusedError.of("unknown-agency", "Không có cơ quan này.", "There is no such agency.")
    # A clock may wake twice within one version: the instant tells its messages apart.
    made = command.id if command else _step_id(ask)
    scene = Scene(
        now=ask.now,
        law=law,
        calendar=calendar,
        policy=tools.policy,
        act_id=made,
        actor_id=command.actor.account_id if command else None,
        actor_role="system",
        actor_profile_id=command.actor.person_profile_id if command else None,
        department_id=place.department_id,
        managing_agency_id=line[1] if len(line) > 1 else line[0],
        ict_department_id=place.ict_department_id,
    )
    return scene, line


def _step_id(ask: Ask) -> UUID:
    return uuid5(ask.subject_id, f"{ask.internal}:{ask.now.isoformat()}")


def _verb(body: Body) -> Verb:
    answers = IssueBreachNotice | NotifyBreach | CloseBreach
    return Verb.ANSWER_BREACH if isinstance(body, answers) else Verb.RECORD_BREACH


def _role(command: Command, agency_id: UUID, line: tuple[UUID, ...], scene: Scene) -> str:
    target = Target(agency_id, line)
    verdict = may(command.actor, _verb(command.body), target, scene.today, scene.law)
    if not isinstance(verdict, Allowed):
        raise RefusedError.of(verdict.code, verdict.reason_vi, verdict.reason_en)
    return verdict.role


async def _in_reach(connection: AsyncConnection, command: Command, body: Body, scene: Scene) -> None:
    """Nobody names a file they could not write a breach down for: what is elsewhere is as if it were not.

    Raises:
        RefusedError: ``not-found``.
    """
    named = set(body.profiles) if isinstance(body, RecordBreach | AddToBreach) else set()
    if not named:
        return
    covered = reach(command.actor, _verb(body), scene.today, scene.law)
    rows = await connection.execute(_THERE, {"ids": list(named)})
    near = {row.id for row in rows if covered.everywhere or covered.subtrees & set(row.line)}
    if named - near:
        raise RefusedError.of(
            "not-found",
            f"{len(named - near)} hồ sơ không có trong phạm vi.",
            f"{len(named - near)} of the profiles are not there, or not in scope.",
        )


def _said(body: Body, scene: Scene, row: Any | None) -> Entry | None:
    """What a person wrote, for the sealed story."""
    match body:
        case RecordBreach() | AddToBreach():
            return {"what": body.verb, "said": body.story}
        case NotifyBreach():
            return {"what": body.verb, "said": f"{body.document} → {body.recipient}"}
        case IssueBreachNotice():
            assert row is not None
            issued = {**body.model_dump(mode="json"), "people": row.people}
            told = f"{body.document} → {body.recipient}: {body.measures} ({body.contact})"
            return {"what": body.verb, "said": told, "notice": str(notice_id(scene)), "issued": issued}
        case CloseBreach():
            return {"what": body.verb, "said": body.measures, "not_notifiable": body.not_notifiable}
        case _:
            return None


async def _write(
    connection: AsyncConnection,
    tools: Tools,
    ask: Ask,
    outcome: Outcome,
    scene: Scene,
    agency_id: UUID,
    row: Any | None,
    said: Entry | None,
) -> None:
    authority_id, breach_id = ask.authority_id, ask.subject_id
    values = dict(outcome.subject)
    if said is not None:
        told = [*(story_of(tools, authority_id, row) if row is not None else []), _signed(said, scene)]
        sealed = tools.cipher.seal(
            authority_id, TABLE, breach_id, FIELD, json.dumps(told, ensure_ascii=False).encode()
        )
        values |= {"story": sealed.data, "key_id": sealed.key_id}
    await save(
        connection, TABLE, breach_id, values, outcome, scene, Writing(authority_id, None, tools, ask.now),
        new=row is None, agency_id=agency_id, command_id=ask.command_id,
    )  # fmt: skip


def _signed(said: Entry, scene: Scene) -> Entry:
    return {"at": scene.now.isoformat(), "by": str(scene.actor_id), "role": scene.actor_role, **said}


def story_of(tools: Tools, authority_id: UUID, row: Any) -> list[Entry]:
    """Every entry written about a breach, the oldest first."""
    sealed = Sealed(row.key_id, bytes(row.story))
    told: list[Entry] = json.loads(tools.cipher.open(authority_id, TABLE, row.id, FIELD, sealed))
    return told


def _breach(row: Any) -> Breach:
    return Breach(
        id=row.id,
        agency_id=row.agency_id,
        state=row.state,
        version=row.version,
        known_at=row.known_at,
        due_at=row.due_at,
        duty=duty_of(row.duty) if row.duty else None,
        people=row.people,
        files=frozenset(UUID(one) for one in row.files),
        next_wake_at=row.next_wake_at,
        making=row.making,
    )


def _moment(row: Any | None, status: int = 200, refusal: str = "") -> Moment:
    if row is None:
        return Moment(version=0, chapter="breach", words="", status=status, refusal=refusal)
    return Moment(
        version=row.version,
        chapter=row.state,
        words=_words(row.state, row.due_at),
        next_wake_at=row.next_wake_at,
        to_export=row.making,
        status=status,
        refusal=refusal,
    )


def _words(state: str, due_at: datetime | None) -> str:
    due = f" · hạn {due_at:%Y-%m-%d %H:%M} UTC" if due_at is not None and state == "open" else ""
    return f"Sự cố dữ liệu cá nhân: {STATE_VI[state]}{due}"
