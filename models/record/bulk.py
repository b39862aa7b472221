"""The bulk sibling of ``act``: approved forms taken over from elsewhere, many in one transaction.

Same tables and invariants: one custody from the first day, revisions immutable, events chained per profile
so that ``act`` goes on from ``last_event`` and ``last_hash``, the next wake as any act would set it. What is
taken over carries no signature of ours; its event names the import and the document it came from. No
workflow is started: the first command or the nightly sweep does that.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.database import Query, together
from models.form import Catalogue, foretold, split
from models.identifiers import new_id, profile_workflow
from models.keys import Sealed
from models.lifecycle.life import AccountState, Chapter, Life, Status
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.session_ends import overtaken
from models.lifecycle.wake import profile_wake
from models.messages import Ask
from models.record.law_of import LawOf, Laws
from models.record.load import life_of, load_life
from models.record.measuring import measure_in_hand, measure_these
from models.record.sets import in_sets
from models.record.sql import inserting
from models.record.subjects import saving_profile
from models.record.tools import Tools
from models.record.write import GENESIS, chain, write
from models.record.writing import Writing

NO_PASSWORD = "!"  # noqa: S105 — no hash ever looks like this, so nobody can log in with it
"""Hash of an account whose one-time password has not been issued yet."""


@dataclass(frozen=True, slots=True)
class Source:
    """What people are taken over from: the import, the account that asked for it, the workbook's SHA-256."""

    authority_id: UUID
    import_id: UUID
    account_id: UUID
    document: str


@dataclass(frozen=True, slots=True)
class Legacy:
    """One person as the source has them. ``content`` is tidy and valid on ``form``, ``digest`` its hash."""

    form: Catalogue
    agency_id: UUID
    category: str
    full_name: str
    staff_number: str | None
    number: Mapping[str, str | bytes | None]
    """The columns of the profile that its ID number decides."""
    content: Mapping[str, Any]
    digest: str
    held_since: date
    login: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What an import changes on a profile that exists: form, account to create, e-mail address."""

    profile_id: UUID
    legacy: Legacy
    form: bool
    account: bool
    email: bool


def seal_email(tools: Tools, authority_id: UUID, account_id: UUID, email: str | None) -> Sealed | None:
    """An e-mail address as the account's row keeps it."""
    if not email:
        return None
    return tools.cipher.seal(authority_id, "accounts", account_id, "email", email.encode())


def _foretold(legacy: Legacy, scene: Scene) -> list[list[str]]:
    ahead = [f for f in foretold(legacy.content, on=scene.today) if f.on > scene.today]
    return [[f.kind, f.on.isoformat()] for f in ahead]


def _revision(
    tools: Tools, source: Source, scene: Scene, profile_id: UUID, number: int, legacy: Legacy
) -> dict[str, Any]:
    revision_id = new_id()
    shown, secret = split(legacy.form, legacy.content)
    plaintext = json.dumps(secret, ensure_ascii=False).encode()
    sealed = tools.cipher.seal(source.authority_id, "revisions", revision_id, "sealed", plaintext)
    return {
        "id": revision_id,
        "profile_id": profile_id,
        "number": number,
        "based_on": number - 1 or None,
        "form_version": legacy.form.version,
        "content": shown,
        "sealed": sealed.data,
        "key_id": sealed.key_id,
        "digest": legacy.digest,
        "state": "approved",
        "author_id": source.account_id,
        "evidence": [],
        "saved_at": scene.now,
        "submitted_at": scene.now,
    }


def _facts(source: Source, number: int, legacy: Legacy) -> dict[str, Any]:
    return {
        "import": str(source.import_id),
        "document": source.document,
        "revision": number,
        "digest": legacy.digest,
    }


async def adopt(
    connection: AsyncConnection,
    tools: Tools,
    scene: Scene,
    source: Source,
    people: Sequence[Legacy],
) -> list[UUID]:
    """Open a profile in service for each, with its first revision approved; answers their ids in order.

    Raises:
        IntegrityError: one of them exists or a login is taken; nothing of the batch is written then.
    """
    laws = await tools.laws(connection, source.authority_id, scene.today)
    subjects: list[list[Query]] = []
    made = [
        _adopted(tools, replace(scene, law=laws.of(legacy.agency_id)), source, legacy, subjects)
        for legacy in people
    ]
    await together(connection, in_sets(subjects))
    forms = {profile_id: legacy.content for profile_id, legacy in zip(made, people, strict=True)}
    if forms:
        await measure_in_hand(connection, tools, laws, scene.now, forms)
    return made


