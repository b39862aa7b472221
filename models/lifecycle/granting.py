"""Roles granted, restricted, extended and revoked: half-open periods over parts of the tree. Pure."""

from datetime import date
from uuid import UUID

from models.access import OFFICIAL, roles
from models.command_accounts import AccountAct, ExtendGrant, GrantRole, RestrictGrant, RevokeGrant
from models.lifecycle.guard import refuse
from models.lifecycle.managed import ABOVE, Held, Managed, told
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene


def givers(role: str) -> tuple[str, ...]:
    """Roles whose holders may give this one to others, as ``roles.yaml`` says."""
    return tuple(name for name, one in roles().roles.items() if role in one.gives)


def grant(account: Managed, body: GrantRole, scene: Scene) -> Outcome:
    """A role from a day on, today at the earliest."""
    if body.role == OFFICIAL or body.role not in roles().roles:
        refuse("unknown-role", "Không có vai trò này.", "There is no such role.", role=body.role)
    if not account.place:
        refuse("unknown-agency", "Không có cơ quan này.", "There is no such agency.")
    start = starts(body, scene)
    future(start, body.valid_to, scene)
    _free(account, body.role, body.agency_id, start, body.valid_to)
    grant_id = scene.new_id("grant")
    out = Outcome(status=201, answer={"grant_id": str(grant_id)})
    _insert(out, account, grant_id, body.role, body.agency_id, start, body.valid_to, body, body.level)
    _role_told(
        out, account, scene, "role.granted", body, grant_id, body.role, body.valid_to, **_at(body.level)
    )
    return out


def starts(body: GrantRole, scene: Scene) -> date:
    """The day from which a role or post is given: today where none is said."""
    return body.valid_from or scene.today


def future(start: date, end: date | None, scene: Scene) -> None:
    """Refuse a period that is empty or begins in the past.

    Raises:
        RefusedError: ``period-invalid``.
    """
    if start < scene.today:
        refuse("period-invalid", "Không cấp quyền cho ngày đã qua.", "No role is granted for a day gone by.")
    if end is not None and end <= start:
        refuse("period-invalid", "Ngày kết thúc phải sau ngày bắt đầu.", "The end must follow the start.")


def restrict(account: Managed, body: RestrictGrant, scene: Scene) -> Outcome:
    """A shorter time, an agency below, or less of a form; what lies in the past stays as it was.

    A lower level stands in the same grant, so that the post it comes with goes on: the event says since when.
    """
    held = _live(account, body.grant_id, scene)
    level = _lowered(held, body.level)
    end = body.valid_to if body.valid_to is not None else held.valid_to
    if end is not None and (held.valid_to is not None and end > held.valid_to):
        refuse("period-invalid", "Thu hẹp không kéo dài thời hạn.", "To restrict is not to extend.")
    if end is not None and end < scene.today:
        refuse("period-invalid", "Ngày kết thúc đã qua.", "The last day has gone by.")
    out = Outcome(answer={"grant_id": str(held.id)})
    if body.agency_id is None or body.agency_id == held.agency_id:
        out.update("grants", {"id": held.id}, valid_to=_not_before(held.valid_from, end), level=level)
        _role_told(out, account, scene, "role.restricted", body, held.id, held.role, end, **_at(body.level))
        return out
    if held.agency_id not in account.place[1:]:
        refuse(
            "not-below",
            "Cơ quan mới phải nằm trong phạm vi đang có.",
            "The new agency must lie below the present one.",
        )
    start = max(held.valid_from, scene.today)
    if end is not None and end <= start:
        refuse("period-invalid", "Không còn ngày nào.", "No day would be left.")
    _free(account, held.role, body.agency_id, start, end, besides=held.id)
    out.update("grants", {"id": held.id}, valid_to=start)
    narrower = scene.new_id("grant")
    _insert(out, account, narrower, held.role, body.agency_id, start, end, body, level)
    out.answer = {"grant_id": str(narrower), "former_grant_id": str(held.id)}
    more = {"former": str(held.id), **_at(body.level)}
    _role_told(out, account, scene, "role.restricted", body, narrower, held.role, end, **more)
    return out


