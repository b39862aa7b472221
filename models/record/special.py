"""Writes that need more than the decision may know: sealing, copying a draft, moving custody."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.form import catalogue, split
from models.keys import Sealed
from models.record import event_items
from models.record.delegations import stir
from models.record.disposing import shredded
from models.record.merged import following, link_of, number_taken, off_lists
from models.record.requesting import file_request, file_request_ended
from models.record.writing import Writing
from models.tables import AccountRow


async def account(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """An account; its e-mail address is sealed."""
    email = values.pop("email", None)
    values.setdefault("display_name", writing.full_name)
    sealed = writing.tools.cipher.seal(
        writing.authority_id, "accounts", values["id"], "email", (email or "").encode()
    )
    await connection.execute(
        insert(AccountRow).values(
            **{k: str(v) if k == "state" else v for k, v in values.items()},
            authority_id=writing.authority_id,
            email_sealed=sealed.data if email else None,
            email_key=sealed.key_id if email else None,
        )
    )


_SUBMITTED = text("UPDATE revisions SET state = 'submitted', submitted_at = :now WHERE id = :id")


async def submitted_again(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """A revision approved before, as a new submission of the same content by the same author."""
    await draft_from(connection, writing, values)
    await connection.execute(_SUBMITTED, {"id": values["id"], "now": writing.now})


_SOURCE = text("SELECT * FROM revisions WHERE id = :id")
_DRAFT = text(
    "INSERT INTO revisions (id, authority_id, profile_id, number, based_on, form_version, content, sealed,"
    " key_id, digest, state, author_id, evidence, saved_at)"
    " VALUES (:id, :authority, :profile, :number, :based_on, :form, CAST(:content AS jsonb), :sealed, :key,"
    " :digest, 'draft', :author, CAST(:evidence AS jsonb), :saved_at)"
)


async def draft_from(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """A new draft with the content of a returned revision; the sealed part is sealed anew for its row."""
    source = (await connection.execute(_SOURCE, {"id": values["source"]})).one()
    from_row = writing.tools.cipher.open(
        writing.authority_id, "revisions", source.id, "sealed", _sealed(source)
    )
    sealed = writing.tools.cipher.seal(writing.authority_id, "revisions", values["id"], "sealed", from_row)
    await connection.execute(
        _DRAFT,
        {
            "id": values["id"],
            "authority": writing.authority_id,
            "profile": source.profile_id,
            "number": values["number"],
            "based_on": source.number,
            "form": source.form_version,
            "content": json.dumps(source.content, ensure_ascii=False),
            "sealed": sealed.data,
            "key": sealed.key_id,
            "digest": source.digest,
            "author": source.author_id,
            "evidence": json.dumps(source.evidence),
            "saved_at": source.saved_at,
        },
    )


_PREFILLED = text(
    "UPDATE revisions SET content = CAST(:content AS jsonb), sealed = :sealed, key_id = :key,"
    " digest = :digest, form_version = :form, saved_at = :saved_at"
    " WHERE id = :id AND state = 'draft' AND digest = :before"
)


async def draft_prefilled(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """The person's draft with its gaps filled; a new one where there was none.

    Raises:
        RuntimeError: the draft was saved since it was read; the act is done again, on what it holds then.
    """
    in_the_open, secret = split(catalogue(values["form"]), values["content"])
    sealed = writing.tools.cipher.seal(
        writing.authority_id, "revisions", values["id"], "sealed", json.dumps(secret).encode()
    )
    row = {
        **values,
        "authority": writing.authority_id,
        "profile": writing.profile_id,
        "content": json.dumps(in_the_open, ensure_ascii=False),
        "sealed": sealed.data,
        "key": sealed.key_id,
        "evidence": "[]",
        "saved_at": writing.now,
    }
    statement = _DRAFT if values["before"] is None else _PREFILLED
    if (await connection.execute(statement, row)).rowcount != 1:
        raise RuntimeError("the draft has changed meanwhile")


def _sealed(row: Any) -> Sealed:
    return Sealed(row.key_id, bytes(row.sealed))


_CLOSE = text(
    "UPDATE custody SET ends_on = greatest(starts_on, :day) WHERE profile_id = :profile AND ends_on IS NULL"
    " RETURNING ends_on"
)
_OPEN = text(
    "INSERT INTO custody (id, authority_id, profile_id, agency_id, starts_on, ends_on, follows, case_id)"
    " VALUES (:id, :authority, :profile, :agency, :day, NULL, :day, :case_id)"
)
_AGAIN = text(
    "UPDATE custody SET agency_id = :agency, case_id = :case_id"
    " WHERE profile_id = :profile AND ends_on IS NULL AND follows >= :day RETURNING id"
)


async def custody_moved(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """End the present custody and begin the next on the same day: never two, never none.

    Profiles that were merged into this one go with it; one that came to its holder on this very day was never
    held there on a day's end, so its line says who holds it then.
    """
    going = {writing.profile_id: values["id"]}
    there = {"agency": values["to_agency"], "case_id": values["case_id"], "day": values["on"]}
    for one in await following(connection, writing.profile_id, values["to_agency"]):
        if await connection.scalar(_AGAIN, {"profile": one, **there}) is None:
            going[one] = link_of(values["id"], one)
    for profile_id, link_id in going.items():
        day = await connection.scalar(_CLOSE, {"profile": profile_id, "day": values["on"]})
        await connection.execute(
            _OPEN,
            {
                "id": link_id,
                "authority": writing.authority_id,
                "profile": profile_id,
                "agency": values["to_agency"],
                "day": day,
                "case_id": values["case_id"],
            },
        )


_LEAVE_LIST = text(
    "UPDATE month_items i SET state = 'moved' FROM agency_months m WHERE m.id = i.agency_month_id"
    " AND m.state <> 'closed' AND i.profile_id = :profile AND i.state = 'listed'"
    " RETURNING i.revision_id, i.digest, m.kind"
)
_JOIN_LIST = text(
    "INSERT INTO month_items (agency_month_id, profile_id, authority_id, revision_id, digest, state,"
    " changed_at)"
    " SELECT m.id, :profile, :authority, :revision, :digest, 'listed', :now FROM agency_months m"
    " WHERE m.state <> 'closed' AND m.kind = :kind AND m.agency_id = hoso_sync_agent(:agency)"
    " ORDER BY m.month DESC LIMIT 1"
    # Both agencies may be synchronised for by the same one: then the item stays on its list.
    " ON CONFLICT (agency_month_id, profile_id) DO UPDATE SET state = 'listed',"
    " revision_id = EXCLUDED.revision_id, digest = EXCLUDED.digest,"
    " changed_at = EXCLUDED.changed_at WHERE month_items.state = 'moved'"
)


async def month_item_moved(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """The month's list item goes with the profile, to the list of whoever synchronises for the new agency."""
    row = (await connection.execute(_LEAVE_LIST, {"profile": writing.profile_id})).first()
    if row is not None:
        await connection.execute(
            _JOIN_LIST,
            {
                "profile": writing.profile_id,
                "authority": writing.authority_id,
                "revision": row.revision_id,
                "digest": row.digest,
                "agency": values["to_agency"],
                "kind": row.kind,
                "now": writing.now,
            },
        )


