"""Acts on an authority's code lists: a newer version handed in, loaded by somebody else, or not.

A version is planned by a pure comparison with the newest there is (``models.form.list_versions``) and kept
whole under its hash. Loading it rewrites no form: from its day on forms are measured by it, and what they
then lack stands on the readiness board and the mapping desk, like any other old value.
"""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import everywhere, reach
from models.calendar import legal_date
from models.canonical import dumps
from models.command_codes import CodeListAct, CodeListVersion, DecideCodeList, ProposeCodeList
from models.database import together
from models.errors import FieldRefusal, RefusedError
from models.form import CodeList, list_names, list_of
from models.form.codes import packaged_list
from models.form.list_versions import FIXED, Version, version_of
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene
from models.messages import Ask
from models.record.authorise import VERB_OF
from models.record.authority_stream import record_on_authority
from models.record.commands import Command
from models.record.law_of import LawOf
from models.record.tools import Tools
from models.record.write import notices_of
from models.record.writing import Writing

_NEWEST = text(
    "SELECT valid_from, content FROM code_list_versions WHERE authority_id = :authority"
    " AND code_list = :list AND state = 'loaded' ORDER BY valid_from DESC, decided_at DESC, id DESC LIMIT 1"
)
_HOLD = text(
    "SELECT department_id, hoso_top() AS root FROM authorities WHERE authority_id = :authority"
    " FOR NO KEY UPDATE"
)
_OPEN = text(
    "SELECT 1 FROM code_list_versions WHERE authority_id = :authority AND code_list = :list"
    " AND state = 'proposed'"
)
_PROPOSE = text(
    "INSERT INTO code_list_versions (id, authority_id, code_list, valid_from, hash, content, document,"
    " counts, state, proposed_by, proposed_at) VALUES (:id, :authority, :list, :starts, :hash, :content,"
    " :document, :counts, 'proposed', :by, :now)"
)
_PROPOSED = text(
    "SELECT code_list, valid_from, hash, document, state, proposed_by FROM code_list_versions"
    " WHERE authority_id = :authority AND id = :id"
)
_POSTS = text(
    "SELECT DISTINCT g.agency_id, g.role FROM grants g JOIN accounts a ON a.id = g.account_id"
    " WHERE g.role = ANY (:roles) AND g.valid_from <= :day AND (g.valid_to IS NULL OR g.valid_to > :day)"
    " AND a.state <> 'cancelled' AND a.suspended_at IS NULL AND a.id <> :proposer ORDER BY 1, 2"
)
_DECIDE = text(
    "UPDATE code_list_versions SET state = :state, decided_by = :by, decided_at = :now, reason = :reason"
    " WHERE id = :id AND state = 'proposed'"
)


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest version of a list, the packaged one where none was loaded, and the day it is from."""

    known: CodeList
    starts: date | None = None


async def newest(connection: AsyncConnection, authority_id: UUID, name: str) -> Newest:
    """What a newer version is compared with.

    Raises:
        RefusedError: ``not-found``; ``code-list-unfit`` where the list takes no versions.
    """
    if name not in list_names():
        raise RefusedError.of("not-found", "Không có danh mục này.", "There is no such list.")
    if name in FIXED:
        raise RefusedError.of(
            "code-list-unfit",
            "Danh mục này thuộc về chương trình hoặc về đơn vị cũ, không nạp phiên bản mới.",
            "This list is the program's own, or of units of before: it takes no newer version.",
        )
    values = {"authority": authority_id, "list": name}
    row = (await connection.execute(_NEWEST, values)).one_or_none()
    if row is None:
        return Newest(packaged_list(name))
    return Newest(list_of(name, row.content), row.valid_from)


def planned(before: Newest, asked: CodeListVersion) -> Version:
    """The version asked for, judged row by row; its refused rows are in it.

    Raises:
        RefusedError: ``code-list-unfit``: a version from a later day is there already.
    """
    if before.starts is not None and asked.starts < before.starts:
        raise RefusedError.of(
            "code-list-unfit",
            f"Đã có phiên bản dùng từ ngày {before.starts:%d/%m/%Y}; phiên bản mới không được sớm hơn.",
            f"There is a version from {before.starts.isoformat()}: a newer one cannot begin before it.",
        )
    return version_of(before.known, [row.row() for row in asked.rows], asked.starts)


def fit(version: Version) -> Version:
    """The same, where every row may be loaded and something changes.

    Raises:
        RefusedError: ``code-list-unfit`` with each row; ``law-known`` where nothing changes.
    """
    wrong = tuple(
        FieldRefusal(
            f"rows.{row.line - 1}" if row.line else "rows",
            f"Dòng {row.line}, mã {row.code}" if row.line else f"Mã {row.code}",
            "; ".join(one.vi for one in row.wrong),
            "; ".join(one.en for one in row.wrong),
        )
        for row in version.refused
    )
    if wrong:
        raise RefusedError.of("code-list-unfit", fields=wrong)
    if not version.of("added", "renamed", "changed", "ended"):
        raise RefusedError.of("law-known")
    return version


async def list_act(
    connection: AsyncConnection, tools: Tools, ask: Ask, command: Command, role: str
) -> dict[str, Any]:
    """Do one act on a list; what its command is answered.

    Raises:
        RefusedError: ``not-permitted``, ``not-found``, ``code-list-unfit``, ``law-known``, ``wrong-state``,
            ``same-person``.
    """
    body = command.body
    assert isinstance(body, CodeListAct)
    today = legal_date(ask.now)
    law, calendar = await tools.law(connection, LawOf.authority(ask.authority_id), today)
    if not reach(command.actor, VERB_OF[command.verb], today, law).everywhere:
        raise keeper_only()
    held = (await connection.execute(_HOLD, {"authority": ask.authority_id})).one()
    told = Outcome()
    if isinstance(body, ProposeCodeList):
        answer = await _propose(connection, ask, command, body, told)
        roles = everywhere(VERB_OF[DecideCodeList.verb], law)
        told.notices += await _deciders(connection, command, roles, body, today)
    else:
        assert isinstance(body, DecideCodeList)
        answer = await _decide(connection, ask, command, body, told, held.root)
    scene = Scene(
        now=ask.now,
        law=law,
        calendar=calendar,
        policy=tools.policy,
        act_id=command.id,
        actor_id=command.actor.account_id,
        actor_role=role,
        actor_profile_id=command.actor.person_profile_id,
        department_id=held.department_id,
        managing_agency_id=held.root,
    )
    await record_on_authority(connection, scene, ask.authority_id, held.root, told)
    writing = Writing(ask.authority_id, None, tools, ask.now)
    await together(connection, list(notices_of(told, scene, writing)))
    return answer


async def _deciders(
    connection: AsyncConnection, command: Command, roles: tuple[str, ...], body: ProposeCodeList, today: date
) -> list[Notice]:
    """Lines for the posts that may say whether it is loaded, held by anybody but whoever handed it in."""
    values = {"roles": list(roles), "day": today, "proposer": command.actor.account_id}
    facts = {"code_list": body.code_list, "version": str(command.id), "valid_from": body.starts.isoformat()}
    posts = (await connection.execute(_POSTS, values)).all()
    return [Notice("code_list_to_decide", post.agency_id, role=post.role, facts=facts) for post in posts]


def keeper_only() -> RefusedError:
    """Lists are everybody's: one agency does not change them."""
    return RefusedError.of(
        "not-permitted",
        "Danh mục dùng chung: chỉ cơ quan quản lý cơ sở dữ liệu quyết định.",
        "Lists are shared: the department that keeps the database decides.",
    )


