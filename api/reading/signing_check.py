"""Before the PIN: what the asker cannot sign on a month's list, why, and who can."""

from base64 import b64encode
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.reading import permits
from api.scope import Reading
from models.access import in_force
from models.calendar import legal_date
from models.database import Scope, transaction
from models.errors import RefusedError
from models.evidence.certificates import read_certificate
from models.record import signing_check as judging

NAMED = 50
"""Profiles named for each reason; the rest are counted."""
PEOPLE = 20
"""People named for each reason, those who can sign most of it."""


class Somebody(BaseModel):
    """An account that can sign."""

    account_id: UUID = Field(title="Tài khoản")
    name: str = Field(title="Tên hiển thị")
    role: str = Field(title="Vai trò", description="Của người uỷ quyền, khi ký thay / the delegator's")
    agency: str = Field(title="Cơ quan, đơn vị")
    on_behalf_of: str | None = Field(title="Thừa uỷ quyền của")
    files: int = Field(title="Ký được bao nhiêu trong số này")


class Obstacle(BaseModel):
    """Why some of the list cannot be signed by the asker, and who can."""

    code: str = Field(
        title="Mã lý do",
        description="Mã mà việc ký sẽ bị từ chối / the code the signature itself would be refused with",
    )
    reason: str = Field(title="Lý do")
    citation: str | None = Field(title="Căn cứ")
    one_by_one: bool = Field(
        title="Tôi ký được từng hồ sơ",
        description="Chỉ không ký được bằng một chữ ký cho cả danh sách / not by one signature for all",
    )
    step: int | None = Field(title="Đang chờ chữ ký thứ", description="Khi phải qua nhiều chữ ký")
    steps: int | None = Field(title="Tổng số chữ ký")
    count: int = Field(title="Số hồ sơ")
    profiles: list[UUID] = Field(title="Hồ sơ", description=f"Tối đa {NAMED}")
    others: list[Somebody] = Field(
        title="Ai ký được", description=f"Tối đa {PEOPLE}, người ký được nhiều nhất trước"
    )


class Lapsed(BaseModel):
    """A delegation of the asker that is no longer, or not yet, in force."""

    delegation_id: UUID = Field(title="Uỷ quyền")
    valid_from: str = Field(title="Từ ngày")
    valid_to: str = Field(title="Đến trước ngày")


class OwnCertificate(BaseModel):
    """A certificate of the asker, and whether it can be signed with now."""

    id: UUID | None = Field(title="Đăng ký", description="Không có: chỉ biết từ lần ký gần nhất")
    serial_number: str = Field(title="Số hiệu")
    valid_from: datetime = Field(title="Hiệu lực từ")
    valid_to: datetime = Field(title="Hiệu lực đến")
    state: str = Field(title="Tình trạng", description="usable, expired, not_yet_valid, withdrawn")


class Whole(BaseModel):
    """Why the asker can begin no round over the list."""

    code: str = Field(title="Mã lý do")
    reason: str = Field(title="Lý do")


class SigningCheck(BaseModel):
    """What to know before the PIN is asked for."""

    certificates: list[OwnCertificate] = Field(
        title="Chứng thư của tôi",
        description="Đã đăng ký; hoặc, khi khóa nằm ở thiết bị của cơ quan, chứng thư của lần ký gần nhất ở"
        " đây (thiết bị có thể đã có chứng thư mới) / registered; or the one last signed with here",
    )

    waiting: int = Field(title="Số hồ sơ chờ phê duyệt")
    signable: int = Field(title="Số hồ sơ tôi ký được", description="Kể cả chỉ ký được từng hồ sơ")
    by_list: int = Field(title="Số hồ sơ tôi ký được bằng một chữ ký cho cả danh sách")
    whole: Whole | None = Field(
        title="Vì sao tôi không mở được lượt ký trên danh sách này",
        description="Hồ sơ ký được thì ký tại chính hồ sơ / what can be signed is signed file by file",
    )
    obstacles: list[Obstacle] = Field(title="Không ký được, vì sao")
    lapsed: list[Lapsed] = Field(title="Uỷ quyền không còn hiệu lực")


_MONTH = text("SELECT agency_id FROM agency_months WHERE id = :id")
_CERTIFICATES = text(
    "SELECT id, serial_number, valid_from, valid_to, CASE WHEN withdrawn_at IS NOT NULL THEN 'withdrawn'"
    " WHEN valid_to <= :now THEN 'expired' WHEN valid_from > :now THEN 'not_yet_valid'"
    " ELSE 'usable' END AS state"
    " FROM certificates WHERE account_id = :me ORDER BY registered_at DESC, id"
)
# Of keys that lie in the office's device nothing is registered: what is known is what they signed with.
_LAST_USED = text(
    "SELECT c.content FROM (SELECT l.certificate, l.ended_at AS at FROM approval_lists l"
    " JOIN agency_months k ON k.id = l.agency_month_id"
    " WHERE k.agency_id = :agency AND l.account_id = :me AND l.state = 'signed'"
    " UNION ALL SELECT s.certificate, s.signed_at FROM month_items i JOIN approvals s"
    " ON s.profile_id = i.profile_id WHERE i.agency_month_id = :month AND s.approver_id = :me"
    " AND s.state = 'signed' ORDER BY at DESC LIMIT 1) used JOIN signature_materials c"
    " ON c.authority_id = :authority AND c.sha256 = used.certificate AND c.kind = 'certificate'"
)
_NAMES = text("SELECT id, display_name FROM accounts WHERE id = ANY (CAST(:ids AS uuid[]))")
_AGENCIES = text("SELECT id, name FROM agencies WHERE id = ANY (CAST(:ids AS uuid[]))")
_WITHOUT = {
    "certificate-not-registered": (
        "Chưa có chứng thư nào được đăng ký cho tài khoản, hoặc đã được rút.",
        "No certificate is registered to this account, or it was withdrawn.",
    ),
    "certificate-not-valid": (
        "Chứng thư đã đăng ký hết hiệu lực hoặc chưa có hiệu lực.",
        "The certificate registered is no longer valid, or not yet.",
    ),
}
"""Why somebody whose key is elsewhere can sign nothing at all: what opening a session would refuse."""


