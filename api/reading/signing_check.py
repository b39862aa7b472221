"""Before the PIN: what the asker cannot sign on a month's list, why, and who can."""

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import permits
from api.reading.approval_lists import ANCESTORS
from api.scope import Reading
from models.access import Denied, Target, in_force, may
from models.calendar import legal_date
from models.lifecycle.competence import signers
from models.lifecycle.month import OPENING
from models.regulations import RuleSet

NAMED = 50
"""Profiles named for each reason; the rest are counted."""


class Somebody(BaseModel):
    """An account that can sign."""

    account_id: UUID = Field(title="Tài khoản")
    name: str = Field(title="Tên hiển thị")
    role: str = Field(title="Vai trò")
    agency: str = Field(title="Cơ quan, đơn vị")


class Obstacle(BaseModel):
    """Why some of the list cannot be signed by the asker, and who can."""

    code: str = Field(title="Mã lý do")
    reason: str = Field(title="Lý do")
    count: int = Field(title="Số hồ sơ")
    profiles: list[UUID] = Field(title="Hồ sơ", description=f"Tối đa {NAMED}")
    others: list[Somebody] = Field(title="Ai ký được")


class Lapsed(BaseModel):
    """A delegation of the asker that is no longer, or not yet, in force."""

    delegation_id: UUID = Field(title="Uỷ quyền")
    valid_from: str = Field(title="Từ ngày")
    valid_to: str = Field(title="Đến trước ngày")


class OwnCertificate(BaseModel):
    """A certificate registered to the asker, and whether a signing session can be opened with it now."""

    id: UUID = Field(title="Đăng ký")
    serial_number: str = Field(title="Số hiệu")
    valid_from: datetime = Field(title="Hiệu lực từ")
    valid_to: datetime = Field(title="Hiệu lực đến")
    state: str = Field(title="Tình trạng", description="usable, expired, not_yet_valid, withdrawn")


class SigningCheck(BaseModel):
    """What to know before the PIN is asked for."""

    certificates: list[OwnCertificate] = Field(
        title="Chứng thư của tôi", description="Khi người ký dùng khóa ở nơi khác / where keys are elsewhere"
    )

    waiting: int = Field(title="Số hồ sơ chờ phê duyệt")
    signable: int = Field(title="Số hồ sơ tôi ký được")
    obstacles: list[Obstacle] = Field(title="Không ký được, vì sao")
    lapsed: list[Lapsed] = Field(title="Uỷ quyền không còn hiệu lực")


_MONTH = text(
    f"SELECT m.id, m.agency_id, m.kind, {ANCESTORS} FROM agency_months m WHERE m.id = :id"  # noqa: S608 — a constant
)
_WAITING = text(
    "SELECT i.profile_id, p.agency_id, p.account_id, r.author_id,"
    " ARRAY(SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = p.agency_id"
    "  AND c.valid_to IS NULL ORDER BY c.depth) AS ancestors"
    " FROM month_items i JOIN profiles p ON p.id = i.profile_id JOIN revisions r ON r.id = i.revision_id"
    " WHERE i.agency_month_id = :id AND i.state = 'listed' ORDER BY i.profile_id"
)
_ABLE = text(
    "SELECT DISTINCT a.id AS account_id, a.display_name AS name, g.role, h.name AS agency, a.profile_id"
    " FROM grants g JOIN accounts a ON a.id = g.account_id JOIN agencies h ON h.id = g.agency_id"
    " WHERE g.agency_id = ANY (CAST(:places AS uuid[])) AND g.role = ANY (:roles) AND g.valid_from <= :day"
    " AND (g.valid_to IS NULL OR g.valid_to > :day) AND a.state = 'active' AND a.id <> :me ORDER BY a.id"
)


_CERTIFICATES = text(
    "SELECT id, serial_number, valid_from, valid_to, CASE WHEN withdrawn_at IS NOT NULL THEN 'withdrawn'"
    " WHEN valid_to <= :now THEN 'expired' WHEN valid_from > :now THEN 'not_yet_valid'"
    " ELSE 'usable' END AS state"
    " FROM certificates WHERE account_id = :me ORDER BY registered_at DESC, id"
)
_WITHOUT = {
    "certificate-not-registered": "Chưa có chứng thư nào được đăng ký cho tài khoản, hoặc đã được rút.",
    "certificate-not-valid": "Chứng thư đã đăng ký hết hiệu lực hoặc chưa có hiệu lực.",
}
"""Why somebody whose key is elsewhere can sign nothing at all: what opening a session would refuse."""