async def _propose(
    connection: AsyncConnection, ask: Ask, command: Command, body: ProposeCodeList, told: Outcome
) -> dict[str, Any]:
    before = await newest(connection, ask.authority_id, body.code_list)
    open_ = {"authority": ask.authority_id, "list": body.code_list}
    if (await connection.execute(_OPEN, open_)).first() is not None:
        raise RefusedError.of(
            "wrong-state",
            "Một phiên bản của danh mục này đang chờ quyết định.",
            "A version of this list waits to be decided.",
        )
    version = fit(planned(before, body))
    content = version.plain()
    digest = sha256(dumps({"list": version.name, "codes": content})).hexdigest()
    counts = {
        "added": len(version.of("added")),
        "renamed": len(version.of("renamed")),
        "changed": len(version.of("changed")),
        "ended": len(version.of("ended")),
    }
    values = {
        **open_,
        "id": command.id,
        "starts": version.starts,
        "hash": digest,
        "content": Jsonb(content),
        "document": body.document,
        "counts": Jsonb(counts),
        "by": command.actor.account_id,
        "now": ask.now,
    }
    await connection.execute(_PROPOSE, values)
    facts = {"code_list": version.name, "version": str(command.id), "hash": digest}
    facts |= {"valid_from": version.starts.isoformat(), "document": body.document}
    told.happened("codes.proposed", None, **facts, **counts)
    return {**facts, "state": "proposed", **counts}


async def _decide(
    connection: AsyncConnection, ask: Ask, command: Command, body: DecideCodeList, told: Outcome, root: UUID
) -> dict[str, Any]:
    values = {"authority": ask.authority_id, "id": body.version_id}
    row = (await connection.execute(_PROPOSED, values)).one_or_none()
    if row is None or row.code_list != body.code_list:
        raise RefusedError.of("not-found", "Không có phiên bản danh mục này.", "There is no such version.")
    if row.state != "proposed":
        raise RefusedError.of("wrong-state", "Phiên bản đã được quyết định.", "This version is decided.")
    if row.proposed_by == command.actor.account_id:
        raise RefusedError.of("same-person")
    loads = body.decision == "load"
    if not loads and body.reason is None:
        raise RefusedError.of(
            "malformed-request",
            fields=(
                FieldRefusal("reason", "Lý do", "Cần nêu lý do không nạp.", "Say why it is not loaded."),
            ),
        )
    decided = {
        "id": body.version_id,
        "state": "loaded" if loads else "refused",
        "by": command.actor.account_id,
        "now": ask.now,
        "reason": body.reason,
    }
    await connection.execute(_DECIDE, decided)
    facts = {"code_list": row.code_list, "version": str(body.version_id), "hash": row.hash}
    facts |= {"valid_from": row.valid_from.isoformat(), "document": row.document}
    told.happened("codes.loaded" if loads else "codes.refused", None, **facts, proposer=str(row.proposed_by))
    said = {name: facts[name] for name in ("code_list", "version")} | {"state": decided["state"]}
    told.notices.append(Notice("code_list_decided", root, account_id=row.proposed_by, facts=said))
    return {**facts, "state": decided["state"]}