async def of_month(read: Reading, month_id: UUID, *, elsewhere: bool = False) -> SigningCheck:
    """Judge every waiting item for the asker as the signature itself will.

    Who can sign may sit above the unit, out of the asker's scope: the question is asked of the whole
    authority, the answer says no more of them than name, role and agency.

    Args:
        elsewhere: whether people sign here by keys of their own: then a certificate of theirs must stand.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    agency_id = await read.connection.scalar(_MONTH, {"id": month_id})
    if agency_id is None:
        raise permits.missing()
    await permits.at(read, "read_profile", agency_id)
    law, _ = await read.law_at(agency_id)
    own = await _certificates(read)
    lacking = _lacking(own) if elsewhere else None
    scope = Scope(read.who.authority_id, everything=True, on=read.today)
    async with transaction(read.tools.engine, scope) as connection:
        found = await judging.check_signing(
            connection,
            read.tools,
            authority_id=read.who.authority_id,
            month_id=month_id,
            account_id=read.who.account_id,
            now=read.now,
            certificates=elsewhere,
            lacking=lacking,
        )
        names = await _names(connection, found)
        if not own and not elsewhere:
            own = await _last_used(connection, read, agency_id, month_id)
    return SigningCheck(
        certificates=own,
        waiting=len(found.waiting),
        signable=len(found.signable),
        by_list=found.by_list,
        whole=Whole(code=found.round.code, reason=found.round.detail_vi) if found.round else None,
        obstacles=[_obstacle(one, names) for one in found.barred],
        lapsed=[
            Lapsed(
                delegation_id=one.id, valid_from=one.valid_from.isoformat(), valid_to=one.valid_to.isoformat()
            )
            for one in read.who.actor.delegations
            if one.what == "approval" and not in_force(one, legal_date(read.now), law)
        ],
    )


async def _certificates(read: Reading) -> list[OwnCertificate]:
    found = await read.connection.execute(_CERTIFICATES, {"me": read.who.account_id, "now": read.now})
    return [OwnCertificate.model_validate(dict(row._mapping)) for row in found]


async def _last_used(
    connection: AsyncConnection, read: Reading, agency_id: UUID, month_id: UUID
) -> list[OwnCertificate]:
    """What the asker last signed with here, where the certificate was kept with the signature."""
    values = {"me": read.who.account_id, "authority": read.who.authority_id}
    der = await connection.scalar(_LAST_USED, {**values, "agency": agency_id, "month": month_id})
    if der is None:
        return []
    told = read_certificate(b64encode(der).decode())
    ended, early = told.valid_to <= read.now, told.valid_from > read.now
    state = "expired" if ended else "not_yet_valid" if early else "usable"
    return [
        OwnCertificate(
            id=None,
            serial_number=told.serial_number,
            valid_from=told.valid_from,
            valid_to=told.valid_to,
            state=state,
        )
    ]


def _lacking(own: list[OwnCertificate]) -> RefusedError | None:
    """Why none of them can be signed with; None where one can."""
    states = {one.state for one in own}
    if "usable" in states:
        return None
    code = "certificate-not-valid" if states - {"withdrawn"} else "certificate-not-registered"
    return RefusedError.of(code, *_WITHOUT[code])


async def _names(connection: AsyncConnection, found: judging.SigningCheck) -> dict[UUID, str]:
    able = [who for one in found.barred for who in one.able[:PEOPLE]]
    accounts = {id_ for who in able for id_ in (who.account_id, who.on_behalf_of) if id_ is not None}
    people = await connection.execute(_NAMES, {"ids": list(accounts)})
    agencies = await connection.execute(_AGENCIES, {"ids": list({who.agency_id for who in able})})
    return {row[0]: row[1] for rows in (people, agencies) for row in rows}


def _obstacle(one: judging.Barred, names: dict[UUID, str]) -> Obstacle:
    reason = one.refusal.detail_vi or one.refusal.problem.title_vi
    if one.step is not None and not one.one_by_one:
        reason += f" Hồ sơ đang chờ chữ ký thứ {one.step} trong {one.steps} chữ ký."
    return Obstacle(
        code=one.refusal.code,
        reason=reason,
        citation=one.refusal.citation,
        one_by_one=one.one_by_one,
        step=one.step,
        steps=one.steps,
        count=len(one.profiles),
        profiles=list(one.profiles[:NAMED]),
        others=[_somebody(who, names) for who in one.able[:PEOPLE]],
    )


def _somebody(who: judging.Able, names: dict[UUID, str]) -> Somebody:
    told: dict[str, Any] = {
        "account_id": who.account_id,
        "name": names[who.account_id],
        "role": who.role,
        "agency": names[who.agency_id],
        "on_behalf_of": names[who.on_behalf_of] if who.on_behalf_of is not None else None,
        "files": who.files,
    }
    return Somebody(**told)