def _adopted(
    tools: Tools,
    scene: Scene,
    source: Source,
    legacy: Legacy,
    subjects: list[list[Query]],
) -> UUID:
    profile_id = new_id()
    authority = {"authority_id": source.authority_id}
    out = Outcome(subject={"foretold": _foretold(legacy, scene)})
    out.happened("profile.imported", scene.rule("data_entry"), **_facts(source, 1, legacy))
    account_id = new_id() if legacy.login else None
    own: list[Query] = []
    if account_id is not None:  # first of all: its reference to the profile is deferred
        out.happened("account.created", scene.rule("personal_account"), account=str(account_id))
        account = _account(tools, scene, source, profile_id, account_id, legacy)
        own.append(inserting("accounts", account))
    revision = _revision(tools, source, scene, profile_id, 1, legacy)
    custody = {
        **authority,
        "id": new_id(),
        "profile_id": profile_id,
        "agency_id": legacy.agency_id,
        "starts_on": legacy.held_since,
    }
    common = {"agency_id": legacy.agency_id, "profile_id": profile_id, "command_id": None}
    events = chain(out, scene, profile_id, 0, GENESIS, **authority, **common)
    profile = {
        **authority,
        "id": profile_id,
        "agency_id": legacy.agency_id,
        "category": legacy.category,
        "full_name": legacy.full_name,
        "staff_number": legacy.staff_number,
        **legacy.number,
        "chapter": Chapter.SERVICE.value,
        "status": Status.WORKING.value,
        "version": 1,
        "revision_number": 1,
        "account_id": account_id,
        "approved_revision_id": revision["id"],
        "foretold": out.subject["foretold"],
        "next_wake_at": profile_wake(_newborn(source, profile_id, legacy), out, profile_id),
        "last_event": events[-1]["number"],
        "last_hash": events[-1]["hash"],
        "created_at": scene.now,
    }
    own += [inserting("profiles", profile), inserting("custody", custody)]
    own += [inserting("revisions", revision | authority), *(inserting("events", one) for one in events)]
    subjects.append(own)
    return profile_id


def _newborn(source: Source, profile_id: UUID, legacy: Legacy) -> Life:
    return Life(
        profile_id=profile_id,
        authority_id=source.authority_id,
        agency_id=legacy.agency_id,
        category=legacy.category,
        chapter=Chapter.SERVICE,
        status=Status.WORKING,
        version=1,
        revision_number=1,
    )


def _account(
    tools: Tools, scene: Scene, source: Source, profile_id: UUID, account_id: UUID, legacy: Legacy
) -> dict[str, Any]:
    email = seal_email(tools, source.authority_id, account_id, legacy.email)
    return {
        "id": account_id,
        "authority_id": source.authority_id,
        "kind": "personal",
        "login": legacy.login,
        "display_name": legacy.full_name,
        "password_hash": NO_PASSWORD,
        "state": AccountState.DEFAULT_PASSWORD.value,
        "profile_id": profile_id,
        "agency_id": legacy.agency_id,
        "email_sealed": email.data if email else None,
        "email_key": email.key_id if email else None,
        "created_at": scene.now,
    }


_NEWEST = text("SELECT max(number) FROM revisions WHERE profile_id = :id")


async def renew(
    connection: AsyncConnection, tools: Tools, scene: Scene, source: Source, change: Change
) -> None:
    """Write one profile's change, its row locked: the next revision, a missing account, an e-mail address."""
    legacy, profile_id = change.legacy, change.profile_id
    row = await load_life(connection, profile_id)
    assert row is not None, "judged in this transaction with its row locked"
    life = life_of(row)
    law, _ = await tools.law(connection, LawOf.unit(source.authority_id, life.agency_id), scene.today)
    scene, out = replace(scene, law=law), Outcome()
    if change.form:
        number = 1 + int(await connection.scalar(_NEWEST, {"id": profile_id}) or 0)
        revision = _revision(tools, source, scene, profile_id, number, legacy)
        out.insert("revisions", **revision)
        if life.approved_revision_id is not None:
            out.update("revisions", {"id": life.approved_revision_id}, state="superseded")
        overtaken(out, life, scene)
        out.subject = {
            "approved_revision_id": revision["id"],
            "revision_number": number,
            "category": legacy.category,
            "full_name": legacy.full_name,
            "staff_number": legacy.staff_number,
            "foretold": _foretold(legacy, scene),
        }
        out.happened("profile.reimported", scene.rule("data_entry"), **_facts(source, number, legacy))
    _touch_account(tools, scene, source, life, change, out)
    common = {"agency_id": life.agency_id, "profile_id": profile_id, "command_id": None}
    events = chain(
        out, scene, profile_id, row.last_event, row.last_hash, authority_id=source.authority_id, **common
    )
    wake = profile_wake(life, out, profile_id)
    if wake is not None and (row.next_wake_at is None or wake < row.next_wake_at):
        out.tell.append((profile_workflow(profile_id), {}))  # an earlier date cannot wait for the old timer
    writing = Writing(source.authority_id, profile_id, tools, scene.now, legacy.full_name)
    await write(connection, out, scene, writing, events=events)
    ask = Ask(authority_id=source.authority_id, subject="profile", subject_id=profile_id, now=scene.now)
    await together(connection, [saving_profile(life, ask, out, events)])
    if change.form:
        await measure_these(connection, tools, Laws(law, scene.calendar), scene.now, [profile_id])


def _touch_account(
    tools: Tools, scene: Scene, source: Source, life: Life, change: Change, out: Outcome
) -> None:
    legacy = change.legacy
    if change.account:
        account_id = new_id()
        out.insert(
            "accounts",
            id=account_id,
            kind="personal",
            login=legacy.login,
            email=legacy.email,
            password_hash=NO_PASSWORD,
            state=AccountState.DEFAULT_PASSWORD,
            profile_id=life.profile_id,
            agency_id=life.agency_id,
            created_at=scene.now,
        )
        out.subject["account_id"] = account_id
        out.happened("account.created", scene.rule("personal_account"), account=str(account_id))
    elif change.email and life.account is not None:
        email = seal_email(tools, source.authority_id, life.account.id, legacy.email)
        assert email is not None
        out.update("accounts", {"id": life.account.id}, email_sealed=email.data, email_key=email.key_id)
        out.happened("account.email_changed", None, account=str(life.account.id))