def _lowered(held: Held, level: int | None) -> int | None:
    """The level the grant has then.

    Raises:
        RefusedError: ``level-not-lower``.
    """
    if level is None:
        return held.level
    if level >= (held.level if held.level is not None else roles().roles[held.role].level):
        refuse("level-not-lower", "Độ hạn chế mới phải thấp hơn.", "To restrict is to see less.")
    return level


def _at(level: int | None) -> dict[str, str]:
    return {"level": str(level)} if level is not None else {}


def extend(account: Managed, body: ExtendGrant, scene: Scene) -> Outcome:
    """A longer time for a role that has not ended."""
    held = _live(account, body.grant_id, scene)
    if held.valid_to is None or (body.valid_to is not None and body.valid_to <= held.valid_to):
        refuse("period-invalid", "Gia hạn phải kéo dài thời hạn.", "To extend is to lengthen.")
    _free(account, held.role, held.agency_id, held.valid_to, body.valid_to, besides=held.id)
    out = Outcome(answer={"grant_id": str(held.id)})
    out.update("grants", {"id": held.id}, valid_to=body.valid_to)
    _role_told(out, account, scene, "role.extended", body, held.id, held.role, body.valid_to)
    return out


def revoke(account: Managed, body: RevokeGrant, scene: Scene) -> Outcome:
    """The role ends today, or before it began."""
    held = _live(account, body.grant_id, scene)
    end = max(held.valid_from, scene.today)
    out = Outcome(answer={"grant_id": str(held.id)})
    out.update("grants", {"id": held.id}, valid_to=end)
    _role_told(out, account, scene, "role.revoked", body, held.id, held.role, end)
    return out


def _live(account: Managed, grant_id: UUID, scene: Scene) -> Held:
    """A role of the account that has not ended."""
    found = [one for one in account.grants if one.id == grant_id and _before(scene.today, one.valid_to)]
    if not found:
        refuse("not-found", "Tài khoản không có vai trò này.", "The account does not have this role.")
    return found[0]


def _free(
    account: Managed,
    role: str,
    agency: UUID,
    start: date,
    end: date | None,
    besides: UUID | None = None,
) -> None:
    """Refuse the same role in the same agency twice at a time."""
    for held in account.grants:
        same = (held.role, held.agency_id) == (role, agency) and held.id != besides
        if same and _before(start, held.valid_to) and _before(held.valid_from, end):
            refuse(
                "role-held",
                "Tài khoản đã có vai trò này ở cơ quan này trong thời gian đó.",
                "The account has this role in this agency in that time already.",
                grant_id=str(held.id),
            )


def _before(day: date, end: date | None) -> bool:
    return end is None or day < end


def _not_before(start: date, end: date | None) -> date | None:
    return max(start, end) if end is not None else None


def _insert(
    out: Outcome,
    account: Managed,
    grant_id: UUID,
    role: str,
    agency: UUID,
    start: date,
    end: date | None,
    body: AccountAct,
    level: int | None,
) -> None:
    out.insert(
        "grants",
        id=grant_id,
        account_id=account.id,
        agency_id=agency,
        role=role,
        valid_from=start,
        valid_to=end,
        document=body.document,
        level=level,
    )


def _role_told(
    out: Outcome,
    account: Managed,
    scene: Scene,
    kind: str,
    body: AccountAct,
    grant_id: UUID,
    role: str,
    end: date | None,
    **more: str,
) -> None:
    """The event under the rule of whoever acts, and a line to the account it is about."""
    slot = "access_change_request" if scene.actor_role in ABOVE else "decentralised_accounts"
    rule = scene.rule(slot) or scene.rule("account_operations")
    until = {"until": end.isoformat()} if end is not None else {}
    agency = getattr(body, "agency_id", None)
    where = {"agency": str(agency)} if agency is not None else {}
    told(out, account, kind, rule, body, grant=str(grant_id), role=role, **where, **until, **more)
    out.notices.append(
        Notice(
            kind.replace(".", "_"),
            account.agency_id,
            account_id=account.id,
            citation=rule.citation if rule else None,
            facts={"role": role, "document": body.document, **until},
        )
    )