async def sessions_ended(connection: AsyncConnection, _writing: Writing, values: dict[str, Any]) -> None:
    """Every session of the account ends with this transaction."""
    one = values.get("session_id")
    await connection.execute(
        text(
            "DELETE FROM sessions WHERE account_id = :id"
            " AND (CAST(:one AS uuid) IS NULL OR sessions.id = :one)"
        ),
        {"id": values["account_id"], "one": one},
    )


async def second_factor_gone(connection: AsyncConnection, _writing: Writing, values: dict[str, Any]) -> None:
    """The device and the recovery codes open nothing any more."""
    for table in ("second_factors", "recovery_codes"):
        query = text(f"DELETE FROM {table} WHERE account_id = :id")  # noqa: S608 — two names of our own
        await connection.execute(query, {"id": values["account_id"]})


async def holder(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """Who holds the account from now on, and where mail reaches them; the address is sealed."""
    email, cipher = values["email"], writing.tools.cipher
    sealed = cipher.seal(
        writing.authority_id, "accounts", str(writing.account_id), "email", (email or "").encode()
    )
    await connection.execute(
        text(
            "UPDATE accounts SET display_name = :name, email_sealed = :sealed, email_key = :key"
            " WHERE id = :id"
        ),
        {
            "id": writing.account_id,
            "name": values["display_name"],
            "sealed": sealed.data if email else None,
            "key": sealed.key_id if email else None,
        },
    )


_ROLES_END = text(
    "UPDATE grants SET valid_to = greatest(valid_from, :day) WHERE valid_to IS NULL AND (delegation_of IN"
    " (SELECT id FROM accounts WHERE profile_id = :profile) OR account_id IN"
    " (SELECT id FROM accounts WHERE profile_id = :profile AND kind = 'personal'))"
)
_POST_SESSIONS_END = text(
    "DELETE FROM sessions WHERE account_id IN"
    " (SELECT id FROM accounts WHERE profile_id = :profile AND kind = 'agency')"
)
_POSTS_LOCKED = text(
    "UPDATE accounts SET password_hash = '!', state = 'default_password', profile_id = NULL"
    " WHERE profile_id = :profile AND kind = 'agency'"
)


_AMENDED = text(
    "INSERT INTO revisions (id, authority_id, profile_id, number, based_on, form_version, content, sealed,"
    " key_id, digest, state, author_id, evidence, saved_at, submitted_at)"
    " SELECT :id, authority_id, profile_id, :number, number, form_version, CAST(:content AS jsonb), :sealed,"
    " :key, :digest, 'submitted', author_id, evidence, :now, submitted_at FROM revisions WHERE id = :source"
)


async def amended(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """A submission put right: another revision of the same author, submitted when the first one was."""
    in_the_open, secret = split(catalogue(values["form"]), values["content"])
    sealed = writing.tools.cipher.seal(
        writing.authority_id,
        "revisions",
        values["id"],
        "sealed",
        json.dumps(secret, ensure_ascii=False).encode(),
    )
    row = {
        "id": values["id"],
        "number": values["number"],
        "content": json.dumps(in_the_open, ensure_ascii=False),
        "sealed": sealed.data,
        "key": sealed.key_id,
        "digest": values["digest"],
        "now": writing.now,
        "source": values["source"],
    }
    await connection.execute(_AMENDED, row)


_HELD = text("SELECT id FROM accounts WHERE profile_id = :profile")
_POST_DEVICES_FORGOTTEN = (
    text(
        "DELETE FROM second_factors WHERE account_id IN"
        " (SELECT id FROM accounts WHERE profile_id = :profile AND kind = 'agency')"
    ),
    text(
        "DELETE FROM recovery_codes WHERE account_id IN"
        " (SELECT id FROM accounts WHERE profile_id = :profile AND kind = 'agency')"
    ),
)


async def posts_left(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """Own roles and what was delegated from them end; a post's account keeps its role and waits, locked,
    for its next holder. Delegations given or received are worth nothing from now on, and end themselves."""
    person = {"profile": writing.profile_id}
    await stir(connection, list((await connection.execute(_HELD, person)).scalars()), writing.now)
    await connection.execute(_ROLES_END, {**person, "day": values["on"]})
    await connection.execute(_POST_SESSIONS_END, person)
    for query in _POST_DEVICES_FORGOTTEN:  # the next holder enrols a device of the own
        await connection.execute(query, person)
    await connection.execute(_POSTS_LOCKED, person)


async def event_item(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """What goes out by an event's clock joins its running list."""
    assert writing.profile_id is not None
    await event_items.put(connection, writing.authority_id, writing.profile_id, values, writing.now)


SPECIAL: dict[str, Callable[[AsyncConnection, Writing, dict[str, Any]], Awaitable[None]]] = {
    "accounts": account,
    "draft_from": draft_from,
    "event_item": event_item,
    "draft_prefilled": draft_prefilled,
    "amended": amended,
    "custody_moved": custody_moved,
    "month_item_moved": month_item_moved,
    "sessions_ended": sessions_ended,
    "second_factor_gone": second_factor_gone,
    "holder": holder,
    "submitted_again": submitted_again,
    "posts_left": posts_left,
    "off_lists": off_lists,
    "number_taken": number_taken,
    "shredded": shredded,
    "file_requests": file_request,
    "file_request_ended": file_request_ended,
}
"""Names that look like tables in a decision and are written by hand here; ``accounts`` only for inserts."""