async def of_month(read: Reading, month_id: UUID, *, elsewhere: bool = False) -> SigningCheck:
    """Judge every waiting item for the asker as the signature itself will.

    Args:
        elsewhere: whether people sign here by keys of their own: then a certificate of theirs must stand.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    month = (await read.connection.execute(_MONTH, {"id": month_id})).one_or_none()
    if month is None:
        raise permits.missing()
    await permits.at(read, "read_profile", month.agency_id)
    law, _ = await read.law_at(month.agency_id)
    slots = OPENING[month.kind]
    rule = law.slot(slots[0]) if slots else None
    roles = signers(rule) if rule is not None else ("approver", "head")
    rows = (await read.connection.execute(_WAITING, {"id": month_id})).all()
    refused: dict[str, list[Any]] = defaultdict(list)
    words: dict[str, str] = {}
    for row in rows:
        denied = _denied(read, row, law, roles)
        if denied is not None:
            refused[denied.code].append(row)
            words[denied.code] = denied.reason_vi
    own = await _certificates(read) if elsewhere else []
    if elsewhere and (lacking := _lacking(own)) is not None:
        barred = {row.profile_id for some in refused.values() for row in some}
        if left := [row for row in rows if row.profile_id not in barred]:
            refused[lacking], words[lacking] = left, _WITHOUT[lacking]
    able = await _able(read, month, roles)
    return SigningCheck(
        certificates=own,
        waiting=len(rows),
        signable=len(rows) - sum(len(some) for some in refused.values()),
        obstacles=[_obstacle(code, words[code], some, able) for code, some in sorted(refused.items())],
        lapsed=_lapsed(read, law),
    )


async def _certificates(read: Reading) -> list[OwnCertificate]:
    found = await read.connection.execute(_CERTIFICATES, {"me": read.who.account_id, "now": read.now})
    return [OwnCertificate.model_validate(dict(row._mapping)) for row in found]


def _lacking(own: list[OwnCertificate]) -> str | None:
    """Why none of them can be signed with; None where one can."""
    states = {one.state for one in own}
    if "usable" in states:
        return None
    return "certificate-not-valid" if states - {"withdrawn"} else "certificate-not-registered"


def _denied(read: Reading, row: Any, law: RuleSet, roles: tuple[str, ...]) -> Denied | None:
    target = Target(
        agency_id=row.agency_id,
        ancestors=tuple(row.ancestors),
        profile_id=row.profile_id,
        author_account_id=row.author_id,
        subject_account_id=row.account_id,
    )
    verdict = may(read.who.actor, "approve", target, read.today, law, among=roles)
    return verdict if isinstance(verdict, Denied) else None


async def _able(read: Reading, month: Any, roles: tuple[str, ...]) -> list[Any]:
    values = {
        "places": [str(one) for one in month.ancestors],
        "roles": list(roles),
        "day": read.today,
        "me": read.who.account_id,
    }
    return list((await read.connection.execute(_ABLE, values)).all())


def _obstacle(code: str, reason: str, rows: list[Any], able: list[Any]) -> Obstacle:
    """Who can sign all of these: nobody who is the subject or the author of one of them."""
    barred = {row.author_id for row in rows} | {row.account_id for row in rows}
    subjects = {row.profile_id for row in rows}
    others = [one for one in able if one.account_id not in barred and one.profile_id not in subjects]
    return Obstacle(
        code=code,
        reason=reason,
        count=len(rows),
        profiles=[row.profile_id for row in rows[:NAMED]],
        others=[Somebody.model_validate(dict(one._mapping)) for one in others],
    )


def _lapsed(read: Reading, law: RuleSet) -> list[Lapsed]:
    return [
        Lapsed(delegation_id=one.id, valid_from=one.valid_from.isoformat(), valid_to=one.valid_to.isoformat())
        for one in read.who.actor.delegations
        if one.what == "approval" and not in_force(one, legal_date(read.who.now), law)
    ]
